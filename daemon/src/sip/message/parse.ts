// Bytes to messages. Whatever the bytes are, the parser goes through them once, and says what is wrong first; the rest is read all
// the same, since a request that is refused must be answered.
import { SipHeaders, isLineText } from './headers.js';
import {
  MAX_CALL_ID_CHARS,
  MAX_HEADER_CHARS,
  MAX_HEADER_LINES,
  MAX_HEAD_BYTES,
  MAX_LIST_VALUES,
  MAX_MAX_FORWARDS,
  MAX_MESSAGE_BYTES,
  MAX_METHOD_CHARS,
  MAX_URI_CHARS,
} from './limits.js';
import { Request, Response } from './message.js';
import { headerName } from './names.js';
import { decodeText, isSpace, isToken, parseNumber, splitList, trimmed, unfold } from './text.js';
import type { ParseFailure, SipMessage, SipRequest, SipUri } from './types.js';
import { parseUri } from './uri.js';

const HEAD_END = Buffer.from('\r\n\r\n');
const CR = 0x0d;
const LF = 0x0a;
const STATUS_LINE = /^sip\//i;
const NO_REASON = /[\r\n\0]/;
const VERSION = /^sip\/\d+\.\d+$/i;

export interface ParseOptions {
  /** it came over a connection: Content-Length must be there (RFC 3261 18.3) */
  stream?: boolean | undefined;
}

/** The first thing that is wrong. */
interface Fault {
  status: ParseFailure['status'];
  reason: string;
}

class Faults {
  first: Fault | undefined;

  add(reason: string, status: ParseFailure['status'] = 400): void {
    this.first ??= { status, reason };
  }
}

type StartLine =
  | { kind: 'request'; method: string; uriText: string; uri: SipUri | undefined }
  | { kind: 'response'; status: number; reason: string };

/**
 * Reads one whole message: a datagram (the body is cut at Content-Length, what follows is ignored, RFC 3261 18.3), or what
 * MessageFramer found. Never throws. The body is a view of `bytes`, which must not change afterwards.
 */
export function parseMessage(bytes: Buffer, options: ParseOptions = {}): SipMessage | ParseFailure {
  let start = 0;
  // RFC 3261 7.5: empty lines before the start line are ignored.
  while (bytes[start] === CR && bytes[start + 1] === LF) start += 2;
  const headEnd = bytes.indexOf(HEAD_END, start);
  if (headEnd < 0) return { kind: 'failure', status: 400, reason: 'No End of Headers', request: undefined };
  const faults = new Faults();
  const inLimit = headEnd - start <= MAX_HEAD_BYTES;
  if (!inLimit || bytes.length - start > MAX_MESSAGE_BYTES) faults.add('Message Too Large', 513);
  const text = decodeText(bytes, start, inLimit ? headEnd + 2 : start + MAX_HEAD_BYTES);
  const lineEnd = text.indexOf('\r\n');
  const startLine = lineEnd < 0 ? undefined : readStartLine(text.slice(0, lineEnd), faults);
  if (startLine === undefined) return { kind: 'failure', status: 400, reason: 'Not SIP', request: undefined };
  const headers = readHeaders(text, lineEnd + 2, faults);
  const body = bodyOf(bytes, headEnd + 4, headers, options, faults);
  const message =
    startLine.kind === 'request'
      ? new Request(startLine.method, startLine.uriText, headers, body, startLine.uri)
      : new Response(startLine.status, startLine.reason, headers, body);
  check(message, faults);
  const { first } = faults;
  return first === undefined ? message : { kind: 'failure', ...first, request: answerable(message) };
}

/** undefined: it is neither a request nor a response, and nothing can be answered. */
function readStartLine(line: string, faults: Faults): StartLine | undefined {
  if (STATUS_LINE.test(line)) return readStatusLine(line, faults);
  const end = trimmed(line);
  const methodEnd = end.indexOf(' ');
  const versionAt = end.lastIndexOf(' ') + 1;
  const version = end.slice(versionAt);
  const method = end.slice(0, Math.max(0, methodEnd));
  if (!isToken(method)) return undefined;
  if (version !== 'SIP/2.0') {
    if (!VERSION.test(version)) return undefined;
    if (version.toUpperCase() !== 'SIP/2.0') faults.add('Version Not Supported', 505);
  }
  const uriText = trimmed(end, methodEnd + 1, versionAt - 1);
  if (method.length > MAX_METHOD_CHARS) faults.add('Method Too Long');
  if (uriText.length > MAX_URI_CHARS) faults.add('Request-URI Too Long', 414);
  if (line.length !== method.length + uriText.length + version.length + 2) faults.add('Malformed Request-Line');
  const uri = parseUri(uriText);
  if (uri === undefined) faults.add('Malformed Request-URI');
  // RFC 3261 19.1.1 has none there; a proxy that took them seriously would let strangers write its headers.
  else if (uri.headers.size > 0) faults.add('Headers in the Request-URI');
  return { kind: 'request', method, uriText, uri };
}

function readStatusLine(line: string, faults: Faults): StartLine | undefined {
  const status = parseNumber(line.slice(8, 11), 699);
  if (status === undefined || status < 100 || line.slice(0, 8).toUpperCase() !== 'SIP/2.0 ') return undefined;
  if (line.length > 11 && line.charCodeAt(11) !== 0x20) return undefined;
  const reason = line.slice(12);
  if (NO_REASON.test(reason)) faults.add('Malformed Status-Line');
  return { kind: 'response', status, reason };
}

/** Header lines from `at` on; the text ends with CRLF, unless it was cut. */
function readHeaders(text: string, at: number, faults: Faults): SipHeaders {
  const headers = new SipHeaders();
  const hasNul = text.includes('\0');
  let seen = 0;
  for (let lines = 0; at < text.length; lines++) {
    if (lines >= MAX_HEADER_LINES) {
      faults.add('Too Many Header Fields');
      break;
    }
    const lineAt = at;
    let end = lineEndOf(text, at);
    let folded = false;
    while (end >= 0 && isSpace(text.charCodeAt(end + 2))) {
      folded = true;
      end = lineEndOf(text, end + 2);
    }
    if (end < 0) {
      faults.add('CR or LF in a Header Field');
      break;
    }
    at = end + 2;
    const colon = text.indexOf(':', lineAt);
    if (colon < 0 || colon > end || end - lineAt > MAX_HEADER_CHARS) {
      faults.add(colon < 0 || colon > end ? 'Malformed Header Field' : 'Header Field Too Long');
      continue;
    }
    let nameEnd = colon;
    while (nameEnd > lineAt && isSpace(text.charCodeAt(nameEnd - 1))) nameEnd -= 1;
    const name = headerName(text.slice(lineAt, nameEnd));
    if (name === undefined) {
      faults.add('Malformed Header Field Name');
      continue;
    }
    const value = folded ? unfold(text.slice(colon + 1, end)) : trimmed(text, colon + 1, end);
    if (hasNul && !isLineText(value)) {
      faults.add('NUL in a Header Field');
      continue;
    }
    if ((seen & name.single) !== 0) faults.add(`More Than One ${name.name}`);
    seen |= name.single;
    // Each value takes two characters at least.
    if (name.list && value.length >= 2 * MAX_LIST_VALUES && splitList(value).length > MAX_LIST_VALUES) {
      faults.add(`Too Many Values of ${name.name}`);
    }
    headers.append(name, value);
  }
  return headers;
}

/** The place of the CRLF that ends the line; -1: there is none, or CR or LF stands alone before it. */
function lineEndOf(text: string, at: number): number {
  const end = text.indexOf('\r', at);
  if (end < 0 || text.charCodeAt(end + 1) !== LF) return -1;
  const feed = text.indexOf('\n', at);
  return feed === end + 1 ? end : -1;
}

function bodyOf(bytes: Buffer, at: number, headers: SipHeaders, options: ParseOptions, faults: Faults): Buffer {
  const text = headers.first('content-length');
  const available = bytes.length - at;
  if (text === undefined) {
    if (options.stream === true) faults.add('Missing Content-Length');
    return bytes.subarray(at);
  }
  const length = parseNumber(text, Number.MAX_SAFE_INTEGER);
  if (length === undefined) faults.add('Bad Content-Length');
  else if (length > MAX_MESSAGE_BYTES) faults.add('Message Too Large', 513);
  else if (length > available) faults.add('Content-Length Beyond the Message');
  return bytes.subarray(at, at + Math.min(length ?? 0, available));
}

/** What RFC 3261 8.1.1 and 16.3 want of every message. */
function check(message: Request | Response, faults: Faults): void {
  const { headers } = message;
  const wrong = message.firstFault();
  if (wrong !== undefined) faults.add(wrong);
  if (message.callId.length > MAX_CALL_ID_CHARS) faults.add('Call-ID Too Long');
  if (message.kind === 'request' && message.cseq.method !== message.method) faults.add('CSeq of Another Method');
  const maxForwards = headers.first('max-forwards');
  if (maxForwards !== undefined && parseNumber(maxForwards, MAX_MAX_FORWARDS) === undefined) {
    faults.add('Bad Max-Forwards');
  }
}

/** A request that can be refused: it has a Via that says where it came from, and is no ACK (RFC 3261 17.1.1.3). */
function answerable(message: SipMessage): SipRequest | undefined {
  if (message.kind === 'response' || message.method === 'ACK') return undefined;
  return message.vias.length > 0 ? message : undefined;
}
