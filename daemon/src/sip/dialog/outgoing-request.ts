// A request on its way through what may come between it and its answer: a name to be looked up, targets that do not answer
// (RFC 3263 4.3), a challenge (RFC 3261 22.2, 22.3). To its owner it is one request with one outcome.
import type { Timer } from '../../platform/index.js';
import { newRequest, parseNumber, type SipRequest, type SipResponse, type SipUri } from '../message/index.js';
import type { ClientTransaction, TransactionFailure } from '../transaction/index.js';
import type { Flow, Target } from '../transport/index.js';
import type { DialogContext } from './context.js';

/** Why a request has no answer. */
export type OutgoingFailure =
  | TransactionFailure
  /** there is no target to send it to */
  | 'unlocated'
  /** cancelled before it was sent */
  | 'cancelled';

/**
 * Adds credentials for the challenges in a 401 or 407 to `request`, a copy of the one refused with a CSeq of its own. false: there
 * are none, or they have been refused.
 */
export type Authorize = (request: SipRequest, challenge: SipResponse) => boolean | Promise<boolean>;

export interface OutgoingListener {
  provisional?(response: SipResponse, flow: Flow): void;
  /** A final answer; of an INVITE each 2xx, as in ClientTransactionListener. `request` is the one it answers. */
  final(response: SipResponse, flow: Flow, request: SipRequest): void;
  failed(why: OutgoingFailure): void;
  /** after either: no further 2xx will come */
  ended?(): void;
}

export interface OutgoingOptions {
  request: SipRequest;
  nextHop: SipUri;
  /** how the peer was last heard */
  flow?: Flow | undefined;
  /** known already: nothing is looked up */
  targets?: readonly Target[] | undefined;
  authorize?: Authorize | undefined;
  /** ms; a target that has said nothing at all by then is given up for the next one. Left out: timer B or F, 32 s */
  answerWithinMs?: number | undefined;
  /** the number for a request that is sent again with credentials */
  nextCSeq: () => number;
  listener: OutgoingListener;
}

/** A copy without the Via of the first attempt, for another. */
export function copyForRetry(request: SipRequest, cseq = request.cseq.number): SipRequest {
  const copy = newRequest({ ...partsOf(request), headers: request.headers });
  copy.headers.remove('Via');
  copy.headers.set('CSeq', `${cseq} ${request.method}`);
  return copy;
}

function partsOf(request: SipRequest): { method: string; uri: string; body: Buffer } {
  return { method: request.method, uri: request.uriText, body: request.body };
}

/** The request at one of its targets. */
interface Attempt {
  readonly target: Target;
  /** the target has answered something */
  heard: boolean;
  limit: Timer | undefined;
}

export class OutgoingRequest {
  readonly #context: DialogContext;
  readonly #options: OutgoingOptions;
  #request: SipRequest;
  #targets: readonly Target[] = [];
  #tried = 0;
  #authorizations = 0;
  #transaction: ClientTransaction | undefined;
  #cancelled: { reason: string | undefined } | undefined;
  /** the one whose answer counts; undefined: none does any more */
  #current: Attempt | undefined;

  /** Sends it; the listener hears nothing before the constructor has returned. */
  constructor(context: DialogContext, options: OutgoingOptions) {
    this.#context = context;
    this.#options = options;
    this.#request = options.request;
    if (options.targets === undefined) void this.#locate();
    else queueMicrotask(() => this.#begin(options.targets ?? []));
  }

  /** the one that was sent last */
  get request(): SipRequest {
    return this.#request;
  }

  /** Cancels an INVITE (RFC 3261 9.1): CANCEL, or nothing at all when it has not been sent. */
  cancel(reason?: string): void {
    this.#cancelled ??= { reason };
    this.#transaction?.cancel(reason);
  }

  async #locate(): Promise<void> {
    const { nextHop, flow } = this.#options;
    let targets: readonly Target[] = [];
    try {
      targets = await this.#context.locate(nextHop, flow);
    } catch (error) {
      this.#context.log.debug({ err: error, host: nextHop.host }, 'a request has no target');
    }
    this.#begin(targets);
  }

  #begin(targets: readonly Target[]): void {
    this.#targets = targets;
    if (targets.length === 0) this.#fail('unlocated');
    else this.#attempt(0);
  }

  #attempt(index: number): void {
    const target = this.#targets[index];
    if (this.#cancelled !== undefined || target === undefined) {
      this.#fail('unlocated');
      return;
    }
    this.#tried = index;
    const request = this.#request;
    const { judge, transactions, timers } = this.#context;
    const { listener, answerWithinMs } = this.#options;
    const attempt: Attempt = { target, heard: false, limit: undefined };
    this.#current = attempt;
    this.#transaction = transactions.send(request, target, {
      provisional: (response, flow) => {
        this.#hear(attempt);
        if (this.#current === attempt) listener.provisional?.(response, flow);
      },
      final: (response, flow) => {
        attempt.limit?.cancel();
        if (this.#current !== attempt) {
          this.#late(response, flow, request);
          return;
        }
        if (response.status === 503) {
          judge?.failed(target, retryAfterMs(response));
          if (this.#tryNext()) return;
        } else this.#hear(attempt);
        if ((response.status === 401 || response.status === 407) && this.#mayAuthorize()) {
          void this.#authorize(response, flow);
          return;
        }
        listener.final(response, flow, request);
      },
      failed: (why) => {
        attempt.limit?.cancel();
        if (this.#current !== attempt) return;
        // Whoever has rung and then falls silent has had the call; a second server would ring a second time.
        if (!attempt.heard) {
          if (why !== 'closed') judge?.failed(target);
          if (this.#tryNext()) return;
        }
        listener.failed(why);
      },
      ended: () => {
        if (this.#request === request) listener.ended?.();
      },
    });
    if (answerWithinMs !== undefined) attempt.limit = timers.after(answerWithinMs, () => this.#silent(attempt));
  }

  /** Nothing has come in time. The INVITE is cancelled as soon as somebody is known to have it (RFC 3261 9.1). */
  #silent(attempt: Attempt): void {
    if (attempt.heard || this.#current !== attempt) return;
    this.#context.judge?.failed(attempt.target);
    this.#transaction?.cancel('SIP;cause=408');
    if (this.#tryNext()) return;
    this.#current = undefined;
    this.#options.listener.failed('timeout');
  }

  /** A target that was given up has answered nevertheless: a call that somebody has taken must be had, or ended with BYE. */
  #late(response: SipResponse, flow: Flow, request: SipRequest): void {
    if (request.method !== 'INVITE' || response.status >= 300) return;
    if (this.#current !== undefined) this.#transaction?.cancel();
    this.#current = undefined;
    this.#options.listener.final(response, flow, request);
  }

  #hear(attempt: Attempt): void {
    attempt.limit?.cancel();
    if (attempt.heard) return;
    attempt.heard = true;
    this.#context.judge?.answered(attempt.target);
  }

  #tryNext(): boolean {
    if (this.#cancelled !== undefined || this.#tried + 1 >= this.#targets.length) return false;
    this.#request = copyForRetry(this.#request);
    this.#attempt(this.#tried + 1);
    return true;
  }

  #mayAuthorize(): boolean {
    return (
      this.#options.authorize !== undefined &&
      this.#cancelled === undefined &&
      this.#authorizations < this.#context.limits.authorizations
    );
  }

  async #authorize(challenge: SipResponse, flow: Flow): Promise<void> {
    this.#authorizations += 1;
    const refused = this.#request;
    const retry = copyForRetry(refused, this.#options.nextCSeq());
    this.#request = retry;
    let authorized = false;
    try {
      authorized = (await this.#options.authorize?.(retry, challenge)) ?? false;
    } catch (error) {
      this.#context.log.error({ err: error }, 'credentials could not be made');
    }
    if (authorized) {
      this.#attempt(this.#tried);
      return;
    }
    this.#options.listener.final(challenge, flow, refused);
    this.#options.listener.ended?.();
  }

  #fail(why: OutgoingFailure): void {
    this.#options.listener.failed(this.#cancelled === undefined ? why : 'cancelled');
    this.#options.listener.ended?.();
  }
}

/** What Retry-After says (RFC 3261 20.33), ms. */
export function retryAfterMs(response: SipResponse): number | undefined {
  const text = response.headers.get('Retry-After') ?? '';
  const seconds = parseNumber(/^\d{1,9}/.exec(text)?.[0] ?? '', 4_294_967_295);
  return seconds === undefined ? undefined : seconds * 1000;
}
