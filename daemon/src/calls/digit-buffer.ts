// The keys a caller pressed and nobody has read yet. A caller who knows the menu types ahead: his keys wait here until a
// node of the flow asks for them.
import type { Clock } from '../platform/clock.js';

/** More than anybody types ahead; further keys are dropped. */
const LONGEST_TYPE_AHEAD = 64;

export interface KeyWait {
  /** true: there is an unread key; false: stopped before. Rejects with the signal's reason. */
  pressed: Promise<boolean>;
  stop: () => void;
}

export class DigitBuffer {
  readonly #clock: Clock;
  #digits = '';
  #waiters: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get length(): number {
    return this.#digits.length;
  }

  push(digit: string): void {
    if (this.#digits.length < LONGEST_TYPE_AHEAD) this.#digits += digit;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  clear(): void {
    this.#digits = '';
  }

  /** Takes the oldest unread key; undefined when there is none. */
  take(): string | undefined {
    if (this.#digits === '') return undefined;
    const digit = this.#digits.charAt(0);
    this.#digits = this.#digits.slice(1);
    return digit;
  }

  /** Takes the oldest unread key when it is this one. */
  drop(digit: string): boolean {
    return this.#digits.startsWith(digit) && this.take() !== undefined;
  }

  /** Waits for an unread key. Without signals made for the purpose: every prompt of every call comes by here. */
  wait(signal: AbortSignal): KeyWait {
    let stop = (): void => undefined;
    const pressed = new Promise<boolean>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      if (this.#digits !== '') return resolve(true);
      const wake = (): void => end(true);
      const end = (found: boolean): void => {
        signal.removeEventListener('abort', abort);
        this.#waiters = this.#waiters.filter((waiter) => waiter !== wake);
        resolve(found);
      };
      const abort = (): void => {
        this.#waiters = this.#waiters.filter((waiter) => waiter !== wake);
        reject(signal.reason as Error);
      };
      this.#waiters.push(wake);
      signal.addEventListener('abort', abort, { once: true });
      stop = () => end(false);
    });
    return { pressed, stop };
  }

  /** Takes the next key; undefined when none is pressed within `timeoutMs`. Rejects with the signal's reason. */
  async next(timeoutMs: number, signal: AbortSignal): Promise<string | undefined> {
    const { pressed, stop } = this.wait(signal);
    const timer = this.#clock.after(timeoutMs, stop);
    try {
      return (await pressed) ? this.take() : undefined;
    } finally {
      timer.cancel();
    }
  }
}
