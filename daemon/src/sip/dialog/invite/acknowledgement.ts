// A 2xx to an INVITE of the peer's, sent again until its ACK comes (RFC 3261 13.3.1.4): over every transport, for a proxy on the
// way may use another.
import type { Timer } from '../../../platform/index.js';
import type { SipRequest } from '../../message/index.js';
import { longestMs, type ServerTransaction } from '../../transaction/index.js';
import type { DialogContext } from '../context.js';

export class Acknowledgement {
  readonly transaction: ServerTransaction;
  readonly acknowledged: (ack: SipRequest) => void;
  readonly #context: DialogContext;
  #resend: Timer | undefined;
  readonly #giveUp: Timer;

  /** Begins to wait, the 2xx having been sent. `missing` is called when 64*T1 have passed without an ACK. */
  constructor(
    context: DialogContext,
    transaction: ServerTransaction,
    acknowledged: (ack: SipRequest) => void,
    missing: () => void,
  ) {
    this.#context = context;
    this.transaction = transaction;
    this.acknowledged = acknowledged;
    this.#giveUp = context.timers.after(longestMs(context.times), () => {
      this.#resend?.cancel();
      context.counters.unacknowledged += 1;
      missing();
    });
    this.#arm(context.times.t1Ms);
  }

  stop(): void {
    this.#resend?.cancel();
    this.#giveUp.cancel();
  }

  #arm(waitMs: number): void {
    this.#resend = this.#context.timers.after(waitMs, () => {
      this.transaction.resend();
      this.#arm(Math.min(waitMs * 2, this.#context.times.t2Ms));
    });
  }
}
