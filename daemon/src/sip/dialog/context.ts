import { silentLog, type Clock, type Log } from '../../platform/index.js';
import type { SipUri } from '../message/index.js';
import {
  DEFAULT_TIMES,
  type RandomSource,
  type SipTimes,
  type Timers,
  type TransactionLayer,
} from '../transaction/index.js';
import type { Flow, Target } from '../transport/index.js';
import { DialogCounters } from './counters.js';
import { DEFAULT_DIALOG_LIMITS, type DialogLimits } from './limits.js';

/**
 * Where a request to this URI can be sent, best first (RFC 3263). `flow` is how the peer was last heard in the dialog: one behind a
 * NAT or in a browser is reached by no other way than that. Rejects when there is no place.
 */
export type Locate = (uri: SipUri, flow: Flow | undefined) => Promise<readonly Target[]>;

/** Who remembers which targets did not answer (RFC 3263 4.3). */
export interface TargetJudge {
  failed(target: Target, forMs?: number): void;
  answered(target: Target): void;
}

/** What every dialog of a stack shares. */
export interface DialogContext {
  readonly transactions: TransactionLayer;
  readonly locate: Locate;
  readonly judge: TargetJudge | undefined;
  readonly timers: Timers;
  /** for the history of state machines */
  readonly clock: Clock;
  readonly times: SipTimes;
  readonly random: RandomSource;
  readonly limits: DialogLimits;
  readonly counters: DialogCounters;
  readonly log: Log;
}

export interface DialogContextOptions extends Pick<
  DialogContext,
  'transactions' | 'locate' | 'timers' | 'clock' | 'random'
> {
  judge?: TargetJudge | undefined;
  times?: Partial<SipTimes> | undefined;
  limits?: Partial<DialogLimits> | undefined;
  log?: Log | undefined;
}

/** A context with what was left out. */
export function dialogContext(options: DialogContextOptions): DialogContext {
  return {
    ...options,
    judge: options.judge,
    times: { ...DEFAULT_TIMES, ...options.times },
    limits: { ...DEFAULT_DIALOG_LIMITS, ...options.limits },
    counters: new DialogCounters(),
    log: options.log ?? silentLog,
  };
}
