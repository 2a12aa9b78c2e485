// What a SIP message is to the rest of the stack (RFC 3261 clause 7). A message keeps the text of its headers as it came, in
// its order; typed views of the few that every layer reads are made once, on first use.

/** Names in lower case; null: a parameter without a value. Values are unquoted and unescaped. */
export type Params = ReadonlyMap<string, string | null>;

/** A SIP or SIPS URI (RFC 3261 clause 19.1), or another one as text. */
export interface SipUri {
  scheme: 'sip' | 'sips' | 'tel' | (string & {});
  /** unescaped; undefined: there is none. Of `tel` the number, of other schemes everything after the colon */
  user: string | undefined;
  /** unescaped; in the userinfo of old URIs, part of what makes two URIs the same */
  password?: string | undefined;
  /** lower case, an IPv6 address without its brackets; '' for schemes without a host */
  host: string;
  port: number | undefined;
  /** of the URI, not of the header it stands in */
  params: Params;
  /** after `?`, unescaped, names in lower case; what comes twice is joined by a comma */
  headers: ReadonlyMap<string, string>;
}

/** name-addr or addr-spec with the header's parameters: From, To, Contact, Route, Refer-To, P-Asserted-Identity … */
export interface NameAddr {
  /** unescaped; '' when there is none */
  displayName: string;
  uri: SipUri;
  params: Params;
}

export interface Via {
  /** upper case: UDP, TCP, TLS, WS, WSS */
  transport: string;
  /** as sent, lower case, an IPv6 address without its brackets */
  host: string;
  port: number | undefined;
  /** branch, received, rport (null when it is asked for), maddr, ttl, keep */
  params: Map<string, string | null>;
}

export interface CSeq {
  /** below 2^31 */
  number: number;
  /** case-sensitive */
  method: string;
}

/**
 * Headers in their order. Names are compared without regard to case; compact forms are the same name (`f` is `From`). Values
 * have no leading or trailing white space and no line folding.
 */
export interface Headers {
  /** The first value, as text; undefined: there is none. */
  get(name: string): string | undefined;
  /** Every header line of the name, as text. */
  lines(name: string): readonly string[];
  /** Every value: lines of a list header (Via, Contact, Route, Require, Allow …) are split at their commas. */
  list(name: string): readonly string[];
  has(name: string): boolean;
  /** Adds behind the last one. Throws a RangeError when name or value hold CR, LF or NUL. */
  add(name: string, value: string): void;
  /** Adds before the first one of the name (Via, Record-Route). */
  prepend(name: string, value: string): void;
  /** In place of all of the name. */
  set(name: string, value: string): void;
  remove(name: string): void;
  /** Takes away the first value of a list header and returns it (the topmost Route or Via). */
  shift(name: string): string | undefined;
  entries(): Iterable<readonly [name: string, value: string]>;
  clone(): Headers;
}

/** Views that are valid in every message that `parseMessage` gave out as whole. */
interface CommonViews {
  readonly headers: Headers;
  /** any octets; text bodies are UTF-8 */
  body: Buffer;
  /** topmost first */
  readonly vias: readonly Via[];
  readonly from: NameAddr;
  readonly to: NameAddr;
  readonly callId: string;
  readonly cseq: CSeq;
  /** tag of From, tag of To; undefined: there is none */
  readonly fromTag: string | undefined;
  readonly toTag: string | undefined;
  /** '*' for `Contact: *` */
  readonly contacts: readonly NameAddr[] | '*';
  readonly routes: readonly NameAddr[];
  readonly recordRoutes: readonly NameAddr[];
}

export interface SipRequest extends CommonViews {
  readonly kind: 'request';
  method: string;
  uri: SipUri;
  /** the request URI as it stood in the start line */
  uriText: string;
}

export interface SipResponse extends CommonViews {
  readonly kind: 'response';
  /** 100 to 699 */
  status: number;
  reason: string;
}

export type SipMessage = SipRequest | SipResponse;

/** Why bytes are no message, and what can be done about it. */
export interface ParseFailure {
  kind: 'failure';
  /** the status that RFC 3261 or RFC 4475 names for it */
  status: 400 | 414 | 416 | 505 | 513;
  /** reason phrase, ASCII: names the header or the part that is wrong */
  reason: string;
  /**
   * The request as far as it can be answered: `vias[0]` says where it came from, newResponse takes over what there is of the other
   * headers, and their views give something harmless for what is missing or wrong (a URI without a scheme, CSeq 0). undefined: it is
   * dropped, being a response, an ACK, or without a Via that can be read.
   */
  request: SipRequest | undefined;
}
