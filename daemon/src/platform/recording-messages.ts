// What is said of recordings, mails and voice messages; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const recordingMessages = {
  recording_damaged: {
    status: 409,
    en: 'The recording {path} is not what was written: {reason}. Look at cordboard recording verify, and take it from a back-up.',
    zh: '录音 {path} 与写入时不一致：{reason}。请运行 cordboard recording verify 检查，并从备份恢复。',
  },
  recording_key_missing: {
    status: 409,
    en: 'The recording {path} needs the key {key}, which is not in the key file; put the back-up of the key file back.',
    zh: '录音 {path} 需要密钥 {key}，但密钥文件中没有；请恢复密钥文件的备份。',
  },
  recording_in_progress: {
    status: 409,
    en: 'The recording {id} belongs to a call in progress; wait until it has ended.',
    zh: '录音 {id} 属于进行中的通话；请等待通话结束。',
  },
  recording_held: {
    status: 409,
    en: 'The recording {id} is held ({reason}); release it first.',
    zh: '录音 {id} 已被保全（{reason}）；请先解除保全。',
  },
  recording_not_stopped: {
    status: 503,
    en: 'The recording of call {id} could not be paused: it goes on, so let nothing secret be said. {reason}',
    zh: '呼叫 {id} 的录音未能暂停，仍在录音，请勿说出机密内容。{reason}',
  },
  recording_not_started: {
    status: 503,
    en: 'The recording of call {id} could not begin; look at the disk of the recordings and try again.',
    zh: '呼叫 {id} 的录音未能开始；请检查录音磁盘后重试。',
  },
  recording_wrong_state: {
    status: 409,
    en: 'The recording of call {id} is {state}, so there is nothing to {action}.',
    zh: '呼叫 {id} 的录音状态为 {state}，无法执行 {action}。',
  },
  recording_rule_not_found: {
    status: 404,
    en: 'There is no recording rule {id}; GET /recording-rules lists them.',
    zh: '录音规则 {id} 不存在；可在录音规则列表中查看。',
  },
  retention_rule_not_found: {
    status: 404,
    en: 'There is no retention rule {id}; GET /retention-rules lists them.',
    zh: '保留规则 {id} 不存在；可在保留规则列表中查看。',
  },
  voicemail_box_not_found: {
    status: 404,
    en: 'There is no voicemail box {id}, or it is not yours; GET /voicemail/boxes lists them.',
    zh: '语音信箱 {id} 不存在或您无权使用；可在信箱列表中查看。',
  },
  voicemail_box_exists: {
    status: 409,
    en: 'There is a voicemail box {id} already; choose another name.',
    zh: '语音信箱 {id} 已存在；请使用其他名称。',
  },
  voicemail_box_full: {
    status: 409,
    en: 'The voicemail box {id} is full; remove messages from it, or let it hold more.',
    zh: '语音信箱 {id} 已满；请删除部分留言或提高容量。',
  },
  voice_message_not_found: {
    status: 404,
    en: 'There is no voice message {id}, or it is not yours to hear.',
    zh: '语音留言 {id} 不存在，或您无权收听。',
  },
  mail_not_found: {
    status: 404,
    en: 'There is no mail {id} that waits or was given up; GET /mail lists them.',
    zh: '没有等待中或已放弃的邮件 {id}；可在邮件列表中查看。',
  },
  mail_not_set_up: {
    status: 409,
    en: 'No mail server is set up; write mail.host and mail.from into the settings and start again.',
    zh: '尚未设置邮件服务器；请在设置中填写 mail.host 和 mail.from 后重新启动。',
  },
  export_failed: {
    status: 503,
    en: 'The recording could not be converted to {format}: {reason}. Look whether ffmpeg is installed.',
    zh: '录音无法转换为 {format}：{reason}。请检查是否已安装 ffmpeg。',
  },
  export_busy: {
    status: 429,
    en: 'Too many exports are under way; try again in a moment.',
    zh: '正在进行的导出过多；请稍后重试。',
  },
} as const satisfies Record<string, Message>;
