// What offers and answers have in common: profiles, addresses, directions, and the audio lines that this end writes.
import {
  addressTypeOf,
  connectionOf,
  directionFrom,
  isHoldAddress,
  isUnicast,
  packetTime,
  receives,
  rtcpAddress,
  sends,
} from './attributes.js';
import { CODECS, DIGIT_EVENTS, isTelephoneEvent, TELEPHONE_EVENT } from './codecs.js';
import { sdpText } from './parse.js';
import { webRtcSession } from './webrtc.js';
import type {
  AudioPreferences,
  CodecName,
  CurrentSession,
  Direction,
  MediaAddress,
  PayloadFormat,
  SdpAttribute,
  SdpMedia,
  SdpSession,
  SessionPreferences,
} from './types.js';

export const DEFAULT_PTIME_MS = 20;
const SHORTEST_PTIME_MS = 10;
const LONGEST_PTIME_MS = 60;

/** How RTP is carried: in the open, or by SRTP with keys in the description. undefined: DTLS, or no RTP. */
export function profileOf(media: SdpMedia): 'plain' | 'secure' | undefined {
  switch (media.protocol.toUpperCase()) {
    case 'RTP/AVP':
    case 'RTP/AVPF':
      return 'plain';
    case 'RTP/SAVP':
    case 'RTP/SAVPF':
      return 'secure';
    default:
      return undefined;
  }
}

export function isFax(media: SdpMedia): boolean {
  return (
    media.kind === 'image' &&
    media.protocol.toLowerCase() === 'udptl' &&
    media.formats.some((format) => format.toLowerCase() === 't38')
  );
}

/** Where the other end receives. hold: nowhere for now. A sentence: media cannot be sent there. */
export function remoteAddress(
  session: SdpSession,
  media: SdpMedia,
  ours: string,
): MediaAddress | 'hold' | { why: string } {
  const address = connectionOf(session, media)?.address ?? '';
  if (isHoldAddress(address)) return 'hold';
  if (!isUnicast(address)) return { why: 'the address of a stream is not that of a host' };
  const sameVersion = addressTypeOf(address) === addressTypeOf(ours);
  if (!sameVersion) return { why: 'the address of a stream is of another IP version' };
  return { address, port: media.port };
}

/** RTCP goes with RTP, or nowhere. */
export function remoteRtcp(media: SdpMedia, rtp: MediaAddress | undefined, mux: boolean): MediaAddress | undefined {
  return rtp === undefined || mux ? rtp : rtcpAddress(media, rtp);
}

/** RFC 5761 4: on one port, payload types of 64 to 95 could not be told from packets of RTCP. */
export function canMux(payloadTypes: readonly number[]): boolean {
  return payloadTypes.every((payloadType) => payloadType < 64 || payloadType > 95);
}

/** Ours, from what the other end does and what we would do. */
export function ourDirection(remote: Direction, ours: Direction, hold: boolean): Direction {
  return directionFrom(sends(ours) && receives(remote) && !hold, receives(ours) && sends(remote));
}

/** ms in our packets: what the other end asks for when it is a usual length, but not more than it takes. */
export function ptimeFor(remote: SdpMedia, oursMs: number = DEFAULT_PTIME_MS): number {
  const asked = packetTime(remote, 'ptime');
  const usual = asked !== undefined && asked % 10 === 0 && asked >= SHORTEST_PTIME_MS && asked <= LONGEST_PTIME_MS;
  const longest = packetTime(remote, 'maxptime') ?? LONGEST_PTIME_MS;
  const atMost = Math.max(SHORTEST_PTIME_MS, longest - (longest % 10));
  return Math.min(usual ? asked : oursMs, atMost);
}

/** telephone-event in the clock of the codec, or else in that of the narrow ones: many know no other (RFC 4733 2.1, RFC 7587 4.1). */
export function eventFormat(formats: readonly PayloadFormat[], codec: CodecName): PayloadFormat | undefined {
  const events = formats.filter(isTelephoneEvent);
  return (
    events.find(({ clockRate }) => clockRate === CODECS[codec].clockRate) ??
    events.find(({ clockRate }) => clockRate === CODECS.PCMA.clockRate)
  );
}

export interface AudioLine {
  protocol: string;
  codecs: readonly { name: CodecName; payloadType: number }[];
  events: readonly { payloadType: number; clockRate: number }[];
  ptimeMs: number;
  direction: Direction;
  rtcpMux: boolean;
  /** values of a=crypto */
  crypto: readonly string[];
}

/** An m line of ours for audio. */
export function audioMedia(ours: Pick<AudioPreferences, 'port' | 'rtcpPort'>, line: AudioLine): SdpMedia {
  const attributes: SdpAttribute[] = [];
  const say = (name: string, value?: string): number => attributes.push({ name, value });
  for (const { name, payloadType } of line.codecs) {
    const { clockRate, channels, parameters } = CODECS[name];
    say('rtpmap', `${payloadType} ${name}/${clockRate}${channels === 1 ? '' : `/${channels}`}`);
    if (parameters !== undefined) say('fmtp', `${payloadType} ${parameters}`);
  }
  for (const { payloadType, clockRate } of line.events) {
    say('rtpmap', `${payloadType} ${TELEPHONE_EVENT}/${clockRate}`);
    say('fmtp', `${payloadType} ${DIGIT_EVENTS}`);
  }
  for (const crypto of line.crypto) say('crypto', crypto);
  say('ptime', String(line.ptimeMs));
  if (line.rtcpMux) say('rtcp-mux');
  if (ours.rtcpPort !== undefined && ours.rtcpPort !== ours.port + 1) say('rtcp', String(ours.rtcpPort));
  say(line.direction);
  return {
    kind: 'audio',
    port: ours.port,
    portCount: 1,
    protocol: line.protocol,
    formats: [...line.codecs, ...line.events].map(({ payloadType }) => String(payloadType)),
    connection: undefined,
    bandwidths: [],
    attributes,
  };
}

export function faxMedia(port: number, protocol: string, attributes: SdpAttribute[]): SdpMedia {
  return {
    kind: 'image',
    port,
    portCount: 1,
    protocol,
    formats: ['t38'],
    connection: undefined,
    bandwidths: [],
    attributes,
  };
}

/** A stream that is not taken, or not any more: port 0 in its place (RFC 3264 6 and 8.2). */
export function refused(media: SdpMedia): SdpMedia {
  return { ...media, port: 0, portCount: 1, connection: undefined, bandwidths: [], attributes: [] };
}

/**
 * A description of ours. Of a session that goes on it keeps the origin, and its version goes up by one when anything else has changed
 * (RFC 3264 8).
 */
export function describe(
  preferences: SessionPreferences,
  media: SdpMedia[],
  timing: string,
  current: CurrentSession | undefined,
): SdpSession {
  const { address, sessionId } = preferences;
  const addressType = addressTypeOf(address);
  const before = current?.local;
  const session: SdpSession = {
    kind: 'session',
    origin: before?.origin ?? { username: '-', sessionId, sessionVersion: '1', addressType, address },
    name: '-',
    connection: { addressType, address, suffix: '' },
    bandwidths: [],
    timing,
    attributes: webRtcSession(media),
    media,
  };
  if (before === undefined || sdpText(before) === sdpText(session)) return session;
  const sessionVersion = String(BigInt(before.origin.sessionVersion) + 1n);
  return { ...session, origin: { ...session.origin, sessionVersion } };
}
