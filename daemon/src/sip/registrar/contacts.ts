// What a REGISTER asks for: its contacts, their times, Path, and the extensions that it needs (RFC 3261 10.3, RFC 3327, RFC 5626).
import { formatUri, parseNameAddr, type NameAddr, type SipRequest, type SipUri } from '../message/index.js';
import { MAX_INSTANCE_CHARS, MAX_PATH, MAX_REG_ID, UNREADABLE_EXPIRES_S, type RegistrarLimits } from './limits.js';

/** Why a REGISTER is refused. */
export interface Refusal {
  status: number;
  reason?: string | undefined;
  headers?: readonly (readonly [name: string, value: string])[] | undefined;
}

export interface WantedContact {
  uri: SipUri;
  text: string;
  /** 0: to be removed */
  expiresS: number;
  q: number;
  instance: string | undefined;
  regId: number | undefined;
}

export interface Registration {
  /** all: `Contact: *`; empty: what is registered is only asked for */
  contacts: readonly WantedContact[] | 'all';
  path: readonly string[];
  /** the telephone understands Path in the answer */
  knowsPath: boolean;
  outbound: boolean;
}

/** Extensions that a registrar can be required to know. Globally routable URIs (gruu) are not among them. */
const EXTENSIONS = new Set(['path', 'outbound']);
export const SUPPORTED = 'path, outbound';

const MAX_EXPIRES_S = 0xffff_ffff;

export function readRegistration(request: SipRequest, limits: RegistrarLimits): Registration | Refusal {
  const { headers } = request;
  const required = headers.list('Require').map((tag) => tag.toLowerCase());
  const unknown = required.filter((tag) => !EXTENSIONS.has(tag));
  if (unknown.length > 0) return { status: 420, headers: [['Unsupported', unknown.join(', ')]] };
  const supported = new Set([...required, ...headers.list('Supported').map((tag) => tag.toLowerCase())]);

  const path = headers.list('Path');
  if (path.length > MAX_PATH) return { status: 400, reason: 'Too Many Values of Path' };
  const hops = path.map(parseNameAddr);
  if (hops.some((hop) => !isSip(hop?.uri))) return { status: 400, reason: 'Malformed Path' };

  const rest = { path, knowsPath: supported.has('path') };
  if (request.contacts === '*') {
    // RFC 3261 10.3 step 6: on its own, and to remove.
    if (!/^0+$/.test(headers.get('Expires') ?? '')) return { status: 400, reason: 'Contact * Without Expires 0' };
    return { contacts: 'all', ...rest, outbound: false };
  }
  const knowsOutbound = supported.has('outbound');
  const contacts = request.contacts.map((one) => readContact(one, headers.get('Expires'), limits, knowsOutbound));
  if (contacts.some((contact) => !isSip(contact.uri))) return { status: 400, reason: 'Contact Is No SIP URI' };
  const tooShort = contacts.some(({ expiresS }) => expiresS > 0 && expiresS < limits.minS);
  if (tooShort) return { status: 423, headers: [['Min-Expires', String(limits.minS)]] };

  const flows = contacts.filter(({ regId }) => regId !== undefined);
  if (flows.filter(({ expiresS }) => expiresS > 0).length > 1) return { status: 400, reason: 'More Than One Flow' };
  // RFC 5626 clause 6: the first proxy must keep the flow. It stands last in Path, and there is one when Via has more than one value.
  if (flows.length > 0 && request.vias.length > 1 && hops.at(-1)?.uri.params.has('ob') !== true) return { status: 439 };
  return { contacts, ...rest, outbound: flows.length > 0 };
}

function isSip(uri: SipUri | undefined): boolean {
  return uri !== undefined && (uri.scheme === 'sip' || uri.scheme === 'sips');
}

function readContact(
  { uri, params }: NameAddr,
  expiresHeader: string | undefined,
  limits: RegistrarLimits,
  knowsOutbound: boolean,
): WantedContact {
  const instance = instanceOf(params.get('+sip.instance'));
  const regId = instance !== undefined && knowsOutbound ? regIdOf(params.get('reg-id')) : undefined;
  const expiresS = Math.min(limits.maxS, expiresOf(params.get('expires') ?? expiresHeader, limits.defaultS));
  return { uri, text: formatUri(uri), expiresS, q: qOf(params.get('q')), instance, regId };
}

/** s (RFC 3261 20.19): too large a number is the largest, and what is no number is an hour. */
function expiresOf(text: string | undefined, defaultS: number): number {
  if (text === undefined) return defaultS;
  return /^\d+$/.test(text) ? Math.min(Number(text), MAX_EXPIRES_S) : UNREADABLE_EXPIRES_S;
}

/** 0 to 1000; RFC 3261 names no default, and 1 is what everybody takes. */
function qOf(text: string | null | undefined): number {
  return typeof text === 'string' && /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text)
    ? Math.round(Number(text) * 1000)
    : 1000;
}

/** RFC 5626 4.1: a URN in angle brackets. What is longer than any that makes sense is taken for none. */
function instanceOf(text: string | null | undefined): string | undefined {
  if (typeof text !== 'string' || text.length > MAX_INSTANCE_CHARS) return undefined;
  const urn = text.startsWith('<') && text.endsWith('>') ? text.slice(1, -1) : text;
  return urn === '' ? undefined : urn;
}

function regIdOf(text: string | null | undefined): number | undefined {
  if (typeof text !== 'string' || !/^\d{1,10}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= 1 && number <= MAX_REG_ID ? number : undefined;
}
