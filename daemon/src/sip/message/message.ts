// Requests and responses with their typed views. A view is made on first use and again after the headers have changed.
import { newHeaders, SipHeaders } from './headers.js';
import { MAX_CSEQ } from './limits.js';
import { parseNameAddr } from './name-addr.js';
import { isToken, parseNumber, skipSpace } from './text.js';
import type { CSeq, Headers, NameAddr, SipRequest, SipResponse, SipUri, Via } from './types.js';
import { formatUri, parseUri } from './uri.js';
import { parseDamagedVia, parseVia } from './via.js';
import { reasonPhrase } from './status.js';

/** What every message has (RFC 3261 8.1.1); Max-Forwards may be missing, for RFC 2543 did not know it. */
const MANDATORY = ['Via', 'From', 'To', 'Call-ID', 'CSeq'] as const;

/** `1 INVITE`; undefined: it is no CSeq, or its number is 2^31 or more (RFC 3261 8.1.1.5). */
export function parseCSeq(text: string): CSeq | undefined {
  let end = 0;
  while (end < text.length && text.charCodeAt(end) !== 0x20 && text.charCodeAt(end) !== 0x09) end += 1;
  const number = parseNumber(text.slice(0, end), MAX_CSEQ);
  const method = text.slice(skipSpace(text, end));
  return number === undefined || !isToken(method) ? undefined : { number, method };
}

interface Views {
  vias?: readonly Via[];
  from?: NameAddr;
  to?: NameAddr;
  cseq?: CSeq;
  contacts?: readonly NameAddr[] | '*';
  routes?: readonly NameAddr[];
  recordRoutes?: readonly NameAddr[];
}

/** What a view gives when its header is missing or wrong: only in messages that are not whole. */
function textAsUri(text: string): SipUri {
  return { scheme: '', user: text, host: '', port: undefined, params: new Map(), headers: new Map() };
}

const NO_CSEQ: CSeq = { number: 0, method: '' };

class Message {
  readonly headers: SipHeaders;
  body: Buffer;
  #views: Views = {};
  #revision = -1;
  /** the first header whose view had to leave something out */
  #wrong: string | undefined;

  constructor(headers: SipHeaders, body: Buffer) {
    this.headers = headers;
    this.body = body;
  }

  get vias(): readonly Via[] {
    return (this.#current().vias ??= this.#list('Via', parseVia, parseDamagedVia));
  }

  get from(): NameAddr {
    return (this.#current().from ??= this.#nameAddr('From'));
  }

  get to(): NameAddr {
    return (this.#current().to ??= this.#nameAddr('To'));
  }

  get callId(): string {
    return this.headers.get('Call-ID') ?? '';
  }

  get cseq(): CSeq {
    return (this.#current().cseq ??= parseCSeq(this.headers.get('CSeq') ?? '') ?? this.#leaveOut('CSeq', NO_CSEQ));
  }

  get fromTag(): string | undefined {
    return this.from.params.get('tag') ?? undefined;
  }

  get toTag(): string | undefined {
    return this.to.params.get('tag') ?? undefined;
  }

  get contacts(): readonly NameAddr[] | '*' {
    return (this.#current().contacts ??=
      this.headers.get('Contact') === '*' ? '*' : this.#list('Contact', parseNameAddr));
  }

  get routes(): readonly NameAddr[] {
    return (this.#current().routes ??= this.#list('Route', parseNameAddr));
  }

  get recordRoutes(): readonly NameAddr[] {
    return (this.#current().recordRoutes ??= this.#list('Record-Route', parseNameAddr));
  }

  /** What is wrong with the headers that have views, as a reason phrase; undefined: nothing. Makes all views. */
  firstFault(): string | undefined {
    for (const name of MANDATORY) if (!this.headers.get(name)) return `Missing ${name}`;
    const all = [this.vias, this.from, this.to, this.cseq, this.contacts, this.routes, this.recordRoutes];
    return this.#wrong === undefined || all.length === 0 ? undefined : `Malformed ${this.#wrong}`;
  }

  #list<T>(name: string, parse: (text: string) => T | undefined, mend?: (text: string) => T | undefined): T[] {
    const values: T[] = [];
    for (const text of this.headers.strictList(name)) {
      const value = parse(text) ?? this.#leaveOut(name, mend?.(text));
      if (value !== undefined) values.push(value);
    }
    return values;
  }

  #nameAddr(name: string): NameAddr {
    const text = this.headers.get(name) ?? '';
    const value = parseNameAddr(text);
    // A tag without a value would be one nobody can be found by.
    if (value !== undefined && value.params.get('tag') !== null) return value;
    return this.#leaveOut(name, { displayName: '', uri: textAsUri(text), params: new Map() });
  }

  #leaveOut<T>(name: string, instead: T): T {
    this.#wrong ??= name;
    return instead;
  }

  #current(): Views {
    if (this.#revision !== this.headers.revision) {
      this.#views = {};
      this.#wrong = undefined;
      this.#revision = this.headers.revision;
    }
    return this.#views;
  }
}

export class Request extends Message implements SipRequest {
  readonly kind = 'request';
  method: string;
  #uri: SipUri | undefined;
  #uriText: string;

  constructor(method: string, uriText: string, headers: SipHeaders, body: Buffer) {
    super(headers, body);
    this.method = method;
    this.#uriText = uriText;
  }

  get uri(): SipUri {
    return (this.#uri ??= parseUri(this.#uriText) ?? textAsUri(this.#uriText));
  }

  /** Writes the text anew. */
  set uri(uri: SipUri) {
    this.#uri = uri;
    this.#uriText = formatUri(uri);
  }

  get uriText(): string {
    return this.#uriText;
  }

  set uriText(text: string) {
    this.#uriText = text;
    this.#uri = undefined;
  }
}

export class Response extends Message implements SipResponse {
  readonly kind = 'response';
  status: number;
  reason: string;

  constructor(status: number, reason: string, headers: SipHeaders, body: Buffer) {
    super(headers, body);
    this.status = status;
    this.reason = reason;
  }
}

const NOTHING = Buffer.alloc(0);

export interface NewRequest {
  method: string;
  uri: SipUri | string;
  /** in this order; those of another message are copied */
  headers?: Headers | Iterable<readonly [name: string, value: string]> | undefined;
  body?: Buffer | undefined;
}

/** A request to send. Nothing is added to its headers. Throws a RangeError when a header holds CR, LF or NUL. */
export function newRequest({ method, uri, headers = [], body = NOTHING }: NewRequest): SipRequest {
  const uriText = typeof uri === 'string' ? uri : formatUri(uri);
  const lines =
    headers instanceof SipHeaders ? headers.clone() : newHeaders('get' in headers ? headers.entries() : headers);
  return new Request(method, uriText, lines, body);
}

export interface NewResponseOptions {
  /** put to To when the request has no tag there and the status is not 100 (RFC 3261 8.2.6.2) */
  toTag?: string | undefined;
}

/** Headers that a response takes over from its request, RFC 3261 8.2.6.2. */
const TAKEN_OVER = ['Via', 'From', 'To', 'Call-ID', 'CSeq'] as const;

/**
 * An answer to a request: Via, From, To, Call-ID and CSeq are the request's as they came, Timestamp too for a 100 (RFC 3261 8.2.6). Of
 * a request that is not whole it takes what there is.
 */
export function newResponse(
  request: SipRequest,
  status: number,
  reason = reasonPhrase(status),
  { toTag }: NewResponseOptions = {},
): SipResponse {
  const headers = new SipHeaders();
  for (const name of TAKEN_OVER) headers.copyLines(request.headers, name);
  if (status === 100) headers.copyLines(request.headers, 'Timestamp');
  const to = headers.get('To');
  // A To that cannot be read goes back as it is: a tag behind an open quote would be part of the name.
  if (toTag !== undefined && status !== 100 && to !== undefined && request.toTag === undefined) {
    if (request.to.uri.scheme !== '') headers.set('To', `${to};tag=${toTag}`);
  }
  return new Response(status, reason, headers, NOTHING);
}
