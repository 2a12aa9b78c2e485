// What is said when a trunk is tried, or a timeslot is to be changed; a part of the table in messages.ts.
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
  timeslot_not_found: {
    status: 404,
    en: 'Span {span} has no timeslot {timeslot} that carries calls; GET /spans lists them.',
    zh: 'E1 {span} 没有可承载呼叫的时隙 {timeslot}；可在 E1 列表中查看。',
  },
  timeslot_no_call: {
    status: 409,
    en: 'There is no call on timeslot {timeslot} of span {span} that could be metered.',
    zh: 'E1 {span} 的时隙 {timeslot} 上没有可计费的呼叫。',
  },
} as const satisfies Record<string, Message>;
