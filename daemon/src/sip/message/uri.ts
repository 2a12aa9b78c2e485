// SIP, SIPS and tel URIs (RFC 3261 clause 19.1, RFC 3966); others are kept as text.
import { MAX_PARAMS, MAX_URI_CHARS } from './limits.js';
import {
  DIGIT,
  HOST,
  PASSWORD,
  URI_HEADER,
  URI_PARAM,
  UNRESERVED,
  USER,
  decodeText,
  encodeText,
  isAllOf,
  isOf,
  parseNumber,
} from './text.js';
import { NO_PARAMS } from './params.js';
import type { Params, SipUri } from './types.js';

const MAX_PORT = 65_535;
/** of a URI without any, as nearly all are */
const NO_HEADERS: SipUri['headers'] = new Map();
/** Never in a URI: they end it in the places where URIs stand. */
const FORBIDDEN = /[\0- <>"\x7f]/;
const FORBIDDEN_ALL = /[\0- <>"\x7f]/g;
const SCHEME = /^[a-z][a-z0-9+.-]*$/;
const TEL_NUMBER = /^\+?[0-9A-Fa-f*#().-]+$/;

/** undefined: it is not a URI, or longer than MAX_URI_CHARS. */
export function parseUri(text: string): SipUri | undefined {
  if (text.length > MAX_URI_CHARS) return undefined;
  if (text.startsWith('sip:')) return parseSip('sip', text, 4);
  const colon = text.indexOf(':');
  if (colon <= 0) return undefined;
  const scheme = text.slice(0, colon).toLowerCase();
  if (scheme === 'sip' || scheme === 'sips') return parseSip(scheme, text, colon + 1);
  if (FORBIDDEN.test(text)) return undefined;
  if (!SCHEME.test(scheme) || colon + 1 === text.length) return undefined;
  if (scheme === 'tel') return parseTel(text, colon + 1);
  return plain(scheme, text.slice(colon + 1), NO_PARAMS);
}

function plain(scheme: string, user: string, params: Params): SipUri {
  return { scheme, user, host: '', port: undefined, params, headers: NO_HEADERS };
}

function parseTel(text: string, at: number): SipUri | undefined {
  const semicolon = text.indexOf(';', at);
  const end = semicolon < 0 ? text.length : semicolon;
  const number = text.slice(at, end);
  const params = readUriParams(text, end, text.length);
  return !TEL_NUMBER.test(number) || params === undefined ? undefined : plain('tel', number, params);
}

function parseSip(scheme: string, text: string, at: number): SipUri | undefined {
  const uri: SipUri = { scheme, user: undefined, host: '', port: undefined, params: NO_PARAMS, headers: NO_HEADERS };
  const sign = text.indexOf('@', at);
  if (sign >= 0) {
    if (!readUserInfo(text, at, sign, uri)) return undefined;
    at = sign + 1;
  }
  const hostEnd = hostEndOf(text, at);
  if (hostEnd <= at) return undefined;
  uri.host = hostOf(text, at, hostEnd);
  at = hostEnd;
  if (text.charCodeAt(at) === 0x3a) {
    const portAt = at + 1;
    for (at = portAt; isOf(text.charCodeAt(at), DIGIT);) at += 1;
    uri.port = parsePort(text.slice(portAt, at));
    if (uri.port === undefined) return undefined;
  }
  if (at === text.length) return uri;
  const question = text.indexOf('?', at);
  const paramsEnd = question < 0 ? text.length : question;
  const params = readUriParams(text, at, paramsEnd);
  const headers = question < 0 ? NO_HEADERS : readUriHeaders(text, question + 1);
  if (params === undefined || headers === undefined) return undefined;
  uri.params = params;
  uri.headers = headers;
  return uri;
}

/** 1 to 65535 */
export function parsePort(text: string): number | undefined {
  return text.length <= 5 ? parseNumber(text, MAX_PORT) || undefined : undefined;
}

/** The end of the host that begins at `at`; -1: there is none. */
export function hostEndOf(text: string, at: number): number {
  if (text.charCodeAt(at) !== 0x5b) {
    let end = at;
    while (isOf(text.charCodeAt(end), HOST)) end += 1;
    return end > at ? end : -1;
  }
  const end = text.indexOf(']', at);
  return end > at + 2 && isIpv6(text.slice(at + 1, end)) ? end + 1 : -1;
}

/** In lower case, without the brackets of an IPv6 address. */
export function hostOf(text: string, at: number, end: number): string {
  return (text.charCodeAt(at) === 0x5b ? text.slice(at + 1, end - 1) : text.slice(at, end)).toLowerCase();
}

/** As it stands in URIs and headers. */
export function formatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Whether it can be one: what a socket makes of it decides in the end. */
function isIpv6(text: string): boolean {
  return text.length <= 45 && /^[0-9A-Fa-f:.]+$/.test(text) && text.includes(':');
}

function readUserInfo(text: string, at: number, sign: number, uri: SipUri): boolean {
  const colon = text.indexOf(':', at);
  const userEnd = colon >= 0 && colon < sign ? colon : sign;
  uri.user = unescape(text.slice(at, userEnd), UNRESERVED | USER);
  if (uri.user === undefined || uri.user === '') return false;
  if (userEnd === sign) return true;
  uri.password = unescape(text.slice(userEnd + 1, sign), UNRESERVED | PASSWORD);
  return uri.password !== undefined;
}

function readUriParams(text: string, at: number, end: number): Params | undefined {
  if (at >= end) return NO_PARAMS;
  const params = new Map<string, string | null>();
  while (at < end) {
    if (text.charCodeAt(at) !== 0x3b || params.size >= MAX_PARAMS) return undefined;
    let next = text.indexOf(';', at + 1);
    if (next < 0 || next > end) next = end;
    const equals = text.indexOf('=', at + 1);
    const hasValue = equals >= 0 && equals < next;
    const name = unescape(text.slice(at + 1, hasValue ? equals : next), UNRESERVED | URI_PARAM)?.toLowerCase();
    const value = hasValue ? unescape(text.slice(equals + 1, next), UNRESERVED | URI_PARAM) : null;
    if (name === undefined || name === '' || value === undefined || params.has(name)) return undefined;
    params.set(name, value);
    at = next;
  }
  return params;
}

function readUriHeaders(text: string, at: number): SipUri['headers'] | undefined {
  const headers = new Map<string, string>();
  const fields = text.slice(at).split('&', MAX_PARAMS + 1);
  if (fields.length > MAX_PARAMS) return undefined;
  for (const field of fields) {
    const equals = field.indexOf('=');
    if (equals <= 0) return undefined;
    const name = unescape(field.slice(0, equals), UNRESERVED | URI_HEADER)?.toLowerCase();
    const value = unescape(field.slice(equals + 1), UNRESERVED | URI_HEADER);
    if (name === undefined || value === undefined) return undefined;
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

/** `#` and characters outside ASCII should be escaped, but phones send them: they are harmless here. */
function unescape(text: string, classes: number): string | undefined {
  let escapes = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x25) {
      if (hexAt(text, i + 1) < 0) return undefined;
      escapes += 1;
      i += 2;
    } else if (!isOf(code, classes) && code < 0x80 && code !== 0x23) return undefined;
  }
  if (escapes === 0) return text;
  const bytes = encodeText(text);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === 0x25) {
      bytes[length++] = hexAt(bytes.toString('latin1', i + 1, i + 3), 0);
      i += 2;
    } else bytes[length++] = bytes[i] ?? 0;
  }
  return decodeText(bytes, 0, length);
}

/** Two hex digits; -1: there are none. */
function hexAt(text: string, at: number): number {
  const high = hexDigit(text.charCodeAt(at));
  const low = hexDigit(text.charCodeAt(at + 1));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function escape(text: string, classes: number): string {
  if (text === '' || isAllOf(text, classes)) return text;
  let escaped = '';
  for (const byte of encodeText(text)) escaped += isOf(byte, classes) ? String.fromCharCode(byte) : escapeOctet(byte);
  return escaped;
}

function escapeOctet(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** The URI as text; what must be escaped is. */
export function formatUri(uri: SipUri): string {
  const { scheme, user, password } = uri;
  if (scheme !== 'sip' && scheme !== 'sips') {
    const rest = (user ?? '').replace(FORBIDDEN_ALL, (char) => escapeOctet(char.charCodeAt(0)));
    return `${scheme}:${rest}${formatUriParams(uri.params)}`;
  }
  let text = `${scheme}:`;
  if (user !== undefined) {
    text += escape(user, UNRESERVED | USER);
    if (password !== undefined) text += `:${escape(password, UNRESERVED | PASSWORD)}`;
    text += '@';
  }
  text += formatHost(uri.host);
  if (uri.port !== undefined) text += `:${uri.port}`;
  if (uri.params.size > 0) text += formatUriParams(uri.params);
  if (uri.headers.size === 0) return text;
  const headers = [...uri.headers].map(
    ([name, value]) => `${escape(name, UNRESERVED | URI_HEADER)}=${escape(value, UNRESERVED | URI_HEADER)}`,
  );
  return `${text}?${headers.join('&')}`;
}

function formatUriParams(params: Params): string {
  let text = '';
  for (const [name, value] of params) {
    text += `;${escape(name, UNRESERVED | URI_PARAM)}`;
    if (value !== null) text += `=${escape(value, UNRESERVED | URI_PARAM)}`;
  }
  return text;
}

/** Parameters that make a difference when only one of two URIs has them (RFC 3261 19.1.4). */
const TELLING_PARAMS = ['user', 'ttl', 'method', 'maddr', 'transport'];

/** Whether two URIs are equivalent (RFC 3261 19.1.4, for tel RFC 3966 clause 4; others: the same text). */
export function sameUri(a: SipUri, b: SipUri): boolean {
  if (a.scheme !== b.scheme) return false;
  if (a.scheme === 'tel') return telDigits(a) === telDigits(b) && sameTelParams(a.params, b.params);
  if (a.user !== b.user || a.password !== b.password || a.host !== b.host || a.port !== b.port) return false;
  if (TELLING_PARAMS.some((name) => a.params.has(name) !== b.params.has(name))) return false;
  for (const [name, value] of a.params) {
    const other = b.params.get(name);
    if (other !== undefined && !sameIgnoringCase(value, other)) return false;
  }
  if (a.headers.size !== b.headers.size) return false;
  for (const [name, value] of a.headers) if (b.headers.get(name) !== value) return false;
  return true;
}

function telDigits(uri: SipUri): string {
  return (uri.user ?? '').replace(/[().-]/g, '').toLowerCase();
}

function sameTelParams(a: Params, b: Params): boolean {
  if (a.size !== b.size) return false;
  for (const [name, value] of a) {
    const other = b.get(name);
    if (other === undefined || !sameIgnoringCase(value, other)) return false;
  }
  return true;
}

function sameIgnoringCase(a: string | null, b: string | null): boolean {
  return a === b || (a !== null && b !== null && a.toLowerCase() === b.toLowerCase());
}
