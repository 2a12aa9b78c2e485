// Our changes of a session: re-INVITE (RFC 3261 14.1) and UPDATE (RFC 3311), one at a time, and their retries.
//
//     wanted ── nothing under way ──► sent ── 2xx ──────────────────────► done
//        ▲                             ├──── 491, 500 and Retry-After ──► waits, then wanted again
//        └──────────── waited ─────────┴──── else ──────────────────────► refused: the session is as before, or over (RFC 5057)
import type { Timer } from '../../../platform/index.js';
import type { SipRequest, SipResponse } from '../../message/index.js';
import type { SentAck } from '../dialog.js';
import { LONGEST_RETRY_AFTER_S } from '../limits.js';
import { retryAfterMs, type OutgoingFailure, type OutgoingRequest } from '../outgoing-request.js';
import { descriptionOf, SDP } from './bodies.js';
import { acknowledgeProvisional, ReliableSequence } from './reliable-sequence.js';
import type { InviteUsage } from './usage.js';

/** `status`: of the refusal; undefined: the session ended first, or there was no answer. */
export type ModifyResult = { accepted: true } | { accepted: false; status: number | undefined };

interface Job {
  kind: 'offer' | 'refresh';
  tries: number;
  result: Promise<ModifyResult>;
  resolve: (result: ModifyResult) => void;
}

export class Modifier {
  readonly #usage: InviteUsage;
  readonly #wanted: Job[] = [];
  /** what is on its way */
  #method: 'INVITE' | 'UPDATE' | undefined;
  #sent: OutgoingRequest | undefined;
  #wait: Timer | undefined;

  constructor(usage: InviteUsage) {
    this.#usage = usage;
  }

  /** Offers the peer what `media.offer` says when its turn has come; wanted twice before that, it is done once. */
  reoffer(): Promise<ModifyResult> {
    return this.#want('offer');
  }

  /** Keeps the session alive (RFC 4028 7.4): UPDATE without an offer when the peer knows it, for that cannot go wrong. */
  refresh(): Promise<ModifyResult> {
    return this.#want('refresh');
  }

  /** Something has ended that stood in the way. */
  resume(): void {
    if (this.#method !== undefined || this.#wait !== undefined || this.#usage.over) return;
    const [job] = this.#wanted;
    const method = job === undefined ? undefined : this.#methodFor(job);
    if (job === undefined || method === undefined) return;
    this.#wanted.shift();
    this.#method = method;
    void this.#send(job, method);
  }

  /**
   * The session is over. What is on its way is still acknowledged; a re-INVITE is cancelled, for an answer that was lost is not
   * sent again by a peer to whom the session is over, too, and nothing else limits how long one waits for it.
   */
  stop(): void {
    this.#wait?.cancel();
    if (this.#method === 'INVITE') this.#sent?.cancel();
    for (const job of this.#wanted.splice(0)) job.resolve({ accepted: false, status: undefined });
  }

  #want(kind: Job['kind']): Promise<ModifyResult> {
    if (this.#usage.over) return Promise.resolve({ accepted: false, status: undefined });
    const waiting = this.#wanted.find((job) => job.kind === kind && job.tries === 0);
    if (waiting !== undefined) return waiting.result;
    const { promise, resolve } = withResolvers<ModifyResult>();
    this.#wanted.push({ kind, tries: 0, result: promise, resolve });
    this.resume();
    return promise;
  }

  /** undefined: not now. */
  #methodFor({ kind }: Job): 'INVITE' | 'UPDATE' | undefined {
    const { dialog, offers, peer, peerInvites } = this.#usage;
    const early = dialog.state === 'early';
    if (kind === 'refresh' && !early && peer.allows('UPDATE')) return 'UPDATE';
    if (!offers.idle) return undefined;
    if (early) return offers.agreedOnce && peer.allows('UPDATE') ? 'UPDATE' : undefined;
    return peerInvites ? undefined : 'INVITE';
  }

  async #send(job: Job, method: 'INVITE' | 'UPDATE'): Promise<void> {
    const usage = this.#usage;
    const { settings, authorize } = usage.owner;
    job.tries += 1;
    const offers = !(method === 'UPDATE' && job.kind === 'refresh');
    const body = offers ? await usage.makeOffer() : undefined;
    if (usage.over || (offers && body === undefined)) {
      this.#finish(job, { accepted: false, status: undefined });
      return;
    }
    const headers: [string, string][] = [
      ...usage.timer.requestHeaders(),
      ['Allow', settings.allow],
      ['Supported', settings.supported.join(', ')],
    ];
    if (settings.product !== '') headers.push(['User-Agent', settings.product]);
    if (offers) headers.push(['Content-Type', SDP]);
    let ack: SentAck | undefined;
    const sequence = new ReliableSequence();
    this.#sent = usage.dialog.send(
      method,
      { headers, body, authorize },
      {
        provisional: (response) => acknowledgeProvisional(usage, sequence, response),
        final: (response, _flow, request) => {
          if (response.status < 300 && method === 'INVITE') {
            if (ack !== undefined) {
              ack.again();
              return;
            }
            ack = usage.dialog.ack(request);
          }
          this.#answered(job, response, request, offers);
        },
        failed: (why) => this.#failed(job, method, why),
      },
    );
  }

  #answered(job: Job, response: SipResponse, request: SipRequest, offers: boolean): void {
    const usage = this.#usage;
    if (usage.over) {
      this.#finish(job, { accepted: false, status: undefined });
      return;
    }
    const { status } = response;
    usage.peer.learn(response);
    if (status < 300) {
      const answer = descriptionOf(response);
      usage.timer.accepted(response);
      if (offers && answer !== undefined) usage.takeAnswer(answer);
      else if (offers) {
        usage.dialog.context.counters.brokenExchanges += 1;
        usage.restore();
      }
      const accepted = !offers || answer !== undefined;
      this.#finish(job, accepted ? { accepted } : { accepted, status });
      if (offers && accepted) usage.owner.emitter.emit('modified', { by: 'us' });
      return;
    }
    usage.restore();
    const waitMs = this.#retryAfter(response);
    if (waitMs !== undefined && job.tries < usage.dialog.context.limits.retries) {
      this.#again(job, waitMs);
      return;
    }
    this.#finish(job, { accepted: false, status });
    usage.refused(status, request.method);
  }

  #failed(job: Job, method: string, why: OutgoingFailure): void {
    const usage = this.#usage;
    if (!usage.over) usage.restore();
    this.#finish(job, { accepted: false, status: undefined });
    // RFC 3261 8.1.3.1, 12.2.1.2: no answer is 408, which ends the dialog; what could not be sent is 503, which does not.
    if (why === 'timeout') usage.refused(408, method);
  }

  /** ms after which it may be tried again; undefined: never. */
  #retryAfter(response: SipResponse): number | undefined {
    const { dialog, timer } = this.#usage;
    const { random, counters } = dialog.context;
    switch (response.status) {
      case 422:
        return timer.raise(response) ? 0 : undefined;
      case 491:
        counters.glares += 1;
        // RFC 3261 14.1, in units of 10 ms: whoever made the Call-ID waits longer, so that both do not try again together.
        return dialog.initiator ? 2100 + random.below(191) * 10 : random.below(201) * 10;
      case 500:
      case 503: {
        const waitMs = retryAfterMs(response);
        return waitMs !== undefined && waitMs <= LONGEST_RETRY_AFTER_S * 1000 ? waitMs : undefined;
      }
      default:
        return undefined;
    }
  }

  #again(job: Job, waitMs: number): void {
    this.#method = undefined;
    this.#wanted.unshift(job);
    this.#wait = this.#usage.dialog.context.timers.after(waitMs, () => {
      this.#wait = undefined;
      this.resume();
    });
  }

  #finish(job: Job, result: ModifyResult): void {
    this.#method = undefined;
    job.resolve(result);
    this.resume();
  }
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
