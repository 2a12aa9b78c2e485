// name-addr and addr-spec with header parameters (RFC 3261 clauses 20.10 and 25.1).
import { MAX_DISPLAY_NAME_CHARS } from './limits.js';
import { formatParams, readParams } from './params.js';
import { quotedEnd, quote, readableText, skipSpace, trimmed, unquote } from './text.js';
import type { NameAddr } from './types.js';
import { formatUri, parseUri } from './uri.js';

/**
 * One value of From, To, Contact, Route … undefined: it is none. A display name without quotes may hold any characters: people's
 * names have dots and umlauts, and phones send them as they are.
 */
export function parseNameAddr(text: string): NameAddr | undefined {
  const start = skipSpace(text, 0);
  let displayName: string;
  let open: number;
  if (text.charCodeAt(start) === 0x22) {
    const end = quotedEnd(text, start);
    if (end < 0) return undefined;
    open = skipSpace(text, end);
    if (text.charCodeAt(open) !== 0x3c) return undefined;
    displayName = unquote(text.slice(start, end));
  } else {
    open = text.indexOf('<', start);
    if (open < 0) return parseAddrSpec(text, start);
    displayName = trimmed(text, start, open);
    if (displayName.includes('"') || displayName.includes(';')) return undefined;
  }
  const close = text.indexOf('>', open);
  if (close < 0) return undefined;
  const uri = parseUri(text.slice(open + 1, close));
  const params = readParams(text, close + 1);
  if (uri === undefined || params === undefined) return undefined;
  return { displayName: readableText(displayName, MAX_DISPLAY_NAME_CHARS), uri, params };
}

/** Without angle brackets a semicolon begins the parameters of the header; comma and question mark cannot be (RFC 3261 clause 20). */
function parseAddrSpec(text: string, start: number): NameAddr | undefined {
  const semicolon = text.indexOf(';', start);
  const end = semicolon < 0 ? text.length : semicolon;
  const spec = trimmed(text, start, end);
  if (spec.includes('?') || spec.includes(',')) return undefined;
  const uri = parseUri(spec);
  const params = readParams(text, end);
  return uri === undefined || params === undefined ? undefined : { displayName: '', uri, params };
}

/** Always with angle brackets, the display name always in quotes. */
export function formatNameAddr(nameAddr: NameAddr): string {
  const { displayName, uri, params } = nameAddr;
  const address = `<${formatUri(uri)}>${formatParams(params)}`;
  return displayName === '' ? address : `${quote(displayName)} ${address}`;
}
