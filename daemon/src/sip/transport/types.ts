// What carries messages (RFC 3261 clause 18, RFC 5626, RFC 7118). A transport knows connections and addresses, and nothing of
// transactions.
import type { SipMessage, SipRequest, SipResponse, ParseFailure } from '../message/index.js';

export type TransportName = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

export interface SocketAddress {
  /** an IP address, IPv6 without brackets; never a name */
  host: string;
  port: number;
}

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

/** Where a message is to go. */
export interface Target {
  readonly transport: TransportName;
  readonly remote: SocketAddress;
  /** a connection to use while it lives (RFC 5626, answers); another is opened only when `reconnect` is set */
  readonly connection?: number | undefined;
  readonly reconnect?: boolean | undefined;
  /** what a tls peer's certificate must be good for: the name before RFC 3263 looked it up */
  readonly serverName?: string | undefined;
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
   * the bytes are handed to the system, rejects with a TransportError when they cannot be.
   */
  send(message: SipMessage, target: Target): Promise<Flow>;
  /** Sends what was sent before, as it was: retransmissions cost no serialising. */
  sendBytes(bytes: Buffer, target: Target): Promise<Flow>;
  /** false: UDP; retransmissions are needed (RFC 3261 17.1.1.2) */
  reliable(transport: TransportName): boolean;
}
