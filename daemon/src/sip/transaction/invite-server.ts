// INVITE server transaction: RFC 3261 17.2.1 as RFC 6026 7.1 changed it.
//
//     proceeding ── 2xx ─────► accepted ─── timer L ──────────────► terminated
//         └──────── 300-699 ─► completed ── ACK ─► confirmed ── I ──────┤
//                                  └─────── timer H ────────────────────┘
import type { Timer } from '../../platform/index.js';
import { serialise, type SipRequest, type SipResponse } from '../message/index.js';
import type { Flow } from '../transport/index.js';
import type { TransactionContext } from './context.js';
import { ServerBase } from './server-base.js';
import type { ServerHooks } from './server-entry.js';
import { longestMs } from './timings.js';

type State = 'proceeding' | 'accepted' | 'completed' | 'confirmed';

export class InviteServer extends ServerBase {
  #state: State = 'proceeding';
  #cancelled = false;
  /** timer G, beside timer H */
  #resendTimer: Timer | undefined;
  #resendMs = 0;
  readonly #refusalGiven: (transaction: InviteServer, response: SipResponse) => void;

  /** `refusalGiven` is called with a final answer that wants an ACK of its own transaction. */
  constructor(
    context: TransactionContext,
    request: SipRequest,
    flow: Flow,
    hooks: ServerHooks,
    refusalGiven: (transaction: InviteServer, response: SipResponse) => void,
  ) {
    super(context, request, flow, hooks);
    this.#refusalGiven = refusalGiven;
    this.after(context.times.tryingMs, () => this.#trying());
  }

  get answered(): boolean {
    return this.#state !== 'proceeding';
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  respond(response: SipResponse): void {
    if (this.#state !== 'proceeding' || this.terminated) {
      this.context.counters.illegalResponses += 1;
      return;
    }
    const { status } = response;
    this.send(response);
    if (status < 200) {
      this.timer?.cancel();
      return;
    }
    const { times } = this.context;
    if (status < 300) {
      this.#state = 'accepted';
      this.leaveAnswer(false);
      return;
    }
    this.#state = 'completed';
    this.#refusalGiven(this, response);
    this.after(longestMs(times), () => this.terminate('timeout')); // timer H
    if (!this.reliable) {
      this.#resendMs = times.t1Ms;
      this.#armResend();
    }
  }

  resend(): void {
    if (this.#state === 'accepted' && !this.terminated) this.#sendOnceMore();
    else this.context.counters.illegalResponses += 1;
  }

  requestAgain(): void {
    // In confirmed the client has its answer.
    if (this.#state === 'completed') this.#sendOnceMore();
    else if (this.#state !== 'proceeding') return;
    else if (this.bytes === undefined) this.#trying();
    else this.sendAgain();
  }

  acknowledged(): boolean {
    if (this.#state === 'completed') {
      this.#state = 'confirmed';
      this.#resendTimer?.cancel();
      if (this.reliable) this.terminate();
      else this.after(this.context.times.t4Ms, () => this.terminate()); // timer I
    }
    return true;
  }

  /** CANCEL: it is for the user to answer 487, unless he has answered. */
  cancel(request: SipRequest): void {
    if (this.#state !== 'proceeding' || this.#cancelled) return;
    this.#cancelled = true;
    this.listener.cancelled?.(request);
  }

  override drop(): void {
    this.#resendTimer?.cancel();
    super.drop();
  }

  protected override terminate(why?: 'timeout'): void {
    this.#resendTimer?.cancel();
    super.terminate(why);
  }

  #trying(): void {
    this.timer?.cancel();
    this.bytes = serialise(this.response(100));
    this.sendAgain();
  }

  /** timer G */
  #armResend(): void {
    this.#resendTimer = this.context.timers.after(this.#resendMs, () => {
      this.#resendMs = Math.min(this.#resendMs * 2, this.context.times.t2Ms);
      this.#sendOnceMore();
      this.#armResend();
    });
  }

  #sendOnceMore(): void {
    this.context.counters.responsesResent += 1;
    this.sendAgain();
  }
}
