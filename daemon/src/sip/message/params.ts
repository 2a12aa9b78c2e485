// Parameters of header values: `;name=value;name="quoted"` (RFC 3261 7.3.1).
import { MAX_PARAMS } from './limits.js';
import { isAllOf, isOf, isSpace, quote, quotedEnd, skipSpace, TOKEN, unquote } from './text.js';
import type { Params } from './types.js';

type WritableParams = Map<string, string | null>;

/** Of what has none, as most have: a map of its own for each would be a good part of what a message takes. */
export const NO_PARAMS: Params = new Map();

/**
 * Reads parameters from `at` to the end of the text. undefined: something else stands there, a name comes twice, or there are
 * more than MAX_PARAMS.
 */
export function readParams(text: string, at: number): Params | undefined {
  return at >= text.length ? NO_PARAMS : readOwnParams(text, at);
}

/** The same, to be changed afterwards. */
export function readOwnParams(text: string, at: number): WritableParams | undefined {
  const params: WritableParams = new Map();
  return scan(text, at, params) ? params : undefined;
}

/** Parameters of a text such as `;tag=1;lr`, the first semicolon may be missing; what follows a fault is left out. */
export function parseParams(text: string): WritableParams {
  const params: WritableParams = new Map();
  const start = skipSpace(text, 0);
  scan(text.charCodeAt(start) === 0x3b ? text : `;${text}`, 0, params);
  return params;
}

function scan(text: string, at: number, params: WritableParams): boolean {
  for (;;) {
    at = skipSpace(text, at);
    if (at >= text.length) return true;
    if (text.charCodeAt(at) !== 0x3b || params.size >= MAX_PARAMS) return false;
    const nameAt = skipSpace(text, at + 1);
    at = nameAt;
    while (isOf(text.charCodeAt(at), TOKEN)) at += 1;
    if (at === nameAt) return false;
    const name = text.slice(nameAt, at).toLowerCase();
    if (params.has(name)) return false;
    at = skipSpace(text, at);
    if (text.charCodeAt(at) !== 0x3d) {
      params.set(name, null);
      continue;
    }
    const valueAt = skipSpace(text, at + 1);
    at = text.charCodeAt(valueAt) === 0x22 ? quotedEnd(text, valueAt) : valueEnd(text, valueAt);
    if (at <= valueAt) return false;
    params.set(name, unquote(text.slice(valueAt, at)));
  }
}

/** Values are tokens and hosts by the grammar; other characters come too and do no harm. */
function valueEnd(text: string, at: number): number {
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x3b || code === 0x2c || code === 0x22 || isSpace(code)) break;
  }
  return at;
}

/** `;name=value` of each; values that are neither token nor host are quoted. */
export function formatParams(params: Params): string {
  let text = '';
  for (const [name, value] of params) {
    if (value === null) text += `;${name}`;
    else text += `;${name}=${isPlain(value) ? value : quote(value)}`;
  }
  return text;
}

function isPlain(value: string): boolean {
  return isAllOf(value, TOKEN) || (value.length > 0 && /^[[\]:.0-9a-fA-F]+$/.test(value));
}
