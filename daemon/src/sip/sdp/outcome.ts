// What our offer came to, when the answer is there (RFC 3264 7).
import { connectionOf, directionOf, hasRtcpMux, packetTime, receives } from './attributes.js';
import { codecOf, isTelephoneEvent, payloadFormats } from './codecs.js';
import { cryptoLines, isUsable } from './crypto.js';
import { failure } from './parse.js';
import { eventFormat, isFax, ourDirection, profileOf, ptimeFor, remoteAddress, remoteRtcp } from './stream.js';
import { t38Parameters } from './t38.js';
import type {
  Negotiated,
  NegotiatedAudio,
  NegotiatedCodec,
  NegotiatedSrtp,
  SdpFailure,
  SdpMedia,
  SdpSession,
} from './types.js';

/** `offer` is ours, `answer` theirs. A failure: the answer is none to this offer, or leaves nothing to talk over: the call must end. */
export function readAnswer(offer: SdpSession, answer: SdpSession): Negotiated | SdpFailure {
  if (answer.media.length !== offer.media.length)
    return failure('the answer has another number of streams than the offer');
  for (const [index, theirs] of answer.media.entries()) {
    const ours = offer.media[index];
    if (ours === undefined || ours.port === 0 || theirs.port === 0) continue;
    if (ours.kind !== theirs.kind) return failure('a stream was answered by one of another kind');
    const outcome = isFax(ours)
      ? faxOutcome(offer, answer, theirs, index)
      : audioOutcome(offer, answer, ours, theirs, index);
    return typeof outcome === 'string' ? failure(outcome) : outcome;
  }
  return failure('the answer refuses all streams');
}

function addressOf(offer: SdpSession, ours: SdpMedia | undefined): string {
  return (ours === undefined ? offer.connection : connectionOf(offer, ours))?.address ?? '';
}

function faxOutcome(offer: SdpSession, answer: SdpSession, theirs: SdpMedia, index: number): Negotiated | string {
  if (!isFax(theirs)) return 'a stream of fax was answered by something else';
  const remote = remoteAddress(answer, theirs, addressOf(offer, offer.media[index]));
  if (remote === 'hold') return 'a stream of fax has no address';
  if ('why' in remote) return remote.why;
  return { kind: 'fax', index, remote, t38: t38Parameters(theirs) };
}

function audioOutcome(
  offer: SdpSession,
  answer: SdpSession,
  ours: SdpMedia,
  theirs: SdpMedia,
  index: number,
): NegotiatedAudio | string {
  if (profileOf(theirs) === undefined) return 'a stream was answered with another profile';
  const address = remoteAddress(answer, theirs, addressOf(offer, ours));
  if (typeof address === 'object' && 'why' in address) return address.why;
  const offered = payloadFormats(ours);
  const answered = payloadFormats(theirs, offered);
  const send: (NegotiatedCodec & { parameters: string | undefined })[] = [];
  const receive: NegotiatedCodec[] = [];
  for (const format of answered) {
    const name = codecOf(format)?.name;
    const own = name === undefined ? undefined : offered.find((candidate) => codecOf(candidate)?.name === name);
    if (name === undefined || own === undefined) continue;
    send.push({ name, payloadType: format.payloadType, parameters: format.parameters });
    receive.push({ name, payloadType: own.payloadType });
  }
  const [first] = send;
  if (first === undefined) return 'there is no codec in common';
  const srtp = srtpOutcome(ours, theirs);
  if (typeof srtp === 'string') return srtp;
  const hold = address === 'hold';
  const remote = directionOf(answer, theirs);
  const rtcpMux = hasRtcpMux(ours) && hasRtcpMux(theirs);
  const remoteRtp = hold ? undefined : address;
  const sendEvent = eventFormat(answered, first.name);
  const receiveEvent = offered.find((own) => isTelephoneEvent(own) && own.clockRate === sendEvent?.clockRate);
  return {
    kind: 'audio',
    index,
    remoteRtp,
    remoteRtcp: remoteRtcp(theirs, remoteRtp, rtcpMux),
    codec: { name: first.name, payloadType: first.payloadType },
    codecParameters: first.parameters,
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
    rtcpMux,
  };
}

/**
 * undefined: in the open, which only an offer of both allows (RFC 8643); a sentence: the stream would be heard by nobody. A key for a
 * key is what counts: some answer with the profile that belongs to what they do and not with the one that was offered.
 */
function srtpOutcome(ours: SdpMedia, theirs: SdpMedia): NegotiatedSrtp | undefined | string {
  const own = cryptoLines(ours);
  const answered = cryptoLines(theirs);
  for (const line of answered) {
    const match = own.find(({ tag, suite }) => tag === line.tag && suite === line.suite);
    if (match !== undefined && isUsable(line)) return { suite: line.suite, localKey: match.key, remoteKey: line.key };
  }
  const open =
    profileOf(ours) === 'plain' && profileOf(theirs) === 'plain' && (own.length === 0 || answered.length === 0);
  return open ? undefined : 'the answer has no key for SRTP';
}
