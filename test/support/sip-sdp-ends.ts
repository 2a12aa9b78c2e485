// The two ends of a session as tests of offers and answers see them.
import {
  formatSdp,
  parseSdp,
  type Answer,
  type AudioPreferences,
  type Negotiated,
  type NegotiatedAudio,
  type SdpFailure,
  type SdpSession,
  type SessionPreferences,
} from '../../daemon/src/sip/sdp/index.js';

/** Random octets that are none: 1, 1, 1 …, then 2, 2, 2 … */
export function counted(): (size: number) => Buffer {
  let next = 1;
  return (size) => Buffer.alloc(size, next++);
}

export type Wishes = Partial<AudioPreferences> & { address?: string; fax?: SessionPreferences['fax'] };

export function wishes({ address = '192.0.2.10', fax, ...audio }: Wishes = {}): SessionPreferences {
  return {
    address,
    sessionId: '77',
    audio: { port: 4000, codecs: ['PCMA', 'PCMU'], srtp: 'none', ...audio },
    fax,
    randomBytes: counted(),
  };
}

/** As the other end gets it. */
export function sent(session: SdpSession): SdpSession {
  const read = parseSdp(formatSdp(session));
  if (read.kind === 'failure') throw new Error(read.reason);
  return read;
}

export function sdp(...lines: string[]): SdpSession {
  const head = ['v=0', 'o=- 1 1 IN IP4 198.51.100.7', 's=-', 'c=IN IP4 198.51.100.7', 't=0 0'];
  const session = parseSdp(Buffer.from([...head, ...lines, ''].join('\r\n')));
  if (session.kind === 'failure') throw new Error(session.reason);
  return session;
}

export const PHONE = [
  'm=audio 5004 RTP/AVP 9 8 0 101',
  'a=rtpmap:9 G722/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-16',
];

export function answered(result: Answer | SdpFailure): { answer: SdpSession; audio: NegotiatedAudio } {
  if (result.kind === 'failure') throw new Error(result.reason);
  return { answer: result.answer, audio: audioOf(result.negotiated) };
}

export function audioOf(result: Negotiated | SdpFailure): NegotiatedAudio {
  if (result.kind !== 'audio') throw new Error(JSON.stringify(result));
  return result;
}

export function why(result: { kind: string }): string {
  if (result.kind !== 'failure') throw new Error(`it was taken: ${JSON.stringify(result)}`);
  return (result as SdpFailure).reason;
}

export function lines(session: SdpSession): string[] {
  return formatSdp(session).toString().split('\r\n').slice(0, -1);
}
