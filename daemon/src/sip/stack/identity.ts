// Who calls whom, read from and written into headers (RFC 3261 8.1.1, RFC 3323, RFC 3325, Remote-Party-ID).
import {
  formatNameAddr,
  parseNameAddr,
  parseUri,
  type NameAddr,
  type SipRequest,
  type SipUri,
} from '../message/index.js';
import type { CallOrigin, StackStation, StackTrunk } from './protocol.js';

export interface Caller {
  /** as sent, hostile text; empty: withheld */
  callingNumber: string;
  callingName: string;
  /** he does not want his number to be shown to others */
  anonymous: boolean;
}

interface Calling {
  callingNumber: string;
  callingName: string;
  anonymous: boolean;
}

/** of a number, visual separators not counted */
const LONGEST_NUMBER = 32;

const WITHHELD: Caller = { callingNumber: '', callingName: '', anonymous: true };

/** Of a station its own number, whatever it claims; of a trunk what the carrier asserts before what the caller says. */
export function callerOf(request: SipRequest, origin: CallOrigin, station: StackStation | undefined): Caller {
  const privacy = (request.headers.get('Privacy') ?? '').toLowerCase();
  const hidden = /\b(id|user|header)\b/.test(privacy);
  if (origin.kind === 'station') {
    const callingName = station?.name ?? request.from.displayName;
    return { callingNumber: String(origin.station), callingName, anonymous: hidden };
  }
  if (hidden) return WITHHELD;
  const asserted = firstAddress(request, 'P-Asserted-Identity') ?? firstAddress(request, 'Remote-Party-ID');
  if (asserted !== undefined && (asserted.params.get('privacy') ?? 'off') !== 'off') return WITHHELD;
  const { uri, displayName } = asserted ?? request.from;
  if (isAnonymous(uri)) return WITHHELD;
  return { callingNumber: numberOf(uri.user), callingName: displayName || request.from.displayName, anonymous: false };
}

/** RFC 3323 4.1.1.3 */
function isAnonymous({ host, user }: SipUri): boolean {
  return host === 'anonymous.invalid' || user?.toLowerCase() === 'anonymous';
}

/**
 * What was dialled. A carrier that calls our registration's Contact says elsewhere who is meant: in P-Called-Party-ID (RFC 7315 4.2),
 * or in To.
 */
export function calledOf(request: SipRequest, trunk: StackTrunk | undefined): string {
  const user = request.uri.user ?? '';
  const own = trunk !== undefined && (user === '' || user === trunk.username || user === trunk.fromUser);
  if (!own) return numberOf(user);
  const called = firstAddress(request, 'P-Called-Party-ID')?.uri.user ?? request.to.uri.user;
  return numberOf(called ?? user);
}

/** `"name" <sip:user@host?headers>`, escaped. */
export function sipAddress(
  displayName: string,
  user: string,
  host: string,
  headers: SipUri['headers'] = new Map(),
): string {
  const uri = parseUri('sip:x');
  if (uri === undefined) throw new RangeError('not a URI');
  const params = new Map<string, string | null>();
  return formatNameAddr({ displayName, uri: { ...uri, user, host, headers }, params } satisfies NameAddr);
}

export function fromHeader({ callingNumber, callingName, anonymous }: Calling, domain: string): string {
  if (anonymous || callingNumber === '') return '"Anonymous" <sip:anonymous@anonymous.invalid>';
  return sipAddress(callingName, callingNumber, domain);
}

/** What trusted peers are told beside From. */
export function identityHeaders(
  { callingNumber, callingName, anonymous }: Calling,
  header: StackTrunk['callerIdHeader'],
  domain: string,
): (readonly [string, string])[] {
  const privacy: (readonly [string, string])[] = anonymous ? [['Privacy', 'id']] : [];
  if (callingNumber === '' || header === 'from') return privacy;
  const address = sipAddress(callingName, callingNumber, domain);
  if (header === 'pai') return [['P-Asserted-Identity', address], ...privacy];
  return [['Remote-Party-ID', `${address};party=calling;screen=yes;privacy=${anonymous ? 'full' : 'off'}`], ...privacy];
}

function firstAddress(request: SipRequest, header: string): NameAddr | undefined {
  const [text] = request.headers.list(header);
  return text === undefined ? undefined : parseNameAddr(text);
}

/** Without the parameters of a telephone number and its separators (RFC 3966 5.1.1). */
function numberOf(user: string | undefined): string {
  const [number = ''] = (user ?? '').split(';');
  return number.replace(/[-.() ]/g, '').slice(0, LONGEST_NUMBER);
}
