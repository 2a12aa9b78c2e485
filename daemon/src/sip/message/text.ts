// Octets and characters. Heads of messages are UTF-8 (RFC 3261 clause 7), but an octet that is none must come back out as it came
// in (a Call-ID, a tag), so it is kept as a lone surrogate U+DC80 to U+DCFF, which no valid UTF-8 decodes to.
import { isAscii, isUtf8 } from 'node:buffer';

const ESCAPE = 0xdc00;
const STRAY_ESCAPE = /\p{Surrogate}/u;
const STRAY_ESCAPES = /\p{Surrogate}/gu;

/** Decodes bytes; what is not UTF-8 survives a round trip through `encodeText`. */
export function decodeText(bytes: Buffer, start = 0, end = bytes.length): string {
  // To ask of all the bytes costs less than to make a view of a part of them.
  if (isAscii(bytes)) return bytes.toString('latin1', start, end);
  const part = bytes.subarray(start, end);
  return isUtf8(part) ? part.toString('utf8') : decodeBroken(part);
}

/** The least code of a sequence of so many octets: what is longer than it need be is no UTF-8. */
const LEAST_CODES = [0, 0, 0x80, 0x800, 0x10000];

/** Octet by octet: who sends octets that are no UTF-8 can send 32 KiB of them, and a call into the library for each takes too long. */
function decodeBroken(bytes: Buffer): string {
  const units = new Uint16Array(bytes.length);
  let count = 0;
  let i = 0;
  while (i < bytes.length) {
    const lead = bytes[i] ?? 0;
    const length = sequenceLength(lead);
    let code = length === 1 ? lead : lead & (0x7f >> length);
    let valid = length > 0 && i + length <= bytes.length;
    for (let k = 1; valid && k < length; k++) {
      const next = bytes[i + k] ?? 0;
      valid = (next & 0xc0) === 0x80;
      code = (code << 6) | (next & 0x3f);
    }
    if (!valid || code < (LEAST_CODES[length] ?? 0) || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) {
      units[count++] = ESCAPE + lead;
      i += 1;
      continue;
    }
    if (code > 0xffff) {
      units[count++] = 0xd800 + ((code - 0x10000) >> 10);
      units[count++] = 0xdc00 + ((code - 0x10000) & 0x3ff);
    } else units[count++] = code;
    i += length;
  }
  return Buffer.from(units.buffer, 0, count * 2).toString('utf16le');
}

/** Of a UTF-8 sequence, by its first octet; 0: none begins with it. */
function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/** Encodes text as UTF-8, escaped octets as they were. */
export function encodeText(text: string): Buffer {
  return STRAY_ESCAPE.test(text) ? encodeBroken(text) : Buffer.from(text, 'utf8');
}

function encodeBroken(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(text.length * 3);
  let end = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i) ?? 0;
    if (code < 0x80) bytes[end++] = code;
    else if (code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff) bytes[end++] = code - ESCAPE;
    else if (code < 0x800) {
      bytes[end++] = 0xc0 | (code >> 6);
      bytes[end++] = 0x80 | (code & 0x3f);
    } else if (code > 0xffff) {
      end += bytes.write(text.slice(i, i + 2), end, 'utf8');
      i += 1;
    } else {
      const known = code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
      bytes[end++] = 0xe0 | (known >> 12);
      bytes[end++] = 0x80 | ((known >> 6) & 0x3f);
      bytes[end++] = 0x80 | (known & 0x3f);
    }
  }
  return bytes.subarray(0, end);
}

/** For people: escaped octets become U+FFFD, and at most `limit` UTF-16 units stay. */
export function readableText(text: string, limit: number): string {
  return text === '' ? '' : text.slice(0, limit).replace(STRAY_ESCAPES, '\uFFFD');
}

// Classes of characters, RFC 3261 clause 25.1.
export const TOKEN = 1;
/** unreserved of a URI */
export const UNRESERVED = 2;
/** what `user` may have besides */
export const USER = 4;
/** what `password` may have besides */
export const PASSWORD = 8;
/** what uri-parameters may have besides */
export const URI_PARAM = 16;
/** what the headers of a URI may have besides */
export const URI_HEADER = 32;
export const HOST = 64;
export const DIGIT = 128;

const CLASSES = new Uint8Array(128);
const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
for (const [chars, bit] of [
  [ALPHANUMERIC + "-.!%*_+`'~", TOKEN],
  [ALPHANUMERIC + "-_.!~*'()", UNRESERVED],
  ['&=+$,;?/', USER],
  ['&=+$,', PASSWORD],
  ['[]/:&+$', URI_PARAM],
  ['[]/?:+$', URI_HEADER],
  // The underscore is in no host name, but in many that people give.
  [ALPHANUMERIC + '-._', HOST],
  ['0123456789', DIGIT],
] as const) {
  for (const char of chars) CLASSES[char.charCodeAt(0)] = (CLASSES[char.charCodeAt(0)] ?? 0) | bit;
}

/** Whether a character (as charCodeAt gives it; NaN: none) is of one of the classes. */
export function isOf(code: number, classes: number): boolean {
  return code < 128 && ((CLASSES[code] ?? 0) & classes) !== 0;
}

export function isAllOf(text: string, classes: number): boolean {
  for (let i = 0; i < text.length; i++) if (!isOf(text.charCodeAt(i), classes)) return false;
  return text.length > 0;
}

/** RFC 3261 25.1 */
export function isToken(text: string): boolean {
  return isAllOf(text, TOKEN);
}

export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** The first place from `at` on that is neither space nor tab. */
export function skipSpace(text: string, at: number): number {
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

/** The part of the text without spaces and tabs around it. Not String.trim, which takes U+FEFF and more from names in UTF-8. */
export function trimmed(text: string, start = 0, end = text.length): string {
  start = skipSpace(text, start);
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return start < end ? text.slice(start, end) : '';
}

/** Each line break with the white space around it is one space (RFC 3261 7.3.1). */
export function unfold(text: string): string {
  return text
    .split('\r\n')
    .map((line) => trimmed(line))
    .filter((line) => line !== '')
    .join(' ');
}

/** A number of digits alone, at most `max`; undefined for anything else. */
export function parseNumber(text: string, max: number): number | undefined {
  if (text.length === 0 || text.length > 32) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x30 || code > 0x39) return undefined;
    value = value * 10 + (code - 0x30);
  }
  return value <= max ? value : undefined;
}

/** Where the quoted string that begins at `at` ends (behind its closing quote); -1: it does not. */
export function quotedEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) return i + 1;
    if (code === 0x5c) i += 1;
  }
  return -1;
}

/**
 * A quoted-string (RFC 3261 25.1) of any text. CR, LF and NUL cannot stand in one and become spaces: the text may come from a
 * name that somebody typed.
 */
export function quote(text: string): string {
  return `"${text.replace(/[\r\n\0]/g, ' ').replace(/["\\]/g, '\\$&')}"`;
}

/** What stands in a quoted-string; text that is none stays as it is. */
export function unquote(text: string): string {
  if (text.length < 2 || text.charCodeAt(0) !== 0x22 || text.charCodeAt(text.length - 1) !== 0x22) return text;
  const inner = text.slice(1, -1);
  return inner.includes('\\') ? inner.replace(/\\([^])/g, '$1') : inner;
}

/** The parts between the commas that stand neither in quotes nor in angle brackets; empty ones too. */
export function splitAtCommas(text: string): string[] {
  if (!text.includes(',')) return [text];
  const parts: string[] = [];
  let begin = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x2c) {
      parts.push(trimmed(text, begin, i));
      begin = i + 1;
    } else if (code === 0x22) {
      const end = quotedEnd(text, i);
      if (end < 0) break;
      i = end - 1;
    } else if (code === 0x3c) {
      const end = text.indexOf('>', i);
      if (end < 0) break;
      i = end;
    }
  }
  parts.push(trimmed(text, begin));
  return parts;
}

/** Values of a list header (RFC 3261 7.3.1): parts between commas, without empty ones. */
export function splitList(text: string): string[] {
  const parts = splitAtCommas(text);
  return parts.includes('') ? parts.filter((part) => part !== '') : parts;
}
