// Transactions: a request and its answers, over networks that lose, repeat and reorder messages (RFC 3261 clause 17, RFC 6026).
export type * from './types.js';
export { Transactions, type TransactionLayerOptions } from './layer.js';
export { TransactionCounters } from './counters.js';
export { DEFAULT_LIMITS, NO_ROOM_RETRY_AFTER_S, type TransactionLimits } from './limits.js';
export { RandomSource, type RandomBytes } from './random.js';
export { TimerWheel, type Timers, type TimerWheelOptions } from './timer-wheel.js';
export { DEFAULT_TIMES, longestMs, type SipTimes } from './timings.js';
