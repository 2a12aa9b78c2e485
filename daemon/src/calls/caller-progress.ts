// What one who waits for an answer hears. One who has not been answered is told by his own line that it rings; one who has (he
// is being put through) is played the tone. What the called end has to say before it answers is heard one way.
import type { CallContext } from './call-context.js';
import type { Leg } from './leg.js';
import type { LiveCall } from './live-call.js';
import { hush, playTo } from './sounds.js';

export class CallerProgress {
  readonly #call: LiveCall;
  readonly #context: CallContext;
  readonly #caller: Leg;
  #alerting = false;
  /** he has been told that there is something to hear: his line makes no tone any more */
  #inband = false;
  /** who is heard now */
  #heard: Leg | undefined;

  constructor(call: LiveCall, context: CallContext, caller: Leg) {
    this.#call = call;
    this.#context = context;
    this.#caller = caller;
  }

  alerting(): void {
    if (this.#alerting || this.#heard !== undefined || !this.#caller.lives) return;
    this.#alerting = true;
    if (this.#inband || this.#caller.answered) playTo(this.#caller, this.#context, { tone: 'ringback' });
    else this.#tell(false);
  }

  early(from: Leg): void {
    if (this.#heard === from || !this.#caller.lives) return;
    this.#heard = from;
    this.#alerting = false;
    const { engine } = this.#context;
    engine
      .command('bus.listen', { listener: this.#caller.port, source: from.port })
      .catch((error: unknown) => this.#call.log.debug({ err: error }, 'what is said before the answer is not heard'));
    hush(this.#caller);
    if (!this.#caller.answered) this.#tell(true);
  }

  /** Whoever was called is not any more. A tone goes on: he hears no difference until the next one rings. */
  roundOver(): void {
    this.#heard = undefined;
  }

  #tell(early: boolean): void {
    this.#inband ||= early;
    if (this.#caller.machine.can('alert')) this.#caller.machine.fire('alert');
    this.#context.lines
      .alert(this.#caller.leg, { early })
      .catch((error: unknown) => this.#call.log.debug({ err: error }, 'the caller could not be told that it rings'));
  }
}
