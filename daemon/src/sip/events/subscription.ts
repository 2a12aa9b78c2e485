// One subscription of somebody else to a resource of ours (RFC 6665 4.2). One NOTIFY is under way at a time, and what changes
// meanwhile, or too soon after the last one, comes with the next:
//
//   SUBSCRIBE ─► send ─► waits for the answer ─► gap of 500 ms ─► idle ──changed──► send …
//                            └─ changed: send after the gap        terminate: send the last one, then it is over
import type { Clock, Timer } from '../../platform/index.js';
import type { EventHeader } from './event-header.js';
import type { EventPackage, SubscriptionDialog, SubscriptionState, TerminationReason } from './types.js';

/** Answers to a NOTIFY that end the subscription (RFC 6665 4.2.2); after others, 500 say, it goes on. */
const FATAL = new Set([404, 405, 408, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604]);

export interface SubscriptionOptions {
  clock: Clock;
  gapMs: number;
  eventPackage: EventPackage;
  event: EventHeader;
  account: string;
  resource: string;
  dialog: SubscriptionDialog;
  /** called once */
  removed: (subscription: Subscription) => void;
}

type Ending = Extract<SubscriptionState, { state: 'terminated' }>;

export class Subscription {
  readonly #options: SubscriptionOptions;
  #expiresMs = 0;
  #version = 0;
  #dirty = false;
  /** a NOTIFY waits for its answer */
  #sending = false;
  #gap: Timer | undefined;
  #ending: Ending | undefined;
  #over = false;

  /** Made by a Notifier. */
  constructor(options: SubscriptionOptions) {
    this.#options = options;
  }

  get event(): EventHeader {
    return this.#options.event;
  }

  get eventPackage(): EventPackage {
    return this.#options.eventPackage;
  }

  get account(): string {
    return this.#options.account;
  }

  get resource(): string {
    return this.#options.resource;
  }

  /** monotonic clock, ms */
  get expiresMs(): number {
    return this.#expiresMs;
  }

  /** It has ended, or the last NOTIFY is on its way. */
  get ending(): boolean {
    return this.#over || this.#ending !== undefined;
  }

  /** A SUBSCRIBE was accepted: lives so long from now on, and is told the state at once. 0: it ends with that. */
  extend(expiresS: number): void {
    const { clock } = this.#options;
    this.#expiresMs = clock.monotonicMs() + expiresS * 1000;
    if (expiresS === 0) {
      this.terminate('timeout');
      return;
    }
    this.#gap?.cancel();
    this.#gap = undefined;
    this.changed();
  }

  /** The resource is not as it was. */
  changed(): void {
    this.#dirty = true;
    this.#send();
  }

  /** Says why it is over, with the last state, when what is under way has been answered. */
  terminate(reason: TerminationReason, retryAfterS?: number): void {
    if (this.ending) return;
    this.#ending = { state: 'terminated', reason, retryAfterS };
    this.#gap?.cancel();
    this.#gap = undefined;
    this.#send();
  }

  /** The dialog is gone: there is nobody to be told. */
  lost(): void {
    this.#finish();
  }

  #send(): void {
    if (this.#over || this.#sending || this.#gap !== undefined) return;
    if (!this.#dirty && this.#ending === undefined) return;
    const { eventPackage, resource, dialog, clock } = this.#options;
    const body = eventPackage.document(resource, this.#version);
    if (body === undefined) this.#ending ??= { state: 'terminated', reason: 'noresource', retryAfterS: undefined };
    const ending = this.#ending;
    const leftS = Math.max(0, Math.ceil((this.#expiresMs - clock.monotonicMs()) / 1000));
    this.#dirty = false;
    this.#sending = true;
    this.#version += 1;
    void dialog
      .notify(body, body && eventPackage.contentType, ending ?? { state: 'active', expiresS: leftS })
      .then((status) => this.#answered(status, ending !== undefined));
  }

  #answered(status: number, isLast: boolean): void {
    this.#sending = false;
    if (isLast || FATAL.has(status)) {
      this.#finish();
    } else if (this.#ending !== undefined) {
      this.#send();
    } else if (!this.#over) {
      const { clock, gapMs } = this.#options;
      this.#gap = clock.after(gapMs, () => {
        this.#gap = undefined;
        this.#send();
      });
    }
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#gap?.cancel();
    this.#gap = undefined;
    this.#options.removed(this);
    this.#options.dialog.ended();
  }
}
