// Too much to do: new work is turned away early and cheaply, so that calls in progress do not notice (RFC 6357). It begins when a
// measure is too high twice in a row, and ends when all have been low for a while: nothing flutters. Meanwhile a share of the
// new work is still taken, less while a measure is too high and more while all are low: as much as can be done is done.
import { silentLog, type Clock, type Log, type Timer } from '../../platform/index.js';
import type { SipUri } from '../message/index.js';
import type { RateLimit } from './limits.js';
import { Rate } from './rate.js';

export interface OverloadMeasures {
  /** the longest that the event loop was late since the last time, ms */
  loopDelayMs: number;
  /** share of the time since the last time in which the event loop worked; datagrams wait in the socket where nobody sees them */
  busy: number;
  /** how long the call has waited that has waited longest for a first word of the daemon, ms */
  waitingMs: number;
  /** requests that have come since the start */
  requests: number;
  /** requests that have come and have no final answer; calls that ring are among them */
  queued: number;
}

/** Above `high` is too much; below `low` there is room again. */
export interface Threshold {
  high: number;
  low: number;
}

export interface OverloadLimits {
  loopDelayMs: Threshold;
  busy: Threshold;
  waitingMs: Threshold;
  requestsPerS: Threshold;
  queued: Threshold;
  /** so much new work is taken whatever is measured: to turn away a call now and then relieves nobody */
  always: RateLimit;
}

/** A telephone repeats after 500 ms what was not answered: by then the answer must have gone out. */
export const OVERLOAD_LIMITS: OverloadLimits = {
  loopDelayMs: { high: 150, low: 40 },
  busy: { high: 0.95, low: 0.85 },
  waitingMs: { high: 300, low: 100 },
  requestsPerS: { high: 9000, low: 7000 },
  queued: { high: 20_000, low: 15_000 },
  always: { perS: 10, burst: 20 },
};

const SAMPLE_MS = 250;
/** samples; one alone may be a garbage collection */
const TOO_HIGH = 2;
/** samples; 2 s */
const LOW_ENOUGH = 8;

/** of new work that is taken, when it begins */
const FIRST_SHARE = 0.5;
const LEAST_SHARE = 0.02;
/** for each sample in which a measure is too high */
const LESS = 0.8;
/** for each sample in which all are low: from the first share to everything in as long as it takes to end */
const MORE = (1 - FIRST_SHARE) / LOW_ENOUGH;

/** s; short, for a carrier sends us nothing at all meanwhile (RFC 3261 21.5.4), and not all come back at once */
const RETRY_AFTER_S = { from: 2, to: 6 };

/** What must be known of a request. */
export interface NewRequest {
  readonly method: string;
  readonly uri: Pick<SipUri, 'user'>;
}

export interface OverloadOptions {
  clock: Clock;
  measure: () => OverloadMeasures;
  /** for the log */
  of?: string | undefined;
  /** requests that are never turned away: calls to emergency numbers */
  exempt?: ((request: NewRequest) => boolean) | undefined;
  limits?: Partial<OverloadLimits> | undefined;
  random?: (() => number) | undefined;
  log?: Log | undefined;
}

export class Overload {
  readonly #options: OverloadOptions;
  readonly #limits: OverloadLimits;
  readonly #log: Log;
  #timer: Timer | undefined;
  #last = { atMs: 0, requests: 0 };
  #high = 0;
  #low = 0;
  #shedding = false;
  #share = 1;
  /** grows by the share with each new request; one is taken for each whole one */
  #credit = 0;
  readonly #always: Rate;
  #alwaysFullAtMs = 0;
  #shed = 0;

  constructor(options: OverloadOptions) {
    this.#options = options;
    this.#limits = { ...OVERLOAD_LIMITS, ...options.limits };
    this.#always = new Rate(this.#limits.always);
    this.#log = options.log ?? silentLog;
  }

  /** New work is being turned away. */
  get shedding(): boolean {
    return this.#shedding;
  }

  /** of new work that is taken now, 0 to 1 */
  get share(): number {
    return this.#shedding ? this.#share : 1;
  }

  /** requests turned away since the start */
  get shedTotal(): number {
    return this.#shed;
  }

  /** Measures until `stop`. */
  start(): void {
    const { clock, measure } = this.#options;
    this.stop();
    this.#last = { atMs: clock.monotonicMs(), requests: measure().requests };
    this.#timer = clock.every(SAMPLE_MS, () => this.#sample());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#shedding = false;
    this.#high = this.#low = 0;
  }

  /** Whether it is never turned away. */
  isExempt(request: NewRequest): boolean {
    return this.#options.exempt?.(request) === true;
  }

  /**
   * For a request outside of any dialog: s for Retry-After of the 503 that it gets; undefined: it is taken. `late`: it has waited too long,
   * whatever was measured.
   */
  shed(request: NewRequest, late = false): number | undefined {
    if ((!this.#shedding && !late) || this.isExempt(request)) return undefined;
    if (!late) this.#credit += this.#share;
    if (!late && this.#credit >= 1) {
      this.#credit -= 1;
      return undefined;
    }
    const fullAtMs = this.#always.take(this.#alwaysFullAtMs, this.#options.clock.monotonicMs());
    if (fullAtMs !== undefined) {
      this.#alwaysFullAtMs = fullAtMs;
      return undefined;
    }
    this.#shed += 1;
    const { from, to } = RETRY_AFTER_S;
    return from + Math.floor((this.#options.random ?? Math.random)() * (to - from + 1));
  }

  #sample(): void {
    const { clock, measure } = this.#options;
    const { loopDelayMs, busy, waitingMs, requests, queued } = measure();
    const atMs = clock.monotonicMs();
    const tookMs = Math.max(1, atMs - this.#last.atMs);
    const requestsPerS = ((requests - this.#last.requests) * 1000) / tookMs;
    this.#last = { atMs, requests };

    const measures = { loopDelayMs, busy, waitingMs, requestsPerS, queued };
    const names = ['loopDelayMs', 'busy', 'waitingMs', 'requestsPerS', 'queued'] as const;
    const tooHigh = names.some((name) => measures[name] > this.#limits[name].high);
    const allLow = names.every((name) => measures[name] < this.#limits[name].low);
    this.#high = tooHigh ? this.#high + 1 : 0;
    this.#low = allLow ? this.#low + 1 : 0;
    if (!this.#shedding) {
      if (this.#high >= TOO_HIGH) this.#turn(true, measures);
      return;
    }
    if (tooHigh) this.#share = Math.max(LEAST_SHARE, this.#share * LESS);
    if (allLow) this.#share = Math.min(1, this.#share + MORE);
    if (this.#low >= LOW_ENOUGH && this.#share === 1) this.#turn(false, measures);
  }

  #turn(shedding: boolean, measures: Record<string, number>): void {
    this.#shedding = shedding;
    this.#share = FIRST_SHARE;
    this.#credit = 0;
    if (shedding) this.#log.warn({ of: this.#options.of, ...measures }, 'SIP overload: new work is turned away');
    else this.#log.info({ of: this.#options.of, ...measures, turnedAway: this.#shed }, 'SIP overload is over');
  }
}
