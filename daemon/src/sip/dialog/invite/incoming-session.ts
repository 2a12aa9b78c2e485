// A call that comes in: the UAS side of the INVITE that makes a session (RFC 3261 13.3, RFC 3262 clause 3).
//
//     incoming ── ring, progress ─► early ── answer ─► answered ── ACK ─► confirmed
//        └── end, CANCEL, Expires, BYE ─┴──────────────── no ACK ─┴──────── BYE ─────► ended
import type { Timer } from '../../../platform/index.js';
import { parseNumber, type SipRequest } from '../../message/index.js';
import type { ServerTransaction } from '../../transaction/index.js';
import { NORMAL_CAUSE, parseReasons, q850Cause, q850Reason, statusOfCause } from '../cause.js';
import { contactOf, type Dialog } from '../dialog.js';
import { PROVISIONAL_REFRESH_MS } from '../limits.js';
import { descriptionOf, hasForeignBody, SDP, takesDescriptions } from './bodies.js';
import { unsupportedOptions } from './peer-abilities.js';
import { ReliableProvisionals } from './reliable-provisionals.js';
import { capabilities, hasOption, InviteSession, refuse, type Refusal, type SessionParts } from './session.js';
import type { Release, SessionEnd } from './types.js';
import { fault, InviteUsage } from './usage.js';

const LONGEST_EXPIRES_S = 3600;

export class IncomingSession extends InviteSession {
  /** the INVITE */
  readonly invite: SipRequest;
  protected readonly usage: InviteUsage;
  readonly #transaction: ServerTransaction;
  readonly #offer: Buffer | undefined;
  readonly #reliable: ReliableProvisionals;
  /** the peer wants provisional answers reliably, or takes them so */
  readonly #reliability: 'required' | 'supported' | 'none';
  /** our answer or offer: made once, whichever message it goes in */
  #description: Promise<Buffer | undefined> | undefined;
  #expiry: Timer | undefined;
  #provisionalRefresh: Timer | undefined;
  #lastProvisional = 180;
  /** `answer` waits for a PRACK */
  #answerHeld: (() => void) | undefined;

  /**
   * Makes a session of an INVITE outside any dialog. undefined: it had to be refused, and has been (RFC 3261 8.2, 13.3; RFC 4028
   * clause 9). The owner then answers with `ring`, `progress`, `answer` or `end`; until he does, the peer has 100.
   */
  static receive(transaction: ServerTransaction, parts: SessionParts): IncomingSession | undefined {
    const refusal = refusalOf(transaction.request, parts);
    if (refusal !== undefined) {
      refuse(transaction, refusal);
      return undefined;
    }
    const dialog = parts.dialogs.fromRequest(transaction, parts.contact);
    if (dialog === undefined) {
      refuse(transaction, { status: 503, headers: [] });
      return undefined;
    }
    const session = new IncomingSession(transaction, dialog, parts);
    const minS = session.usage.timer.tooShort(transaction.request);
    if (minS !== undefined) {
      session.#refuse(422, [['Min-SE', String(minS)]]);
      return undefined;
    }
    session.#listen();
    return session;
  }

  private constructor(transaction: ServerTransaction, dialog: Dialog, parts: SessionParts) {
    super(parts, 'incoming');
    const { request } = transaction;
    this.invite = request;
    this.#transaction = transaction;
    this.#offer = descriptionOf(request);
    this.usage = new InviteUsage(dialog, this);
    this.usage.peer.learn(request);
    if (this.#offer !== undefined) this.usage.offers.offerReceived();
    const required = hasOption(request, 'Require', '100rel');
    const supported = required || hasOption(request, 'Supported', '100rel');
    const weDo = this.settings.supported.includes('100rel');
    this.#reliability = !weDo || !supported ? 'none' : required ? 'required' : 'supported';
    this.#reliable = new ReliableProvisionals(dialog.context, transaction, () => {
      // RFC 3262 clause 3: a 5xx.
      if (this.ended === undefined) this.#failUnanswered(504, 102, 'no PRACK');
    });
  }

  /** Tells the peer that it rings: 180, or 181, 182. Reliably only when the peer wants all of them so. */
  ring(status = 180): void {
    if (!this.#unanswered) return;
    this.#lastProvisional = status;
    this.step('progress');
    this.#sendProvisional(status, undefined);
  }

  /**
   * Early media: 183 (or another) with our description. Reliably when the peer takes it; otherwise the 2xx repeats it. Of an INVITE
   * without an offer there can be early media only reliably. false: the session is over, or nothing could be agreed.
   */
  async progress(status = 183): Promise<boolean> {
    if (!this.#unanswered) return false;
    this.#lastProvisional = status;
    if (this.#offer === undefined && this.#reliability === 'none') {
      this.ring(status);
      return true;
    }
    const description = await this.#describe();
    if (!this.#unanswered) return false;
    if (description === undefined) return this.#refuseOffer();
    this.step('progress');
    // What has gone reliably once is agreed, or about to be.
    const told = this.usage.offers.agreedOnce || this.#reliable.holdsAnswer;
    this.#sendProvisional(status, told ? undefined : description);
    return true;
  }

  /**
   * Answers the call with a 2xx, which is sent until the ACK comes. Resolves when it has been sent; false: the session is over, or
   * nothing could be agreed, and the peer has been told 488.
   */
  async answer(): Promise<boolean> {
    if (!this.#unanswered) return false;
    const description = await this.#describe();
    if (!this.#unanswered) return false;
    if (description === undefined) return this.#refuseOffer();
    if (this.#reliable.holdsAnswer) {
      await new Promise<void>((resolve) => (this.#answerHeld = resolve));
      if (!this.#unanswered) return false;
    }
    const { usage } = this;
    const { offers } = usage;
    const told = offers.agreedOnce;
    const response = usage.success(this.#transaction, told ? undefined : description);
    usage.timer.answer(this.invite, response);
    this.#endProvisionals();
    usage.dialog.confirm();
    this.step('answer');
    const late = !told && this.#offer === undefined;
    if (late) offers.offerSent();
    else if (!told) offers.agreed();
    usage.accept(this.#transaction, response, (ack) => this.#acknowledged(ack, late));
    this.emitter.emit('answered', { dialogId: usage.id, response: undefined });
    return true;
  }

  end(release: Release = {}): void {
    if (this.ended !== undefined) return;
    const { cause = NORMAL_CAUSE, text, status, headers = [] } = release;
    if (!this.#unanswered) {
      this.finishByUs(release);
      this.usage.end(release);
      return;
    }
    const refusal = status ?? statusOfCause(cause);
    // RFC 6432: the cause survives in the answer.
    this.#refuse(refusal, [['Reason', q850Reason(cause, text)], ...headers]);
    this.finishByUs(release, refusal);
  }

  /** PRACK: for one of our provisional answers, also when the call has been answered meanwhile; otherwise 481. */
  prack(usage: InviteUsage, transaction: ServerTransaction): void {
    if (!this.#reliable.acknowledge(transaction)) usage.refuse(transaction, 481);
  }

  usageOver(_usage: InviteUsage, end: SessionEnd): void {
    // BYE to an early dialog (RFC 3261 15.1.2): the INVITE gets 487.
    if (this.#unanswered) this.#refuse(487);
    this.finish(end);
  }

  get #unanswered(): boolean {
    return this.ended === undefined && !this.#transaction.answered;
  }

  #listen(): void {
    this.#transaction.listen({
      cancelled: (cancel) => this.#cancelled(cancel),
    });
    // Its owner may have taken his time.
    if (this.#transaction.cancelled) queueMicrotask(() => this.#cancelled(undefined));
    const expiresS = parseNumber(this.invite.headers.get('Expires') ?? '', LONGEST_EXPIRES_S);
    if (expiresS === undefined) return;
    // RFC 3261 13.3.1: when the invitation has run out, 487.
    this.#expiry = this.dialogs.context.timers.after(expiresS * 1000, () => {
      if (this.#unanswered) this.#failUnanswered(487, 102, 'the INVITE has expired');
    });
  }

  #cancelled(cancel: SipRequest | undefined): void {
    if (!this.#unanswered) return;
    this.#refuse(487);
    this.finish({
      by: 'peer',
      cause: (cancel === undefined ? undefined : q850Cause(cancel)) ?? NORMAL_CAUSE,
      status: 487,
      text: 'CANCEL',
      reasons: cancel === undefined ? [] : parseReasons(cancel),
      contacts: [],
    });
  }

  /** The answer to the peer's offer, or our offer when it made none. */
  #describe(): Promise<Buffer | undefined> {
    return (this.#description ??= this.#makeDescription());
  }

  async #makeDescription(): Promise<Buffer | undefined> {
    const { media, usage } = this;
    try {
      const exchange = usage.exchange();
      return await (this.#offer === undefined ? media.offer(exchange) : media.answer(this.#offer, exchange));
    } catch (error) {
      this.dialogs.context.log.warn({ err: error }, 'a session description could not be made');
      return undefined;
    }
  }

  /** RFC 3261 13.3.1.3; without an offer of the peer's it is our own fault. */
  #refuseOffer(): false {
    if (this.#offer === undefined) this.#failUnanswered(500, 41, 'no offer could be made');
    else this.#failUnanswered(488, 88, 'the offer is not acceptable');
    return false;
  }

  #sendProvisional(status: number, description: Buffer | undefined): void {
    const { usage } = this;
    const response = this.#transaction.response(status);
    usage.describe(response, description);
    const reliable =
      this.#reliability === 'required' || (description !== undefined && this.#reliability === 'supported');
    if (!reliable) this.#transaction.respond(response);
    else {
      // Without an offer of the peer's, this is ours.
      if (description !== undefined && this.#offer === undefined) usage.offers.offerSent();
      this.#reliable.send(response, (prack) => void this.#pracked(prack, description !== undefined));
    }
    this.#provisionalRefresh?.cancel();
    this.#provisionalRefresh = usage.dialog.context.timers.after(PROVISIONAL_REFRESH_MS, () => {
      if (this.#unanswered) this.#sendProvisional(this.#lastProvisional, undefined);
    });
  }

  /** The PRACK of a provisional answer. One that held our offer brings the answer; any may bring an offer (RFC 3262 clause 5). */
  async #pracked(prack: ServerTransaction, described: boolean): Promise<void> {
    const { usage } = this;
    const body = hasForeignBody(prack.request) ? undefined : descriptionOf(prack.request);
    let answer: Buffer | undefined;
    if (described && this.#offer === undefined) {
      if (body === undefined) {
        this.dialogs.context.counters.brokenExchanges += 1;
        usage.refuse(prack, 400);
        this.#failUnanswered(488, 111, 'no answer in PRACK');
        return;
      }
      usage.takeAnswer(body);
    } else {
      if (described) usage.offers.agreed();
      if (body !== undefined) {
        const refusal = usage.offers.agreedOnce ? usage.offers.refusal : 500;
        answer = refusal === undefined ? await usage.answerTo(body) : undefined;
        if (answer === undefined) {
          usage.refuse(prack, refusal ?? 488);
          this.#releaseAnswer();
          return;
        }
        usage.offers.agreed();
      }
    }
    const response = prack.response(200);
    if (answer !== undefined) {
      response.headers.add('Content-Type', SDP);
      response.body = answer;
    }
    prack.respond(response);
    this.#releaseAnswer();
  }

  #releaseAnswer(): void {
    if (this.#reliable.holdsAnswer) return;
    this.#answerHeld?.();
    this.#answerHeld = undefined;
  }

  #acknowledged(ack: SipRequest, late: boolean): void {
    if (late) {
      const answer = descriptionOf(ack);
      if (answer === undefined) {
        this.dialogs.context.counters.brokenExchanges += 1;
        this.usage.fail(111, 'no answer in ACK');
        return;
      }
      this.usage.takeAnswer(answer);
    }
    this.step('acknowledge');
    this.emitter.emit('confirmed', {});
  }

  #failUnanswered(status: number, cause: number, text: string): void {
    this.#refuse(status);
    this.finish(fault(cause, text, status));
  }

  /** The final answer to an INVITE that makes no session. */
  #refuse(status: number, headers: readonly (readonly [string, string])[] = []): void {
    this.#endProvisionals();
    refuse(this.#transaction, { status, headers: [...capabilities(this.settings, false), ...headers] });
    this.usage.abandon();
    this.#answerHeld?.();
  }

  #endProvisionals(): void {
    this.#reliable.finish();
    this.#provisionalRefresh?.cancel();
    this.#expiry?.cancel();
  }
}

/** Why an INVITE makes no session, whoever is called. */
function refusalOf(request: SipRequest, { settings, dialogs }: SessionParts): Refusal | undefined {
  const unsupported = unsupportedOptions(request, settings.supported);
  if (unsupported.length > 0) return { status: 420, headers: [['Unsupported', unsupported.join(', ')]] };
  // Those of RFC 2543 need none, and are known by the missing tag.
  if (contactOf(request) === undefined && request.fromTag !== undefined)
    return { status: 400, headers: [['Warning', '399 - "No Contact"']] };
  if (hasForeignBody(request)) return { status: 415, headers: [['Accept', SDP]] };
  if (!takesDescriptions(request)) return { status: 406, headers: [] };
  return dialogs.full ? { status: 503, headers: [['Retry-After', '10']] } : undefined;
}
