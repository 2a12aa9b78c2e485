// Requests and responses with their typed views. A view is made on first use and again after the headers have changed.
import { newHeaders, sipHeaders, type SipHeaders } from './headers.js';
import { MAX_CSEQ, MAX_LIST_VALUES } from './limits.js';
import { headerName } from './names.js';
import { parseNameAddr } from './name-addr.js';
import { NO_PARAMS } from './params.js';
import { isToken, parseNumber, skipSpace } from './text.js';
import type { CSeq, Headers, NameAddr, SipRequest, SipResponse, SipUri, Via } from './types.js';
import { formatUri, parseUri } from './uri.js';
import { parseDamagedVia, parseVia } from './via.js';
import { reasonPhrase } from './status.js';

/** `1 INVITE`; undefined: it is no CSeq, or its number is 2^31 or more (RFC 3261 8.1.1.5). */
export function parseCSeq(text: string): CSeq | undefined {
  let end = 0;
  while (end < text.length && text.charCodeAt(end) !== 0x20 && text.charCodeAt(end) !== 0x09) end += 1;
  const number = parseNumber(text.slice(0, end), MAX_CSEQ);
  const method = text.slice(skipSpace(text, end));
  return number === undefined || !isToken(method) ? undefined : { number, method };
}

type Reader<T> = (text: string) => T | undefined;

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
  return { scheme: '', user: text, host: '', port: undefined, params: NO_PARAMS, headers: new Map() };
}

const NO_CSEQ: CSeq = { number: 0, method: '' };

class Message {
  readonly headers: SipHeaders;
  body: Buffer;
  #views: Views = {};
  #revision = -1;
  /** what is wrong with the first header whose view had to leave something out, as a reason phrase */
  #fault: string | undefined;

  constructor(headers: SipHeaders, body: Buffer) {
    this.headers = headers;
    this.body = body;
  }

  get vias(): readonly Via[] {
    return (this.#current().vias ??= this.#values('via', parseVia, parseDamagedVia));
  }

  get from(): NameAddr {
    return (this.#current().from ??= this.#nameAddr('from'));
  }

  get to(): NameAddr {
    return (this.#current().to ??= this.#nameAddr('to'));
  }

  get callId(): string {
    return this.headers.first('call-id') ?? '';
  }

  get cseq(): CSeq {
    return (this.#current().cseq ??= this.#cseq());
  }

  get fromTag(): string | undefined {
    return this.from.params.get('tag') ?? undefined;
  }

  get toTag(): string | undefined {
    return this.to.params.get('tag') ?? undefined;
  }

  get contacts(): readonly NameAddr[] | '*' {
    return (this.#current().contacts ??= this.#contacts());
  }

  get routes(): readonly NameAddr[] {
    return (this.#current().routes ??= this.#values('route', parseNameAddr));
  }

  get recordRoutes(): readonly NameAddr[] {
    return (this.#current().recordRoutes ??= this.#values('record-route', parseNameAddr));
  }

  /**
   * What is wrong with the headers that have views, as a reason phrase; undefined: nothing, and those that RFC 3261 8.1.1 wants are
   * there. (Max-Forwards may be missing, for RFC 2543 did not know it.) Makes all views.
   */
  firstFault(): string | undefined {
    if (this.vias.length === 0) this.#leaveOut('via', undefined, 'Missing');
    if (this.callId === '') this.#leaveOut('call-id', undefined, 'Missing');
    // Making a view is what finds its faults.
    const views = [this.from, this.to, this.cseq, this.contacts, this.routes, this.recordRoutes];
    return views.length > 0 ? this.#fault : undefined;
  }

  #values<T>(key: string, parse: Reader<T>, mend?: Reader<T>): T[] {
    const texts = this.headers.strictList(key);
    const values: T[] = [];
    for (const text of texts) {
      const value = parse(text) ?? this.#leaveOut(key, mend?.(text));
      if (value !== undefined) values.push(value);
      if (values.length === MAX_LIST_VALUES && texts.length > MAX_LIST_VALUES) {
        return this.#leaveOut(key, values, 'Too Many Values of');
      }
    }
    return values;
  }

  #contacts(): readonly NameAddr[] | '*' {
    return this.headers.first('contact') === '*' && this.headers.strictList('contact').length === 1
      ? '*'
      : this.#values('contact', parseNameAddr);
  }

  #nameAddr(key: string): NameAddr {
    const text = this.headers.first(key) ?? '';
    const value = parseNameAddr(text);
    // A tag without a value would be one nobody can be found by.
    if (value !== undefined && value.params.get('tag') !== null) return value;
    const instead = { displayName: '', uri: textAsUri(text), params: NO_PARAMS };
    return this.#leaveOut(key, instead, text === '' ? 'Missing' : 'Malformed');
  }

  #cseq(): CSeq {
    const text = this.headers.first('cseq') ?? '';
    return parseCSeq(text) ?? this.#leaveOut('cseq', NO_CSEQ, text === '' ? 'Missing' : 'Malformed');
  }

  #leaveOut<T>(key: string, instead: T, what: 'Malformed' | 'Missing' | 'Too Many Values of' = 'Malformed'): T {
    this.#fault ??= `${what} ${headerName(key)?.name ?? ''}`;
    return instead;
  }

  #current(): Views {
    if (this.#revision !== this.headers.revision) {
      this.#views = {};
      this.#fault = undefined;
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

  /** `uri`: the text as it was parsed, when it was */
  constructor(method: string, uriText: string, headers: SipHeaders, body: Buffer, uri?: SipUri) {
    super(headers, body);
    this.method = method;
    this.#uriText = uriText;
    this.#uri = uri;
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
  const lines = newHeaders('get' in headers ? headers.entries() : headers);
  return new Request(method, uriText, lines, body);
}

export interface NewResponseOptions {
  /** put to To when the request has no tag there and the status is not 100 (RFC 3261 8.2.6.2) */
  toTag?: string | undefined;
}

/**
 * An answer to a request: Via, From, To, Call-ID and CSeq are the request's as they came, Timestamp too for a 100 (RFC 3261 8.2.6),
 * Record-Route for what makes a dialog. Of a request that is not whole it takes what there is.
 */
export function newResponse(
  request: SipRequest,
  status: number,
  reason = reasonPhrase(status),
  { toTag }: NewResponseOptions = {},
): SipResponse {
  const headers = sipHeaders(request.headers).forResponse(status);
  // A To that cannot be read goes back as it is: a tag behind an open quote would be part of the name.
  if (toTag !== undefined && status !== 100 && request.toTag === undefined && request.to.uri.scheme !== '') {
    headers.set('To', `${headers.first('to') ?? ''};tag=${toTag}`);
    // Proxies that want to stay on the way of the dialog are named in what makes it (RFC 3261 12.1.1).
    if (status < 300) for (const value of request.headers.lines('Record-Route')) headers.add('Record-Route', value);
  }
  return new Response(status, reason, headers, NOTHING);
}
