// A subscription of ours to a resource of somebody else (RFC 6665 4.1): kept up until it is stopped or refused for good.
import type { Clock, Timer } from '../../platform/index.js';
import type { SipRequest } from '../message/index.js';
import { eventOf, parseSubscriptionState } from './event-header.js';
import { FIRST_NOTIFY_MS, LONGEST_MIN_EXPIRES_S, RESUBSCRIBE_GAP_MS, RESUBSCRIBE_MS } from './limits.js';
import type { SubscriptionState } from './types.js';

export interface SubscribeResult {
  /** 408: no answer, or it could not be sent */
  status: number;
  /** Expires of a 2xx, s */
  expiresS?: number | undefined;
  /** Min-Expires of a 423, s */
  minExpiresS?: number | undefined;
  retryAfterS?: number | undefined;
}

/**
 * idle: not started, or stopped; trying: no NOTIFY has come yet; active: it is told of changes; waiting: it will be tried again;
 * refused: it was told not to
 */
export type SubscriberState = 'idle' | 'trying' | 'active' | 'waiting' | 'refused';

export interface SubscriberOptions {
  clock: Clock;
  /** name of the package */
  event: string;
  contentType: string;
  expiresS: number;
  /**
   * Sends a SUBSCRIBE, in the dialog that there is (481 when there is none) or, `fresh`, in a new one, whose NOTIFYs alone come here
   * from then on. Resolves with its final answer; never rejects.
   */
  send: (expiresS: number, fresh: boolean) => Promise<SubscribeResult>;
  /** A body has come. */
  received: (body: Buffer) => void;
  changed?: ((state: SubscriberState) => void) | undefined;
  random?: (() => number) | undefined;
}

/** Answers after which asking again makes no sense. */
const FINAL = new Set([403, 404, 405, 410, 414, 415, 416, 485, 489, 501, 505, 603, 604, 606]);

export class EventSubscriber {
  readonly #options: SubscriberOptions;
  #state: SubscriberState = 'idle';
  #timer: Timer | undefined;
  #expiresS: number;
  #failures = 0;
  #triedMs = -Infinity;
  /** of the SUBSCRIBE whose answer counts; a later one has overtaken all others */
  #attempt = 0;

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#expiresS = options.expiresS;
  }

  get state(): SubscriberState {
    return this.#state;
  }

  start(): void {
    if (this.#state !== 'idle' && this.#state !== 'refused') return;
    this.#failures = 0;
    this.#subscribe(true);
  }

  /** Ends the subscription; its last NOTIFY may still come. */
  stop(): void {
    const was = this.#state;
    this.#attempt += 1;
    this.#enter('idle');
    if (was === 'active' || was === 'trying') void this.#options.send(0, false);
  }

  /** The dialog is gone for a reason that lies outside of the subscription. */
  lost(): void {
    if (this.#state === 'active' || this.#state === 'trying') this.#again();
  }

  /** A NOTIFY has come: the status to answer it with (4.1.3). */
  notify(request: SipRequest): number {
    if (this.#state === 'idle' || this.#state === 'refused' || this.#state === 'waiting') return 481;
    if (eventOf(request)?.name !== this.#options.event) return 489;
    const state = parseSubscriptionState(request.headers.get('Subscription-State'));
    if (state === undefined) return 400;
    if (request.body.length > 0) {
      const [type = ''] = (request.headers.get('Content-Type') ?? '').split(';');
      if (type.trim().toLowerCase() !== this.#options.contentType) return 415;
      this.#options.received(request.body);
    }
    this.#take(state);
    return 200;
  }

  #take(state: SubscriptionState): void {
    // Whoever was told of the body may have stopped it.
    if (this.#state !== 'trying' && this.#state !== 'active') return;
    if (state.state !== 'terminated') {
      this.#failures = 0;
      this.#enter('active', this.#refreshMs(state.expiresS ?? this.#expiresS), () => this.#subscribe(false));
      return;
    }
    this.#attempt += 1;
    switch (state.reason) {
      case 'rejected':
      case 'noresource':
      case 'invariant':
        this.#enter('refused');
        return;
      case 'deactivated':
      case 'timeout':
        this.#again();
        return;
      case 'probation':
      case 'giveup':
      case undefined:
        this.#later(state.retryAfterS);
    }
  }

  #subscribe(fresh: boolean): void {
    const attempt = (this.#attempt += 1);
    this.#triedMs = this.#options.clock.monotonicMs();
    // While a refresh is under way the subscription is still there.
    if (fresh) this.#enter('trying', FIRST_NOTIFY_MS, () => this.#later(undefined));
    void this.#options.send(this.#expiresS, fresh).then((result) => {
      if (attempt === this.#attempt) this.#answered(result, fresh);
    });
  }

  #answered({ status, expiresS, minExpiresS = 0, retryAfterS }: SubscribeResult, fresh: boolean): void {
    if (status >= 200 && status < 300) {
      if (!fresh) this.#enter('active', this.#refreshMs(expiresS ?? this.#expiresS), () => this.#subscribe(false));
    } else if (status === 423 && minExpiresS > this.#expiresS && minExpiresS <= LONGEST_MIN_EXPIRES_S) {
      this.#expiresS = minExpiresS;
      this.#subscribe(fresh);
    } else if (!fresh && retryAfterS === undefined && !FINAL.has(status)) {
      // The notifier has forgotten it, or was started anew and cannot be reached in the old way.
      this.#again();
    } else if (FINAL.has(status)) {
      this.#enter('refused');
    } else {
      this.#later(retryAfterS);
    }
  }

  /** At once, in a new dialog; a little later when we have just done so. */
  #again(): void {
    const { clock } = this.#options;
    const sinceMs = clock.monotonicMs() - this.#triedMs;
    if (sinceMs >= RESUBSCRIBE_GAP_MS) this.#subscribe(true);
    else this.#enter('waiting', RESUBSCRIBE_GAP_MS - sinceMs, () => this.#subscribe(true));
  }

  /** After a while that doubles, and never before the peer wants it. Spread, for it may be that all ask at once. */
  #later(retryAfterS: number | undefined): void {
    const { first, longest } = RESUBSCRIBE_MS;
    const backoffMs = Math.min(longest, first * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#attempt += 1;
    const spread = 0.75 + (this.#options.random ?? Math.random)() / 2;
    const delayMs = Math.max((retryAfterS ?? 0) * 1000, Math.round(backoffMs * spread));
    this.#enter('waiting', delayMs, () => this.#subscribe(true));
  }

  /** Before it expires, by a quarter of its time but not by more than a minute. */
  #refreshMs(expiresS: number): number {
    return Math.max(RESUBSCRIBE_GAP_MS, (expiresS - Math.min(60, expiresS / 4)) * 1000);
  }

  #enter(state: SubscriberState, timeoutMs?: number, then?: () => void): void {
    this.#timer?.cancel();
    this.#timer =
      timeoutMs === undefined || then === undefined ? undefined : this.#options.clock.after(timeoutMs, then);
    if (this.#state === state) return;
    this.#state = state;
    this.#options.changed?.(state);
  }
}
