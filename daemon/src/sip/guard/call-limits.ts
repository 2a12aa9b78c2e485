// How many calls an account may have: at once, and within an hour. A stolen password costs no more than that.
import type { Clock } from '../../platform/index.js';

export interface CallAllowance {
  concurrent: number;
  perHour: number;
}

export const CALL_ALLOWANCE: CallAllowance = { concurrent: 4, perHour: 120 };

export type CallAdmission =
  /** `end` is called when the call is over; a second time it does nothing */
  { kind: 'taken'; end: () => void } | { kind: 'refused'; why: 'concurrent' | 'perHour' };

const SLOTS = 60;
const SLOT_MS = 60_000;

/** Calls begun in each of the last 60 minutes: a bounded count, exact to a minute. */
class Account {
  calls = 0;
  readonly #slots = new Uint32Array(SLOTS);
  #minute: number;
  #total = 0;

  constructor(minute: number) {
    this.#minute = minute;
  }

  /** calls begun within the hour that ends now */
  begunAt(minute: number): number {
    if (minute - this.#minute >= SLOTS) {
      this.#slots.fill(0);
      this.#total = 0;
      this.#minute = minute;
    }
    while (this.#minute < minute) {
      this.#minute += 1;
      this.#total -= this.#slots[this.#minute % SLOTS] ?? 0;
      this.#slots[this.#minute % SLOTS] = 0;
    }
    return this.#total;
  }

  begin(): void {
    this.calls += 1;
    this.#total += 1;
    const at = this.#minute % SLOTS;
    this.#slots[at] = (this.#slots[at] ?? 0) + 1;
  }
}

export interface CallLimitsOptions {
  clock: Pick<Clock, 'monotonicMs'>;
  /** what each account may have; undefined: CALL_ALLOWANCE */
  allowance?: ((account: string) => CallAllowance) | undefined;
}

export class CallLimits {
  readonly #options: CallLimitsOptions;
  readonly #accounts = new Map<string, Account>();
  #sweptMinute = -1;

  constructor(options: CallLimitsOptions) {
    this.#options = options;
  }

  /** accounts that are counted */
  get size(): number {
    return this.#accounts.size;
  }

  /** Takes a call of an account. Ask not for emergency calls. */
  begin(account: string): CallAdmission {
    const minute = this.#minute();
    const { concurrent, perHour } = this.#options.allowance?.(account) ?? CALL_ALLOWANCE;
    if (minute !== this.#sweptMinute) this.#sweep(minute);
    const counted = this.#accounts.get(account) ?? new Account(minute);
    if (counted.begunAt(minute) >= perHour) return { kind: 'refused', why: 'perHour' };
    if (counted.calls >= concurrent) return { kind: 'refused', why: 'concurrent' };
    this.#accounts.set(account, counted);
    counted.begin();
    let ended = false;
    const end = (): void => {
      if (!ended) counted.calls -= 1;
      ended = true;
    };
    return { kind: 'taken', end };
  }

  /** Forgets accounts without a call within the hour. */
  #sweep(minute: number): void {
    this.#sweptMinute = minute;
    for (const [name, account] of this.#accounts) {
      if (account.calls === 0 && account.begunAt(minute) === 0) this.#accounts.delete(name);
    }
  }

  #minute(): number {
    return Math.floor(this.#options.clock.monotonicMs() / SLOT_MS);
  }
}
