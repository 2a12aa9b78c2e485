// Attributes that many parts read: direction, packet time, RTCP, and where a stream goes.
import { isIP, isIPv4 } from 'node:net';

import { parseNumber } from '../message/index.js';
import { words } from './parse.js';
import type {
  AddressType,
  Direction,
  MediaAddress,
  SdpAttribute,
  SdpConnection,
  SdpMedia,
  SdpSession,
} from './types.js';

const MAX_PORT = 65_535;
const MAX_PTIME_MS = 1000;
const DIRECTIONS: readonly string[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] satisfies Direction[];

/** What has attributes: a session or a media. */
export interface Attributed {
  readonly attributes: readonly SdpAttribute[];
}

/** The first attribute of the name; names are compared as written (RFC 8866 5.13). */
export function attribute(of: Attributed, name: string): SdpAttribute | undefined {
  for (const candidate of of.attributes) if (candidate.name === name) return candidate;
  return undefined;
}

/** The value of the first attribute of the name, '' when it has none; undefined: there is no such attribute. */
export function attributeValue(of: Attributed, name: string): string | undefined {
  const found = attribute(of, name);
  return found === undefined ? undefined : (found.value ?? '').trim();
}

/** The values of all attributes of the name. */
export function attributeValues(of: Attributed, name: string): string[] {
  return of.attributes.filter((candidate) => candidate.name === name).map(({ value }) => (value ?? '').trim());
}

/** Of the stream, or else of the session, or else sendrecv (RFC 8866 6.7). */
export function directionOf(session: SdpSession, media: SdpMedia): Direction {
  return directionIn(media) ?? directionIn(session) ?? 'sendrecv';
}

function directionIn(of: Attributed): Direction | undefined {
  for (const { name } of of.attributes) if (isDirection(name)) return name;
  return undefined;
}

function isDirection(name: string): name is Direction {
  return DIRECTIONS.includes(name);
}

export function sends(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'sendonly';
}

export function receives(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'recvonly';
}

export function directionFrom(send: boolean, receive: boolean): Direction {
  if (send) return receive ? 'sendrecv' : 'sendonly';
  return receive ? 'recvonly' : 'inactive';
}

/** ptime or maxptime in ms (RFC 8866 6.4), fractions cut off; undefined: not said, or nonsense. */
export function packetTime(media: SdpMedia, name: 'ptime' | 'maxptime'): number | undefined {
  const text = attributeValue(media, name)?.split('.', 1)[0];
  return text === undefined ? undefined : parseNumber(text, MAX_PTIME_MS) || undefined;
}

export function connectionOf(session: SdpSession, media: SdpMedia): SdpConnection | undefined {
  return media.connection ?? session.connection;
}

/** RFC 2543 B.5: c=0.0.0.0 puts on hold; RFC 3264 8.4 still wants it understood. */
export function isHoldAddress(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** An address that one host has: no name, no group, no broadcast. */
export function isUnicast(address: string): boolean {
  if (isIPv4(address)) {
    const first = parseNumber(address.split('.', 1)[0] ?? '', 255) ?? 0;
    return first > 0 && first < 224;
  }
  return isIP(address) === 6 && !/^ff/i.test(address) && !address.includes('%') && address !== '::';
}

export function addressTypeOf(address: string): AddressType {
  return address.includes(':') ? 'IP6' : 'IP4';
}

/** Whether RTP and RTCP may share a port (RFC 5761). */
export function hasRtcpMux(media: SdpMedia): boolean {
  return attribute(media, 'rtcp-mux') !== undefined;
}

/** Where RTCP of a stream goes: a=rtcp (RFC 3605), or one port above RTP; undefined: there is no such port. */
export function rtcpAddress(media: SdpMedia, rtp: MediaAddress): MediaAddress | undefined {
  const [port, network, , address] = words(attributeValue(media, 'rtcp') ?? '');
  const said = port === undefined ? undefined : parseNumber(port, MAX_PORT) || undefined;
  if (said === undefined) return rtp.port < MAX_PORT ? { address: rtp.address, port: rtp.port + 1 } : undefined;
  if (network !== 'IN' || address === undefined || !isUnicast(address)) return { address: rtp.address, port: said };
  const sameVersion = addressTypeOf(address) === addressTypeOf(rtp.address);
  return { address: sameVersion ? address : rtp.address, port: said };
}
