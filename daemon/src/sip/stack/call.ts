// One call as the daemon sees it: a session that came in, or the sessions that try to reach one callee. What they do becomes
// events; what call control wants becomes messages.
import type { Log } from '../../platform/index.js';
import {
  causeOfStatus,
  statusOfCause,
  type Dialog,
  type IncomingSession,
  type InviteSession,
  type OutgoingSession,
  type Referral,
  type SessionEnd,
} from '../dialog/index.js';
import type { SipResponse } from '../message/index.js';
import type { CallMedia } from './call-media.js';
import { StackRefusal } from './channel.js';
import { lastCancel } from './kept-dialogs.js';
import type { DtmfMode, LocalMedia, StackCommands, StackEvents } from './protocol.js';

/** What all calls of a stack share. */
export interface CallContext {
  emit: <E extends keyof StackEvents>(event: E, data: StackEvents[E]) => void;
  /** the call that a session is of, for Replaces */
  callOf: (session: InviteSession) => string | undefined;
  /** the session of a dialog of ours */
  sessionOf: (callId: string, toTag: string, fromTag: string) => InviteSession | undefined;
  /** The call has a dialog, or its dialog another way. `lastWord`: what ends an INVITE that is not answered. */
  keep: (call: StackCall, dialog: Dialog, lastWord?: Buffer) => void;
  /** of a call that goes on, a dialog has ended */
  unkeep: (call: StackCall, dialog: Pick<Dialog, 'callId' | 'localTag'>) => void;
  /** an early dialog of ours */
  dialogOf: (session: OutgoingSession, remoteTag: string) => Dialog | undefined;
  /** the call is over and forgotten */
  gone: (call: StackCall) => void;
  log: Log;
}

/** One way to reach the callee. */
export interface Attempt {
  /** where the INVITE went: Request-URI and Route */
  uri: string;
  routes: readonly string[];
  session: OutgoingSession;
  media: CallMedia;
}

/** Q.850 */
const NORMAL = 16;
const USER_BUSY = 17;
const NON_SELECTED_USER = 26;
const TEMPORARY_FAILURE = 41;
const NO_ANSWER_CAUSES: ReadonlySet<number> = new Set([16, 18, 19, 20, 31, 41, 102]);

/** RFC 3261 21.6 */
const FIRST_GLOBAL_FAILURE = 600;

/** What becomes of a call that goes out when nobody has answered. */
export interface CallWays {
  /** Tries elsewhere when everybody here has refused; `heard`: somebody rang, or was heard. false: there is nothing (more). */
  next: (end: SessionEnd, heard: boolean) => boolean;
  /** A telephone sends the call on: to which numbers, where that is to be followed; undefined: it does not. */
  sentOn: (end: SessionEnd) => { to: readonly string[] } | undefined;
}

const RANK: Record<'proceeding' | 'alerting' | 'inband', number> = { proceeding: 1, alerting: 2, inband: 3 };

export abstract class StackCall {
  readonly id: string;
  readonly dtmf: DtmfMode;
  protected readonly context: CallContext;
  #referral: Referral | undefined;
  #over = false;

  protected constructor(id: string, dtmf: DtmfMode, context: CallContext) {
    this.id = id;
    this.dtmf = dtmf;
    this.context = context;
  }

  /** undefined: nobody has answered yet */
  protected abstract readonly talking: InviteSession | undefined;
  abstract setMedia(local: LocalMedia): void;
  abstract alert(early: boolean): Promise<void>;
  abstract answer(): Promise<void>;
  protected abstract hangUp(cause: number, text: string | undefined): void;

  get over(): boolean {
    return this.#over;
  }

  /** It has asked for a transfer and waits to hear what comes of it. */
  get refers(): boolean {
    return this.#referral !== undefined;
  }

  release(cause: number, text?: string): void {
    if (this.#over) return;
    this.hangUp(cause, text);
    this.finish({ cause, by: 'local' });
  }

  /** The session with the far end, for Replaces; undefined: nobody has answered yet. */
  get session(): InviteSession | undefined {
    return this.talking;
  }

  /** Asks the far end to call somebody else. Throws a StackRefusal when it does not take that. */
  async refer(referTo: string): Promise<{ done: boolean; cause: number }> {
    const { talking } = this;
    if (talking === undefined) throw new StackRefusal('invalid', 'nobody has answered yet');
    if (!talking.allows('REFER')) throw new StackRefusal('invalid', 'the far end takes no REFER');
    const { status } = await talking.refer({ referTo });
    return { done: status >= 200 && status < 300, cause: status < 300 ? NORMAL : causeOfStatus(status) };
  }

  /** INFO, where the peer takes digits so; false: the engine is to send it. */
  async sendDigit(digit: string, durationMs: number): Promise<boolean> {
    if (this.dtmf !== 'info' || this.talking === undefined) return false;
    await this.talking.sendDigit({ digit, durationMs });
    return true;
  }

  /** What becomes of the transfer that the peer has asked for. */
  transfer({ state, cause }: StackCommands['call.transfer']['params']): void {
    const referral = this.#referral;
    if (referral === undefined) return;
    switch (state) {
      case 'accepted':
        return referral.accept();
      case 'alerting':
        return referral.progress(180);
      case 'done':
        this.#referral = undefined;
        referral.accept();
        return referral.progress(200);
      case 'failed':
        this.#referral = undefined;
        // One of the two is heard: a referral that was accepted is not refused any more, and the other way round.
        referral.progress(statusOfCause(cause));
        return referral.refuse(statusOfCause(cause));
    }
  }

  /** What every session in a call may tell. */
  protected follow(session: InviteSession): void {
    session.events.on('digit', ({ digit }) => this.context.emit('call.digit', { call: this.id, digit }));
    session.events.on('referred', (referral) => this.#referred(referral));
    session.events.on('modified', () => this.keep());
  }

  /** It is answered: should the stack be killed, its peer must hear of it. */
  protected keep(): void {
    const dialog = this.talking?.dialog;
    if (!this.#over && dialog?.state === 'confirmed') this.context.keep(this, dialog);
  }

  protected finish(end: Omit<StackEvents['call.released'], 'call'>): void {
    if (this.#over) return;
    this.#over = true;
    this.context.gone(this);
    this.context.emit('call.released', { call: this.id, ...end });
  }

  #referred(referral: Referral): void {
    const { target, replaces } = referral;
    if (this.#referral !== undefined) return referral.refuse(491);
    if (replaces !== undefined) {
      // Their from-tag is ours where they are the caller's telephone: both orders are looked up.
      const { callId, toTag, fromTag } = replaces;
      const session = this.context.sessionOf(callId, fromTag, toTag) ?? this.context.sessionOf(callId, toTag, fromTag);
      const other = session === undefined ? undefined : this.context.callOf(session);
      if (other === undefined) return referral.refuse(481);
      this.#referral = referral;
      return this.context.emit('call.transferAsked', { call: this.id, to: { call: other } });
    }
    const number = target.uri.user ?? '';
    if (number === '') return referral.refuse(400);
    this.#referral = referral;
    this.context.emit('call.transferAsked', { call: this.id, to: { number } });
  }
}

/** Somebody calls. */
export class IncomingCall extends StackCall {
  readonly #session: IncomingSession;
  readonly #media: CallMedia;
  #described = false;

  constructor(id: string, dtmf: DtmfMode, parts: { session: IncomingSession; media: CallMedia }, context: CallContext) {
    super(id, dtmf, context);
    this.#session = parts.session;
    this.#media = parts.media;
    this.follow(this.#session);
    this.#session.events.on('ended', (end) => this.finish(endOf(end)));
  }

  protected get talking(): InviteSession {
    return this.#session;
  }

  setMedia(local: LocalMedia): void {
    this.#media.setLocal(local);
    const { state } = this.#session;
    if (state === 'answered' || state === 'confirmed') void this.#session.reoffer();
    // What early media have been described as cannot be taken back before the answer.
    else if (this.#described) this.#session.events.once('answered', () => void this.#session.reoffer());
    this.#described = true;
  }

  async alert(early: boolean): Promise<void> {
    if (!early) return this.#session.ring();
    if (!(await this.#session.progress()))
      throw new StackRefusal('unreachable', 'the call has no media in common, or is over');
  }

  async answer(): Promise<void> {
    if (!(await this.#session.answer()))
      throw new StackRefusal('unreachable', 'the call has no media in common, or is over');
  }

  protected hangUp(cause: number, text: string | undefined): void {
    this.#session.end({ cause, text });
  }
}

/** We call: one or several telephones at once, the first that answers has the call. */
export class OutgoingCall extends StackCall {
  readonly #attempts = new Set<Attempt>();
  #winner: Attempt | undefined;
  #local: LocalMedia;
  /** the stream has another port than the one that was offered */
  #moved = false;
  /** those that were told to be kept as they ring */
  readonly #early = new WeakSet<OutgoingSession>();
  #rank = 0;
  #ends: SessionEnd[] = [];
  readonly #ways: CallWays;

  constructor(id: string, dtmf: DtmfMode, local: LocalMedia, ways: CallWays, context: CallContext) {
    super(id, dtmf, context);
    this.#local = local;
    this.#ways = ways;
  }

  protected get talking(): InviteSession | undefined {
    return this.#winner?.session;
  }

  /** Sessions that have just begun to call. */
  add(attempt: Attempt): void {
    const { session, media } = attempt;
    this.#attempts.add(attempt);
    media.setLocal(this.#local);
    this.follow(session);
    session.events.on('progress', ({ status, media: described, dialogId, response }) => {
      if (status === 100) return;
      this.#keepEarly(attempt, dialogId, response);
      this.#progress(described ? 'inband' : status === 180 ? 'alerting' : 'proceeding');
    });
    session.events.on('answered', ({ dialogId }) => this.#answered(attempt, dialogId));
    session.events.on('ended', (end) => this.#ended(attempt, end));
  }

  setMedia(local: LocalMedia): void {
    this.#local = local;
    for (const { media } of this.#attempts) media.setLocal(local);
    if (this.#winner === undefined) this.#moved = true;
    else void this.#winner.session.reoffer();
  }

  /** It is for the callee to say that it rings. */
  alert(): Promise<void> {
    return Promise.reject(new StackRefusal('invalid', 'a call that goes out cannot alert'));
  }

  answer(): Promise<void> {
    return Promise.reject(new StackRefusal('invalid', 'a call that goes out cannot be answered'));
  }

  protected hangUp(cause: number): void {
    for (const { session } of this.#attempts) session.end({ cause });
  }

  #progress(progress: 'proceeding' | 'alerting' | 'inband'): void {
    if (this.over || this.#winner !== undefined || RANK[progress] <= this.#rank) return;
    this.#rank = RANK[progress];
    this.context.emit('call.progressed', { call: this.id, progress });
  }

  /** Should the stack be killed while it rings, it is to ring no longer. */
  #keepEarly({ session, uri, routes }: Attempt, dialogId: string | undefined, response: SipResponse): void {
    if (this.over || this.#winner !== undefined || dialogId === undefined || this.#early.has(session)) return;
    const dialog = this.context.dialogOf(session, dialogId);
    if (dialog === undefined) return;
    this.#early.add(session);
    this.context.keep(this, dialog, lastCancel(response, uri, routes));
  }

  #answered(attempt: Attempt, dialogId: string): void {
    if (this.over || this.#winner !== undefined) return attempt.session.end({ cause: NORMAL });
    this.#winner = attempt;
    for (const other of this.#attempts) {
      if (other !== attempt) other.session.end({ cause: NON_SELECTED_USER, text: 'Call completed elsewhere' });
    }
    attempt.media.settle(dialogId);
    this.keep();
    this.context.emit('call.answered', { call: this.id });
    if (this.#moved) void attempt.session.reoffer();
  }

  #ended(attempt: Attempt, end: SessionEnd): void {
    this.#attempts.delete(attempt);
    if (this.over) return;
    this.context.unkeep(this, attempt.session);
    if (this.#winner !== undefined) {
      if (attempt === this.#winner) this.finish(endOf(end));
      return;
    }
    const sentOn = this.#ways.sentOn(end);
    if (sentOn !== undefined && sentOn.to.length > 0) {
      this.finish({ cause: USER_BUSY, by: 'remote', forwardedTo: [...sentOn.to] });
      // Its user has said who is to be called: his other telephones need not ring any more.
      for (const { session } of this.#attempts) session.end({ cause: NON_SELECTED_USER });
      return;
    }
    this.#ends.push(sentOn === undefined ? end : { ...end, cause: USER_BUSY });
    if (this.#attempts.size > 0) return;
    const ends = this.#ends;
    // What comes after it counts instead.
    this.#ends = [];
    if (this.#ways.next(end, this.#rank >= RANK.alerting)) return;
    const globalFailure = ends.some(({ status }) => (status ?? 0) >= FIRST_GLOBAL_FAILURE);
    this.finish({ ...endOf(worst(ends)), ...(globalFailure ? { globalFailure } : {}) });
  }
}

/** What the caller is told when nobody took the call: a refusal says more than silence (RFC 3261 16.7). */
function worst(ends: readonly SessionEnd[]): SessionEnd {
  const said = ends.find(({ by, cause }) => by === 'peer' && !NO_ANSWER_CAUSES.has(cause));
  const chosen = said ?? ends.find(({ by }) => by === 'peer') ?? ends.at(-1);
  if (chosen === undefined) throw new RangeError('a call that has not ended');
  return chosen;
}

function endOf({ cause: said, by, status }: SessionEnd): { cause: number; by: 'remote' | 'local' | 'fault' } {
  // RFC 3398 has 21 for it. But that we could not prove who we are is nothing that the called party has said.
  const cause = (status === 401 || status === 407) && said === 21 ? TEMPORARY_FAILURE : said;
  return { cause, by: by === 'peer' ? 'remote' : by === 'us' ? 'local' : 'fault' };
}
