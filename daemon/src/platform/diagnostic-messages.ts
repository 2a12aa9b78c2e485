// What the technician's bench refuses; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const diagnosticMessages = {
  diagnostics_running: {
    status: 409,
    en: 'Lines are being measured already; wait until that is over, or end it.',
    zh: '已有检测正在进行；请等它结束，或先终止它。',
  },
  diagnostics_not_running: {
    status: 409,
    en: 'Nothing is being measured.',
    zh: '当前没有检测在进行。',
  },
  diagnostics_step_over: {
    status: 409,
    en: 'The run has gone on meanwhile; look at what it asks for now.',
    zh: '检测已经进入下一步；请看现在的提示。',
  },
  diagnostics_lines_busy: {
    status: 409,
    en: 'There are calls on {lines}: {calls}. Wait until they are over, or allow them to be ended.',
    zh: '{lines} 上有通话：{calls} 个。请等通话结束，或允许挂断它们。',
  },
  diagnostics_line_unknown: {
    status: 422,
    en: 'There is no line {line} in this box.',
    zh: '本机没有线路 {line}。',
  },
  diagnostics_line_twice: {
    status: 422,
    en: '{line} is named twice; every line has one other end.',
    zh: '{line} 出现了两次；每条线路只有一个对端。',
  },
  diagnostics_report_not_found: {
    status: 404,
    en: 'There is no report {id}.',
    zh: '没有编号为 {id} 的报告。',
  },
} as const satisfies Record<string, Message>;
