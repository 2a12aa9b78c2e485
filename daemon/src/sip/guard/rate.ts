// A token bucket as one number: the time at which it will be full again (GCRA, ITU-T I.371 annex A).
import type { RateLimit } from './limits.js';

export class Rate {
  readonly #intervalMs: number;
  readonly #burstMs: number;

  constructor({ perS, burst }: RateLimit) {
    this.#intervalMs = 1000 / perS;
    this.#burstMs = burst * this.#intervalMs;
  }

  /** What `fullAtMs` becomes when a token is taken; undefined: there is none. The last one may be a fraction of ms early. */
  take(fullAtMs: number, nowMs: number): number | undefined {
    const next = (fullAtMs > nowMs ? fullAtMs : nowMs) + this.#intervalMs;
    return next - nowMs > this.#burstMs + 0.001 ? undefined : next;
  }

  /** What `fullAtMs` becomes when a token is given back. */
  giveBack(fullAtMs: number): number {
    return fullAtMs - this.#intervalMs;
  }
}
