import type { Log } from '../../platform/index.js';
import type { MessageCarrier } from '../transport/index.js';
import type { TransactionCounters } from './counters.js';
import type { RandomSource } from './random.js';
import type { Timers } from './timer-wheel.js';
import type { SipTimes } from './timings.js';

/** What every transaction of a layer shares. */
export interface TransactionContext {
  readonly carrier: MessageCarrier;
  readonly timers: Timers;
  readonly times: SipTimes;
  readonly random: RandomSource;
  readonly counters: TransactionCounters;
  readonly log: Log;
}
