// A call that goes out: the UAC side of the INVITE that makes a session (RFC 3261 13.2). It may fork: then each phone that rings
// has an early dialog, and the first that answers has the call; others that answer get ACK and BYE.
//
//     calling ── 1xx with a tag ─► early ── first 2xx ─► answered ── our ACK ─► confirmed ── BYE ─► ended
//        └── 3xx-6xx, no answer, CANCEL ──┴──────────────────────────────────────────────────────────┘
import { newRequest, type SipRequest, type SipResponse, type SipUri } from '../../message/index.js';
import type { ServerTransaction } from '../../transaction/index.js';
import type { Flow, Target } from '../../transport/index.js';
import { causeOfStatus, NORMAL_CAUSE, parseReasons, q850Cause, q850Reason } from '../cause.js';
import type { SentAck } from '../dialog.js';
import { copyForRetry, OutgoingRequest, type OutgoingFailure } from '../outgoing-request.js';
import { routingOf } from '../routing.js';
import { descriptionOf, SDP } from './bodies.js';
import { ReliableSequence, sendPrack } from './reliable-sequence.js';
import { capabilities, InviteSession, type SessionParts } from './session.js';
import { SessionTimer } from './session-timer.js';
import type { Release, SessionEnd } from './types.js';
import { fault, InviteUsage } from './usage.js';

export interface OutgoingCall extends SessionParts {
  /** Request-URI: whom to call */
  uri: SipUri;
  /** value of To, without a tag */
  to: string;
  /** value of From, without a tag */
  from: string;
  /** values of Route: the outbound proxy, the Path of a registration (RFC 3327) */
  routes?: readonly string[] | undefined;
  /** where to send it; left out: where `locate` says */
  targets?: readonly Target[] | undefined;
  callId: string;
  headers?: readonly (readonly [name: string, value: string])[] | undefined;
  /** the INVITE has no offer: the peer makes one (RFC 3261 13.2.1) */
  lateOffer?: boolean | undefined;
  /** provisional answers must be reliable (RFC 3262); left out: they may be */
  requireReliable?: boolean | undefined;
  /** ms that each target has for a first word, before the next one is tried; left out: timer B, 32 s */
  answerWithinMs?: number | undefined;
}

/** A phone that has been heard. */
interface Branch {
  usage: InviteUsage;
  sequence: ReliableSequence;
  /** it has answered; its 2xx is being dealt with or has been */
  answered: boolean;
  ack: SentAck | undefined;
  /** an answer came in a provisional response that was not reliable */
  previewed: boolean;
}

export class OutgoingSession extends InviteSession {
  readonly #call: OutgoingCall;
  readonly #localTag: string;
  readonly #branches = new Map<string, Branch>();
  /** what a 422 taught; each dialog has its own timer */
  readonly #asked: SessionTimer;
  #invite: OutgoingRequest | undefined;
  #winner: Branch | undefined;
  #cseq = 0;
  #tries = 0;
  #offer: Buffer | undefined;

  /** Calls. Listeners that are put on at once miss nothing. */
  constructor(call: OutgoingCall) {
    super(call, 'calling');
    const { timers, random } = call.dialogs.context;
    this.#call = call;
    this.#localTag = random.token();
    const nothing = (): void => undefined;
    this.#asked = new SessionTimer(timers, this.settings, { refresh: nothing, expired: nothing });
    void this.#begin();
  }

  protected get usage(): InviteUsage | undefined {
    return this.#winner?.usage;
  }

  get callId(): string {
    return this.#call.callId;
  }

  get localTag(): string {
    return this.#localTag;
  }

  end(release: Release = {}): void {
    if (this.ended !== undefined) return;
    this.finishByUs(release);
    if (this.#winner !== undefined) this.#winner.usage.end(release);
    else this.#invite?.cancel(q850Reason(release.cause ?? NORMAL_CAUSE, release.text));
  }

  /** We send no INVITE in an early dialog of ours that could be waiting for one. */
  prack(usage: InviteUsage, transaction: ServerTransaction): void {
    usage.refuse(transaction, 481);
  }

  usageOver(usage: InviteUsage, end: SessionEnd): void {
    if (usage === this.#winner?.usage) this.finish(end);
  }

  async #begin(): Promise<void> {
    if (this.#call.lateOffer !== true) {
      try {
        this.#offer = await this.media.offer({ dialogId: '', early: true, preview: false });
      } catch (error) {
        this.dialogs.context.log.warn({ err: error }, 'an offer could not be made');
        this.finish(fault(41, 'no offer could be made'));
        return;
      }
    } else await Promise.resolve();
    if (this.ended === undefined) this.#send(this.#build());
  }

  #build(): SipRequest {
    const { uri, to, from, callId, routes = [], headers = [], requireReliable, contact } = this.#call;
    const routing = routingOf(routes, uri);
    this.#cseq += 1;
    const all: (readonly [string, string])[] = [
      ...routing.routes.map((route) => ['Route', route] as const),
      ['Max-Forwards', '70'],
      ['From', `${from};tag=${this.#localTag}`],
      ['To', to],
      ['Call-ID', callId],
      ['CSeq', `${this.#cseq} INVITE`],
      ['Contact', contact],
      ...capabilities(this.settings, true),
      ...this.#asked.requestHeaders(),
      ...headers,
    ];
    if (requireReliable === true) all.push(['Require', '100rel']);
    if (this.#offer !== undefined) all.push(['Content-Type', SDP]);
    return newRequest({ method: 'INVITE', uri: routing.requestUri, headers: all, body: this.#offer });
  }

  #send(request: SipRequest): void {
    const { uri, routes = [], targets, answerWithinMs } = this.#call;
    this.#tries += 1;
    this.#invite = new OutgoingRequest(this.dialogs.context, {
      request,
      nextHop: routingOf(routes, uri).nextHop,
      targets,
      authorize: this.authorize,
      answerWithinMs,
      nextCSeq: () => (this.#cseq += 1),
      listener: {
        provisional: (response, flow) => void this.#provisional(response, flow),
        final: (response, flow, sent) => {
          if (response.status < 300) void this.#success(response, flow, sent);
          else this.#refused(response, sent);
        },
        failed: (why) => this.#failed(why),
        ended: () => this.#abandonOthers(),
      },
    });
  }

  async #provisional(response: SipResponse, flow: Flow): Promise<void> {
    if (this.ended !== undefined || this.#winner !== undefined) return;
    const { status, reason } = response;
    const description = status === 100 ? undefined : descriptionOf(response);
    const branch = status === 100 ? undefined : this.#branchOf(response, flow);
    if (branch !== undefined) {
      branch.usage.peer.learn(response);
      branch.usage.dialog.flow = flow;
      const rseq = branch.sequence.take(response);
      if (rseq === 'stale' || branch.usage.over) return;
      if (rseq === 'unreliable') this.#preview(branch, description);
      else await this.#reliable(branch, response, rseq, description);
      if (this.ended !== undefined) return;
      if (this.state === 'calling' || this.state === 'early') this.step('progress');
    }
    const dialogId = branch?.usage.id;
    this.emitter.emit('progress', { status, reason, dialogId, media: description !== undefined, response });
  }

  /** An answer that may be lost. It is heard all the same, and the 2xx repeats it. */
  #preview(branch: Branch, description: Buffer | undefined): void {
    if (description === undefined || branch.usage.offers.state !== 'offered') return;
    try {
      this.media.answered(description, branch.usage.exchange(true));
      branch.previewed = true;
    } catch (error) {
      // The 2xx may say it better.
      this.dialogs.context.log.info({ err: error }, 'early media could not be heard');
    }
  }

  /** The answer to our offer, or an offer that PRACK answers (RFC 3262 clause 5). */
  async #reliable(branch: Branch, response: SipResponse, rseq: number, description: Buffer | undefined): Promise<void> {
    const { usage } = branch;
    if (description === undefined || usage.offers.agreedOnce) {
      sendPrack(usage, response, rseq);
    } else if (usage.offers.state === 'offered') {
      usage.takeAnswer(description);
      sendPrack(usage, response, rseq);
    } else {
      const answer = await usage.answerTo(description);
      if (usage.over) return;
      if (answer !== undefined) usage.offers.agreed();
      sendPrack(usage, response, rseq, answer ?? usage.decline(description));
      if (answer === undefined) this.end({ cause: 88, text: 'the offer is not acceptable' });
    }
  }

  async #success(response: SipResponse, flow: Flow, invite: SipRequest): Promise<void> {
    const branch = this.#branchOf(response, flow);
    if (branch === undefined) return;
    if (branch.answered) {
      // The ACK was lost, or is still being made.
      branch.ack?.again();
      return;
    }
    branch.answered = true;
    const { usage } = branch;
    usage.peer.learn(response);
    usage.dialog.flow = flow;
    usage.dialog.confirm(response);
    const description = descriptionOf(response);
    if (this.#winner !== undefined || this.ended !== undefined || usage.over) {
      this.#dismiss(branch, invite, description);
      return;
    }
    this.#winner = branch;
    this.step('answer');
    const { body, wrong } = await this.#agree(branch, description);
    branch.ack = usage.dialog.ack(invite, body, body === undefined ? undefined : SDP);
    if (usage.over) return;
    if (wrong !== undefined) {
      usage.fail(88, wrong);
      return;
    }
    usage.timer.accepted(response);
    this.step('acknowledge');
    this.emitter.emit('answered', { dialogId: usage.id, response });
    usage.modifier.resume();
  }

  /** Ends the first exchange, unless it has ended. `body`: the answer that the ACK must hold; `wrong`: nothing was agreed. */
  async #agree(
    branch: Branch,
    description: Buffer | undefined,
  ): Promise<{ body?: Buffer | undefined; wrong?: string }> {
    const { usage } = branch;
    const { offers } = usage;
    if (offers.agreedOnce) return {};
    if (offers.state === 'offered') {
      if (description !== undefined) usage.takeAnswer(description);
      // Some say it in 183 and no more; that is not reliable (RFC 6337 3.1.1), but it is their answer.
      else if (branch.previewed) offers.agreed();
    } else if (description !== undefined) {
      const answer = await usage.answerTo(description);
      // RFC 3261 13.2.2.4: an offer in a 2xx is answered in the ACK, whatever it is; then comes BYE.
      if (answer === undefined) return { body: usage.decline(description), wrong: 'the offer is not acceptable' };
      offers.agreed();
      return { body: answer };
    }
    if (offers.agreedOnce) return {};
    this.dialogs.context.counters.brokenExchanges += 1;
    return { wrong: 'the 2xx has no session description' };
  }

  /** A second phone has answered, or the call was given up: ACK, then BYE (RFC 3261 13.2.2.4, 15). */
  #dismiss(branch: Branch, invite: SipRequest, description: Buffer | undefined): void {
    const { usage } = branch;
    this.dialogs.context.counters.surplusAnswers += 1;
    const offered = description !== undefined && usage.offers.state === 'none';
    const body = offered ? usage.decline(description) : undefined;
    branch.ack = usage.dialog.ack(invite, body, body === undefined ? undefined : SDP);
    usage.end({ cause: this.ended?.cause ?? NORMAL_CAUSE });
    // A phone that had hung up while it rang cannot have the call.
    if (this.#winner === undefined) this.finish(fault(NORMAL_CAUSE, 'answered in a dialog that was over'));
  }

  #refused(response: SipResponse, sent: SipRequest): void {
    const { status } = response;
    this.#abandonOthers();
    const mayRetry = this.ended === undefined && this.#tries < this.dialogs.context.limits.retries;
    if (status === 422 && mayRetry && this.#asked.raise(response)) {
      this.#retryWithInterval(sent);
      return;
    }
    const contacts = status < 400 && response.contacts !== '*' ? response.contacts : [];
    this.finish({
      by: 'peer',
      cause: q850Cause(response) ?? causeOfStatus(status),
      status,
      text: response.reason,
      reasons: parseReasons(response),
      contacts,
    });
  }

  /** RFC 4028 7.3: the same request, with the interval that was asked for. */
  #retryWithInterval(sent: SipRequest): void {
    this.#cseq += 1;
    const retry = copyForRetry(sent, this.#cseq);
    for (const [name, value] of this.#asked.requestHeaders()) retry.headers.set(name, value);
    this.#send(retry);
  }

  #failed(why: OutgoingFailure): void {
    this.#abandonOthers();
    // RFC 3261 8.1.3.1: no answer counts as 408, what could not be sent as 503.
    if (why === 'timeout') this.finish(fault(causeOfStatus(408), 'no answer', 408));
    else this.finish(fault(causeOfStatus(503), `the INVITE could not be sent (${why})`, 503));
  }

  /** Early dialogs in which nobody answered end with the INVITE (RFC 3261 13.2.2.3, 13.2.2.4). */
  #abandonOthers(): void {
    for (const branch of this.#branches.values()) if (!branch.answered) branch.usage.abandon();
  }

  /** The phone that an answer came from; undefined: it has no tag, or there is no room for it. */
  #branchOf(response: SipResponse, flow: Flow): Branch | undefined {
    const { toTag } = response;
    const request = this.#invite?.request;
    if (toTag === undefined || request === undefined) return undefined;
    const known = this.#branches.get(toTag);
    // One that has answered must be told to stop, even when more rang than may.
    const most = this.dialogs.context.limits.forks * (response.status < 200 ? 1 : 2);
    if (known !== undefined || this.#branches.size >= most) return known;
    const dialog = this.dialogs.fromResponse(request, response, flow, this.contact);
    if (dialog === undefined) return undefined;
    const usage = new InviteUsage(dialog, this);
    if (this.#offer !== undefined) usage.offers.offerSent();
    const sequence = new ReliableSequence();
    const branch: Branch = { usage, sequence, answered: false, ack: undefined, previewed: false };
    this.#branches.set(toTag, branch);
    return branch;
  }
}
