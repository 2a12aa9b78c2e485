// Where messages can go, and how that is found out (RFC 3263).

export type TransportName = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

export interface SocketAddress {
  /** an IP address, IPv6 without brackets; never a name */
  host: string;
  port: number;
}

/** Where a message is to go. */
export interface Target {
  readonly transport: TransportName;
  readonly remote: SocketAddress;
  /** a connection to use while it lives (RFC 5626, answers); another is opened only when `reconnect` is set */
  readonly connection?: number | undefined;
  readonly reconnect?: boolean | undefined;
  /** udp: the socket to send from; an answer leaves from where its request came to (RFC 3581 clause 4) */
  readonly local?: SocketAddress | undefined;
  /** what a tls peer's certificate must be good for: the name before RFC 3263 looked it up; none: the address itself */
  readonly serverName?: string | undefined;
  /** tls: the peer's own certificate in place of a name and a chain, as `certificateFingerprint` writes it */
  readonly fingerprint?: string | undefined;
}

export interface NaptrRecord {
  readonly order: number;
  readonly preference: number;
  /** `s`: the replacement has SRV records */
  readonly flags: string;
  /** SIP+D2U, SIP+D2T, SIPS+D2T */
  readonly service: string;
  readonly regexp: string;
  readonly replacement: string;
}

export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  /** host; `.` or the empty name: the service is not offered here (RFC 2782) */
  readonly name: string;
}

/** What is asked for, and what a record of it is. Addresses are text. */
export interface DnsRecords {
  naptr: NaptrRecord;
  srv: SrvRecord;
  a: string;
  aaaa: string;
}
export type DnsKind = keyof DnsRecords;

export interface DnsAnswer<Kind extends DnsKind> {
  /** empty: there is no such name, or nothing of the kind under it */
  readonly records: readonly DnsRecords[Kind][];
  /** s; undefined: whoever answered did not say */
  readonly ttlS: number | undefined;
}

/** Asks name servers. Rejects when none answers or the answer is none; a name that does not exist is an empty answer. */
export interface DnsResolver {
  lookup<Kind extends DnsKind>(kind: Kind, name: string): Promise<DnsAnswer<Kind>>;
}

/** The transports a request may be sent by; nobody opens a WebSocket to a client (RFC 7118 clause 5). */
export type OutgoingTransport = Extract<TransportName, 'udp' | 'tcp' | 'tls'>;

export interface LocateOptions {
  /** what we can send by, most liked first; decides where DNS leaves the choice to us. Default udp, tcp, tls */
  transports?: readonly OutgoingTransport[] | undefined;
  /** the address families we can send by, most liked first (RFC 7984). Default 6, 4 */
  families?: readonly (4 | 6)[] | undefined;
  /** says no to an address that must not be sent to, such as one of the house when the name came from outside */
  allowed?: ((host: string) => boolean) | undefined;
  /** ms for all the questions together. Default limits.ts */
  deadlineMs?: number | undefined;
}
