// What crosses between the daemon and the thread that the stack runs in: plain data, nothing shared. Every command is answered
// once, by its id; events come in the order in which they happened, and a reply stands before the events that follow from it.
//
//   daemon ── { id, command, params } ──> stack        stack ── { re, ok } or { re, error } ──> daemon
//                                                      stack ── { event, data } ─────────────> daemon
import type { EngineCommands } from '../../engine/index.js';
import type { TransportName } from '../transport/index.js';

/** Of a stream in the engine, as the peer is told of it; the address is the one that the peer reaches us under. */
export interface LocalMedia {
  rtpPort: number;
  rtcpPort: number;
  /** of everything, should the peer be a browser; left out: browsers are not taken */
  webrtcPort?: number | undefined;
}

/** Where a stream goes, and how. */
export type RemoteMedia = Omit<EngineCommands['stream.update']['params'], 'leg'>;

export type SrtpPolicy = 'none' | 'offered' | 'required';
export type DtmfMode = 'auto' | 'rfc4733' | 'inband' | 'info';
export type Codec = 'pcma' | 'pcmu' | 'g722' | 'opus';

/** A station's account, as the registrar and the digest need it. */
export interface StackStation {
  number: number;
  name: string;
  ha1Md5: string;
  ha1Sha256: string;
  digest: ('md5' | 'sha256')[];
  security: 'any' | 'tls';
  srtp: SrtpPolicy;
  codecs: Codec[];
  dtmf: DtmfMode;
  maxContacts: number;
  maxCalls: number;
  enabled: boolean;
}

export interface StackTrunkHost {
  /** name or address */
  host: string;
  /** 0: as RFC 3263 finds it */
  port: number;
  transport: 'udp' | 'tcp' | 'tls';
  priority: number;
  weight: number;
}

export interface StackTrunk {
  id: string;
  name: string;
  mode: 'register' | 'address';
  hosts: StackTrunkHost[];
  username: string;
  secret: string;
  fromUser: string;
  fromDomain: string;
  expiresS: number;
  codecs: Codec[];
  dtmf: DtmfMode;
  srtp: SrtpPolicy;
  tlsFingerprint: string;
  /** networks (CIDR) whose calls are this trunk's; empty: the addresses of its hosts */
  sources: string[];
  maxCalls: number;
  optionsIntervalS: number;
  callerIdHeader: 'from' | 'pai' | 'rpid';
  diversionHeader: 'none' | 'diversion' | 'history' | 'both';
  enabled: boolean;
}

export interface StackBinding {
  station: number;
  contact: string;
  path: string[];
  instance: string;
  regId: number;
  transport: TransportName;
  receivedHost: string;
  receivedPort: number;
  callId: string;
  cseq: number;
  /** wall clock, ms */
  expiresAt: number;
  /** 0 to 1000 */
  q: number;
  userAgent: string;
}

export interface StackConfig {
  /** `::` stands for every address of both families */
  host: string;
  port: number;
  /** 0: any free one; undefined: no TLS */
  tlsPort: number | undefined;
  tls: { key: string; cert: string } | undefined;
  /** SIP over WebSocket (RFC 7118), plain and over TLS; 0: any free one; undefined: none */
  wsPort?: number | undefined;
  wssPort?: number | undefined;
  /** realm and domain of the stations */
  domain: string;
  /** SHA-256 of the certificate that browsers are shown by DTLS, upper case with colons; left out: browsers are not taken */
  webrtcFingerprint?: string | undefined;
  /** told to peers outside, in Contact and SDP; undefined: the address that the peer reaches us under */
  externalAddress: string | undefined;
  /** addresses that are never banned (CIDR) */
  trusted: string[];
  /** those in force */
  bans?: { address: string; untilMs: number; reason: string }[];
  /** numbers that get through whatever else is turned away */
  emergency: string[];
  /** calls that a station may begin within an hour */
  callsPerHour: number;
  /** hex, kept over restarts: what a name that does not exist is challenged with */
  decoyKey: string;
  stations: StackStation[];
  trunks: StackTrunk[];
  bindings: StackBinding[];
  /** of a stack that was killed: they are ended */
  dialogs: KeptDialog[];
}

/** What the BYE of a dialog is made of. */
export interface KeptDialog {
  id: string;
  sinceMs: number;
  /** '': a station's */
  trunk: string;
  callId: string;
  localTag: string;
  remoteTag: string;
  /** values of From and To in our requests */
  local: string;
  remote: string;
  remoteTarget: string;
  routeSet: string[];
  localCSeq: number;
  /** base64; ends an INVITE that has no final answer: 503 to the peer's, CANCEL of ours */
  lastWord: string;
  contact: string;
  /** how the peer was last heard */
  transport: TransportName;
  remoteHost: string;
  remotePort: number;
  localHost: string;
  localPort: number;
}

export type CallOrigin = { kind: 'station'; station: number } | { kind: 'trunk'; trunk: string };
export type CallTarget = { kind: 'station'; station: number } | { kind: 'trunk'; trunk: string; number: string };

/** Where the stack listens; undefined: not by this transport. */
export interface StackPorts {
  /** of UDP and TCP */
  port: number;
  tlsPort: number | undefined;
  wsPort: number | undefined;
  wssPort: number | undefined;
}

/** A call of a station, as lamps show it. */
export interface LampCall {
  /** stays the same as long as the call is there */
  id: string;
  direction: 'in' | 'out';
  state: 'early' | 'confirmed';
  /** number of the other party; empty: it is withheld, or nobody knows it yet */
  remote: string;
}

/** A station as others may watch it. */
export interface StackLamp {
  station: number;
  name: string;
  /** it can be called */
  reachable: boolean;
  /** why it is not to be called although it could be, or what keeps it; empty: nothing */
  note: string;
  calls: LampCall[];
}

/** What a host of a trunk says to OPTIONS. */
export interface TrunkAnswer {
  host: string;
  /** where it was asked, `192.0.2.1:5060`; '': it could not be found */
  address: string;
  /** null: it says nothing */
  status: number | null;
  /** text of the carrier */
  reason: string;
  ms: number;
}

export interface StackCommands {
  start: { params: StackConfig; reply: StackPorts };
  stop: { params: Record<string, never>; reply: Record<string, never> };
  'station.set': { params: StackStation; reply: Record<string, never> };
  /** Has the station's telephones fetch their settings (NOTIFY). The reply comes when they have answered, or had time to. */
  'station.resync': { params: { number: number; event: string }; reply: { told: number } };
  'station.remove': { params: { number: number }; reply: Record<string, never> };
  'trunk.set': { params: StackTrunk; reply: Record<string, never> };
  'trunk.remove': { params: { id: string }; reply: Record<string, never> };
  /** Asks every host of a trunk now (OPTIONS). The reply comes when all have answered or had time to. */
  'trunk.ask': { params: { id: string }; reply: { hosts: TrunkAnswer[] } };
  /** Offers the station or trunk a call. The reply comes when the INVITE is on its way, before anybody has answered. */
  'call.dial': {
    params: {
      target: CallTarget;
      callingNumber: string;
      callingName: string;
      /** the calling number is not to be shown (RFC 3325) */
      anonymous: boolean;
      /** an emergency call: no limit holds it back, and no host is left untried */
      emergency?: boolean | undefined;
      /** the number that was called and has sent the call on; told as the trunk's diversionHeader says */
      divertedFrom?: string | undefined;
      /** that number is for the carrier alone */
      privateHistory?: boolean | undefined;
      /** a telephone may send the call on: call.released tells where to */
      forwards?: boolean | undefined;
      media: LocalMedia;
    };
    reply: { call: string };
  };
  /** Where the call's stream is: of an offered one before anything else, later when it has another port (re-INVITE). */
  'call.media': { params: { call: string; media: LocalMedia }; reply: Record<string, never> };
  /** 180; with `early` 183 and SDP */
  'call.alert': { params: { call: string; early: boolean }; reply: Record<string, never> };
  'call.answer': { params: { call: string }; reply: Record<string, never> };
  /** Q.850 cause; `text`: why, in ASCII, for the display of the one who called */
  'call.release': {
    params: { call: string; cause: number; text?: string | undefined };
    reply: Record<string, never>;
  };
  /** INFO with a digit, where that is how the peer takes them; `taken` false: it is to be sent with the audio */
  'call.digit': { params: { call: string; digit: string; durationMs: number }; reply: { taken: boolean } };
  /** what becomes of a transfer that the peer asked for; `state` done and failed are the last */
  'call.transfer': {
    params: { call: string; state: 'accepted' | 'alerting' | 'done' | 'failed'; cause: number };
    reply: Record<string, never>;
  };
  /**
   * Asks the far end to call somebody else itself: a number, or the far end of another call, whose place it takes (Replaces). The reply
   * comes when it has told how that went. Refused with `invalid` when it takes no REFER.
   */
  'call.refer': {
    params: { call: string; to: { number: string } | { call: string } };
    reply: { done: boolean; cause: number };
  };
  /** what those who watch a station are told: of SIP and analog ones alike */
  'lamp.set': { params: StackLamp; reply: Record<string, never> };
  'lamp.remove': { params: { station: number }; reply: Record<string, never> };
  /** message lamp (RFC 3842) */
  /** shows another certificate from now on; connections stay */
  'tls.set': { params: { key: string; cert: string }; reply: Record<string, never> };
  'messages.set': { params: { station: number; fresh: number; old: number }; reply: Record<string, never> };
  /** a name and a secret for a while, in the place of the station's own; good for pages alone */
  'pass.set': {
    params: { user: string; station: number; ha1Md5: string; ha1Sha256: string };
    reply: Record<string, never>;
  };
  'pass.remove': { params: { user: string }; reply: Record<string, never> };
  /** a page's WebSocket, which the web server holds */
  'page.open': {
    params: {
      page: string;
      local: { host: string; port: number };
      remote: { host: string; port: number };
      secure: boolean;
    };
    reply: Record<string, never>;
  };
  'page.data': { params: { page: string; data: Uint8Array }; reply: Record<string, never> };
  'page.gone': { params: { page: string; code: number }; reply: Record<string, never> };
  'ban.set': { params: { address: string; untilMs: number; reason: string }; reply: Record<string, never> };
  'ban.lift': { params: { address: string }; reply: Record<string, never> };
  statistics: { params: Record<string, never>; reply: StackStatistics };
}

export interface StackStatistics {
  calls: number;
  dialogs: number;
  transactions: { server: number; client: number };
  connections: number;
  /** since start, by name */
  counters: Record<string, number>;
}

export interface StackEvents {
  log: { level: 'debug' | 'info' | 'warn' | 'error'; fields: Record<string, unknown>; text: string };
  'call.offered': {
    call: string;
    origin: CallOrigin;
    calledNumber: string;
    callingNumber: string;
    callingName: string;
    /** the caller does not want his number to be shown to others */
    anonymous: boolean;
    /** of the offer; undefined: INVITE without one */
    remote: { address: string; port: number } | undefined;
    /** where the signalling came from: the only other place its packets may come from */
    signallingAddress: string;
    /** the number that sent the call on to us, of a trunk alone; hostile text */
    divertedFrom?: string | undefined;
    /** the caller does not want others to know who sends the call on (RFC 7044 10.1.2) */
    privateHistory?: boolean | undefined;
    /** whose place it is to take (RFC 3891): that of another call, or of a call that a lamp shows ringing */
    replaces?: { call: string } | { lamp: string } | undefined;
  };
  'call.progressed': { call: string; progress: 'proceeding' | 'alerting' | 'inband' };
  'call.answered': { call: string };
  /** the stream goes elsewhere or otherwise from now on */
  'call.mediaChanged': {
    call: string;
    media: RemoteMedia;
    /** the peer is sent its digits by INFO */
    info?: boolean;
  };
  'call.held': { call: string };
  'call.retrieved': { call: string };
  'call.digit': { call: string; digit: string };
  /** REFER: to a number, or to the far end of another call of ours (Replaces) */
  'call.transferAsked': { call: string; to: { number: string } | { call: string } };
  /**
   * `forwardedTo`: the numbers that the telephone sends the call on to (3xx), hostile text, the best first; `globalFailure`: the called
   * party is not to be tried anywhere else (6xx)
   */
  'call.released': {
    call: string;
    cause: number;
    by: 'remote' | 'local' | 'fault';
    forwardedTo?: string[] | undefined;
    globalFailure?: boolean | undefined;
  };
  'bindings.changed': { station: number; bindings: StackBinding[] };
  /** a dialog that must be ended should the stack be killed; told again when its way has changed */
  'dialog.kept': KeptDialog;
  'dialog.gone': { id: string };
  'trunk.changed': { trunk: string; state: 'up' | 'down' | 'registering' | 'refused'; detail: string };
  'page.send': { page: string; data: Uint8Array; binary: boolean };
  'page.end': { page: string; code: number; reason: string };
  'ban.added': { source: string; reason: string; sinceMs: number; untilMs: number; count: number };
  'ban.lifted': { source: string };
}

export type StackError = { code: 'invalid' | 'not_found' | 'busy' | 'unreachable' | 'io'; text: string };
