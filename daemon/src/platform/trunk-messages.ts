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
  trunk_line_taken: {
    status: 409,
    en: 'Line {line} belongs to the trunk {trunk} already; a line has one trunk.',
    zh: '外线 {line} 已属于中继 {trunk}；一条外线只能属于一个中继。',
  },
  analog_line_not_found: {
    status: 404,
    en: 'There is no exchange line (FXO port) {line}; GET /lines lists them.',
    zh: '没有外线（FXO 端口）{line}；可在外线列表中查看。',
  },
  exchange_line_busy: {
    status: 409,
    en: 'Line {line} is in use at this moment; wait, or choose another one.',
    zh: '外线 {line} 正在使用；请稍候，或换一条。',
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
