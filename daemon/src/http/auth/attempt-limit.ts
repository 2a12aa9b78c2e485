// Slows down guessing. Every failed attempt takes a token from two buckets, that of the address and that of the name tried; the
// buckets fill again with time. A name that does not exist has a bucket like any other, so it cannot be told apart.
import { AppError, type Clock } from '../../platform/index.js';

export interface AttemptLimitOptions {
  clock: Clock;
  /** failures in a row before one must wait */
  burst?: number;
  /** one attempt comes back after this time, ms */
  refillMs?: number;
}

/** Of those who tried; the oldest go first. Bounds the memory under attack. */
const MOST_KEYS = 20_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

export class AttemptLimit {
  readonly #clock: Clock;
  readonly #burst: number;
  readonly #refillMs: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: AttemptLimitOptions) {
    this.#clock = options.clock;
    this.#burst = options.burst ?? 10;
    this.#refillMs = options.refillMs ?? 10_000;
  }

  /**
   * Takes one attempt from every key at once, before it is known whether it will succeed (else many in parallel would all
   * be let in). AppError sign_in_too_often, with the seconds to wait, when one of them has none left.
   */
  take(keys: readonly string[]): void {
    const buckets = keys.map((key) => this.#bucket(key));
    const waitMs = Math.max(0, ...buckets.map((bucket) => (1 - bucket.tokens) * this.#refillMs));
    if (waitMs > 0) throw new AppError('sign_in_too_often', { seconds: Math.ceil(waitMs / 1000) });
    for (const bucket of buckets) bucket.tokens -= 1;
  }

  /** It succeeded: the keys are as good as new. */
  forgive(keys: readonly string[]): void {
    for (const key of keys) this.#buckets.delete(key);
  }

  #bucket(key: string): Bucket {
    const nowMs = this.#clock.monotonicMs();
    const old = this.#buckets.get(key);
    const bucket: Bucket = old ?? { tokens: this.#burst, atMs: nowMs };
    bucket.tokens = Math.min(this.#burst, bucket.tokens + (nowMs - bucket.atMs) / this.#refillMs);
    bucket.atMs = nowMs;
    // Last used goes to the end, so that the first is the one nobody asked for longest.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MOST_KEYS) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return bucket;
  }
}
