// The few parts of a request that say what is to become of it, and that a refusal is made of, without reading the rest: at a fifth of
// what reading costs. Whatever is not plain is left to the parser; what is wrong elsewhere in the message is not seen here.
import { MAX_CALL_ID_CHARS, MAX_METHOD_CHARS } from './limits.js';
import { parseCSeq } from './message.js';
import { parseNameAddr } from './name-addr.js';
import { headerName } from './names.js';
import { reasonPhrase } from './status.js';
import { isSpace, isToken, parseNumber, trimmed } from './text.js';
import type { CSeq, SipUri, Via } from './types.js';
import { parseUri } from './uri.js';
import { formatVia, parseVia } from './via.js';

/** What is said of it is what `parseMessage` says, too, if the message is whole. */
export interface Glance {
  readonly method: string;
  readonly uri: Pick<SipUri, 'user'>;
  /** the topmost */
  readonly via: Via;
  readonly fromTag: string;
  readonly toTag: string | undefined;
  readonly callId: string;
  readonly cseq: CSeq;
  /** User-Agent, or else Server */
  readonly agent: string | undefined;
  /** the lines that an answer takes over */
  readonly lines: readonly Line[];
}

interface Line {
  readonly key: string;
  readonly name: string;
  readonly value: string;
}

/** bytes of the head; requests of telephones have less than 2,000 */
const MAX_GLANCED_BYTES = 8192;
const MAX_GLANCED_LINES = 64;
const MAX_GLANCED_VIAS = 16;
/** characters of an address with its parameters */
const MAX_PLAIN_CHARS = 512;

/** Addresses as telephones write them; others are parsed. The groups: user of a URI, tag. */
const PLAIN_URI = /^sips?:(?:([\w.+-]+)@)?[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::(?:\d{1,4}|[1-5]\d{4}))?$/;
const PLAIN_ADDRESS =
  /^(?:"[^"\\]*" ?)?<sips?:(?:[\w.+-]+@)?[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::(?:\d{1,4}|[1-5]\d{4}))?>(?:;tag=([\w.-]+))?$/;
const NOT_ASCII = /[^\x20-\x7e]/;
const VERSION = ' SIP/2.0';
/** First letters, in lower case, of the names that are looked for, compact ones too. */
const SOUGHT: ReadonlySet<number> = new Set([...'vfticlus'].map((letter) => letter.charCodeAt(0)));
const COPIED: ReadonlySet<string> = new Set(['via', 'from', 'to', 'call-id', 'cseq']);

/**
 * undefined: it is no request, or not one that can be judged without reading it. Never throws. Octets are characters here, whatever they
 * mean: they only go back as they came.
 */
export function glance(bytes: Buffer): Glance | undefined {
  const text = bytes.toString('latin1', 0, MAX_GLANCED_BYTES);
  const headEnd = text.indexOf('\r\n\r\n') + 2;
  const lineEnd = text.indexOf('\r\n');
  if (headEnd < 2 || lineEnd > headEnd) return undefined;
  const nul = text.indexOf('\0');
  if (nul >= 0 && nul < headEnd) return undefined;
  const start = readStart(text, lineEnd);
  if (start === undefined) return undefined;
  const found: Found = { lines: [] };
  let count = 0;
  for (let at = lineEnd + 2; at < headEnd; count++) {
    const end = text.indexOf('\r', at);
    const first = text.charCodeAt(at);
    // A line that goes on from the one before, a line end that is none, more than anybody sends.
    if (isSpace(first) || text.indexOf('\n', at) !== end + 1 || count >= MAX_GLANCED_LINES) return undefined;
    if (SOUGHT.has(first | 0x20) && !take(found, text, at, end)) return undefined;
    at = end + 2;
  }
  const { length } = found;
  if (length !== undefined && parseNumber(length, bytes.length - headEnd - 2) === undefined) return undefined;
  return judged(start, found);
}

interface Found {
  readonly lines: Line[];
  from?: string;
  to?: string;
  callId?: string;
  cseq?: string;
  length?: string;
  agent?: string;
  server?: string;
}

const PLACES: ReadonlyMap<string, Exclude<keyof Found, 'lines'>> = new Map([
  ['from', 'from'],
  ['to', 'to'],
  ['call-id', 'callId'],
  ['cseq', 'cseq'],
  ['content-length', 'length'],
  ['user-agent', 'agent'],
  ['server', 'server'],
]);

/** false: what must come once comes twice, or this is no header. */
function take(found: Found, text: string, at: number, end: number): boolean {
  const colon = text.indexOf(':', at);
  if (colon < 0 || colon > end) return false;
  let nameEnd = colon;
  while (nameEnd > at && isSpace(text.charCodeAt(nameEnd - 1))) nameEnd -= 1;
  const header = headerName(text.slice(at, nameEnd));
  if (header === undefined) return false;
  const { key, name } = header;
  const place = PLACES.get(key);
  if (place === undefined && key !== 'via') return true;
  const value = trimmed(text, colon + 1, end);
  if (place !== undefined) {
    if (found[place] === undefined) found[place] = value;
    else if (header.single !== 0) return false;
  }
  if (COPIED.has(key)) found.lines.push({ key, name, value });
  return true;
}

/** The bytes of `newResponse` with a tag in To and Retry-After. `topVia`: the topmost Via, where it was changed. */
export function refusalOf(
  { lines }: Glance,
  status: number,
  { toTag, retryAfterS, topVia }: { toTag: string; retryAfterS: number; topVia: Via | undefined },
): Buffer {
  let head = `SIP/2.0 ${status} ${reasonPhrase(status)}\r\n`;
  for (const { key, name, value } of topVia === undefined ? lines : withTop(lines, topVia)) {
    head += key === 'to' ? `${name}: ${value};tag=${toTag}\r\n` : `${name}: ${value}\r\n`;
  }
  return Buffer.from(`${head}Retry-After: ${retryAfterS}\r\nContent-Length: 0\r\n\r\n`, 'latin1');
}

function readStart(text: string, end: number): Pick<Glance, 'method' | 'uri'> | undefined {
  const methodEnd = text.indexOf(' ');
  const uriEnd = end - VERSION.length;
  if (methodEnd < 1 || methodEnd > MAX_METHOD_CHARS || uriEnd <= methodEnd || !text.startsWith(VERSION, uriEnd)) {
    return undefined;
  }
  const method = text.slice(0, methodEnd);
  if (!isToken(method)) return undefined;
  const uriText = text.slice(methodEnd + 1, uriEnd);
  if (uriText.length > MAX_PLAIN_CHARS) return undefined;
  const plain = PLAIN_URI.exec(uriText);
  if (plain !== null) return { method, uri: { user: plain[1] } };
  const uri = NOT_ASCII.test(uriText) ? undefined : parseUri(uriText);
  return uri === undefined || uri.headers.size > 0 ? undefined : { method, uri };
}

function judged({ method, uri }: Pick<Glance, 'method' | 'uri'>, found: Found): Glance | undefined {
  const { lines, callId = '', agent = found.server } = found;
  let via: Via | undefined;
  let vias = 0;
  for (const { key, value } of lines) {
    if (key !== 'via') continue;
    const plain = !value.includes(',') && ++vias <= MAX_GLANCED_VIAS && !NOT_ASCII.test(value);
    const read = plain ? parseVia(value) : undefined;
    if (read === undefined) return undefined;
    via ??= read;
  }
  const cseq = parseCSeq(found.cseq ?? '');
  const fromTag = tagIn(found.from ?? '');
  const toTag = tagIn(found.to ?? '');
  if (via === undefined || toTag === null || typeof fromTag !== 'string') return undefined;
  if (cseq?.method !== method || callId === '' || callId.length > MAX_CALL_ID_CHARS) return undefined;
  // Octets that mean characters would be other keys.
  if (NOT_ASCII.test(callId) || NOT_ASCII.test(fromTag)) return undefined;
  return { method, uri, via, fromTag, toTag, callId, cseq, agent, lines };
}

/** undefined: it has none; null: it is not to be used. */
function tagIn(text: string): string | undefined | null {
  if (text.length > MAX_PLAIN_CHARS) return null;
  const plain = PLAIN_ADDRESS.exec(text);
  if (plain !== null) return plain[1];
  const address = parseNameAddr(text);
  return address === undefined ? null : address.params.get('tag');
}

/** A Via that was changed stands before the next one; the only one, before everything. */
function withTop(lines: readonly Line[], via: Via): Line[] {
  const first = lines.findIndex(({ key }) => key === 'via');
  const others = lines.filter((_, at) => at !== first);
  const next = others.findIndex(({ key }) => key === 'via');
  others.splice(Math.max(0, next), 0, { key: 'via', name: 'Via', value: formatVia(via) });
  return others;
}
