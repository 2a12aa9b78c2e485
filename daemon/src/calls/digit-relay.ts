// Keys that came beside the audio (RFC 4733, RFC 6086) and are not in it: the other party is sent them anew, one after the
// other. A key that is heard as a tone needs no help.
import type { CallContext } from './call-context.js';
import type { Leg } from './leg.js';

/** Somebody who keeps a key pressed does not fill the memory. */
const MOST_WAITING = 64;

export class DigitRelay {
  readonly #context: CallContext;
  #waiting: { leg: Leg; digit: string }[] = [];
  #sending = false;

  constructor(context: CallContext) {
    this.#context = context;
  }

  send(leg: Leg, digit: string): void {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push({ leg, digit });
    if (!this.#sending) void this.#run();
  }

  /** Never rejects. What is sent while another is on its way would cut it off. */
  async #run(): Promise<void> {
    this.#sending = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { leg, digit } = next;
      try {
        if (!leg.lives || (await this.#context.lines.sendDigit(leg.leg, digit))) continue;
        await (
          await this.#context.playbacks.digits(leg.port, digit)
        ).ended;
      } catch (error) {
        this.#context.log.debug({ err: error, leg: leg.leg }, 'a key could not be passed on');
      }
    }
    this.#sending = false;
  }
}
