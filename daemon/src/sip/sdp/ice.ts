// What WebRTC says in SDP: ICE (RFC 8839) and the certificate of DTLS (RFC 8122, 4145). Read here, used by who speaks it.
import { isIP } from 'node:net';

import { parseNumber } from '../message/index.js';
import { attribute, attributeValue, attributeValues, type Attributed } from './attributes.js';
import { words } from './parse.js';
import type { SdpMedia, SdpSession } from './types.js';

/** More are not tried: a hostile end would have us send checks to all the world (RFC 8445 19.5.1). */
export const MAX_CANDIDATES = 32;

/** a=candidate (RFC 8839 5.1) */
export interface IceCandidate {
  foundation: string;
  /** 1: RTP, 2: RTCP */
  component: number;
  /** upper case: UDP, TCP */
  transport: string;
  priority: number;
  /** an IP address, or a name that ends in .local (mDNS) */
  address: string;
  port: number;
  /** host, srflx, prflx, relay */
  type: string;
  relatedAddress: string | undefined;
  relatedPort: number | undefined;
}

export interface IceDescription {
  /** undefined: there is no ICE */
  ufrag: string | undefined;
  pwd: string | undefined;
  lite: boolean;
  options: string[];
  candidates: IceCandidate[];
  endOfCandidates: boolean;
}

export interface Fingerprint {
  /** lower case: sha-256 */
  hash: string;
  /** octets of the digest */
  digest: Buffer;
}

export type DtlsSetup = 'active' | 'passive' | 'actpass' | 'holdconn';

const ICE_CHARS = /^[A-Za-z0-9+/]+$/;
const DIGEST_BYTES = new Map([
  ['sha-1', 20],
  ['sha-224', 28],
  ['sha-256', 32],
  ['sha-384', 48],
  ['sha-512', 64],
]);
const SETUPS: readonly string[] = ['active', 'passive', 'actpass', 'holdconn'] satisfies DtlsSetup[];

/** Of the stream, or else of the session (RFC 8839 5.4). */
function inherited(session: SdpSession, media: SdpMedia, name: string): string | undefined {
  return attributeValue(media, name) ?? attributeValue(session, name);
}

export function iceOf(session: SdpSession, media: SdpMedia): IceDescription {
  const candidates: IceCandidate[] = [];
  for (const value of attributeValues(media, 'candidate').slice(0, MAX_CANDIDATES)) {
    const candidate = parseCandidate(value);
    if (candidate !== undefined) candidates.push(candidate);
  }
  return {
    ufrag: iceText(inherited(session, media, 'ice-ufrag'), 4),
    pwd: iceText(inherited(session, media, 'ice-pwd'), 22),
    lite: attribute(session, 'ice-lite') !== undefined,
    options: words(inherited(session, media, 'ice-options') ?? ''),
    candidates,
    endOfCandidates: attribute(media, 'end-of-candidates') !== undefined,
  };
}

/** RFC 8839 5.4: at least so many ice-chars, at most 256. */
function iceText(text: string | undefined, least: number): string | undefined {
  return text !== undefined && text.length >= least && text.length <= 256 && ICE_CHARS.test(text) ? text : undefined;
}

/** The value of one a=candidate; undefined: malformed. Extensions are left out. */
export function parseCandidate(value: string): IceCandidate | undefined {
  const [foundation, componentText = '', transport, priorityText = '', address, portText = '', typ, type, ...more] =
    words(value);
  const component = parseNumber(componentText, 256);
  const priority = parseNumber(priorityText, 2_147_483_647);
  const port = parseNumber(portText, 65_535);
  if (foundation === undefined || foundation.length > 32 || transport === undefined || address === undefined) {
    return undefined;
  }
  if (!component || priority === undefined || port === undefined || typ !== 'typ' || type === undefined)
    return undefined;
  if (isIP(address) === 0 && !/^[A-Za-z0-9-]{1,63}\.local$/.test(address)) return undefined;
  const related = new Map<string, string>();
  for (let i = 0; i + 1 < more.length; i += 2) related.set(more[i] ?? '', more[i + 1] ?? '');
  const relatedAddress = related.get('raddr');
  return {
    foundation,
    component,
    transport: transport.toUpperCase(),
    priority,
    address,
    port,
    type,
    relatedAddress: relatedAddress !== undefined && isIP(relatedAddress) !== 0 ? relatedAddress : undefined,
    relatedPort: parseNumber(related.get('rport') ?? '', 65_535),
  };
}

/** Fingerprints of the other end's certificate: of the stream, or else of the session (RFC 8122 5). */
export function fingerprintsOf(session: SdpSession, media: SdpMedia): Fingerprint[] {
  const of: Attributed = attribute(media, 'fingerprint') === undefined ? session : media;
  const fingerprints: Fingerprint[] = [];
  for (const value of attributeValues(of, 'fingerprint').slice(0, DIGEST_BYTES.size)) {
    const fingerprint = parseFingerprint(value);
    if (fingerprint !== undefined) fingerprints.push(fingerprint);
  }
  return fingerprints;
}

/** `sha-256 AB:CD…`; undefined: malformed, or a hash that is not known. */
export function parseFingerprint(value: string): Fingerprint | undefined {
  const [name = '', digits = '', ...more] = words(value);
  const hash = name.toLowerCase();
  const bytes = DIGEST_BYTES.get(hash);
  if (bytes === undefined || more.length > 0 || digits.length !== bytes * 3 - 1) return undefined;
  if (!/^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})*$/.test(digits)) return undefined;
  return { hash, digest: Buffer.from(digits.replaceAll(':', ''), 'hex') };
}

/** Who begins the DTLS handshake (RFC 4145 4, RFC 8842 5.1). */
export function setupOf(session: SdpSession, media: SdpMedia): DtlsSetup | undefined {
  const text = inherited(session, media, 'setup');
  return text !== undefined && isSetup(text) ? text : undefined;
}

function isSetup(text: string): text is DtlsSetup {
  return SETUPS.includes(text);
}
