// What is said when a trunk is tried; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const trunkMessages = {
  trunk_test_running: {
    status: 409,
    en: 'The trunk {trunk} is being tried just now; wait until that call is over.',
    zh: '中继“{trunk}”正在试拨；请等那通电话结束。',
  },
  trunk_test_not_possible: {
    status: 422,
    en: 'The trunk {trunk} cannot be tried with {number}: it is switched off, its number rules make nothing of it, or it is an emergency number.',
    zh: '中继“{trunk}”不能用号码 {number} 试拨：中继已停用、它的号码规则不认这个号码，或这是紧急号码。',
  },
} as const satisfies Record<string, Message>;
