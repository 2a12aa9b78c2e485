// Lines as call control sees them: E1, analog telephones, SIP phones and trunks all give it the same few commands and events.
// What carries a leg stays behind this file. A provider (LineProvider) looks after one kind; LineSwitch joins them.
import type { EventSource, Words } from '../platform/index.js';

/** What carries a leg. */
export type LegKind = 'timeslot' | 'station' | 'line' | 'sip';

/** Where the other end of a leg is. */
export type LegPlace =
  /** `trunk`: its name, when it has one; span and timeslot are 0 when it is no E1; `line`: the FXO port, when it is one */
  | { kind: 'trunk'; trunk: string | null; span: number; timeslot: number; line?: number }
  /** analog: the number of its port; SIP: 1000 and above */
  | { kind: 'station'; station: number };

/** What can be called. */
export type LineTarget =
  /** `timeslot` left out: any idle one */
  | { kind: 'span'; span: number; timeslot?: number | undefined }
  | { kind: 'station'; station: number }
  | { kind: 'trunk'; trunk: string };

export interface SeizeRequest {
  target: LineTarget;
  /** digits; what a trunk is to dial, what a telephone is told that was called */
  calledNumber: string;
  /** digits; empty: withheld */
  callingNumber: string;
  /** untrusted text */
  callingName: string;
  /** the caller does not want his number to be shown */
  privacy?: boolean | undefined;
  /** an emergency call: no limit on calls holds it back */
  emergency?: boolean | undefined;
  /** the number that was called first and has sent the call on */
  divertedFrom?: string | undefined;
  /** nobody behind a trunk is to know it */
  privateHistory?: boolean | undefined;
  /** analog lines that were tried for this call already */
  exceptLines?: readonly number[] | undefined;
  /** a telephone may send the call on: leg.released tells where to */
  forwards?: boolean | undefined;
}

export interface SeizedLeg {
  leg: number;
  /** bus port */
  port: number;
  place: LegPlace;
}

/**
 * What has come of a transfer, for the one who asked for it (RFC 3515 2.4.4): accepted or failed first, then as it goes on;
 * done or failed comes last and once. `cause`: Q.850.
 */
export type TransferOutcome =
  { state: 'accepted' } | { state: 'alerting' } | { state: 'done' } | { state: 'failed'; cause: number };

/** How well a leg over IP was heard, from its beginning to its end (native/types/streams.d.ts). */
export interface LegQuality {
  codec: string;
  /** SRTP */
  encrypted: boolean;
  packetsSent: number;
  packetsReceived: number;
  lost: number;
  late: number;
  jitterMs: number;
  bufferMs: number;
  concealedMs: number;
  /** undefined: not known */
  roundTripMs: number | undefined;
  remoteLost: number | undefined;
  remoteJitterMs: number | undefined;
  mosReceived: number | undefined;
  mosSent: number | undefined;
}

/** A leg begins with offered or seized; released is its last event. */
export interface LineEvents {
  /** somebody calls */
  'leg.offered': {
    leg: number;
    /** bus port */
    port: number;
    kind: LegKind;
    origin: LegPlace;
    /** as sent by the peer, hostile text like the rest; empty while a telephone has dialled nothing */
    calledNumber: string;
    callingNumber: string;
    callingName: string;
    /** the caller does not want his number to be shown to others */
    privacy?: boolean | undefined;
    /** false: digits may follow, as leg.digit */
    complete: boolean;
    /** the number that was called first and sent the call on, hostile text */
    divertedFrom?: string | undefined;
    /** the caller does not want others to know who sends the call on */
    privateHistory?: boolean | undefined;
    /** the leg whose place it is to take: a call that is handed over, or one that rings elsewhere and is picked up (RFC 3891) */
    replaces?: number | undefined;
  };
  /** one of ours was seized; told before seize() resolves. `callingNumber`: as it is shown there, empty: it is not */
  'leg.seized': SeizedLeg & { kind: LegKind; callingNumber?: string | undefined };
  /** one that was offered has been answered by us */
  'leg.accepted': { leg: number };
  /** `inband`: there is something to be heard on the port, before the answer */
  'leg.progressed': { leg: number; port: number; progress: 'proceeding' | 'alerting' | 'inband' };
  /** the peer has chosen another timeslot (Q.931 5.2.3.1); told before the event that brought it */
  'leg.moved': { leg: number; port: number; place: LegPlace };
  /** a leg that was seized has been answered */
  'leg.answered': { leg: number; port: number };
  /** `tone`: it was heard in the audio; `overlap`: part of the called number (Q.931 5.2.4); `event`: RFC 4733; `info`: RFC 6086 */
  'leg.digit': { leg: number; digit: string; source: 'tone' | 'overlap' | 'event' | 'info' };
  /** the key for an inquiry was pressed on an analog telephone */
  'leg.flashed': { leg: number };
  /** the other end has put us on hold, or takes us back (RFC 3264 8.4) */
  'leg.held': { leg: number };
  'leg.retrieved': { leg: number };
  /** the other end wants its partner to be connected with a number, or with the partner of another leg of its own (RFC 5589) */
  'leg.transferAsked': {
    leg: number;
    to: { number: string } | { leg: number };
    reply: (outcome: TransferOutcome) => void;
  };
  /** somebody else is at the other end than was called, or than has called: who has answered, or who was put through to; hostile text */
  'leg.party': { leg: number; number: string; name: string };
  /** of one over IP, before it is released; not told when nothing was sent or heard */
  'leg.measured': { leg: number; quality: LegQuality };
  /**
   * `cause`: Q.850; `forwardedTo`: the numbers that the telephone sends the call on to, hostile text, the best first; `globalFailure`: the
   * called party is not to be tried anywhere else
   */
  'leg.released': {
    leg: number;
    cause: number;
    by: 'remote' | 'local' | 'fault';
    forwardedTo?: readonly string[] | undefined;
    globalFailure?: boolean | undefined;
  };
  /** a telephone came, or something about it has changed */
  'station.changed': StationLine;
  'station.removed': { station: number };
  /** something about an exchange line has changed */
  'line.changed': { line: number };
}

export type LegOffered = LineEvents['leg.offered'];
export type LegReleased = LineEvents['leg.released'];
export type TransferAsked = LineEvents['leg.transferAsked'];

/** A telephone, apart from the legs on it. */
export interface StationLine {
  station: number;
  name: string;
  /** false: it is not registered, so nobody can be called there; an analog one always is */
  reachable: boolean;
  /** of an analog one; a SIP phone that nobody talks on is on the hook */
  offHook: boolean;
}

/** What some lines can besides: asking the far end to connect with somebody else itself, so that the call leaves the box (RFC 3515, EN 300 369). */
export interface Referring {
  /** Whether that may be tried with this leg; `to`: with a number, or with the far end of another leg, which ISDN wants answered. */
  may(leg: number, to: 'number' | 'leg'): boolean;
  /** To a number as the trunk wants it, or to the far end of another leg. Resolves with what came of it; never rejects. */
  refer(leg: number, to: { number: string } | { leg: number }): Promise<{ done: boolean; cause: number }>;
}

/** How the keys of a leg go, beside those that are heard in its audio. */
export interface LegKeys {
  /** what it is sent goes beside the audio: whoever is there may not listen to tones */
  takesBeside: boolean;
  /** what it sends comes as events, and is told when the digits of its port are asked for */
  givesEvents: boolean;
}

export interface Lines {
  readonly referring?: Referring | undefined;
  readonly events: EventSource<LineEvents>;
  /** Every telephone there is. */
  stations(): readonly StationLine[];
  /**
   * Calls out. Resolves when the call is on its way; leg.progressed, leg.answered or leg.released follow. Rejects with a
   * SeizeRefusal (busy, not reachable, out of order), or with line_unknown when nobody serves the target.
   */
  seize(request: SeizeRequest): Promise<SeizedLeg>;
  /**
   * The caller may hear that the other end rings. `early`: what he is to hear comes over the bus; otherwise his telephone or
   * exchange makes the ringing tone. Rejects with leg_not_found, or with what the line says.
   */
  alert(leg: number, options?: { early?: boolean }): Promise<void>;
  /** Answers a leg that was offered. Rejects with leg_not_found, or with what the line says. */
  answer(leg: number): Promise<void>;
  /** As agreed upon by now. */
  keys(leg: number): LegKeys;
  /**
   * Sends a key beside the audio, where the line has its own way for that. false: it is to be sent over the bus, as the port carries
   * it. Rejects with leg_not_found, or with what the line says.
   */
  sendDigit(leg: number, digit: string): Promise<boolean>;
  /**
   * Ends a leg with a Q.850 cause; leg.released tells when it is done. Asking twice is asking once. `text`: why, in ASCII, where the
   * line can show it. Rejects with leg_not_found: there will be no leg.released (any more).
   */
  release(leg: number, cause: number, text?: string): Promise<void>;
}

/** The lines of one kind. */
export interface LineProvider extends Lines {
  /** Whether it is the one to seize this. */
  serves(target: LineTarget): boolean;
}

/** For logs and rows: `E1 1/7`, `line 9`, `trunk carrier`, `station 1001`. */
export function placeText(place: LegPlace): string {
  if (place.kind === 'station') return `station ${place.station}`;
  if (place.line !== undefined) return `line ${place.line}`;
  return place.span > 0 ? `E1 ${place.span}/${place.timeslot}` : `trunk ${place.trunk ?? '?'}`;
}

/** In a sentence. */
export function targetWords(target: LineTarget): Words {
  if (target.kind === 'station') return { en: `station ${target.station}`, zh: `话机 ${target.station}` };
  if (target.kind === 'trunk') return { en: `trunk ${target.trunk}`, zh: `中继 ${target.trunk}` };
  return { en: `E1 ${target.span}`, zh: `E1 ${target.span}` };
}
