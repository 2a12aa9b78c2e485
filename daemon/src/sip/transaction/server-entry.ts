// What the table of server transactions holds: a transaction, or what is left of one that has been answered.
import type { SipRequest } from '../message/index.js';
import type { Timer } from '../../platform/index.js';
import type { TransactionContext } from './context.js';
import { longestMs } from './timings.js';

export interface ServerEntry {
  /** the tag in To of its answers */
  readonly toTag: string;
  /** the host that the request came from; left out: it does not matter any more */
  readonly source?: string;
  /** The request came again. */
  requestAgain(): void;
  /** The layer closes: no timer, no answer, no word to anybody. */
  drop(): void;
  /** CANCEL of an INVITE. */
  cancel?(request: SipRequest): void;
  /** ACK of an INVITE. true: it was for a final answer that is no 2xx, and goes no further. */
  acknowledged?(): boolean;
}

/** What an entry tells the layer. */
export interface ServerHooks {
  /** terminated; called once, before its listener hears of it */
  removed(): void;
  /** this is what is left of it from now on */
  replaced(by: ServerEntry): void;
}

/**
 * An answered transaction that only waits until no copy of its request can come any more (timers J and L). It keeps the answer and
 * lets go of the request and of its owner: of all transactions nearly all are in this state, for 32 s each.
 */
export class AnsweredServer implements ServerEntry {
  readonly toTag: string;
  readonly #timer: Timer;
  readonly #hooks: ServerHooks;
  readonly #again: (() => void) | undefined;
  #ended: (() => void) | undefined;
  #over = false;

  /** `again` sends the answer again; undefined: that is its owner's part (2xx of an INVITE). */
  constructor(context: TransactionContext, hooks: ServerHooks, toTag: string, again: (() => void) | undefined) {
    this.toTag = toTag;
    this.#hooks = hooks;
    this.#again = again;
    this.#timer = context.timers.after(longestMs(context.times), () => {
      this.drop();
      this.#ended?.();
    });
  }

  /** its time has run out */
  get over(): boolean {
    return this.#over;
  }

  /** What is to be done at the end. */
  atEnd(ended: (() => void) | undefined): void {
    this.#ended = ended;
  }

  requestAgain(): void {
    this.#again?.();
  }

  drop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer.cancel();
    this.#hooks.removed();
  }
}
