// What is said of the simulator's sound, the settings and the back-ups; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const boxMessages = {
  line_sound_refused: {
    status: 503,
    en: 'This line cannot be listened to: {reason}. Stop listening to another one and try again; calls go on.',
    zh: '无法监听该线路：{reason}。请先停止监听其他线路再试；通话不受影响。',
  },
  setting_not_known: {
    status: 400,
    en: 'The setting {path} does not exist or cannot be changed here; GET /settings lists those that can.',
    zh: '设置项 {path} 不存在，或不能在此修改；可修改的设置项见设置列表。',
  },
  setting_locked: {
    status: 409,
    en: 'The setting {path} comes from the variable {variable} of the environment, which wins; change it there.',
    zh: '设置项 {path} 由环境变量 {variable} 指定，优先生效；请在环境变量中修改。',
  },
  restart_not_possible: {
    status: 409,
    en: 'This box cannot restart itself; restart it the way it was started.',
    zh: '本机无法自行重启；请用启动它的方式重新启动。',
  },
  backup_busy: {
    status: 409,
    en: 'A back-up is being made, checked or restored; wait until it is done.',
    zh: '正在备份、校验或恢复；请等待完成。',
  },
  backup_not_found: { status: 404, en: 'There is no back-up {name}.', zh: '备份 {name} 不存在。' },
  backup_exists: {
    status: 409,
    en: 'There is a back-up {name} already; remove it first or give the file another name.',
    zh: '备份 {name} 已存在；请先删除它，或更改文件名。',
  },
  backup_damaged: {
    status: 422,
    en: 'The back-up {name} is damaged or no back-up; nothing was changed. Take another one.',
    zh: '备份 {name} 已损坏或不是备份文件；未做任何更改。请使用其他备份。',
  },
  backup_passphrase_wrong: {
    status: 422,
    en: 'The passphrase does not open the back-up {name}; check it and try again.',
    zh: '口令无法打开备份 {name}；请核对后重试。',
  },
  backup_no_passphrase: {
    status: 400,
    en: 'Back-ups by the clock need a passphrase; enter one and keep it somewhere else, too.',
    zh: '定时备份需要口令；请设置口令，并另行妥善保存。',
  },
  backup_folder_missing: {
    status: 400,
    en: 'There is no folder {folder}, or it is no absolute path; make it or mount the disk first.',
    zh: '目录 {folder} 不存在或不是绝对路径；请先建立目录或挂载磁盘。',
  },
  backup_no_space: {
    status: 507,
    en: 'There is not enough room in {folder}: {neededMb} MB are needed, {freeMb} MB are free. Remove old back-ups or choose another disk.',
    zh: '{folder} 空间不足：需要 {neededMb} MB，剩余 {freeMb} MB。请删除旧备份或更换磁盘。',
  },
} as const satisfies Record<string, Message>;
