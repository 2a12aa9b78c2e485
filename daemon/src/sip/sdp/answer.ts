// Answers to the offers of others (RFC 3264 6).
import { attributeValue, directionOf, hasRtcpMux, receives } from './attributes.js';
import { codecOf, payloadFormats } from './codecs.js';
import { ALL_SUITES, cryptoLines, formatCrypto, isUsable, SUITE_KEY_BYTES } from './crypto.js';
import { failure } from './parse.js';
import {
  audioMedia,
  canMux,
  describe,
  eventFormat,
  faxMedia,
  isFax,
  ourDirection,
  profileOf,
  ptimeFor,
  refused,
  remoteAddress,
  remoteRtcp,
} from './stream.js';
import { iceOf } from './ice.js';
import { t38Answer, t38Attributes, t38Parameters } from './t38.js';
import { iceNames, isWebRtc, webRtcMedia, webRtcRemote } from './webrtc.js';
import type {
  AudioPreferences,
  CodecName,
  CryptoLine,
  CurrentSession,
  Negotiated,
  NegotiatedFax,
  NegotiatedSrtp,
  PayloadFormat,
  SdpFailure,
  SdpMedia,
  SdpSession,
  SessionPreferences,
} from './types.js';

export interface Answer {
  readonly kind: 'answer';
  answer: SdpSession;
  negotiated: Negotiated;
}

const NO_CODEC = 'there is no codec in common';

/** One m line of an offer, and what we know when we look at it. */
interface Offered {
  offer: SdpSession;
  index: number;
  media: SdpMedia;
  preferences: SessionPreferences;
  /** the session in force */
  current: CurrentSession | undefined;
}

/** What we would say to it. */
interface Taken {
  media: SdpMedia;
  negotiated: Negotiated;
}

/**
 * Answers an offer: takes one stream (an encrypted one before one in the open, else the first), refuses the others in their places, and
 * chooses one codec of it. A failure means 488: no stream can be taken. `current`: the session in force that the offer changes.
 */
export function answerOffer(
  offer: SdpSession,
  preferences: SessionPreferences,
  current?: CurrentSession,
): Answer | SdpFailure {
  let best: Taken | undefined;
  let why: string | undefined;
  for (const [index, media] of offer.media.entries()) {
    const taken = takeStream({ offer, index, media, preferences, current });
    if (typeof taken === 'string') why ??= taken;
    else if (best === undefined || (!isEncrypted(best) && isEncrypted(taken))) best = taken;
  }
  if (best === undefined) return failure(why ?? 'the offer has no stream');
  const { media, negotiated } = best;
  const answered = offer.media.map((other, index) => (index === negotiated.index ? media : refused(other)));
  // RFC 3264 6: the time is that of the offer.
  return { kind: 'answer', answer: describe(preferences, answered, offer.timing, current), negotiated };
}

function isEncrypted({ negotiated }: Taken): boolean {
  return negotiated.kind === 'audio' && (negotiated.srtp !== undefined || negotiated.webrtc !== undefined);
}

/** A sentence: why not. */
function takeStream(offered: Offered): Taken | string {
  const { media, preferences } = offered;
  if (media.port === 0) return 'a stream is not in use';
  if (media.kind === 'audio' && preferences.audio !== undefined) {
    return isWebRtc(media) ? takeBrowser(offered, preferences.audio) : takeAudio(offered, preferences.audio);
  }
  if (isFax(media)) return takeFax(offered);
  return 'a stream is of a kind that is not taken';
}

function takeAudio(offered: Offered, audio: AudioPreferences): Taken | string {
  const { offer, media, preferences } = offered;
  const address = remoteAddress(offer, media, preferences.address);
  if (typeof address === 'object' && 'why' in address) return address.why;
  const hold = address === 'hold';
  const talk = talkOf(offered, audio, hold);
  if (talk === undefined) return NO_CODEC;
  const srtp = chooseSrtp(offered, audio);
  if (typeof srtp === 'string') return srtp;
  const rtcpMux = audio.rtcpMux === true && hasRtcpMux(media) && canMux([talk.agreed.codec.payloadType]);
  const crypto = srtp === undefined ? [] : [formatCrypto(srtp.tag, srtp.suite, srtp.localKey)];
  const remoteRtp = hold ? undefined : address;
  return {
    media: audioMedia(audio, { ...talk.line, rtcpMux, crypto }),
    negotiated: {
      ...talk.agreed,
      remoteRtp,
      remoteRtcp: remoteRtcp(media, remoteRtp, rtcpMux),
      srtp: srtp === undefined ? undefined : { suite: srtp.suite, localKey: srtp.localKey, remoteKey: srtp.remoteKey },
      rtcpMux,
    },
  };
}

/** Where it is and which keys it has, ICE and DTLS will find. */
function takeBrowser(offered: Offered, audio: AudioPreferences): Taken | string {
  const { offer, index, media, preferences, current } = offered;
  const { webrtc } = audio;
  if (webrtc === undefined) return 'streams of browsers are not taken';
  const talk = talkOf(offered, audio, false);
  if (talk === undefined) return NO_CODEC;
  const names = iceNames(current?.local.media[index], restartsIce(offered), preferences.randomBytes);
  const remote = webRtcRemote(offer, media, names, true);
  if (typeof remote === 'string') return remote;
  const line = audioMedia({ port: webrtc.port }, { ...talk.line, rtcpMux: true, crypto: [] });
  const { address } = preferences;
  return {
    media: webRtcMedia(line, webrtc, { address, names, setup: 'passive', mid: attributeValue(media, 'mid') }),
    negotiated: {
      ...talk.agreed,
      ...{ remoteRtp: undefined, remoteRtcp: undefined, srtp: undefined, rtcpMux: true },
      webrtc: remote,
    },
  };
}

/** RFC 8839 4.4.1.1 */
function restartsIce({ offer, index, media, current }: Offered): boolean {
  const before = current?.remote.media[index];
  if (current === undefined || before === undefined) return false;
  return iceOf(current.remote, before).ufrag !== iceOf(offer, media).ufrag;
}

/** What is said and agreed of the audio, whatever carries it; undefined: there is no codec in common. */
function talkOf({ offer, index, media }: Offered, audio: AudioPreferences, hold: boolean) {
  const formats = payloadFormats(media);
  const chosen = chooseCodec(formats, audio);
  if (chosen === undefined) return undefined;
  const { name, format } = chosen;
  const { payloadType } = format;
  const codec = { name, payloadType };
  const event = audio.telephoneEvents === false ? undefined : eventFormat(formats, name);
  const theirs = directionOf(offer, media);
  const direction = ourDirection(theirs, audio.direction ?? 'sendrecv', hold);
  const ptimeMs = ptimeFor(media, audio.ptimeMs);
  return {
    line: {
      ...{ protocol: media.protocol, codecs: [codec], ptimeMs, direction },
      events: event === undefined ? [] : [event],
    },
    agreed: {
      kind: 'audio' as const,
      index,
      codec,
      codecParameters: format.parameters,
      receive: [codec],
      telephoneEvent:
        event === undefined
          ? undefined
          : { send: event.payloadType, receive: event.payloadType, clockRate: event.clockRate },
      ptimeMs,
      direction,
      held: hold || !receives(theirs),
    },
  };
}

function chooseCodec(
  formats: readonly PayloadFormat[],
  audio: AudioPreferences,
): { name: CodecName; format: PayloadFormat } | undefined {
  const common = formats.flatMap((format) => {
    const name = codecOf(format)?.name;
    return name !== undefined && audio.codecs.includes(name) ? [{ name, format }] : [];
  });
  if (audio.order !== 'local') return common[0];
  for (const name of audio.codecs) {
    const found = common.find((candidate) => candidate.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** undefined: the stream is in the open; a sentence: it cannot be taken. */
function chooseSrtp(
  { index, media, preferences, current }: Offered,
  audio: AudioPreferences,
): (NegotiatedSrtp & { tag: number }) | undefined | string {
  const profile = profileOf(media);
  if (profile === undefined) return 'the profile of a stream is not known';
  if (audio.srtp === 'none') return profile === 'secure' ? 'encryption is not wanted' : undefined;
  const suites = audio.cryptoSuites ?? ALL_SUITES;
  const line = cryptoLines(media).find((candidate) => suites.includes(candidate.suite) && isUsable(candidate));
  if (line !== undefined) {
    const { tag, suite, key: remoteKey } = line;
    return {
      tag,
      suite,
      remoteKey,
      localKey: keyInForce(line, current?.local.media[index]) ?? preferences.randomBytes(SUITE_KEY_BYTES[suite]),
    };
  }
  if (profile === 'secure') return 'no suite of SRTP is in common';
  return audio.srtp === 'required' ? 'encryption is required' : undefined;
}

/** A session that goes on keeps our key, so that our stream is not interrupted. */
function keyInForce(line: CryptoLine, before: SdpMedia | undefined): Buffer | undefined {
  if (before === undefined) return undefined;
  return cryptoLines(before).find(({ tag, suite }) => tag === line.tag && suite === line.suite)?.key;
}

function takeFax({ offer, index, media, preferences }: Offered): Taken | string {
  const { fax } = preferences;
  if (fax === undefined) return 'fax over IP is not taken';
  const address = remoteAddress(offer, media, preferences.address);
  if (address === 'hold') return 'a stream of fax has no address';
  if ('why' in address) return address.why;
  const asked = t38Parameters(media);
  const agreed = t38Answer(asked, fax.t38);
  const negotiated: NegotiatedFax = {
    kind: 'fax',
    index,
    remote: address,
    t38: { ...agreed, maxBuffer: asked.maxBuffer, maxDatagram: asked.maxDatagram },
  };
  return { media: faxMedia(fax.port, media.protocol, t38Attributes(agreed)), negotiated };
}
