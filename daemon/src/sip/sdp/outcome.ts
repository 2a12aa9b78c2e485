// What our offer came to, when the answer is there (RFC 3264 7).
import {
  attribute,
  attributeValue,
  connectionOf,
  directionOf,
  hasRtcpMux,
  packetTime,
  receives,
} from './attributes.js';
import { codecOf, isTelephoneEvent, payloadFormats } from './codecs.js';
import { cryptoLines, isUsable } from './crypto.js';
import { failure } from './parse.js';
import { canMux, eventFormat, isFax, ourDirection, profileOf, ptimeFor, remoteAddress, remoteRtcp } from './stream.js';
import { isWebRtc, webRtcRemote } from './webrtc.js';
import { t38Parameters } from './t38.js';
import type {
  Negotiated,
  NegotiatedAudio,
  NegotiatedSrtp,
  PayloadFormat,
  SdpFailure,
  SdpMedia,
  SdpSession,
} from './types.js';

/** One stream of both descriptions. */
interface Pair {
  index: number;
  offer: SdpSession;
  answer: SdpSession;
  ours: SdpMedia;
  theirs: SdpMedia;
}

/** `offer` is ours, `answer` theirs. A failure: the answer is none to this offer, or leaves nothing to talk over: the call must end. */
export function readAnswer(offer: SdpSession, answer: SdpSession): Negotiated | SdpFailure {
  if (answer.media.length !== offer.media.length) {
    return failure('the answer has another number of streams than the offer');
  }
  for (const [index, theirs] of answer.media.entries()) {
    const ours = offer.media[index];
    if (ours === undefined || ours.port === 0 || theirs.port === 0) continue;
    if (ours.kind !== theirs.kind) return failure('a stream was answered by one of another kind');
    const pair = { index, offer, answer, ours, theirs };
    const outcome = isFax(ours) ? faxOutcome(pair) : audioOutcome(pair);
    return typeof outcome === 'string' ? failure(outcome) : outcome;
  }
  return failure('the answer refuses all streams');
}

function remoteOf({ offer, answer, ours, theirs }: Pair) {
  return remoteAddress(answer, theirs, connectionOf(offer, ours)?.address ?? '');
}

function faxOutcome(pair: Pair): Negotiated | string {
  const { index, theirs } = pair;
  if (!isFax(theirs)) return 'a stream of fax was answered by something else';
  const remote = remoteOf(pair);
  if (remote === 'hold') return 'a stream of fax has no address';
  if ('why' in remote) return remote.why;
  return { kind: 'fax', index, remote, t38: t38Parameters(theirs) };
}

function audioOutcome(pair: Pair): NegotiatedAudio | string {
  const { index, offer, answer, ours, theirs } = pair;
  if (isWebRtc(ours) !== isWebRtc(theirs)) return 'a stream was answered with another profile';
  const webrtc = isWebRtc(ours) ? webRtcRemote(answer, theirs, namesOf(ours), false) : undefined;
  if (typeof webrtc === 'string') return webrtc;
  if (webrtc === undefined && profileOf(theirs) === undefined) return 'a stream was answered with another profile';
  const address = webrtc === undefined ? remoteOf(pair) : 'found';
  if (typeof address === 'object' && 'why' in address) return address.why;
  const offered = payloadFormats(ours);
  const answered = payloadFormats(theirs, offered);
  const common = commonCodecs(offered, answered);
  const [first] = common;
  if (first === undefined) return 'there is no codec in common';
  const srtp = webrtc === undefined ? srtpOutcome(ours, theirs) : undefined;
  if (typeof srtp === 'string') return srtp;
  const hold = address === 'hold';
  const remote = directionOf(answer, theirs);
  const receive = common.map(({ name, own }) => ({ name, payloadType: own.payloadType }));
  const sent = first.theirs.payloadType;
  const rtcpMux = hasRtcpMux(ours) && hasRtcpMux(theirs) && canMux([sent, ...receive.map((own) => own.payloadType)]);
  const remoteRtp = typeof address === 'string' ? undefined : address;
  // Browsers send keys in the slowest clock that was agreed upon, whatever the codec's.
  const sendEvent = webrtc === undefined ? eventFormat(answered, first.name) : slowestEvents(answered);
  const receiveEvent = offered.find((own) => isTelephoneEvent(own) && own.clockRate === sendEvent?.clockRate);
  return {
    kind: 'audio',
    index,
    remoteRtp,
    remoteRtcp: remoteRtcp(theirs, remoteRtp, rtcpMux),
    codec: { name: first.name, payloadType: sent },
    codecParameters: first.theirs.parameters,
    receive,
    telephoneEvent:
      sendEvent === undefined || receiveEvent === undefined
        ? undefined
        : {
            send: sendEvent.payloadType,
            receive: receiveEvent.payloadType,
            clockRate: sendEvent.clockRate,
          },
    ptimeMs: ptimeFor(theirs, packetTime(ours, 'ptime')),
    direction: ourDirection(remote, directionOf(offer, ours), hold),
    held: hold || !receives(remote),
    srtp,
    webrtc,
    rtcpMux: rtcpMux || webrtc !== undefined,
  };
}

function namesOf(media: SdpMedia): { ufrag: string; pwd: string } {
  return { ufrag: attributeValue(media, 'ice-ufrag') ?? '', pwd: attributeValue(media, 'ice-pwd') ?? '' };
}

/** In the order of the answer; each end has its own number for a codec. */
function commonCodecs(offered: readonly PayloadFormat[], answered: readonly PayloadFormat[]) {
  return answered.flatMap((theirs) => {
    const name = codecOf(theirs)?.name;
    const own = name === undefined ? undefined : offered.find((candidate) => codecOf(candidate)?.name === name);
    return name === undefined || own === undefined ? [] : [{ name, theirs, own }];
  });
}

/**
 * undefined: in the open, which only an offer of both allows (RFC 8643); a sentence: the stream would be heard by nobody. A key for a
 * key is what counts: some answer with the profile that belongs to what they do and not with the one that was offered.
 */
function srtpOutcome(ours: SdpMedia, theirs: SdpMedia): NegotiatedSrtp | undefined | string {
  const own = cryptoLines(ours);
  for (const line of cryptoLines(theirs)) {
    const match = own.find(({ tag, suite }) => tag === line.tag && suite === line.suite);
    if (match !== undefined && isUsable(line)) return { suite: line.suite, localKey: match.key, remoteKey: line.key };
  }
  // A key that cannot be read is a key: who sent it will encrypt.
  const silent = own.length === 0 || attribute(theirs, 'crypto') === undefined;
  const open = profileOf(ours) === 'plain' && profileOf(theirs) === 'plain' && silent;
  return open ? undefined : 'the answer has no key for SRTP';
}

function slowestEvents(formats: readonly PayloadFormat[]): PayloadFormat | undefined {
  return formats.filter(isTelephoneEvent).sort((a, b) => a.clockRate - b.clockRate)[0];
}
