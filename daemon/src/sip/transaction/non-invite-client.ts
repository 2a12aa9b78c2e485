// Client transaction of everything but INVITE and ACK: RFC 3261 17.1.2.
//
//     trying ── 1xx ─► proceeding        final from both ─────► completed ── timer K ──► terminated
//        └─────────────────┴── timer F, transport error ──────────────────────────────────┘
import type { SipResponse } from '../message/index.js';
import type { Flow } from '../transport/index.js';
import { ClientBase } from './client-base.js';
import { longestMs } from './timings.js';

export class NonInviteClient extends ClientBase {
  #state: 'trying' | 'proceeding' | 'completed' = 'trying';

  protected override get waiting(): boolean {
    return this.#state !== 'completed';
  }

  override start(): void {
    const { times } = this.context;
    this.resendAfter(times.t1Ms, times.t2Ms); // timer E
    this.after(longestMs(times), () => this.terminate('timeout')); // timer F
    super.start();
  }

  /** Only an INVITE can be cancelled (RFC 3261 9.1). */
  cancel(): void {}

  closed(): void {
    if (this.#state === 'trying' || (this.#state === 'proceeding' && this.flowOnly)) this.terminate('closed');
  }

  response(response: SipResponse, flow: Flow): void {
    if (this.#state === 'completed') {
      this.context.counters.strayResponses += 1;
      return;
    }
    if (response.status < 200) {
      if (this.#state === 'trying') this.resendAfter(this.context.times.t2Ms, this.context.times.t2Ms);
      this.#state = 'proceeding';
      this.listener.provisional?.(response, flow);
      return;
    }
    this.#state = 'completed';
    this.stopResending();
    const reliable = this.reliable;
    if (!reliable) this.after(this.context.times.t4Ms, () => this.terminate()); // timer K
    this.listener.final(response, flow);
    if (reliable) this.terminate();
  }
}
