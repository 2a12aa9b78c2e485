// One host of a carrier: where it is, and whether it takes calls. One that does not answer OPTIONS gets no calls until it answers
// again; one that comes and goes has to answer for longer each time before it is believed.
//
//     up ── 2 asked in vain, or 503 ──> drained ── answers 2 times in a row (4, 8, 16 when it comes and goes) ──> up
import type { Timer } from '../../platform/index.js';
import { retryAfterMs, type DialogContext } from '../dialog/index.js';
import type { Target } from '../locate/index.js';
import type { SipResponse } from '../message/index.js';
import type { StackTrunkHost } from './protocol.js';

/** Asks the host; `failed` when it says nothing in time. */
export type Probe = (host: TrunkHost, listener: { final: (response: SipResponse) => void; failed: () => void }) => void;

export interface TrunkHostOptions {
  host: StackTrunkHost;
  context: DialogContext;
  /** ms between questions; 0: it is never asked */
  everyMs: number;
  probe: Probe;
  changed: () => void;
}

/** ms; how soon a host is asked again that did not answer, or that has just begun to */
const AGAIN_MS = 5000;
/** ms; a host that says how long it takes no calls is not believed to mean more */
const LONGEST_PAUSE_MS = 600_000;
/** One question or its answer may be lost. */
const MISSES_TO_DRAIN = 2;
/** Answers in a row that a drained host has to give; doubled each time that it goes down again soon. */
const ANSWERS_TO_RETURN = 2;
const MOST_ANSWERS_TO_RETURN = 32;
/** ms; whoever was up for so long does not come and go */
const STEADY_MS = 600_000;

export class TrunkHost {
  readonly host: StackTrunkHost;
  targets: readonly Target[] = [];
  readonly #options: TrunkHostOptions;
  #alive = true;
  #misses = 0;
  #answers = 0;
  #answersToReturn = ANSWERS_TO_RETURN;
  #returnedAtMs: number | undefined;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: TrunkHostOptions) {
    this.#options = options;
    this.host = options.host;
  }

  /** Takes calls, as far as is known. */
  get usable(): boolean {
    return this.#alive && this.targets.length > 0;
  }

  /** Begins to ask. */
  start(): void {
    if (this.#options.everyMs > 0) this.#ask();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #ask(): void {
    if (this.targets.length === 0) return this.#askIn(AGAIN_MS);
    this.#options.probe(this, {
      // Whatever it says, it lives; but one that says that it takes no calls is believed.
      final: (response) =>
        response.status === 503 ? this.#missed(retryAfterMs(response) ?? 0, true) : this.#answered(),
      failed: () => this.#missed(0, false),
    });
  }

  #answered(): void {
    if (this.#stopped) return;
    this.#misses = 0;
    if (this.#alive) return this.#askIn(this.#options.everyMs);
    this.#answers += 1;
    if (this.#answers < this.#answersToReturn) return this.#askIn(AGAIN_MS);
    this.#alive = true;
    this.#returnedAtMs = this.#options.context.clock.monotonicMs();
    this.#askIn(this.#options.everyMs);
    this.#options.changed();
  }

  #missed(pauseMs: number, refused: boolean): void {
    if (this.#stopped) return;
    this.#misses += 1;
    this.#answers = 0;
    this.#askIn(Math.min(Math.max(AGAIN_MS, pauseMs), LONGEST_PAUSE_MS));
    if (!this.#alive || (this.#misses < MISSES_TO_DRAIN && !refused)) return;
    const upMs = this.#options.context.clock.monotonicMs() - (this.#returnedAtMs ?? -STEADY_MS);
    this.#answersToReturn =
      upMs >= STEADY_MS ? ANSWERS_TO_RETURN : Math.min(this.#answersToReturn * 2, MOST_ANSWERS_TO_RETURN);
    this.#alive = false;
    this.#options.changed();
  }

  #askIn(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#options.context.timers.after(ms, () => this.#ask());
  }
}
