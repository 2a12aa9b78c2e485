// The INVITE usage of a dialog (RFC 5057 4.1): what either side may do in a session once there is a dialog for it. Changing it
// (re-INVITE, UPDATE), keeping it (RFC 4028), ending it, and the requests that ride on it: INFO, REFER.
//
// The INVITE that made the dialog is its owner's, an IncomingSession or an OutgoingSession.
import type { TypedEmitter } from '../../../platform/index.js';
import type { SipRequest, SipResponse } from '../../message/index.js';
import type { ServerTransaction } from '../../transaction/index.js';
import { causeOfStatus, NORMAL_CAUSE, parseReasons, q850Cause, q850Reason } from '../cause.js';
import type { Dialog, DialogUsage } from '../dialog.js';
import { effectOf } from '../effects.js';
import type { Authorize } from '../outgoing-request.js';
import { Acknowledgement } from './acknowledgement.js';
import { descriptionOf, hasForeignBody, SDP } from './bodies.js';
import { receiveInfo } from './info.js';
import { Modifier } from './modifier.js';
import { OfferAnswer } from './offer-answer.js';
import { PeerAbilities, unsupportedOptions } from './peer-abilities.js';
import { receiveRefer } from './refer-notifier.js';
import { SessionTimer } from './session-timer.js';
import type {
  Exchange,
  OtherRequest,
  Release,
  SessionEnd,
  SessionEvents,
  SessionMedia,
  SessionSettings,
} from './types.js';

/** What a usage asks of the session that it belongs to. */
export interface UsageOwner {
  readonly media: SessionMedia;
  readonly settings: SessionSettings;
  readonly emitter: TypedEmitter<SessionEvents>;
  readonly authorize: Authorize | undefined;
  readonly otherRequest: OtherRequest | undefined;
  /** PRACK of the peer: for an INVITE of its own */
  prack(usage: InviteUsage, transaction: ServerTransaction): void;
  /** The usage has ended, and not because the owner wanted it. */
  usageOver(usage: InviteUsage, end: SessionEnd): void;
}

export class InviteUsage implements DialogUsage {
  readonly kind = 'invite';
  readonly dialog: Dialog;
  readonly owner: UsageOwner;
  readonly offers = new OfferAnswer();
  readonly peer = new PeerAbilities();
  readonly timer: SessionTimer;
  readonly modifier: Modifier;
  /** 2xx of ours that wait for their ACK, by CSeq number */
  readonly #unacknowledged = new Map<number, Acknowledgement>();
  /** REFERs of the peer that made a subscription */
  referrals = 0;
  /** a re-INVITE of the peer's that is not answered */
  #invite: ServerTransaction | undefined;
  #over = false;
  /** BYE that may go when the ACK of the call's 2xx has come (RFC 3261 clause 15) */
  #byeWaiting: Release | undefined;

  constructor(dialog: Dialog, owner: UsageOwner) {
    this.dialog = dialog;
    this.owner = owner;
    this.timer = new SessionTimer(dialog.context.timers, owner.settings, {
      refresh: () => void this.modifier.refresh(),
      expired: () => {
        dialog.context.counters.expired += 1;
        // 102: recovery on timer expiry.
        this.fail(102, 'session not refreshed');
      },
    });
    this.modifier = new Modifier(this);
    dialog.attach(this);
  }

  get over(): boolean {
    return this.#over;
  }

  /** Stays the same, and tells this dialog from others of the call. */
  get id(): string {
    return this.dialog.remoteTag;
  }

  /** The peer changes the session just now, or we wait for its ACK: no re-INVITE of ours may go (RFC 3261 14.1). */
  get peerInvites(): boolean {
    return this.#invite !== undefined || this.#unacknowledged.size > 0;
  }

  exchange(preview = false): Exchange {
    return { dialogId: this.id, early: this.dialog.state === 'early', preview };
  }

  request(transaction: ServerTransaction): boolean {
    const { request } = transaction;
    const { method } = request;
    if (this.#over) return this.#requestWhenOver(transaction);
    this.peer.learn(request);
    if (method === 'BYE') {
      this.#bye(transaction);
      return true;
    }
    const known = ['INVITE', 'UPDATE', 'PRACK', 'INFO', 'REFER'].includes(method);
    const unsupported = known ? unsupportedOptions(request, this.owner.settings.supported) : [];
    if (unsupported.length > 0) this.refuse(transaction, 420, [['Unsupported', unsupported.join(', ')]]);
    else if (method === 'INVITE') void this.#reinvited(transaction);
    else if (method === 'UPDATE') void this.#updated(transaction);
    else if (method === 'PRACK') this.owner.prack(this, transaction);
    else if (method === 'INFO') receiveInfo(this, transaction);
    else if (method === 'REFER') receiveRefer(this, transaction);
    else if (isOfReferral(request)) return false;
    else return this.owner.otherRequest?.(transaction) === true;
    return true;
  }

  ack(request: SipRequest): boolean {
    const waiting = this.#unacknowledged.get(request.cseq.number);
    if (waiting === undefined) return false;
    this.#unacknowledged.delete(request.cseq.number);
    waiting.stop();
    if (!this.#over) waiting.acknowledged(request);
    this.#sendWaitingBye();
    this.modifier.resume();
    return true;
  }

  /** The dialog has been found to be gone. */
  destroyed(status: number): void {
    if (this.#over) return;
    this.#stop();
    this.owner.usageOver(this, fault(causeOfStatus(status), `the dialog is gone (${status})`, status));
  }

  /** Sends the 2xx of an INVITE, again and again until its ACK comes; without one the session ends (RFC 3261 13.3.1.4). */
  accept(transaction: ServerTransaction, response: SipResponse, acknowledged: (ack: SipRequest) => void): void {
    const { number } = transaction.request.cseq;
    transaction.respond(response);
    const missing = (): void => {
      this.#unacknowledged.delete(number);
      if (this.#over) this.#sendWaitingBye();
      else this.fail(102, 'no ACK');
    };
    const waiting = new Acknowledgement(this.dialog.context, transaction, acknowledged, missing);
    this.#unacknowledged.set(number, waiting);
  }

  /** A 2xx to the peer's INVITE or UPDATE, with what target refresh answers have (RFC 3261 13.3.1.4, RFC 3311 5.2). */
  success(transaction: ServerTransaction, body: Buffer | undefined): SipResponse {
    const response = transaction.response(200);
    this.describe(response, body);
    return response;
  }

  /** Gives an answer of ours a Contact, what we can do, and a session description. */
  describe(response: SipResponse, body: Buffer | undefined): void {
    const { settings } = this.owner;
    response.headers.add('Contact', this.dialog.contact);
    response.headers.add('Allow', settings.allow);
    response.headers.add('Supported', settings.supported.join(', '));
    if (settings.product !== '') response.headers.add('Server', settings.product);
    if (body === undefined) return;
    response.headers.add('Content-Type', SDP);
    response.body = body;
  }

  refuse(transaction: ServerTransaction, status: number, headers: readonly (readonly [string, string])[] = []): void {
    const response = transaction.response(status);
    for (const [name, value] of headers) response.headers.add(name, value);
    // RFC 3261 14.2, RFC 3311 5.2: after 0 to 10 s.
    if (status === 500) response.headers.add('Retry-After', String(this.dialog.context.random.below(11)));
    if (status === 491) this.dialog.context.counters.glares += 1;
    transaction.respond(response);
  }

  /** Ends the session with BYE; the owner knows. */
  end(release: Release): void {
    if (this.#over) return;
    this.#stop();
    const { initiator } = this.dialog;
    // As UAS, not before the ACK has come or is past hope.
    if (!initiator && this.#unacknowledged.size > 0) this.#byeWaiting = release;
    else this.#sendBye(release);
  }

  /** Ends it with BYE for a fault, and tells the owner. */
  fail(cause: number, text: string): void {
    if (this.#over) return;
    this.end({ cause, text });
    this.owner.usageOver(this, fault(cause, text));
  }

  /** A request in the session was refused, or not answered (408): does that end it (RFC 5057)? The dialog cares for itself. */
  refused(status: number, method: string): void {
    if (effectOf(status, method) === 'usage') this.fail(causeOfStatus(status), `${method} was answered ${status}`);
  }

  /** Lets go of a dialog in which nothing was agreed: an early one whose INVITE has come to its end. */
  abandon(): void {
    if (this.#over) return;
    this.#stop();
    this.#leave();
  }

  /** The answer to the peer's offer; undefined: it is refused, and the exchange is over. */
  async answerTo(offer: Buffer): Promise<Buffer | undefined> {
    this.offers.offerReceived();
    let answer: Buffer | undefined;
    try {
      answer = await this.owner.media.answer(offer, this.exchange());
    } catch (error) {
      this.dialog.context.log.warn({ err: error }, 'an offer could not be answered');
    }
    if (answer === undefined) this.offers.brokenOff();
    return answer;
  }

  /** The offer that we make; undefined: there is none to be had. */
  async makeOffer(): Promise<Buffer | undefined> {
    this.offers.offerSent();
    try {
      return await this.owner.media.offer(this.exchange());
    } catch (error) {
      this.dialog.context.log.warn({ err: error }, 'an offer could not be made');
      this.offers.brokenOff();
      return undefined;
    }
  }

  /** The peer's answer to our offer has come. One that cannot be used ends the session. */
  takeAnswer(answer: Buffer): void {
    this.offers.agreed();
    try {
      this.owner.media.answered(answer, this.exchange());
    } catch (error) {
      this.dialog.context.log.warn({ err: error }, 'an answer could not be used');
      this.fail(88, 'the answer is not acceptable');
    }
  }

  /** An answer without streams; undefined: not even that can be made. */
  decline(offer: Buffer): Buffer | undefined {
    try {
      return this.owner.media.decline(offer);
    } catch (error) {
      this.dialog.context.log.warn({ err: error }, 'an offer could not be declined');
      return undefined;
    }
  }

  /** An exchange is off. */
  restore(): void {
    if (this.offers.idle) return;
    this.offers.brokenOff();
    this.owner.media.restored?.(this.exchange());
  }

  async #reinvited(transaction: ServerTransaction): Promise<void> {
    const { request } = transaction;
    if (!this.#mayChange(transaction, true)) return;
    this.#invite = transaction;
    transaction.listen({
      cancelled: () => {
        this.#invite = undefined;
        transaction.respond(transaction.response(487));
      },
    });
    const offer = descriptionOf(request);
    const body = await (offer === undefined ? this.makeOffer() : this.answerTo(offer));
    if (this.#invite !== transaction) {
      this.restore();
      this.modifier.resume();
      return;
    }
    this.#invite = undefined;
    if (body === undefined) {
      this.refuse(transaction, offer === undefined ? 500 : 488);
      this.modifier.resume();
      return;
    }
    const response = this.success(transaction, body);
    this.timer.answer(request, response);
    this.dialog.refreshTarget(request);
    if (offer !== undefined) this.offers.agreed();
    this.accept(transaction, response, (ack) => {
      if (offer === undefined) this.#lateAnswer(ack);
    });
    if (offer !== undefined) this.owner.emitter.emit('modified', { by: 'peer' });
  }

  /** Our offer stood in the 2xx of a re-INVITE: the answer stands in its ACK, or the session stays as it was. */
  #lateAnswer(ack: SipRequest): void {
    const answer = descriptionOf(ack);
    if (answer === undefined) {
      this.dialog.context.counters.brokenExchanges += 1;
      this.restore();
      return;
    }
    this.takeAnswer(answer);
    this.owner.emitter.emit('modified', { by: 'peer' });
  }

  async #updated(transaction: ServerTransaction): Promise<void> {
    const { request } = transaction;
    const offer = descriptionOf(request);
    if (!this.#mayChange(transaction, offer !== undefined)) return;
    const answer = offer === undefined ? undefined : await this.answerTo(offer);
    if (this.#over) {
      transaction.respond(transaction.response(487));
      return;
    }
    if (offer !== undefined && answer === undefined) {
      this.refuse(transaction, 488);
      this.modifier.resume();
      return;
    }
    const response = this.success(transaction, answer);
    // Before the call is answered, the INVITE's 2xx says how long the session lasts.
    if (this.dialog.state === 'confirmed') this.timer.answer(request, response);
    this.dialog.refreshTarget(request);
    if (answer !== undefined) this.offers.agreed();
    transaction.respond(response);
    this.modifier.resume();
    if (answer !== undefined) this.owner.emitter.emit('modified', { by: 'peer' });
  }

  /** Refuses a re-INVITE or UPDATE that may not come now: glare (RFC 3261 14.2, RFC 3311 5.2), or that we cannot read. */
  #mayChange(transaction: ServerTransaction, exchanges: boolean): boolean {
    const { request } = transaction;
    if (hasForeignBody(request)) {
      this.refuse(transaction, 415, [['Accept', SDP]]);
      return false;
    }
    const minS = this.timer.tooShort(request);
    if (minS !== undefined) {
      this.refuse(transaction, 422, [['Min-SE', String(minS)]]);
      return false;
    }
    const status = this.#glare(request.method === 'INVITE', exchanges);
    if (status !== undefined) this.refuse(transaction, status);
    return status === undefined;
  }

  #glare(isInvite: boolean, exchanges: boolean): 491 | 500 | undefined {
    if (isInvite) {
      if (this.dialog.state === 'early') return this.dialog.initiator ? 491 : 500;
      if (this.#invite !== undefined) return 500;
    }
    if (!exchanges) return undefined;
    // An UPDATE cannot carry the first offer.
    return this.offers.refusal ?? (isInvite || this.offers.agreedOnce ? undefined : 500);
  }

  #bye(transaction: ServerTransaction): void {
    const { request } = transaction;
    transaction.respond(transaction.response(200));
    this.#stop();
    const cause = q850Cause(request) ?? NORMAL_CAUSE;
    const reasons = parseReasons(request);
    this.owner.usageOver(this, { by: 'peer', cause, status: undefined, text: 'BYE', reasons, contacts: [] });
    this.#leave();
  }

  #requestWhenOver(transaction: ServerTransaction): boolean {
    if (transaction.request.method !== 'BYE') return false;
    // It crosses ours, which may go unanswered, or was still to be sent.
    transaction.respond(transaction.response(200));
    if (this.#byeWaiting !== undefined) this.#leave();
    return true;
  }

  #stop(): void {
    this.#over = true;
    this.timer.stop();
    this.modifier.stop();
    const invite = this.#invite;
    this.#invite = undefined;
    // RFC 3261 15.1.2: what waits for an answer gets 487.
    if (invite !== undefined) invite.respond(invite.response(487));
  }

  #sendWaitingBye(): void {
    const release = this.#byeWaiting;
    this.#byeWaiting = undefined;
    if (release !== undefined) this.#sendBye(release);
  }

  #sendBye({ cause = NORMAL_CAUSE, text }: Release): void {
    const headers: [string, string][] = [['Reason', q850Reason(cause, text)]];
    this.dialog.send(
      'BYE',
      { headers, authorize: this.owner.authorize },
      {
        final: () => this.#leave(),
        // Whether or not it got there: RFC 3261 15.1.1.
        failed: () => this.#leave(),
      },
    );
  }

  #leave(): void {
    this.#byeWaiting = undefined;
    for (const waiting of this.#unacknowledged.values()) waiting.stop();
    this.#unacknowledged.clear();
    this.dialog.detach(this);
  }
}

export function fault(cause: number, text: string, status?: number): SessionEnd {
  return { by: 'fault', cause, status, text, reasons: [], contacts: [] };
}

/** NOTIFY and SUBSCRIBE of a REFER belong to its own usage. */
function isOfReferral(request: SipRequest): boolean {
  if (request.method !== 'NOTIFY' && request.method !== 'SUBSCRIBE') return false;
  return /^refer(?:$|[; \t])/i.test(request.headers.get('Event') ?? '');
}
