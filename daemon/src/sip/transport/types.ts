// What carries messages (RFC 3261 clause 18, RFC 5626, RFC 7118). A transport knows connections and addresses, and nothing of
// transactions.
import type { SipRules } from '../../engine/index.js';
import type { SocketAddress, Target, TransportName } from '../locate/index.js';
import type { Glance, ParseFailure, SipMessage, SipRequest, SipResponse } from '../message/index.js';

export type { SocketAddress, Target, TransportName } from '../locate/index.js';

/** Where a message came from; enough to answer it the same way. */
export interface Flow {
  readonly transport: TransportName;
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  /** of connections: the number of the one it came by; 0 for udp */
  readonly connection: number;
  /** name in the certificate that a tls or wss peer showed and we have verified */
  readonly peerName?: string | undefined;
}

export interface TransportEvents {
  request: { request: SipRequest; flow: Flow };
  response: { response: SipResponse; flow: Flow };
  /** bytes that are no message; whoever listens may answer `failure.request` */
  malformed: { failure: ParseFailure; flow: Flow };
  /** a connection has gone, ours or the peer's */
  closed: { connection: number; flow: Flow; reason: string };
}

/** What the transaction layer needs of transports. */
export interface MessageCarrier {
  /**
   * Sends a message. Of a request it writes sent-by of the topmost Via (and rport, alias); its branch is the caller's. Resolves when
   * the bytes are handed to the system, rejects with a TransportError when they cannot be. The flow says what it went by: a request
   * over 1,300 bytes for a udp target may have gone by tcp (RFC 3261 18.1.1), and then needs no retransmission.
   */
  send(message: SipMessage, target: Target): Promise<Flow>;
  /** Sends what was sent before, as it was: retransmissions cost no serialising. */
  sendBytes(bytes: Buffer, target: Target): Promise<Flow>;
  /** false: UDP; retransmissions are needed (RFC 3261 17.1.1.2) */
  reliable(transport: TransportName): boolean;
}

/** Who is asked before any work is done for a peer; must answer at once. */
export interface Admission {
  /** A message is there and not yet read. false: it costs no parsing; a connection it came by is closed. */
  admit(flow: Flow): boolean;
  /** Somebody wants a connection, TLS not yet begun. Left out: everybody may have one within the limits. */
  admitConnection?(transport: TransportName, remote: SocketAddress): boolean;
}

/** Who decides about datagrams before they are read, while there is more to do than can be done. */
export interface Triage extends SipRules {
  /** New work is being turned away. */
  turningAway(): boolean;
  /** `wait`: it begins something new, or must not overtake what does; `drop`: nobody needs it. */
  judge(seen: Glance): 'now' | 'wait' | 'drop';
  /** Asked once for each that waited and can be judged, immediately before it is read; `late`: too long. true: it has been refused. */
  refuse(seen: Glance, flow: Flow, late: boolean): boolean;
}
