// What is said of those who call, and of telephones beside a page; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const contactMessages = {
  contact_not_found: {
    status: 404,
    en: 'There is no contact {id}; somebody may have removed it.',
    zh: '没有客户 {id}；可能已被删除。',
  },
  phone_by_hand: {
    status: 409,
    en: 'Station {station} is a telephone on the desk: lift its handset, or put it down, by hand.',
    zh: '话机 {station} 是桌面话机：请直接摘机或挂机。',
  },
} as const satisfies Record<string, Message>;
