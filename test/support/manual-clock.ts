// A clock that stands until a test moves it.
import { sleepOn, type Clock, type Moment, type Timer } from '../../daemon/src/platform/index.js';

interface Pending {
  dueMs: number;
  order: number;
  work: () => void;
}

export class ManualClock implements Clock {
  #wallMs: number;
  #monotonicMs = 1000;
  #order = 0;
  readonly #pending = new Set<Pending>();

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
    const pending: Pending = { dueMs: this.#monotonicMs + Math.max(0, delayMs), order: this.#order++, work };
    this.#pending.add(pending);
    return { cancel: () => this.#pending.delete(pending) };
  }

  every(periodMs: number, work: () => void): Timer {
    let timer: Timer;
    const again = (): void => {
      timer = this.after(periodMs, () => {
        again();
        work();
      });
    };
    again();
    return { cancel: () => timer.cancel() };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** Timers that wait: none is left when nothing leaks. */
  get timers(): number {
    return this.#pending.size;
  }

  /** Sets the wall clock alone, as an administrator does. */
  setWall(wallMs: number): void {
    this.#wallMs = wallMs;
  }

  /** Lets time pass; every timer that is due runs at its own time, and what it sets off has its turn before the next. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    await turn();
    for (;;) {
      const next = [...this.#pending].sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
      if (next === undefined || next.dueMs > endMs) break;
      this.#moveTo(next.dueMs);
      this.#pending.delete(next);
      next.work();
      await turn();
    }
    this.#moveTo(endMs);
    await turn();
  }

  #moveTo(monotonicMs: number): void {
    const ms = monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
    this.#wallMs += ms;
  }
}

/** Lets promises and immediates that are ready run. */
export async function turn(times = 5): Promise<void> {
  for (let i = 0; i < times; i += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Resolves when the condition holds; what it waits for is real work such as writing to disk. */
export async function until(condition: () => boolean, what: string, limitMs = 10_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
