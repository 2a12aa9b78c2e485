// The keys a caller pressed and nobody has read yet. A caller who knows the menu types ahead: his keys wait here until a
// node of the flow asks for them.
import type { Clock } from '../platform/clock.js';

/** More than anybody types ahead; further keys are dropped. */
const LONGEST_TYPE_AHEAD = 64;

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

  /** Resolves when there is an unread key, at once if there is one already. Rejects with the signal's reason. */
  pressed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      if (this.#digits !== '') return resolve();
      const wake = (): void => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      const abort = (): void => {
        this.#waiters = this.#waiters.filter((waiter) => waiter !== wake);
        reject(signal.reason as Error);
      };
      this.#waiters.push(wake);
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** Takes the next key; undefined when none is pressed within `timeoutMs`. Rejects with the signal's reason. */
  async next(timeoutMs: number, signal: AbortSignal): Promise<string | undefined> {
    const timeout = new AbortController();
    const timer = this.#clock.after(timeoutMs, () => timeout.abort());
    try {
      await this.pressed(AbortSignal.any([signal, timeout.signal]));
      return this.take();
    } catch (error) {
      if (signal.aborted) throw error;
      return undefined;
    } finally {
      timer.cancel();
    }
  }
}
