// Messages and descriptions that were right, changed at random. SIP_FUZZ_ROUNDS says how many in all; SIP_FUZZ_SEED begins elsewhere.
import { isDeepStrictEqual } from 'node:util';

import { describe, expect, it } from 'vitest';

import {
  MessageFramer,
  newResponse,
  parseMessage,
  serialise,
  type SipMessage,
} from '../../daemon/src/sip/message/index.js';
import {
  answerOffer,
  fingerprintsOf,
  formatSdp,
  iceOf,
  makeOffer,
  parseSdp,
  readAnswer,
  t38Parameters,
  type SessionPreferences,
} from '../../daemon/src/sip/sdp/index.js';
import { Mutator } from '../support/sip-torture-mutations.js';
import { tortureMessages } from '../support/sip-torture.js';
import { cpuMs } from '../support/cpu-time.js';

const ROUNDS = Math.ceil(Number(process.env['SIP_FUZZ_ROUNDS'] ?? 20_000) / 3);
/** Room for a slow machine: usually 20,000 rounds take a few seconds. */
const TIMEOUT_MS = 20_000 + ROUNDS * 5;
const SEED = Number(process.env['SIP_FUZZ_SEED'] ?? 4475);
/** Most take 20 µs. What takes this long, even beside a garbage collection on a busy machine, is not linear. */
const SLOWEST_MS = 500;

/** As expect(a).toEqual(b), which takes most of the time of 20,000 rounds. */
function expectSame(a: unknown, b: unknown): void {
  if (!isDeepStrictEqual(a, b)) expect(a).toEqual(b);
}

/** Runs the check of each, and names the octets when it fails. */
function forEach(mutator: Mutator, check: (bytes: Buffer) => void): void {
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = mutator.next();
    const start = cpuMs();
    try {
      check(bytes);
    } catch (error) {
      throw new Error(`round ${round}: ${JSON.stringify(bytes.toString('latin1'))}`, { cause: error });
    }
    if (cpuMs() - start > SLOWEST_MS) throw new Error(`round ${round} takes too long`);
  }
}

function parts(message: SipMessage) {
  const { kind, body, vias, from, to, callId, cseq, fromTag, toTag, contacts, routes, recordRoutes } = message;
  const start =
    message.kind === 'request' ? [message.method, message.uriText, message.uri] : [message.status, message.reason];
  const headers = [...message.headers.entries()].filter(([name]) => name !== 'Content-Length');
  return { kind, start, headers, body, vias, from, to, callId, cseq, fromTag, toTag, contacts, routes, recordRoutes };
}

describe('any octets', { timeout: TIMEOUT_MS }, () => {
  it('are a message that is written and read again the same, or a failure that can be answered', () => {
    const outcomes = { whole: 0, answered: 0, dropped: 0 };
    forEach(
      new Mutator(
        tortureMessages.map(({ bytes }) => bytes),
        SEED,
      ),
      (bytes) => {
        const parsed = parseMessage(bytes);
        if (parsed.kind !== 'failure') {
          outcomes.whole += 1;
          const written = serialise(parsed);
          const again = parseMessage(written, { stream: true });
          if (again.kind === 'failure') throw new Error(again.reason);
          expectSame(parts(again), parts(parsed));
          if (!serialise(again).equals(written)) throw new Error('it is written differently the second time');
          if (parsed.kind === 'request') serialise(newResponse(parsed, 404, undefined, { toTag: 'x' }));
        } else if (parsed.request !== undefined) {
          outcomes.answered += 1;
          serialise(newResponse(parsed.request, parsed.status, parsed.reason, { toTag: 'x' }));
          parts(parsed.request);
        } else outcomes.dropped += 1;
      },
    );
    // The changes are neither too small nor too great to tell anything.
    expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(ROUNDS / 50);
  });

  it('are the same messages in whatever pieces a stream brings them', () => {
    const mutator = new Mutator(
      tortureMessages.map(({ bytes }) => bytes),
      SEED + 1,
    );
    const messagesOf = (framer: MessageFramer): string[] => {
      const messages: string[] = [];
      for (let unit = framer.next(); unit !== undefined; unit = framer.next()) {
        if (typeof unit !== 'string') messages.push(unit.toString('latin1'));
      }
      return messages;
    };
    forEach(mutator, (bytes) => {
      const atOnce = new MessageFramer();
      atOnce.push(bytes);
      const whole = messagesOf(atOnce);
      const bitByBit = new MessageFramer();
      const pieces: string[] = [];
      for (let at = 0; at < bytes.length;) {
        const end = at + 1 + mutator.below(mutator.below(2) === 0 ? 3 : 400);
        bitByBit.push(bytes.subarray(at, end));
        pieces.push(...messagesOf(bitByBit));
        at = end;
      }
      expectSame(pieces, whole);
      expectSame(bitByBit.failed, atOnce.failed);
      for (const message of whole) parseMessage(Buffer.from(message, 'latin1'), { stream: true });
    });
  });

  it('are a description that is written and read again the same, answered or refused', () => {
    const preferences: SessionPreferences = {
      address: '192.0.2.10',
      sessionId: '1',
      audio: { port: 4000, codecs: ['opus', 'PCMA', 'PCMU', 'G722'], srtp: 'offered', rtcpMux: true },
      fax: { port: 4002, t38: { version: 0 } },
      randomBytes: (size) => Buffer.alloc(size, 1),
    };
    const ours = makeOffer(preferences);
    const outcomes = { answered: 0, refused: 0, failed: 0 };
    forEach(new Mutator(descriptions(), SEED + 2), (bytes) => {
      const offer = parseSdp(bytes);
      if (offer.kind === 'failure') {
        outcomes.failed += 1;
        expectSame(/^[ -~]+$/.test(offer.reason), true);
        return;
      }
      expectSame(parseSdp(formatSdp(offer)), offer);
      for (const media of offer.media) {
        iceOf(offer, media);
        fingerprintsOf(offer, media);
        t38Parameters(media);
      }
      readAnswer(ours, offer);
      const result = answerOffer(offer, preferences);
      if (result.kind === 'failure') {
        outcomes.refused += 1;
        return;
      }
      outcomes.answered += 1;
      const { answer, negotiated } = result;
      expectSame(
        answer.media.map(({ kind }) => kind),
        offer.media.map(({ kind }) => kind),
      );
      expectSame(parseSdp(formatSdp(answer)), answer);
      expectSame(readAnswer(offer, answer).kind, negotiated.kind);
      makeOffer(preferences, { local: answer, remote: offer });
    });
    expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(ROUNDS / 50);
  });
});

function descriptions(): Buffer[] {
  const head = ['v=0', 'o=- 3747 3748 IN IP4 198.51.100.1', 's=-', 'c=IN IP4 198.51.100.1', 't=0 0'];
  const key = Buffer.alloc(30, 7).toString('base64');
  const bodies = [
    ['m=audio 5004 RTP/AVP 8 0 101', 'a=rtpmap:8 PCMA/8000', 'a=rtpmap:101 telephone-event/8000', 'a=ptime:20'],
    [
      'm=audio 5004 RTP/SAVP 8',
      `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${key}|2^20|1:4`,
      `a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:${key}`,
    ],
    [
      'm=video 0 RTP/AVP 31',
      'm=audio 5004/1 RTP/AVPF 111',
      'c=IN IP4 0.0.0.0',
      'b=AS:64',
      'a=rtpmap:111 opus/48000/2',
      'a=fmtp:111 minptime=10;useinbandfec=1',
    ],
    [
      'm=image 5004 udptl t38',
      'a=T38FaxVersion:0',
      'a=T38FaxRateManagement:transferredTCF',
      'a=T38FaxUdpEC:t38UDPRedundancy',
    ],
    [
      'a=ice-lite',
      'a=setup:actpass',
      'm=audio 9 UDP/TLS/RTP/SAVPF 111',
      'a=candidate:1 1 udp 2130706431 192.0.2.1 8998 typ host',
      'a=ice-ufrag:F7gI',
      'a=rtcp:9 IN IP4 0.0.0.0',
      'a=rtcp-mux',
      'a=sendonly',
    ],
  ];
  return bodies.map((lines) => Buffer.from([...head, ...lines, ''].join('\r\n')));
}
