// Descriptions for browsers: answers, offers, ICE that restarts, and what is refused.
import { describe, expect, it } from 'vitest';
import {
  answerOffer,
  makeOffer,
  readAnswer,
  type CurrentSession,
  type WebRtcPreferences,
} from '../../daemon/src/sip/sdp/index.js';
import { answered, audioOf, lines, sdp, sent, why, wishes } from '../support/sip-sdp-ends.js';

const FINGERPRINT = 'AB:'.repeat(31) + 'CD';
const OURS: WebRtcPreferences = { port: 30_000, fingerprint: FINGERPRINT };
const THEIRS = 'EF:'.repeat(31) + '01';

/** Of a browser, as far as it matters. */
const offer = (over: { ufrag?: string; setup?: string; lines?: string[] } = {}): string[] => [
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 8 126',
  'c=IN IP4 0.0.0.0',
  'a=mid:0',
  'a=rtcp-mux',
  `a=ice-ufrag:${over.ufrag ?? 'abcd'}`,
  'a=ice-pwd:0123456789abcdefghijklmn',
  `a=fingerprint:sha-256 ${THEIRS}`,
  `a=setup:${over.setup ?? 'actpass'}`,
  'a=sendrecv',
  'a=rtpmap:111 opus/48000/2',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:126 telephone-event/8000',
  ...(over.lines ?? []),
];
const wanted = () => wishes({ codecs: ['opus', 'PCMA'], webrtc: OURS });

describe('an offer of a browser', () => {
  it('is answered with one port, ICE-lite and the passive end of DTLS', () => {
    const { answer, audio } = answered(answerOffer(sdp(...offer()), wanted()));
    expect(lines(answer)).toEqual(
      expect.arrayContaining([
        'a=ice-lite',
        'a=group:BUNDLE 0',
        'm=audio 30000 UDP/TLS/RTP/SAVPF 111 126',
        'a=mid:0',
        'a=rtcp-mux',
        'a=setup:passive',
        `a=fingerprint:sha-256 ${FINGERPRINT}`,
        'a=candidate:1 1 udp 2130706431 192.0.2.10 30000 typ host',
        'a=sendrecv',
      ]),
    );
    expect(audio).toMatchObject({ codec: { name: 'opus', payloadType: 111 }, held: false, direction: 'sendrecv' });
    expect(audio.webrtc).toMatchObject({
      remoteUfrag: 'abcd',
      fingerprintHash: 'sha-256',
      fingerprintHex: THEIRS.replaceAll(':', '').toLowerCase(),
    });
    expect(audio.webrtc?.localUfrag).toHaveLength(8);
  });

  it('that comes again keeps the names of ICE, and has new ones when it restarts', () => {
    const first = sdp(...offer());
    const preferences = wanted();
    const { answer, audio } = answered(answerOffer(first, preferences));
    const current: CurrentSession = { local: answer, remote: first };
    const same = answered(answerOffer(sdp(...offer()), preferences, current));
    expect(same.audio.webrtc).toEqual(audio.webrtc);
    const restarted = answered(answerOffer(sdp(...offer({ ufrag: 'wxyz' })), preferences, current));
    expect(restarted.audio.webrtc?.remoteUfrag).toBe('wxyz');
    expect(restarted.audio.webrtc?.localUfrag).not.toBe(audio.webrtc?.localUfrag);
  });

  it('may say the names of ICE once for all its streams', () => {
    const [line = '', ...attributes] = offer();
    const ofSession = (ufrag: string) => [
      `a=ice-ufrag:${ufrag}`,
      line,
      ...attributes.filter((one) => !one.includes('ufrag')),
    ];
    const first = sdp(...ofSession('abcd'));
    const preferences = wanted();
    const { answer, audio } = answered(answerOffer(first, preferences));
    const current: CurrentSession = { local: answer, remote: first };
    expect(answered(answerOffer(sdp(...ofSession('abcd')), preferences, current)).audio.webrtc).toEqual(audio.webrtc);
    const restarted = answered(answerOffer(sdp(...ofSession('wxyz')), preferences, current));
    expect(restarted.audio.webrtc?.localUfrag).not.toBe(audio.webrtc?.localUfrag);
  });

  it.each([
    ['streams of browsers are not taken', offer(), wishes({ codecs: ['PCMA'] })],
    ['the browser has to begin with DTLS', offer({ setup: 'passive' }), undefined],
    ['a stream of a browser has no ICE', offer().filter((line) => !line.includes('ice-ufrag')), undefined],
    [
      'a stream of a browser has no fingerprint that is good enough',
      offer().map((line) => line.replace(`sha-256 ${THEIRS}`, `sha-1 ${THEIRS.slice(0, 59)}`)),
      undefined,
    ],
    [
      'a stream of a browser needs one port for RTP and RTCP',
      offer().filter((line) => line !== 'a=rtcp-mux'),
      undefined,
    ],
  ])('is refused: %s', (reason, from, preferences) => {
    expect(why(answerOffer(sdp(...from), preferences ?? wanted()))).toBe(reason);
  });
});

describe('an offer to a browser', () => {
  const preferences = () => wishes({ codecs: ['opus', 'PCMA'], webrtc: { ...OURS, offer: true } });

  it('lets it begin, and is agreed upon with its answer', () => {
    const ours = sent(makeOffer(preferences()));
    expect(lines(ours)).toEqual(expect.arrayContaining(['a=ice-lite', 'a=setup:actpass', 'a=group:BUNDLE 0']));
    const [opus] = ours.media[0]!.formats;
    const answer = sdp(
      ...offer({ setup: 'active' }).map((line) =>
        line.replace('SAVPF 111 8 126', `SAVPF ${opus}`).replace('111', `${opus}`),
      ),
    );
    const audio = audioOf(readAnswer(ours, answer));
    expect(audio.webrtc).toMatchObject({ remoteUfrag: 'abcd' });
    expect(why(readAnswer(ours, sdp(...offer({ setup: 'passive' }))))).toBe('the browser has to begin with DTLS');
  });

  it('has keys in the slowest clock that both have, as browsers send them', () => {
    const ours = sent(makeOffer(preferences()));
    const types = ours.media[0]!.formats.join(' ');
    const maps = lines(ours).filter((line) => line.startsWith('a=rtpmap:'));
    const both = offer({ setup: 'active' }).filter((line) => !line.startsWith('a=rtpmap:'));
    const answer = sdp(...both.map((line) => line.replace('111 8 126', types)), ...maps);
    const slow = Number(/^a=rtpmap:(\d+) telephone-event\/8000$/m.exec(maps.join('\n'))?.[1]);
    expect(maps.filter((line) => line.includes('telephone-event'))).toHaveLength(2);
    expect(audioOf(readAnswer(ours, answer))).toMatchObject({
      codec: { name: 'opus' },
      telephoneEvent: { send: slow, receive: slow, clockRate: 8000 },
    });
  });

  it('that is made again in the call changes nothing of its transport', () => {
    const theirs = sdp(...offer());
    const { answer, audio } = answered(answerOffer(theirs, preferences()));
    const again = sent(makeOffer(preferences(), { local: answer, remote: theirs }));
    expect(lines(again)).toContain(`a=ice-ufrag:${audio.webrtc?.localUfrag}`);
    expect(again.media[0]!.protocol).toBe('UDP/TLS/RTP/SAVPF');
  });
});
