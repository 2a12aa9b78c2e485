// What is said of calendars, lists, routes and people on duty; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const routingMessages = {
  calendar_not_found: {
    status: 404,
    en: 'There is no calendar {id}; GET /calendars lists them.',
    zh: '日历 {id} 不存在；可在日历列表中查看。',
  },
  calendar_exists: {
    status: 409,
    en: 'There is a calendar {id} already; change that one or choose another id.',
    zh: '日历 {id} 已存在；请修改该日历或换一个标识。',
  },
  calendar_in_use: {
    status: 409,
    en: 'The calendar {id} is used by {user}; change that first.',
    zh: '日历 {id} 正被{user}使用；请先修改。',
  },
  duty_group_not_found: {
    status: 404,
    en: 'There is no duty group {id}; GET /duty-groups lists them.',
    zh: '值班组 {id} 不存在；可在值班组列表中查看。',
  },
  duty_group_exists: {
    status: 409,
    en: 'There is a duty group {id} already; change that one or choose another id.',
    zh: '值班组 {id} 已存在；请修改该组或换一个标识。',
  },
  number_list_not_found: {
    status: 404,
    en: 'There is no list {id}; GET /number-lists shows them.',
    zh: '号码名单 {id} 不存在；可在名单列表中查看。',
  },
  number_list_exists: {
    status: 409,
    en: 'There is a list {id} already; change that one or choose another id.',
    zh: '号码名单 {id} 已存在；请修改该名单或换一个标识。',
  },
  number_list_in_use: {
    status: 409,
    en: 'The list {id} is used by the route of {calledNumber}; change that route first.',
    zh: '号码名单 {id} 正被号码 {calledNumber} 的路由使用；请先修改该路由。',
  },
  list_entry_not_found: {
    status: 404,
    en: 'The list {id} has no entry {entry}.',
    zh: '号码名单 {id} 中没有条目 {entry}。',
  },
  dial_right_not_found: {
    status: 404,
    en: 'Nothing is laid down for {subject}.',
    zh: '没有为 {subject} 设置拨号权限。',
  },
  target_unavailable: {
    status: 422,
    en: 'This box has no {what}: calls cannot be led there.',
    zh: '本机没有{what}：无法将呼叫转到该处。',
  },
  upload_not_text: {
    status: 422,
    en: 'The file is no text in UTF-8, UTF-16 or GBK; save it as CSV (UTF-8) and send it again.',
    zh: '文件不是 UTF-8、UTF-16 或 GBK 文本；请另存为 CSV（UTF-8）后重新上传。',
  },
  import_invalid: {
    status: 422,
    en: 'Nothing was imported: {count} lines were not understood; see the details, or leave them out.',
    zh: '未导入：有 {count} 行无法识别；请查看详细说明或删除这些行。',
  },
} as const satisfies Record<string, Message>;
