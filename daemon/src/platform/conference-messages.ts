// What is said of conference rooms; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const conferenceMessages = {
  conference_not_found: {
    status: 404,
    en: 'There is no conference room {id}, or you do not moderate it; GET /conferences lists the rooms.',
    zh: '会议室 {id} 不存在或您不是其主持人；可在会议室列表中查看。',
  },
  conference_exists: {
    status: 409,
    en: 'There is a conference room {id} already; choose another name.',
    zh: '会议室 {id} 已存在；请使用其他名称。',
  },
  conference_in_use: {
    status: 409,
    en: 'There is somebody in the conference room {id}; end the conference first.',
    zh: '会议室 {id} 中还有与会者；请先结束会议。',
  },
  conference_empty: {
    status: 409,
    en: 'Nobody is in the conference room {id}, so this cannot be done; wait until somebody has come.',
    zh: '会议室 {id} 中没有与会者，无法执行；请等待有人加入。',
  },
  conference_party_not_found: {
    status: 404,
    en: 'The party {party} is not in the conference room {id} any more.',
    zh: '与会者 {party} 已不在会议室 {id} 中。',
  },
  conference_full: {
    status: 409,
    en: 'The conference room {id} is full; let it hold more, or wait until somebody has left.',
    zh: '会议室 {id} 已满；请提高人数上限，或等待有人离开。',
  },
  conference_not_lockable: {
    status: 409,
    en: 'The conference room {id} cannot be locked; change its settings first.',
    zh: '会议室 {id} 不允许锁定；请先修改其设置。',
  },
  conference_never_recorded: {
    status: 409,
    en: 'The conference room {id} is never recorded; change its settings first.',
    zh: '会议室 {id} 不允许录音；请先修改其设置。',
  },
  conference_recording_wrong_state: {
    status: 409,
    en: 'The recording of the conference room {id} is in that state already.',
    zh: '会议室 {id} 的录音已处于该状态。',
  },
  conference_not_recorded: {
    status: 503,
    en: 'The recording of the conference room {id} could not begin: {reason}. Look at the disk of the recordings and try again.',
    zh: '会议室 {id} 的录音未能开始：{reason}。请检查录音磁盘后重试。',
  },
  conference_no_station: {
    status: 422,
    en: 'Nobody says with which telephone’s rights {number} is called; name a station, or set dialOutStation of the room.',
    zh: '未指定以哪部话机的权限呼叫 {number}；请指定话机，或设置会议室的 dialOutStation。',
  },
  conference_no_number: {
    status: 422,
    en: 'The conference room {id} has no number by which calls could come into it; give it one.',
    zh: '会议室 {id} 没有可拨入的号码；请为其设置号码。',
  },
} as const satisfies Record<string, Message>;
