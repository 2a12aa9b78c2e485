// Datagrams between socket and parser. As long as little comes each is read at once. When much comes, requests that begin something
// new wait here, outside of the socket, whose buffer would otherwise overflow with them and lose what belongs to calls: that is read at
// once, and what is new gets as much time as leaves the socket empty. What has waited too long is refused without being read.
import { DATAGRAM_BATCH } from '../../engine/index.js';
import type { Clock } from '../../platform/index.js';
import { glance, type Glance } from '../message/index.js';
import type { Flow, Triage } from './types.js';

/** datagrams of one turn that are read as they come */
const TURN_READ_AT_ONCE = 8;
/** ms of a turn for what is new: at most; what each turn that left something in the socket leaves of them, and each other one adds */
const TURN_MS = 8;
const LESS_WHEN_FULL = 0.8;
const MORE_MS = 0.25;
/** ms; somebody new is taken whatever comes */
const LEAST_TURN_MS = 0.3;
/** ms of a turn for refusals */
const REFUSING_MS = 2;
/** ms that is too long to wait, when it has been so for a while: what waited only for a pause of ours is done soon (RFC 8289) */
const LATE_MS = 250;
/** ms; together less than the 500 after which a telephone repeats what was not answered */
const LATE_FOR_MS = 100;
/** ms that is too long once something was refused, until nothing waits: who is taken shall not wait longer than need be */
const LATE_AGAIN_MS = 60;
/** what waits: datagrams, and their bytes */
const MAX_WAITING = 8_192;
const MAX_WAITING_BYTES = 16_777_216;

interface Waiting {
  readonly bytes: Buffer;
  readonly flow: Flow;
  /** left out: it is looked at when it has its turn, so that what waits is small */
  readonly seen: Glance | undefined;
  readonly cameMs: number;
}

export interface DatagramQueueOptions {
  clock: Clock;
  /** left out: everything is read at once */
  triage: Triage | undefined;
  read: (bytes: Buffer, flow: Flow) => void;
  /** so many were answered or dropped, and are not read */
  unread: (count: number) => void;
}

export class DatagramQueue {
  readonly #options: DatagramQueueOptions;
  #waiting: Waiting[] = [];
  #head = 0;
  #bytes = 0;
  #inTurn = 0;
  #turnMs = TURN_MS;
  /** ms that are left for what is new; below 0, a turn's worth at most: it took more than there was, and waits */
  #leftMs = TURN_MS;
  #scheduled = false;
  #lateSinceMs: number | undefined;
  #refusing = false;

  constructor(options: DatagramQueueOptions) {
    this.#options = options;
  }

  /** datagrams that wait */
  get size(): number {
    return this.#waiting.length - this.#head;
  }

  /** `begins`: it is known to be one of those that wait. */
  came(bytes: Buffer, flow: Flow, begins = false): void {
    const { clock, triage, read, unread } = this.#options;
    if (triage === undefined) return read(bytes, flow);
    this.#inTurn += 1;
    this.#schedule();
    if (this.#inTurn <= TURN_READ_AT_ONCE && this.size === 0 && !triage.turningAway()) return read(bytes, flow);
    const full = this.size >= MAX_WAITING || this.#bytes + bytes.length > MAX_WAITING_BYTES;
    const seen = begins && !full ? undefined : glance(bytes);
    if (!begins) {
      const verdict = seen === undefined ? 'now' : triage.judge(seen);
      if (verdict === 'drop') return unread(1);
      if (verdict === 'now') return read(bytes, flow);
    }
    if (full) return seen !== undefined && triage.refuse(seen, flow, true) ? unread(1) : read(bytes, flow);
    this.#waiting.push({ bytes, flow, seen, cameMs: clock.monotonicMs() });
    this.#bytes += bytes.length;
  }

  /** So many came that nobody needs, and were not even handed over. */
  dropped(count: number): void {
    this.#inTurn += count;
    this.#schedule();
    this.#options.unread(count);
  }

  /** Forgets what waits. */
  stop(): void {
    this.#waiting = [];
    this.#head = this.#bytes = 0;
    this.#lateSinceMs = undefined;
    this.#refusing = false;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const full = this.#inTurn >= DATAGRAM_BATCH;
      this.#inTurn = 0;
      this.#turnMs = full
        ? Math.max(this.#turnMs * LESS_WHEN_FULL, LEAST_TURN_MS)
        : Math.min(this.#turnMs + MORE_MS, TURN_MS);
      // A pause of the process while one was read is not to be paid for by those who come after it.
      this.#leftMs = Math.min(Math.max(this.#leftMs, -TURN_MS) + this.#turnMs, this.#turnMs);
      if (this.size > 0) this.#work();
    });
  }

  /** Refuses what is late and reads what is not, each as long as it has time. */
  #work(): void {
    const { clock } = this.#options;
    let refusingMs = REFUSING_MS;
    for (let nowMs = clock.monotonicMs(); ;) {
      const next = this.#waiting[this.#head];
      if (next === undefined) break;
      const late = this.#isLate(next, nowMs);
      if (late ? refusingMs <= 0 : this.#leftMs <= 0) break;
      this.#head += 1;
      this.#bytes -= next.bytes.length;
      const { triage, read, unread } = this.#options;
      const seen = next.seen ?? glance(next.bytes);
      const refused = seen !== undefined && triage?.refuse(seen, next.flow, late) === true;
      if (refused) unread(1);
      else read(next.bytes, next.flow);
      const beganMs = nowMs;
      nowMs = clock.monotonicMs();
      if (refused) refusingMs -= nowMs - beganMs;
      else this.#leftMs -= nowMs - beganMs;
    }
    if (this.size === 0) {
      this.stop();
      return;
    }
    if (this.#head > MAX_WAITING) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    this.#schedule();
  }

  #isLate({ cameMs }: Waiting, nowMs: number): boolean {
    const late = nowMs - cameMs > (this.#refusing ? LATE_AGAIN_MS : LATE_MS);
    if (!late) this.#lateSinceMs = undefined;
    else this.#refusing ||= nowMs - (this.#lateSinceMs ??= nowMs) >= LATE_FOR_MS;
    return late && this.#refusing;
  }
}
