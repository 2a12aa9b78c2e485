// A session under the hand of its owner: what both roles have in common. The INVITE itself is in IncomingSession (UAS) and
// OutgoingSession (UAC), what happens in the dialog in InviteUsage.
import { StateMachine, TypedEmitter, type EventSource } from '../../../platform/index.js';
import type { SipRequest, SipResponse } from '../../message/index.js';
import type { ServerTransaction } from '../../transaction/index.js';
import { NORMAL_CAUSE } from '../cause.js';
import type { Dialog } from '../dialog.js';
import type { Dialogs } from '../dialogs.js';
import type { Authorize, OutgoingFailure } from '../outgoing-request.js';
import { formatReplaces } from '../replaces.js';
import { DigitSender } from './digit-sender.js';
import type { ModifyResult } from './modifier.js';
import { sendRefer, type ReferOptions, type ReferResult } from './refer-subscriber.js';
import { sessionTable, type SessionState, type SessionStep } from './states.js';
import type {
  Digit,
  OtherRequest,
  Release,
  SessionEnd,
  SessionEvents,
  SessionMedia,
  SessionSettings,
} from './types.js';
import { InviteUsage, type UsageOwner } from './usage.js';

/** What both roles are made of. */
export interface SessionParts {
  dialogs: Dialogs;
  settings: SessionSettings;
  media: SessionMedia;
  /** value of Contact in all we send in the dialog */
  contact: string;
  /** credentials for requests that are challenged */
  authorize?: Authorize | undefined;
  otherRequest?: OtherRequest | undefined;
}

/** What a request of the owner's in the dialog came to. */
export type RequestResult = { response: SipResponse } | { failure: OutgoingFailure | 'ended' };

export abstract class InviteSession implements UsageOwner {
  readonly media: SessionMedia;
  readonly settings: SessionSettings;
  readonly authorize: Authorize | undefined;
  readonly otherRequest: OtherRequest | undefined;
  readonly emitter: TypedEmitter<SessionEvents>;
  protected readonly dialogs: Dialogs;
  protected readonly contact: string;
  readonly #machine: StateMachine<SessionState, SessionStep>;
  readonly #digits = new DigitSender();
  #end: SessionEnd | undefined;

  protected constructor(parts: SessionParts, initial: 'calling' | 'incoming') {
    const { clock, log } = parts.dialogs.context;
    this.dialogs = parts.dialogs;
    this.settings = parts.settings;
    this.media = parts.media;
    this.contact = parts.contact;
    this.authorize = parts.authorize;
    this.otherRequest = parts.otherRequest;
    this.emitter = new TypedEmitter(log);
    this.#machine = new StateMachine({ name: 'session', table: sessionTable, initial, clock, log });
  }

  /** The session whose dialog this is: of a Replaces header, of a REFER. */
  static of(dialog: Dialog): InviteSession | undefined {
    const usage = dialog.inviteUsage;
    return usage instanceof InviteUsage && usage.owner instanceof InviteSession ? usage.owner : undefined;
  }

  /** The usage of the dialog that the session is in; of an outgoing call before it is answered: none. */
  protected abstract readonly usage: InviteUsage | undefined;
  /** Refuses, cancels or hangs up, whatever it takes. `ended` comes at once; what the peer must still be told is seen to. */
  abstract end(release?: Release): void;
  abstract prack(usage: InviteUsage, transaction: ServerTransaction): void;
  abstract usageOver(usage: InviteUsage, end: SessionEnd): void;

  get events(): EventSource<SessionEvents> {
    return this.emitter;
  }

  get state(): SessionState {
    return this.#machine.state;
  }

  /** One line for people: the steps of its life. */
  get history(): string {
    return this.#machine.describe();
  }

  /** The one of the session; of an outgoing call before it is answered: none. */
  get dialog(): Dialog | undefined {
    return this.usage?.dialog;
  }

  /** Why it is over; undefined: it is not. */
  get ended(): SessionEnd | undefined {
    return this.#end;
  }

  /** s, RFC 4028; intervalS 0: it lives without being refreshed */
  get sessionTimer(): { intervalS: number; weRefresh: boolean } {
    return this.usage?.timer.state ?? { intervalS: 0, weRefresh: false };
  }

  /**
   * For the Replaces header of a call that is to take the place of this session at its peer: its to-tag is the peer's (RFC 3891
   * clause 3). undefined: there is no dialog.
   */
  get replaces(): string | undefined {
    const { dialog } = this;
    if (dialog === undefined) return undefined;
    const { callId, remoteTag, localTag } = dialog;
    return formatReplaces({ callId, toTag: remoteTag, fromTag: localTag, earlyOnly: false });
  }

  /**
   * Makes the peer a new offer: hold, retrieve, another codec, another address. By re-INVITE, or UPDATE as long as the call is not
   * answered. Waits until it may, and tries again after 491 (RFC 3261 14.1).
   */
  reoffer(): Promise<ModifyResult> {
    return this.usage?.modifier.reoffer() ?? Promise.resolve({ accepted: false, status: undefined });
  }

  /** The peer has named the method in Allow. */
  allows(method: string): boolean {
    return this.usage?.peer.allows(method) === true;
  }

  /** Asks the peer to call somebody else (RFC 3515). Resolves with the outcome, as far as the peer tells. */
  refer(options: ReferOptions): Promise<ReferResult> {
    const { usage } = this;
    return usage === undefined ? Promise.resolve({ status: 481, reason: 'No Dialog' }) : sendRefer(usage, options);
  }

  /**
   * Sends a digit in an INFO (application/dtmf-relay), after those before it. false: the peer did not take it. Throws a RangeError for
   * what is no digit.
   */
  sendDigit(digit: Digit): Promise<boolean> {
    return this.#digits.send(this.usage, digit);
  }

  /** Sends another request in the dialog, such as MESSAGE, or NOTIFY with `Event: talk`. */
  sendRequest(
    method: string,
    headers: readonly (readonly [name: string, value: string])[] = [],
    body?: Buffer,
  ): Promise<RequestResult> {
    const { usage } = this;
    if (usage === undefined || usage.over) return Promise.resolve({ failure: 'ended' });
    return new Promise((resolve) => {
      usage.dialog.send(
        method,
        { headers, body, authorize: this.authorize },
        {
          final: (response) => {
            resolve({ response });
            usage.refused(response.status, method);
          },
          failed: (failure) => resolve({ failure }),
        },
      );
    });
  }

  protected step(step: SessionStep): boolean {
    return this.#machine.fire(step);
  }

  /** It is over, and the owner hears of it; the second time nothing happens. */
  protected finish(end: SessionEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#machine.fire('end');
    this.emitter.emit('ended', end);
  }

  protected finishByUs({ cause = NORMAL_CAUSE, text = '' }: Release, status?: number): void {
    this.finish({ by: 'us', cause, status, text, reasons: [], contacts: [] });
  }
}

/** The headers that every INVITE and answer to one of ours has. */
export function capabilities(settings: SessionSettings, request: boolean): [string, string][] {
  const headers: [string, string][] = [
    ['Allow', settings.allow],
    ['Supported', settings.supported.join(', ')],
  ];
  if (settings.product !== '') headers.push([request ? 'User-Agent' : 'Server', settings.product]);
  return headers;
}

/** A request that must be refused before it makes a session: its status and what the answer says. */
export interface Refusal {
  status: number;
  headers: readonly (readonly [string, string])[];
}

export function refuse(transaction: ServerTransaction, { status, headers }: Refusal): void {
  const response = transaction.response(status);
  for (const [name, value] of headers) response.headers.add(name, value);
  transaction.respond(response);
}

export function hasOption(request: SipRequest, header: 'Require' | 'Supported', option: string): boolean {
  return request.headers.list(header).some((one) => one.toLowerCase() === option);
}
