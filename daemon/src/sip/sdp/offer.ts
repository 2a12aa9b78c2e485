// Offers (RFC 3264 5 and 8): the first one, also the one in the answer to an INVITE without a description, and those that change a
// session.
import { cryptoLines, formatCrypto, ALL_SUITES, isUsable, SUITE_KEY_BYTES } from './crypto.js';
import { CODECS, codecOf, isTelephoneEvent, payloadFormats, USUAL_EVENT_PAYLOAD_TYPE } from './codecs.js';
import { audioMedia, DEFAULT_PTIME_MS, describe, faxMedia, profileOf, refused } from './stream.js';
import { t38Attributes } from './t38.js';
import { attributeValue } from './attributes.js';
import { iceNames, wasWebRtc, webRtcMedia } from './webrtc.js';
import type { AudioPreferences, CodecName, CurrentSession, SdpMedia, SdpSession, SessionPreferences } from './types.js';

const FIRST_DYNAMIC = 96;
const LAST_DYNAMIC = 127;

/**
 * An offer of one stream: audio when there are preferences for it, or else fax. With `current` it changes the session that is in force:
 * the order of the m lines stays, payload types keep their meaning, SRTP its keys.
 */
export function makeOffer(preferences: SessionPreferences, current?: CurrentSession): SdpSession {
  const before = current?.local.media ?? [];
  const active = before.findIndex((media) => media.port !== 0);
  const place = active < 0 ? before.length : active;
  const media = before.map(refused);
  media[place] = offeredMedia(preferences, current, place);
  return describe(preferences, media, '0 0', current);
}

function offeredMedia(preferences: SessionPreferences, current: CurrentSession | undefined, place: number): SdpMedia {
  const { audio, fax } = preferences;
  const local = current?.local.media[place];
  const remote = current?.remote.media[place];
  if (audio !== undefined) return offeredAudio(audio, preferences, local, remote);
  if (fax === undefined) throw new RangeError('an offer needs preferences for audio or fax');
  return faxMedia(fax.port, 'udptl', t38Attributes(fax.t38));
}

function offeredAudio(
  audio: AudioPreferences,
  preferences: SessionPreferences,
  local: SdpMedia | undefined,
  remote: SdpMedia | undefined,
): SdpMedia {
  const numbers = new PayloadTypes([local, remote]);
  const codecs = audio.codecs.map((name) => ({ name, payloadType: numbers.ofCodec(name) }));
  const rates = new Set(audio.codecs.map((name) => CODECS[name].clockRate));
  const eventRates = audio.telephoneEvents === false ? [] : [...rates].sort((a, b) => a - b);
  const line = {
    codecs,
    events: eventRates.map((clockRate) => ({ clockRate, payloadType: numbers.ofEvents(clockRate) })),
    ptimeMs: audio.ptimeMs ?? DEFAULT_PTIME_MS,
    direction: audio.direction ?? 'sendrecv',
  };
  const { webrtc } = audio;
  const goesOn = local !== undefined && wasWebRtc(local);
  if (webrtc !== undefined && (goesOn || (local === undefined && webrtc.offer === true))) {
    const protocol = goesOn ? local.protocol : 'UDP/TLS/RTP/SAVPF';
    return webRtcMedia(audioMedia({ port: webrtc.port }, { ...line, protocol, rtcpMux: true, crypto: [] }), webrtc, {
      address: preferences.address,
      names: iceNames(local, false, preferences.randomBytes),
      // Who begins with DTLS stays as it is.
      setup: goesOn ? 'passive' : 'actpass',
      mid: goesOn ? attributeValue(local, 'mid') : '0',
    });
  }
  return audioMedia(audio, {
    ...line,
    protocol: protocolFor(audio, local),
    rtcpMux: audio.rtcpMux === true,
    crypto: audio.srtp === 'none' ? [] : offeredCrypto(audio, preferences, local),
  });
}

/** The one in force when the policy still allows it. */
function protocolFor(audio: AudioPreferences, local: SdpMedia | undefined): string {
  const profile = local === undefined ? undefined : profileOf(local);
  if (local !== undefined && profile === 'secure' && audio.srtp !== 'none') return local.protocol;
  if (local !== undefined && profile === 'plain' && audio.srtp !== 'required') return local.protocol;
  return audio.srtp === 'required' ? 'RTP/SAVP' : 'RTP/AVP';
}

/** A line for each suite; of a session that is encrypted already, the one in force with its key. */
function offeredCrypto(
  audio: AudioPreferences,
  preferences: SessionPreferences,
  local: SdpMedia | undefined,
): string[] {
  const suites = audio.cryptoSuites ?? ALL_SUITES;
  const inForce = local === undefined ? [] : cryptoLines(local).filter((line) => isUsable(line));
  const kept = inForce.filter(({ suite }) => suites.includes(suite));
  if (kept.length > 0) return kept.map(({ tag, suite, key }) => formatCrypto(tag, suite, key));
  return suites.map((suite, i) => formatCrypto(i + 1, suite, preferences.randomBytes(SUITE_KEY_BYTES[suite])));
}

/** Hands out payload types. What a number has once meant in a session, for either end, it means to its end (RFC 3264 8.3.2). */
class PayloadTypes {
  readonly #known = new Map<string, number>();
  readonly #used = new Set<number>();

  constructor(streams: readonly (SdpMedia | undefined)[]) {
    for (const media of streams) {
      if (media === undefined || media.kind !== 'audio') continue;
      for (const format of payloadFormats(media)) {
        const name = codecOf(format)?.name ?? (isTelephoneEvent(format) ? `events/${format.clockRate}` : undefined);
        if (name !== undefined && !this.#known.has(name)) this.#known.set(name, format.payloadType);
        this.#used.add(format.payloadType);
      }
    }
  }

  ofCodec(name: CodecName): number {
    return this.#pick(name, CODECS[name].payloadType ?? FIRST_DYNAMIC);
  }

  ofEvents(clockRate: number): number {
    return this.#pick(`events/${clockRate}`, USUAL_EVENT_PAYLOAD_TYPE);
  }

  #pick(name: string, usual: number): number {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    let number = usual;
    if (usual >= FIRST_DYNAMIC || this.#used.has(usual)) {
      const dynamic = Array.from({ length: LAST_DYNAMIC - FIRST_DYNAMIC + 1 }, (_, i) => FIRST_DYNAMIC + i);
      const free = [usual, ...dynamic].find((candidate) => !this.#used.has(candidate));
      if (free === undefined) throw new RangeError('all payload types are taken');
      number = free;
    }
    this.#used.add(number);
    this.#known.set(name, number);
    return number;
  }
}
