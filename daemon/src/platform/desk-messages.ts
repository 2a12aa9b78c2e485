// What is said of agents' desks: reasons, PINs, wrap-up, dispositions, dialling; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const deskMessages = {
  nothing_rings: {
    status: 409,
    en: 'No call rings there any more: somebody has answered it, or the caller has hung up.',
    zh: '该话机已不再振铃：来电已被接听，或主叫已挂机。',
  },
  parking_full: {
    status: 409,
    en: 'All {most} places for parked calls are taken; take one of them first.',
    zh: '全部 {most} 个驻留位均已占用；请先取回一个驻留的呼叫。',
  },
  reason_not_found: {
    status: 404,
    en: 'There is no reason {code} that can be chosen; GET /agent-reasons lists them.',
    zh: '没有可选的小休原因 {code}；可在小休原因列表中查看。',
  },
  reason_exists: {
    status: 409,
    en: 'There is a reason {code} already; choose another code.',
    zh: '小休原因 {code} 已存在；请使用其他代码。',
  },
  web_phone_off: {
    status: 409,
    en: 'Browsers are no telephones here; the administrator sets sip.webrtcPort first.',
    zh: '本机未启用浏览器话机；请管理员先设置 sip.webrtcPort。',
  },
  web_phone_no_station: {
    status: 409,
    en: 'Agent {id} is not signed in at a telephone that a browser can be; sign in at a station of SIP first.',
    zh: '坐席 {id} 未在可用浏览器代替的话机签入；请先在一个 SIP 分机签入。',
  },
  web_phone_elsewhere: {
    status: 409,
    en: 'Another page is the telephone of station {station} already; take it over, or go on there.',
    zh: '分机 {station} 的话机已在另一个页面中；请接管，或继续使用那个页面。',
  },
  station_taken: {
    status: 409,
    en: 'Agent {agent} is signed in at station {station}; he signs out first.',
    zh: '坐席 {agent} 已在话机 {station} 签入；请先签出。',
  },
  agent_not_in_queue: {
    status: 409,
    en: 'Agent {id} is not in the queue {queue}; put him into it first.',
    zh: '坐席 {id} 不在队列 {queue} 中；请先将其加入。',
  },
  not_in_wrap_up: {
    status: 409,
    en: 'Agent {id} is {state}, so there is no wrap-up to make longer.',
    zh: '坐席 {id} 当前状态为 {state}，没有可延长的话后处理。',
  },
  wrap_up_at_limit: {
    status: 409,
    en: 'The wrap-up of agent {id} cannot be longer than the queue allows.',
    zh: '坐席 {id} 的话后处理时间已达到队列允许的上限。',
  },
  disposition_required: {
    status: 409,
    en: 'Say first what the call came to: choose a disposition for call {callId}.',
    zh: '请先为呼叫 {callId} 选择处理结果。',
  },
  disposition_not_found: {
    status: 404,
    en: 'There is no disposition {id} for this call; GET /dispositions lists them.',
    zh: '此呼叫没有处理结果 {id}；可在处理结果列表中查看。',
  },
  disposition_exists: {
    status: 409,
    en: 'There is a disposition {id} already; choose another name.',
    zh: '处理结果 {id} 已存在；请使用其他名称。',
  },
  disposition_in_use: {
    status: 409,
    en: 'Others stand under the disposition {id}, or calls have come to it; switch it off instead.',
    zh: '处理结果 {id} 下有子项或已被呼叫使用；请改为停用。',
  },
  disposition_too_deep: {
    status: 409,
    en: 'The disposition {id} cannot stand under {parent}: there are two levels.',
    zh: '处理结果 {id} 不能放在 {parent} 之下：最多两级。',
  },
  note_required: {
    status: 409,
    en: 'The disposition {id} wants a note; write one.',
    zh: '处理结果 {id} 要求填写备注；请填写。',
  },
  call_not_yours: {
    status: 403,
    en: 'The call {id} was not the call of agent {agent}.',
    zh: '呼叫 {id} 不是坐席 {agent} 的通话。',
  },
  agent_message_not_found: {
    status: 404,
    en: 'There is no such message to this agent any more; messages are kept for eight days.',
    zh: '该坐席没有这条消息；消息只保留八天。',
  },
  speed_dial_not_found: {
    status: 404,
    en: 'There is no number at the place {slot}.',
    zh: '缩位号码 {slot} 未设置。',
  },
  shown_number_not_allowed: {
    status: 403,
    en: 'The number {number} may not be shown; choose one of: {allowed}.',
    zh: '不允许显示号码 {number}；可选：{allowed}。',
  },
  dial_refused: {
    status: 403,
    en: '{number} was not dialled: {reason}.',
    zh: '未拨打 {number}：{reason}。',
  },
  agent_not_yours: {
    status: 403,
    en: 'You are not agent {id}; a supervisor may do this for others.',
    zh: '您不是坐席 {id}；只有班长可以代他人操作。',
  },
} as const satisfies Record<string, Message>;
