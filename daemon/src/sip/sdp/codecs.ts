// Payload types: what the numbers of an m line mean (RFC 3551 clause 6, rtpmap and fmtp of RFC 8866), and the codecs we have.
import { parseNumber } from '../message/index.js';
import { attributeValues } from './attributes.js';
import type { CodecName, PayloadFormat, SdpMedia } from './types.js';

const MAX_PAYLOAD_TYPE = 127;
const MAX_CLOCK_RATE = 1_000_000;
const MAX_CHANNELS = 255;

/** Audio payload types of RFC 3551 table 4 that need no rtpmap. */
const STATIC = new Map<number, readonly [encoding: string, clockRate: number, channels: number]>([
  [0, ['PCMU', 8000, 1]],
  [3, ['GSM', 8000, 1]],
  [4, ['G723', 8000, 1]],
  [5, ['DVI4', 8000, 1]],
  [6, ['DVI4', 16_000, 1]],
  [7, ['LPC', 8000, 1]],
  [8, ['PCMA', 8000, 1]],
  [9, ['G722', 8000, 1]],
  [10, ['L16', 44_100, 2]],
  [11, ['L16', 44_100, 1]],
  [12, ['QCELP', 8000, 1]],
  [13, ['CN', 8000, 1]],
  [14, ['MPA', 90_000, 1]],
  [15, ['G728', 8000, 1]],
  [16, ['DVI4', 11_025, 1]],
  [17, ['DVI4', 22_050, 1]],
  [18, ['G729', 8000, 1]],
]);

/** How a codec of ours is named in SDP. */
export interface CodecShape {
  readonly name: CodecName;
  readonly clockRate: number;
  readonly channels: number;
  /** undefined: dynamic */
  readonly payloadType: number | undefined;
  /** what we say of it in fmtp */
  readonly parameters: string | undefined;
}

export const CODECS: Readonly<Record<CodecName, CodecShape>> = {
  PCMA: { name: 'PCMA', clockRate: 8000, channels: 1, payloadType: 8, parameters: undefined },
  PCMU: { name: 'PCMU', clockRate: 8000, channels: 1, payloadType: 0, parameters: undefined },
  G722: { name: 'G722', clockRate: 8000, channels: 1, payloadType: 9, parameters: undefined },
  // RFC 7587 7: always 48000 and 2, whatever is coded.
  opus: { name: 'opus', clockRate: 48_000, channels: 2, payloadType: undefined, parameters: 'useinbandfec=1' },
};

export const TELEPHONE_EVENT = 'telephone-event';
/** digits, *, # and A to D (RFC 4733 3.2) */
export const DIGIT_EVENTS = '0-15';
/** The payload type that nearly everybody gives telephone-event. */
export const USUAL_EVENT_PAYLOAD_TYPE = 101;

/**
 * The formats of an RTP stream in their order. Left out: what is no payload type, a number that comes again, and a dynamic one
 * without a rtpmap. `offered`: of an answer, the formats of its offer; some answer with the numbers alone.
 */
export function payloadFormats(media: SdpMedia, offered: readonly PayloadFormat[] = []): PayloadFormat[] {
  const maps = byPayloadType(media, 'rtpmap');
  const parameters = byPayloadType(media, 'fmtp');
  const formats: PayloadFormat[] = [];
  const seen = new Set<number>();
  for (const text of media.formats) {
    const payloadType = parseNumber(text, MAX_PAYLOAD_TYPE);
    if (payloadType === undefined || seen.has(payloadType)) continue;
    seen.add(payloadType);
    const format =
      readMap(payloadType, maps.get(payloadType), parameters.get(payloadType)) ??
      (maps.has(payloadType) ? undefined : offered.find((candidate) => candidate.payloadType === payloadType));
    if (format !== undefined) formats.push(format);
  }
  return formats;
}

/** Values such as `101 0-15` by their number; the first one of a number counts. */
function byPayloadType(media: SdpMedia, name: string): Map<number, string> {
  const values = new Map<number, string>();
  for (const value of attributeValues(media, name)) {
    const space = value.indexOf(' ');
    const payloadType = parseNumber(space < 0 ? value : value.slice(0, space), MAX_PAYLOAD_TYPE);
    if (payloadType === undefined || space < 0 || values.has(payloadType)) continue;
    values.set(payloadType, value.slice(space + 1).trim());
  }
  return values;
}

function readMap(payloadType: number, map: string | undefined, parameters: string | undefined) {
  if (map === undefined) {
    const known = STATIC.get(payloadType);
    if (known === undefined) return undefined;
    const [encoding, clockRate, channels] = known;
    return { payloadType, encoding, clockRate, channels, parameters };
  }
  const [encoding, rate = '', count = '1'] = map.split('/', 3);
  const clockRate = parseNumber(rate, MAX_CLOCK_RATE);
  const channels = parseNumber(count, MAX_CHANNELS);
  if (!encoding || !clockRate || !channels) return undefined;
  return { payloadType, encoding, clockRate, channels, parameters };
}

/** The codec of ours that a format is; undefined: none. */
export function codecOf(format: PayloadFormat): CodecShape | undefined {
  const encoding = format.encoding.toLowerCase();
  for (const codec of Object.values(CODECS)) {
    if (codec.name.toLowerCase() !== encoding || codec.clockRate !== format.clockRate) continue;
    if (codec.channels === format.channels) return codec;
  }
  return undefined;
}

export function isTelephoneEvent(format: PayloadFormat): boolean {
  return format.encoding.toLowerCase() === TELEPHONE_EVENT;
}

/** fmtp of the usual form `a=1;b=2` (names in lower case); what has no value is ''. */
export function formatParameters(parameters: string | undefined): Map<string, string> {
  const values = new Map<string, string>();
  for (const part of (parameters ?? '').split(';', 64)) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (name !== '' && !values.has(name)) values.set(name, equals < 0 ? '' : part.slice(equals + 1).trim());
  }
  return values;
}
