// What a session (RFC 3261 clauses 13 to 15) asks of its owner and tells him.
import type { NameAddr, SipRequest, SipResponse } from '../../message/index.js';
import type { ServerTransaction } from '../../transaction/index.js';
import type { Reason } from '../cause.js';
import type { Replaces } from '../replaces.js';

/** Of which dialog a session description is. An INVITE that forks has several, each with an answer of its own. */
export interface Exchange {
  /** stays the same as long as the dialog lives */
  readonly dialogId: string;
  /** nobody has answered the call yet */
  readonly early: boolean;
  /** an answer in a provisional response that may yet be lost; the 2xx repeats it (RFC 3261 13.2.1) */
  readonly preview: boolean;
}

/**
 * Makes and reads session descriptions (RFC 3264): here they are octets, of which only the times at which they are due are known.
 * What throws or rejects refuses.
 */
export interface SessionMedia {
  /** An offer of ours: the first one, or, when there is a session, one that changes it or leaves it as it is (RFC 3264 clause 8). */
  offer(exchange: Exchange): Buffer | Promise<Buffer>;
  /** The answer to an offer of the peer's; undefined: it is refused with 488, and the session stays as it was. */
  answer(offer: Buffer, exchange: Exchange): Buffer | undefined | Promise<Buffer | undefined>;
  /** The peer's answer to our last offer. */
  answered(answer: Buffer, exchange: Exchange): void;
  /** An answer that takes no stream: for an offer that must be answered although the call is over (RFC 3261 13.2.2.4). */
  decline(offer: Buffer): Buffer;
  /** The last offer, ours or the peer's, came to nothing: the session is what it was before it (RFC 3261 14.1). */
  restored?(exchange: Exchange): void;
}

/** Why a session is over. */
export interface SessionEnd {
  /** fault: no answer, no ACK, no refresh, nothing to send by */
  by: 'us' | 'peer' | 'fault';
  /** Q.850 */
  cause: number;
  /** the final answer to the INVITE that made it so, when one did */
  status: number | undefined;
  /** for people who look for the reason, ASCII */
  text: string;
  /** what the peer said in Reason headers */
  reasons: readonly Reason[];
  /** where else to try: of a 3xx (RFC 3261 8.1.3.4) */
  contacts: readonly NameAddr[];
}

/** How to end a session. */
export interface Release {
  /** Q.850; 16 when left out. Goes into Reason, and refuses an INVITE with the status that RFC 3398 gives it */
  cause?: number | undefined;
  text?: string | undefined;
  /** of the refusal of an INVITE, in place of what the cause says */
  status?: number | undefined;
  /** of the refusal: Retry-After, Contact of a 3xx, Warning */
  headers?: readonly (readonly [name: string, value: string])[] | undefined;
}

export interface Digit {
  /** 0-9 A-D * # */
  digit: string;
  /** 0: the peer did not say */
  durationMs: number;
}

/** REFER of the peer: a call is to be made to somebody else. */
export interface Referral {
  readonly request: SipRequest;
  /** Refer-To; its `Replaces` is taken apart in `replaces` */
  readonly target: NameAddr;
  readonly replaces: Replaces | undefined;
  readonly referredBy: NameAddr | undefined;
  /** Answers 202; from now on the peer hears of the call by NOTIFY, unless it does not want to (RFC 4488). */
  accept(): void;
  /** Answers with a refusal, 603 when left out. */
  refuse(status?: number): void;
  /** What has become of the call, such as 180 or 200; a final status ends the reports. Before `accept` it does nothing. */
  progress(status: number, reason?: string): void;
}

export interface SessionEvents {
  /** A provisional answer to our INVITE; `dialogId` is undefined for one that makes no dialog. `media`: it brought a description. */
  progress: { status: number; reason: string; dialogId: string | undefined; media: boolean; response: SipResponse };
  /** The call is answered: by us (the 2xx is on its way) or by the peer (the ACK is). */
  answered: { dialogId: string; response: SipResponse | undefined };
  /** The ACK of our 2xx has come. */
  confirmed: Record<string, never>;
  /** An exchange of offer and answer in the session has come to its end. */
  modified: { by: 'us' | 'peer' };
  digit: Digit;
  referred: Referral;
  /** Once. After it nothing more comes. */
  ended: SessionEnd;
}

/** Takes a request in the dialog that the session does not know, such as MESSAGE or NOTIFY. true: it is or will be answered. */
export type OtherRequest = (transaction: ServerTransaction) => boolean;

/** What all sessions of a stack say of themselves. */
export interface SessionSettings {
  /** value of Allow */
  allow: string;
  /** option tags for Supported, and what peers may require */
  supported: readonly string[];
  /** s; what we ask for in Session-Expires (RFC 4028). 0: we ask for none, and take what the peer asks for */
  sessionExpiresS: number;
  /** s; the shortest interval we take. RFC 4028 clause 5: at least 90 */
  minSessionExpiresS: number;
  /** value of User-Agent and Server; '' for none */
  product: string;
}

export const DEFAULT_SESSION_SETTINGS: SessionSettings = {
  allow: 'INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE, REFER, NOTIFY, INFO',
  supported: ['100rel', 'timer', 'replaces', 'norefersub'],
  sessionExpiresS: 1800,
  minSessionExpiresS: 90,
  product: '',
};
