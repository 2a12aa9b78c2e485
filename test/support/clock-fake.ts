// A clock that stands still until a test moves it. Timers fire in the order of their times, while it is moved.
import { sleepOn, type Clock, type Moment, type Timer } from '../../daemon/src/platform/index.js';

interface Pending {
  atMs: number;
  order: number;
  periodMs: number | undefined;
  work: () => void;
}

export class FakeClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  #order = 0;
  #pending: Pending[] = [];

  constructor(wallMs = 1_732_226_400_000) {
    this.#wallMs = wallMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  moment(): Moment {
    return { wallMs: this.#wallMs, monotonicMs: this.#monotonicMs };
  }

  after(delayMs: number, work: () => void): Timer {
    return this.#add(delayMs, undefined, work);
  }

  every(periodMs: number, work: () => void): Timer {
    return this.#add(periodMs, Math.max(1, periodMs), work);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** Timers that would fire some day. */
  get timers(): number {
    return this.#pending.length;
  }

  /** Somebody sets the wall clock: the monotonic one does not notice. */
  setWall(wallMs: number): void {
    this.#wallMs = wallMs;
  }

  /** Moves both clocks; after each timer, promises that it settled run to their end. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#monotonicMs + byMs;
    for (;;) {
      await settle();
      const next = this.#next();
      if (next === undefined || next.atMs > untilMs) break;
      this.#moveTo(next.atMs);
      if (next.periodMs === undefined) this.#pending.splice(this.#pending.indexOf(next), 1);
      else next.atMs += next.periodMs;
      next.work();
    }
    this.#moveTo(untilMs);
    await settle();
  }

  #moveTo(monotonicMs: number): void {
    this.#wallMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }

  #next(): Pending | undefined {
    return this.#pending.reduce<Pending | undefined>((first, one) => {
      if (first === undefined) return one;
      return one.atMs < first.atMs || (one.atMs === first.atMs && one.order < first.order) ? one : first;
    }, undefined);
  }

  #add(delayMs: number, periodMs: number | undefined, work: () => void): Timer {
    const one: Pending = { atMs: this.#monotonicMs + Math.max(0, delayMs), order: this.#order++, periodMs, work };
    this.#pending.push(one);
    return {
      cancel: () => {
        const at = this.#pending.indexOf(one);
        if (at >= 0) this.#pending.splice(at, 1);
      },
    };
  }
}

/** Lets everything run that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
