// Digits out, in INFO, one after the other: two on the way at once could change places.
import { formatDigit, DTMF_RELAY } from './info.js';
import type { Digit } from './types.js';
import type { InviteUsage } from './usage.js';

export class DigitSender {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** false: the peer did not take it, there is no dialog, or too many wait. Throws a RangeError for what is no digit. */
  send(usage: InviteUsage | undefined, digit: Digit): Promise<boolean> {
    const body = formatDigit(digit);
    if (usage === undefined || this.#waiting >= usage.dialog.context.limits.digits) return Promise.resolve(false);
    this.#waiting += 1;
    const sent = this.#last.then(async () => sendOne(usage, body));
    this.#last = sent.finally(() => (this.#waiting -= 1));
    return sent;
  }
}

function sendOne(usage: InviteUsage, body: Buffer): Promise<boolean> {
  if (usage.over) return Promise.resolve(false);
  return new Promise((resolve) => {
    const headers = [['Content-Type', DTMF_RELAY]] as const;
    usage.dialog.send(
      'INFO',
      { headers, body, authorize: usage.owner.authorize },
      {
        final: ({ status }) => {
          resolve(status < 300);
          usage.refused(status, 'INFO');
        },
        failed: () => resolve(false),
      },
    );
  });
}
