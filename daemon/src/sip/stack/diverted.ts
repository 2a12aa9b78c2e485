// Calls that are sent on. Who was called before a call was sent on to us, as a carrier tells it, and before we sent it on, as we tell
// it: Diversion (RFC 5806) or History-Info (RFC 7044). Where a telephone sends a call on: the contacts of a 3xx (RFC 3261 21.3).
import type { SessionEnd } from '../dialog/index.js';
import { formatNameAddr, parseNameAddr, type NameAddr, type SipRequest, type SipUri } from '../message/index.js';
import { sipAddress } from './identity.js';
import type { StackTrunk } from './protocol.js';

/** of a number */
const LONGEST = 32;
/** of History-Info; beyond, nobody has called so many one after the other */
const MOST_ENTRIES = 20;
/** of a 3xx that are followed one after the other */
const MOST_CONTACTS = 5;

/** The number that sent the call on last, hostile text; undefined: none did, or it does not want to be named. */
export function divertedFrom(request: SipRequest): string | undefined {
  const [latest] = request.headers.list('Diversion');
  if (latest !== undefined) {
    const diversion = parseNameAddr(latest);
    const hidden = (diversion?.params.get('privacy') ?? 'off') !== 'off';
    return diversion === undefined || hidden ? undefined : numberOf(diversion.uri.user);
  }
  if (hasPrivateHistory(request)) return undefined;
  // The last entry is where the call has come to, the one before it where it was sent on.
  const before = request.headers.list('History-Info').slice(0, MOST_ENTRIES).at(-2);
  const entry = before === undefined ? undefined : parseNameAddr(before);
  return entry === undefined || hidesHistory(entry.uri.headers.get('privacy')) ? undefined : numberOf(entry.uri.user);
}

/** Who has sent the call on is not to be known to others. */
export function hasPrivateHistory({ headers }: SipRequest): boolean {
  return hidesHistory(headers.get('Privacy'));
}

/** RFC 7044 10.1.2: of one entry, or of the whole request. */
function hidesHistory(privacy: string | undefined): boolean {
  return /(?:^|[;,\s])(?:history|session|header)(?:$|[;,\s])/i.test(privacy ?? '');
}

/**
 * What a carrier is told of who has sent a call on; `to`: where it goes now, `hidden`: nobody behind the carrier is to see it. Both headers
 * say the same (RFC 7544 7.1): a deflection is cause 480.
 */
export function divertedHeaders(
  from: string | undefined,
  header: StackTrunk['diversionHeader'],
  { domain, to, hidden = false }: { domain: string; to: SipUri; hidden?: boolean },
): (readonly [string, string])[] {
  if (from === undefined || from === '') return [];
  const made: (readonly [string, string])[] = [];
  if (header === 'diversion' || header === 'both') {
    const privacy = hidden ? ';privacy=full' : '';
    made.push(['Diversion', `${sipAddress('', from, domain)};reason=deflection;counter=1${privacy}`]);
  }
  if (header === 'history' || header === 'both') {
    const privacy = new Map(hidden ? [['privacy', 'history']] : []);
    const before = sipAddress('', from, domain, privacy);
    const now = formatNameAddr({
      displayName: '',
      uri: { ...to, params: new Map([...to.params, ['cause', '480']]), headers: new Map() },
      params: new Map([
        ['index', '1.1'],
        ['mp', '1'],
      ]),
    });
    made.push(['History-Info', `${before};index=1, ${now}`]);
  }
  return made;
}

/** 380 names a service and not a place. */
const SENT_ON: ReadonlySet<number> = new Set([300, 301, 302, 305]);

/**
 * The numbers that a telephone sends its call on to, hostile text, the best first: the users of its contacts, whatever their hosts, since a
 * telephone is not to say where the box sends what; empty: it does not, or to nobody with a number.
 */
export function forwardedTo({ status, contacts }: SessionEnd): string[] {
  if (!SENT_ON.has(status ?? 0)) return [];
  const numbers = byQuality(contacts)
    .filter(({ uri }) => ['sip', 'sips', 'tel'].includes(uri.scheme))
    .map(({ uri }) => numberOf(uri.user));
  return [...new Set(numbers)].filter((number) => number !== undefined).slice(0, MOST_CONTACTS);
}

/** RFC 3261 8.1.3.4: the best first; equals in their order. */
export function byQuality(contacts: readonly NameAddr[]): NameAddr[] {
  return [...contacts].sort((a, b) => quality(b) - quality(a));
}

function quality({ params }: NameAddr): number {
  const q = Number(params.get('q') ?? '1');
  return q >= 0 && q <= 1 ? q : 1;
}

function numberOf(user: string | undefined): string | undefined {
  const [number = ''] = (user ?? '').split(';');
  return number.replace(/[-.() ]/g, '').slice(0, LONGEST) || undefined;
}
