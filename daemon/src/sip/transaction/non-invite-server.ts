// Server transaction of everything but INVITE and ACK: RFC 3261 17.2.2, with RFC 4320 for provisional answers.
//
//     trying ── final ─► completed ── timer J ─► terminated
//       └────── 64*T1 without an answer ────────────┘
import type { SipRequest, SipResponse } from '../message/index.js';
import type { Flow } from '../transport/index.js';
import type { TransactionContext } from './context.js';
import { ServerBase } from './server-base.js';
import type { ServerHooks } from './server-entry.js';
import { longestMs, timerEToT2Ms } from './timings.js';

export class NonInviteServer extends ServerBase {
  #answered = false;

  constructor(context: TransactionContext, request: SipRequest, flow: Flow, hooks: ServerHooks) {
    super(context, request, flow, hooks);
    const waitMs = timerEToT2Ms(context.times);
    // RFC 4320 4.1: 100 only once it saves retransmissions, and then without being asked.
    this.after(waitMs, () => {
      this.send(this.response(100));
      // Nobody waits for the answer any more (4.2), and an owner who has forgotten it must not leave it behind.
      this.after(longestMs(context.times) - waitMs, () => this.terminate('timeout'));
    });
  }

  get answered(): boolean {
    return this.#answered;
  }

  get cancelled(): boolean {
    return false;
  }

  respond(response: SipResponse): void {
    if (this.#answered || this.terminated || response.status < 200) {
      this.context.counters.illegalResponses += 1;
      return;
    }
    this.send(response);
    this.#answered = true;
    if (this.reliable) this.terminate();
    else this.leaveAnswer(true);
  }

  resend(): void {
    this.context.counters.illegalResponses += 1;
  }

  requestAgain(): void {
    this.sendAgain();
  }
}
