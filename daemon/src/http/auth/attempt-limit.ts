// Slows down guessing. Every failed attempt takes a token from two buckets, that of the address and that of the name tried; the
// buckets fill again with time. A name that does not exist has a bucket like any other, so it cannot be told apart. Whoever goes on
// trying one name waits twice as long each time, up to 64 times; of an address many people may share, so it does not grow there.
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

const MOST_STRIKES = 6;
const MOST_BESIDE = 5;
/** Keys that grow: names. */
const NAME = 'as ';
export const nameKey = (username: string): string => `${NAME}${username.toLowerCase()}`;

interface Bucket {
  tokens: number;
  atMs: number;
  /** how often it was emptied since it was full */
  strikes: number;
  /** of a name: the addresses that tried it last */
  beside: string[];
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
    const waitMs = Math.max(0, ...buckets.map((bucket) => this.#waitMs(bucket)));
    if (waitMs > 0) throw new AppError('sign_in_too_often', { seconds: Math.ceil(waitMs / 1000) });
    for (const [index, bucket] of buckets.entries()) {
      bucket.tokens -= 1;
      const grows = keys[index]?.startsWith(NAME) === true;
      const others = keys.filter((key) => !key.startsWith(NAME) && !bucket.beside.includes(key));
      if (grows) bucket.beside = [...others, ...bucket.beside].slice(0, MOST_BESIDE);
      if (grows && bucket.tokens < 1) bucket.strikes = Math.min(MOST_STRIKES, bucket.strikes + 1);
    }
  }

  /** Somebody lets a name in again: also from where it was tried, else its owner would still have to wait. */
  forgiveName(username: string): void {
    const key = nameKey(username);
    this.forgive([key, ...(this.#buckets.get(key)?.beside ?? [])]);
  }

  /** It was no attempt after all; what was emptied before stays so. */
  giveBack(keys: readonly string[]): void {
    for (const key of keys) {
      const bucket = this.#buckets.get(key);
      if (bucket === undefined) continue;
      if (bucket.tokens < 1 && bucket.strikes > 0) bucket.strikes -= 1;
      bucket.tokens = Math.min(this.#burst, bucket.tokens + 1);
    }
  }

  /** Names that must wait, with the seconds. */
  lockedNames(): { name: string; seconds: number }[] {
    return [...this.#buckets.keys()]
      .filter((key) => key.startsWith(NAME))
      .map((key) => ({ name: key.slice(NAME.length), seconds: this.lockedForS(key) }))
      .filter(({ seconds }) => seconds > 0);
  }

  /** 0: it may be tried now */
  lockedForS(key: string): number {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return 0;
    this.#refill(bucket);
    return Math.max(0, Math.ceil(this.#waitMs(bucket) / 1000));
  }

  /** It succeeded: the keys are as good as new. */
  forgive(keys: readonly string[]): void {
    for (const key of keys) this.#buckets.delete(key);
  }

  #refill(bucket: Bucket): void {
    const nowMs = this.#clock.monotonicMs();
    bucket.tokens = Math.min(this.#burst, bucket.tokens + (nowMs - bucket.atMs) / this.#slowMs(bucket));
    bucket.atMs = nowMs;
    if (bucket.tokens >= this.#burst) bucket.strikes = 0;
  }

  #waitMs(bucket: Bucket): number {
    return (1 - bucket.tokens) * this.#slowMs(bucket);
  }

  /** for one attempt to come back */
  #slowMs({ strikes }: Bucket): number {
    return this.#refillMs * 2 ** Math.max(0, strikes - 1);
  }

  #bucket(key: string): Bucket {
    const nowMs = this.#clock.monotonicMs();
    const old = this.#buckets.get(key);
    const bucket: Bucket = old ?? { tokens: this.#burst, atMs: nowMs, strikes: 0, beside: [] };
    this.#refill(bucket);
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
