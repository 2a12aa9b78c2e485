// Many coarse timers on one timer of the clock. A busy hour has 150,000 of them, nearly all of which are cancelled or fire for
// nothing: with that many, one here takes 40 % of the memory and of the time of a `setTimeout`, to cancel it 25 %. A wheel without
// timers holds no timer of the clock.
//
// The wheel has a slot for each of the next ticks, each a ring of the timers due then. A timer beyond the last slot waits in
// that one and is put on again when the wheel comes round to it.
import { silentLog, type Clock, type Log, type Timer } from '../../platform/index.js';

/** What a part needs that only waits. */
export type Timers = Pick<Clock, 'after'>;

export interface TimerWheelOptions {
  /** ms; how late a timer may be. The shortest of SIP is 200 ms (RFC 3261 17.2.1) */
  tickMs?: number | undefined;
  /** a power of two, at least 32; 4096 ticks of 10 ms reach beyond 64*T1 */
  slots?: number | undefined;
  log?: Log | undefined;
}

/** A timer, or the head of the ring of a slot. */
class Entry implements Timer {
  next: Entry = this;
  previous: Entry = this;
  /** the tick it fires at */
  due: number;
  slot = 0;
  /** undefined: it has fired or was cancelled */
  work: (() => void) | undefined;
  readonly #wheel: TimerWheel | undefined;

  constructor(due: number, work?: () => void, wheel?: TimerWheel) {
    this.due = due;
    this.work = work;
    this.#wheel = wheel;
  }

  cancel(): void {
    if (this.work !== undefined) this.#wheel?.remove(this);
  }
}

export class TimerWheel implements Timers {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #tickMs: number;
  readonly #mask: number;
  readonly #slots: Entry[];
  /** a bit for each slot that holds timers */
  readonly #filled: Int32Array;
  /** the last tick that was worked off */
  #tick: number;
  #size = 0;
  #armedFor = Infinity;
  #armed: Timer | undefined;

  /** Throws a RangeError when `slots` is no power of two from 32 on. */
  constructor(clock: Clock, options: TimerWheelOptions = {}) {
    const slots = options.slots ?? 4096;
    if (slots < 32 || (slots & (slots - 1)) !== 0) throw new RangeError('the slots of a wheel are a power of two');
    this.#clock = clock;
    this.#log = options.log ?? silentLog;
    this.#tickMs = options.tickMs ?? 10;
    this.#mask = slots - 1;
    this.#slots = Array.from({ length: slots }, () => new Entry(0));
    this.#filled = new Int32Array(slots / 32);
    this.#tick = this.#tickNow();
  }

  /** Timers that would fire some day. */
  get size(): number {
    return this.#size;
  }

  /** Runs `work` once, never before `delayMs` have passed and, on an idle machine, at most a tick later. */
  after(delayMs: number, work: () => void): Timer {
    if (this.#size === 0) this.#tick = Math.max(this.#tick, this.#tickNow());
    const delay = delayMs > 0 ? delayMs : 0;
    const due = Math.max(this.#tick + 1, Math.ceil((this.#clock.monotonicMs() + delay) / this.#tickMs));
    const entry = new Entry(due, work, this);
    this.#size += 1;
    this.#arm(this.#put(entry));
    return entry;
  }

  /** Forgets every timer. */
  clear(): void {
    for (const head of this.#slots) while (head.next !== head) head.next.cancel();
  }

  /** For `Timer.cancel`. */
  remove(entry: Entry): void {
    this.#take(entry);
    entry.work = undefined;
    this.#size -= 1;
    if (this.#size === 0) this.#disarm();
  }

  #tickNow(): number {
    return Math.floor(this.#clock.monotonicMs() / this.#tickMs);
  }

  /** Puts it at the end of its ring; gives the tick at which the wheel must look at it. */
  #put(entry: Entry): number {
    const tick = Math.min(entry.due, this.#tick + this.#mask);
    const slot = tick & this.#mask;
    const head = this.#slots[slot];
    if (head === undefined) throw new RangeError(`no slot for tick ${tick}`);
    entry.slot = slot;
    entry.previous = head.previous;
    entry.next = head;
    head.previous.next = entry;
    head.previous = entry;
    this.#filled[slot >> 5] = (this.#filled[slot >> 5] ?? 0) | (1 << (slot & 31));
    return tick;
  }

  #take(entry: Entry): void {
    const { next, previous, slot } = entry;
    next.previous = previous;
    previous.next = next;
    // One that lies dead in the old generation would hold its neighbours, and they theirs.
    entry.next = entry;
    entry.previous = entry;
    // Only the head of the ring is left.
    if (next === previous) {
      this.#filled[slot >> 5] = (this.#filled[slot >> 5] ?? 0) & ~(1 << (slot & 31));
    }
  }

  #arm(tick: number): void {
    if (tick >= this.#armedFor) return;
    this.#armed?.cancel();
    this.#armedFor = tick;
    this.#armed = this.#clock.after(tick * this.#tickMs - this.#clock.monotonicMs(), () => {
      this.#armedFor = Infinity;
      this.#armed = undefined;
      this.#turn(this.#tickNow());
    });
  }

  #disarm(): void {
    this.#armed?.cancel();
    this.#armed = undefined;
    this.#armedFor = Infinity;
  }

  /** Works off every tick up to this one; what is set meanwhile waits for the next. */
  #turn(until: number): void {
    while (this.#size > 0) {
      const tick = this.#nextFilled();
      if (tick > until) {
        this.#tick = Math.max(this.#tick, until);
        this.#arm(tick);
        return;
      }
      this.#tick = tick;
      this.#fire(tick);
    }
    this.#tick = Math.max(this.#tick, until);
  }

  #fire(tick: number): void {
    const head = this.#slots[tick & this.#mask];
    if (head === undefined) return;
    for (let entry = head.next; entry !== head; entry = head.next) {
      this.#take(entry);
      if (entry.due > tick) {
        this.#put(entry);
        continue;
      }
      const { work } = entry;
      entry.work = undefined;
      this.#size -= 1;
      try {
        work?.();
      } catch (error) {
        this.#log.error({ err: error }, 'what a timer was set for failed');
      }
    }
    if (this.#size === 0) this.#disarm();
  }

  /** The first tick after the last worked off whose slot holds timers; there is one. */
  #nextFilled(): number {
    const first = (this.#tick + 1) & this.#mask;
    const words = this.#filled.length;
    let word = first >> 5;
    let bits = (this.#filled[word] ?? 0) & (-1 << (first & 31));
    for (let i = 0; bits === 0 && i < words; i++) {
      word = (word + 1) % words;
      bits = this.#filled[word] ?? 0;
    }
    const slot = word * 32 + 31 - Math.clz32(bits & -bits);
    return this.#tick + 1 + ((slot - first) & this.#mask);
  }
}
