// Who was called before a call was sent on to us, as a carrier tells it: Diversion (RFC 5806) or History-Info (RFC 7044).
import { parseNameAddr, type SipRequest } from '../message/index.js';

/** of a number */
const LONGEST = 32;
/** of History-Info; beyond, nobody has called so many one after the other */
const MOST_ENTRIES = 20;

/** The number that sent the call on last, hostile text; undefined: none did, or it does not want to be named. */
export function divertedFrom(request: SipRequest): string | undefined {
  const [latest] = request.headers.list('Diversion');
  if (latest !== undefined) {
    const diversion = parseNameAddr(latest);
    const hidden = (diversion?.params.get('privacy') ?? 'off') !== 'off';
    return diversion === undefined || hidden ? undefined : numberOf(diversion.uri.user);
  }
  // The last entry is where the call has come to, the one before it where it was sent on.
  const before = request.headers.list('History-Info').slice(0, MOST_ENTRIES).at(-2);
  const entry = before === undefined ? undefined : parseNameAddr(before);
  return entry === undefined || entry.uri.headers.has('privacy') ? undefined : numberOf(entry.uri.user);
}

function numberOf(user: string | undefined): string | undefined {
  const [number = ''] = (user ?? '').split(';');
  return number.replace(/[-.() ]/g, '').slice(0, LONGEST) || undefined;
}
