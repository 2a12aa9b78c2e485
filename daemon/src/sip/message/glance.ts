// The few parts of a request that say what is to become of it, and that a refusal is made of, without reading the rest: at a fifth of
// what reading costs. Whatever is not plain is left to the parser; what is wrong elsewhere in the message is not seen here.
import { MAX_CALL_ID_CHARS, MAX_METHOD_CHARS, MAX_URI_CHARS } from './limits.js';
import { parseCSeq } from './message.js';
import { parseNameAddr } from './name-addr.js';
import { headerName, type HeaderName } from './names.js';
import { reasonPhrase } from './status.js';
import { decodeText, encodeText, isSpace, isToken, parseNumber, trimmed } from './text.js';
import type { CSeq, SipUri, Via } from './types.js';
import { parseUri } from './uri.js';
import { formatVia, parseVia } from './via.js';

/** What is said of it is what `parseMessage` says, too, if the message is whole. */
export interface Glance {
  readonly method: string;
  readonly uri: SipUri;
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

const HEAD_END = Buffer.from('\r\n\r\n');
/** Line ends that are none, lines that go on in the next one, and NUL. */
const NOT_PLAIN = /\r(?!\n)|[^\r]\n|\r\n[ \t]|\0/;
const VERSION = ' SIP/2.0';
const AGENT = 'user-agent';
const SERVER = 'server';
const CONTENT_LENGTH = 'content-length';
const COPIED: ReadonlySet<string> = new Set(['via', 'from', 'to', 'call-id', 'cseq']);

/** undefined: it is no request, or not one that can be judged without reading it. Never throws. */
export function glance(bytes: Buffer): Glance | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0 || headEnd > MAX_GLANCED_BYTES) return undefined;
  const text = decodeText(bytes, 0, headEnd + 2);
  if (NOT_PLAIN.test(text)) return undefined;
  const lineEnd = text.indexOf('\r\n');
  const start = readStart(text, lineEnd);
  if (start === undefined) return undefined;
  const found = new Map<string, string>();
  const lines: Line[] = [];
  let count = 0;
  for (let at = lineEnd + 2; at < text.length; count++) {
    const end = text.indexOf('\r\n', at);
    const colon = text.indexOf(':', at);
    if (count >= MAX_GLANCED_LINES || colon < 0 || colon > end) return undefined;
    const header = nameOf(text, at, colon);
    if (header === undefined) return undefined;
    const { key, name } = header;
    const copied = COPIED.has(key);
    if (copied || key === AGENT || key === SERVER || key === CONTENT_LENGTH) {
      const value = trimmed(text, colon + 1, end);
      if (copied) lines.push({ key, name, value });
      if (header.single !== 0 && found.has(key)) return undefined;
      if (!found.has(key)) found.set(key, value);
    }
    at = end + 2;
  }
  const length = found.get(CONTENT_LENGTH);
  if (length !== undefined && parseNumber(length, bytes.length - headEnd - 4) === undefined) return undefined;
  return judged(start, found, lines);
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
  return encodeText(`${head}Retry-After: ${retryAfterS}\r\nContent-Length: 0\r\n\r\n`);
}

function readStart(text: string, end: number): Pick<Glance, 'method' | 'uri'> | undefined {
  const methodEnd = text.indexOf(' ');
  const uriEnd = end - VERSION.length;
  if (methodEnd < 1 || methodEnd > MAX_METHOD_CHARS || uriEnd <= methodEnd || !text.startsWith(VERSION, uriEnd)) {
    return undefined;
  }
  const method = text.slice(0, methodEnd);
  const uriText = text.slice(methodEnd + 1, uriEnd);
  if (uriText.length > MAX_URI_CHARS || !isToken(method)) return undefined;
  if (isSpace(uriText.charCodeAt(0)) || isSpace(uriText.charCodeAt(uriText.length - 1))) return undefined;
  const uri = parseUri(uriText);
  return uri === undefined || uri.headers.size > 0 ? undefined : { method, uri };
}

function nameOf(text: string, at: number, colon: number): HeaderName | undefined {
  while (colon > at && isSpace(text.charCodeAt(colon - 1))) colon -= 1;
  return headerName(text.slice(at, colon));
}

function judged(
  { method, uri }: Pick<Glance, 'method' | 'uri'>,
  found: ReadonlyMap<string, string>,
  lines: readonly Line[],
): Glance | undefined {
  let via: Via | undefined;
  let vias = 0;
  for (const { key, value } of lines) {
    if (key !== 'via') continue;
    const read = value.includes(',') || ++vias > MAX_GLANCED_VIAS ? undefined : parseVia(value);
    if (read === undefined) return undefined;
    via ??= read;
  }
  const callId = found.get('call-id') ?? '';
  const cseq = parseCSeq(found.get('cseq') ?? '');
  const fromTag = parseNameAddr(found.get('from') ?? '')?.params.get('tag');
  const to = parseNameAddr(found.get('to') ?? '');
  const toTag = to?.params.get('tag');
  if (via === undefined || to === undefined || toTag === null || typeof fromTag !== 'string') return undefined;
  if (cseq?.method !== method || callId === '' || callId.length > MAX_CALL_ID_CHARS) return undefined;
  const agent = found.get(AGENT) ?? found.get(SERVER);
  return { method, uri, via, fromTag, toTag, callId, cseq, agent, lines };
}

/** A Via that was changed stands before the next one; the only one, before everything. */
function withTop(lines: readonly Line[], via: Via): Line[] {
  const first = lines.findIndex(({ key }) => key === 'via');
  const others = lines.filter((_, at) => at !== first);
  const next = others.findIndex(({ key }) => key === 'via');
  others.splice(Math.max(0, next), 0, { key: 'via', name: 'Via', value: formatVia(via) });
  return others;
}
