// INVITE client transaction: RFC 3261 17.1.1 as RFC 6026 7.2 changed it.
//
//     calling ── 1xx ─► proceeding        2xx from both ─────► accepted ── timer M ──► terminated
//        │                  └──────── 300-699 from both ─────► completed ─ timer D ───────┤
//        └── timer B, transport error ────────────────────────────────────────────────────┘
import { serialise, type SipResponse } from '../message/index.js';
import type { Flow } from '../transport/index.js';
import { ClientBase } from './client-base.js';
import { makeAck } from './hop-requests.js';
import { longestMs, timerDMs } from './timings.js';

type State = 'calling' | 'proceeding' | 'accepted' | 'completed';

export class InviteClient extends ClientBase {
  #state: State = 'calling';
  #cancel: 'no' | 'wanted' | 'sent' = 'no';
  #cancelReason: string | undefined;
  #ack: Buffer | undefined;

  protected override get waiting(): boolean {
    return this.#state === 'calling' || this.#state === 'proceeding';
  }

  override start(): void {
    const { times } = this.context;
    this.resendAfter(times.t1Ms, Infinity); // timer A
    this.after(longestMs(times), () => this.terminate('timeout')); // timer B
    super.start();
  }

  response(response: SipResponse, flow: Flow): void {
    const { status } = response;
    if (status < 200) this.#provisional(response, flow);
    else if (status < 300) this.#success(response, flow);
    else this.#refusal(response, flow);
  }

  cancel(reason?: string): void {
    if (!this.waiting || this.terminated || this.#cancel !== 'no') return;
    this.#cancel = 'wanted';
    this.#cancelReason = reason;
    // RFC 3261 9.1: not before the server is known to have the INVITE.
    if (this.#state === 'proceeding') this.#sendCancel();
  }

  closed(): void {
    // In proceeding the server has the INVITE and answers over a new connection (RFC 3261 18.2.2), if it can make one.
    if (this.#state === 'calling' || (this.#state === 'proceeding' && this.flowOnly)) this.terminate('closed');
  }

  #provisional(response: SipResponse, flow: Flow): void {
    if (!this.waiting) {
      this.context.counters.strayResponses += 1;
      return;
    }
    if (this.#state === 'calling') {
      this.#state = 'proceeding';
      this.stopResending();
      this.timer?.cancel();
      if (this.#cancel === 'wanted') this.#sendCancel();
    }
    this.listener.provisional?.(response, flow);
  }

  #success(response: SipResponse, flow: Flow): void {
    if (this.#state === 'completed') {
      this.context.counters.strayResponses += 1;
      return;
    }
    if (this.waiting) {
      this.#state = 'accepted';
      this.stopResending();
      this.after(longestMs(this.context.times), () => this.terminate()); // timer M
    }
    this.listener.final(response, flow);
  }

  #refusal(response: SipResponse, flow: Flow): void {
    if (this.#state === 'accepted') {
      this.context.counters.strayResponses += 1;
      return;
    }
    if (this.#state === 'completed') {
      this.#sendAck();
      return;
    }
    this.#state = 'completed';
    this.stopResending();
    this.#ack = serialise(makeAck(this.request, response));
    this.#sendAck();
    const wait = this.reliable ? 0 : timerDMs(this.context.times);
    if (wait > 0) this.after(wait, () => this.terminate());
    this.listener.final(response, flow);
    if (wait === 0) this.terminate();
  }

  #sendAck(): void {
    if (this.#ack === undefined) return;
    this.context.carrier.sendBytes(this.#ack, this.way).then(undefined, () => {
      this.context.counters.sendFailures += 1;
    });
  }

  #sendCancel(): void {
    this.#cancel = 'sent';
    this.hooks.cancel(this, this.#cancelReason);
    // RFC 3261 9.1: servers of RFC 2543 answer the CANCEL and then say nothing more.
    this.after(longestMs(this.context.times), () => this.terminate('timeout'));
  }
}
