// What is said of callbacks; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const callbackMessages = {
  callback_not_found: {
    status: 404,
    en: 'There is no callback {id}, or it is not yours; GET /callbacks lists them.',
    zh: '回拨 {id} 不存在或不属于您；可在回拨列表中查看。',
  },
  callback_exists: {
    status: 409,
    en: 'The number {number} is to be called back by the queue {queueId} already; change that callback.',
    zh: '队列 {queueId} 已有号码 {number} 的回拨；请修改该回拨。',
  },
  callback_over: {
    status: 409,
    en: 'The callback {id} is {state}, so it cannot be changed any more.',
    zh: '回拨 {id} 的状态为 {state}，无法再更改。',
  },
  callback_queue_full: {
    status: 409,
    en: 'The queue {queueId} has {most} open callbacks, and takes no more; let it take more, or wait.',
    zh: '队列 {queueId} 已有 {most} 个未完成的回拨，不再接受；请提高上限或稍后再试。',
  },
  callback_not_offered: {
    status: 409,
    en: "The queue {queueId} takes no callbacks; an administrator offers them on the queue's page, under Callbacks.",
    zh: '队列 {queueId} 不接受回拨；管理员可在该队列页面的“回拨”中开启。',
  },
  callback_rule_not_found: {
    status: 404,
    en: 'The queue {queueId} has no rule for callbacks; PUT /queues/{queueId}/callback-rule makes one.',
    zh: '队列 {queueId} 没有回拨规则；可通过 PUT /queues/{queueId}/callback-rule 创建。',
  },
  callback_number_refused: {
    status: 409,
    en: 'The number {number} may not be called back: {reason}.',
    zh: '号码 {number} 不能回拨：{reason}。',
  },
  callback_time_refused: {
    status: 400,
    en: 'A callback is at most {days} days ahead; choose an earlier time.',
    zh: '回拨时间最多可提前 {days} 天预约；请选择更早的时间。',
  },
} as const satisfies Record<string, Message>;
