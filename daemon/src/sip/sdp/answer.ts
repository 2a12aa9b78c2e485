// Answers to the offers of others (RFC 3264 6).
import { directionOf, hasRtcpMux, receives } from './attributes.js';
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
import { t38Answer, t38Attributes, t38Parameters } from './t38.js';
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

/** One m line of an offer, and what we know when we look at it. */
interface Offered {
  offer: SdpSession;
  index: number;
  media: SdpMedia;
  preferences: SessionPreferences;
  /** of the session in force, our stream in this place */
  before: SdpMedia | undefined;
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
    const taken = takeStream({ offer, index, media, preferences, before: current?.local.media[index] });
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
  return negotiated.kind === 'audio' && negotiated.srtp !== undefined;
}

/** A sentence: why not. */
function takeStream(offered: Offered): Taken | string {
  const { media, preferences } = offered;
  if (media.port === 0) return 'a stream is not in use';
  if (media.kind === 'audio' && preferences.audio !== undefined) return takeAudio(offered, preferences.audio);
  if (isFax(media)) return takeFax(offered);
  return 'a stream is of a kind that is not taken';
}

function takeAudio(offered: Offered, audio: AudioPreferences): Taken | string {
  const { offer, index, media, preferences } = offered;
  const address = remoteAddress(offer, media, preferences.address);
  if (typeof address === 'object' && 'why' in address) return address.why;
  const formats = payloadFormats(media);
  const codec = chooseCodec(formats, audio);
  if (codec === undefined) return 'there is no codec in common';
  const srtp = chooseSrtp(offered, audio);
  if (typeof srtp === 'string') return srtp;
  const { payloadType } = codec.format;
  const event = audio.telephoneEvents === false ? undefined : eventFormat(formats, codec.name);
  const hold = address === 'hold';
  const remote = directionOf(offer, media);
  const direction = ourDirection(remote, audio.direction ?? 'sendrecv', hold);
  const rtcpMux = audio.rtcpMux === true && hasRtcpMux(media) && canMux([payloadType]);
  const ptimeMs = ptimeFor(media, audio.ptimeMs);
  const answered = audioMedia(audio, {
    protocol: media.protocol,
    codecs: [{ name: codec.name, payloadType }],
    events: event === undefined ? [] : [event],
    ptimeMs,
    direction,
    rtcpMux,
    crypto: srtp === undefined ? [] : [formatCrypto(srtp.tag, srtp.suite, srtp.localKey)],
  });
  const remoteRtp = hold ? undefined : address;
  return {
    media: answered,
    negotiated: {
      kind: 'audio',
      index,
      remoteRtp,
      remoteRtcp: remoteRtcp(media, remoteRtp, rtcpMux),
      codec: { name: codec.name, payloadType },
      codecParameters: codec.format.parameters,
      receive: [{ name: codec.name, payloadType }],
      telephoneEvent:
        event === undefined
          ? undefined
          : { send: event.payloadType, receive: event.payloadType, clockRate: event.clockRate },
      ptimeMs,
      direction,
      held: hold || !receives(remote),
      srtp: srtp === undefined ? undefined : { suite: srtp.suite, localKey: srtp.localKey, remoteKey: srtp.remoteKey },
      rtcpMux,
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
  { media, preferences, before }: Offered,
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
      localKey: keyInForce(line, before) ?? preferences.randomBytes(SUITE_KEY_BYTES[suite]),
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
