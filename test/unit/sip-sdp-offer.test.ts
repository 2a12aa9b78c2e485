import { describe, expect, it } from 'vitest';

import {
  answerOffer,
  attributeValues,
  cryptoLines,
  formatSdp,
  makeOffer,
  readAnswer,
  type AudioPreferences,
  type CurrentSession,
} from '../../daemon/src/sip/sdp/index.js';
import { audioOf, answered, lines, PHONE, sdp, sent, why, wishes } from '../support/sip-sdp-ends.js';

describe('answerOffer', () => {
  it('takes one codec and telephone-event, by the order of the offer', () => {
    const { answer, audio } = answered(answerOffer(sdp(...PHONE), wishes()));
    expect(lines(answer)).toEqual([
      'v=0',
      'o=- 77 1 IN IP4 192.0.2.10',
      's=-',
      'c=IN IP4 192.0.2.10',
      't=0 0',
      'm=audio 4000 RTP/AVP 8 101',
      'a=rtpmap:8 PCMA/8000',
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-15',
      'a=ptime:20',
      'a=sendrecv',
    ]);
    expect(audio).toEqual({
      kind: 'audio',
      index: 0,
      remoteRtp: { address: '198.51.100.7', port: 5004 },
      remoteRtcp: { address: '198.51.100.7', port: 5005 },
      codec: { name: 'PCMA', payloadType: 8 },
      codecParameters: undefined,
      receive: [{ name: 'PCMA', payloadType: 8 }],
      telephoneEvent: { send: 101, receive: 101, clockRate: 8000 },
      ptimeMs: 20,
      direction: 'sendrecv',
      held: false,
      srtp: undefined,
      rtcpMux: false,
    });
  });

  it('takes our order when it is to', () => {
    const offer = sdp(...PHONE);
    const choose = (codecs: AudioPreferences['codecs'], order?: 'local' | 'remote') =>
      answered(answerOffer(offer, wishes({ codecs, order }))).audio.codec.name;
    expect(choose(['PCMU', 'G722'])).toBe('G722');
    expect(choose(['PCMU', 'G722'], 'remote')).toBe('G722');
    expect(choose(['PCMU', 'G722'], 'local')).toBe('PCMU');
    expect(choose(['opus', 'PCMA'], 'local')).toBe('PCMA');
    expect(why(answerOffer(offer, wishes({ codecs: ['opus'] })))).toBe('there is no codec in common');
  });

  it('uses the payload types of the offer, and events in the clock of the codec', () => {
    const offer = sdp(
      'm=audio 5004 RTP/AVP 111 110 126',
      'a=rtpmap:111 opus/48000/2',
      'a=fmtp:111 useinbandfec=1',
      'a=rtpmap:110 telephone-event/8000',
      'a=rtpmap:126 telephone-event/48000',
    );
    const { answer, audio } = answered(answerOffer(offer, wishes({ codecs: ['opus'] })));
    expect(audio).toMatchObject({
      codec: { name: 'opus', payloadType: 111 },
      codecParameters: 'useinbandfec=1',
      telephoneEvent: { send: 126, receive: 126, clockRate: 48_000 },
    });
    expect(lines(answer)).toContain('m=audio 4000 RTP/AVP 111 126');
  });

  it('leaves digits in the audio when one end has no events', () => {
    const plain = sdp('m=audio 5004 RTP/AVP 8');
    expect(answered(answerOffer(plain, wishes())).audio.telephoneEvent).toBeUndefined();
    const { answer, audio } = answered(answerOffer(sdp(...PHONE), wishes({ telephoneEvents: false })));
    expect(audio.telephoneEvent).toBeUndefined();
    expect(lines(answer)).toContain('m=audio 4000 RTP/AVP 8');
  });

  it('refuses all but one stream in their places, and says the time of the offer', () => {
    const offer = sdp('m=video 5000 RTP/AVP 31 34', 'm=audio 0 RTP/AVP 8', ...PHONE, 'm=audio 6000 RTP/AVP 8');
    offer.timing = '3149328700 0';
    const { answer, audio } = answered(answerOffer(offer, wishes()));
    expect(audio.index).toBe(2);
    expect(lines(answer).filter((line) => /^[mt]=/.test(line))).toEqual([
      't=3149328700 0',
      'm=video 0 RTP/AVP 31 34',
      'm=audio 0 RTP/AVP 8',
      'm=audio 4000 RTP/AVP 8 101',
      'm=audio 0 RTP/AVP 8',
    ]);
    expect(answer.media[0]?.attributes).toEqual([]);
  });

  it.each([
    ['sendrecv', 'sendrecv', 'sendrecv', false],
    ['sendonly', 'sendrecv', 'recvonly', true],
    ['recvonly', 'sendrecv', 'sendonly', false],
    ['inactive', 'sendrecv', 'inactive', true],
    ['sendrecv', 'sendonly', 'sendonly', false],
    ['sendonly', 'sendonly', 'inactive', true],
    ['sendrecv', 'inactive', 'inactive', false],
  ] as const)('offered %s, wanted %s: %s', (offered, wanted, ours, held) => {
    const { answer, audio } = answered(answerOffer(sdp(...PHONE, `a=${offered}`), wishes({ direction: wanted })));
    expect([audio.direction, audio.held]).toEqual([ours, held]);
    expect(lines(answer)).toContain(`a=${ours}`);
  });

  it('is held by c=0.0.0.0 as well', () => {
    const { audio } = answered(answerOffer(sdp(...PHONE, 'c=IN IP4 0.0.0.0'), wishes()));
    expect(audio).toMatchObject({ remoteRtp: undefined, remoteRtcp: undefined, direction: 'recvonly', held: true });
  });

  it.each([
    [['a=ptime:30'], 30],
    [['a=ptime:120'], 20],
    [['a=ptime:25'], 20],
    [['a=maxptime:15'], 10],
    [['a=ptime:40', 'a=maxptime:30'], 30],
    [['a=maxptime:5'], 10],
  ])('packets as long as %j says: %i ms', (extra, ptimeMs) => {
    const { answer, audio } = answered(answerOffer(sdp(...PHONE, ...extra), wishes()));
    expect(audio.ptimeMs).toBe(ptimeMs);
    expect(lines(answer)).toContain(`a=ptime:${ptimeMs}`);
  });

  it('shares one port with RTCP when both ends want to', () => {
    const offer = sdp(...PHONE, 'a=rtcp-mux');
    const shared = answered(answerOffer(offer, wishes({ rtcpMux: true })));
    expect(shared.audio).toMatchObject({ rtcpMux: true, remoteRtcp: { port: 5004 } });
    expect(lines(shared.answer)).toContain('a=rtcp-mux');
    const apart = answered(answerOffer(offer, wishes({ rtcpPort: 4711 })));
    expect(apart.audio).toMatchObject({ rtcpMux: false, remoteRtcp: { port: 5005 } });
    expect(lines(apart.answer)).toContain('a=rtcp:4711');
    expect(answered(answerOffer(sdp(...PHONE), wishes({ rtcpMux: true }))).audio.rtcpMux).toBe(false);
  });

  it('does not share it when payload types look like RTCP (RFC 5761 4)', () => {
    const odd = ['m=audio 5004 RTP/AVP 72', 'a=rtpmap:72 opus/48000/2', 'a=rtcp-mux'];
    const preferences = wishes({ codecs: ['opus'], rtcpMux: true });
    expect(answered(answerOffer(sdp(...odd), preferences)).audio.rtcpMux).toBe(false);
    expect(audioOf(readAnswer(makeOffer(preferences), sdp(...odd))).rtcpMux).toBe(false);
  });

  it.each([
    ['a name', ['c=IN IP4 phone.example.com'], 'the address of a stream is not that of a host'],
    ['a group', ['c=IN IP4 224.2.1.1/127'], 'the address of a stream is not that of a host'],
    ['a broadcast', ['c=IN IP4 255.255.255.255'], 'the address of a stream is not that of a host'],
    ['a group of IPv6', ['c=IN IP6 ff02::1'], 'the address of a stream is not that of a host'],
    ['this network', ['c=IN IP4 0.0.0.1'], 'the address of a stream is not that of a host'],
    ['IPv6 to our IPv4', ['c=IN IP6 2001:db8::1'], 'the address of a stream is of another IP version'],
  ])('does not send to %s', (_what, extra, reason) => {
    expect(why(answerOffer(sdp(...PHONE, ...extra), wishes()))).toBe(reason);
  });

  it('refuses what has no stream for us', () => {
    expect(why(answerOffer(sdp(), wishes()))).toBe('the offer has no stream');
    expect(why(answerOffer(sdp('m=video 5000 RTP/AVP 31'), wishes()))).toBe('a stream is of a kind that is not taken');
    expect(why(answerOffer(sdp('m=audio 0 RTP/AVP 8'), wishes()))).toBe('a stream is not in use');
    expect(why(answerOffer(sdp('m=audio 9 UDP/TLS/RTP/SAVPF 8'), wishes()))).toBe('streams of browsers are not taken');
    expect(why(answerOffer(sdp('m=image 5000 udptl t38'), wishes()))).toBe('fax over IP is not taken');
  });

  it('speaks IPv6', () => {
    const { answer, audio } = answered(
      answerOffer(sdp(...PHONE, 'c=IN IP6 2001:db8::7'), wishes({ address: '2001:db8::10' })),
    );
    expect(audio.remoteRtp).toEqual({ address: '2001:db8::7', port: 5004 });
    expect(lines(answer)).toContain('c=IN IP6 2001:db8::10');
  });
});

describe('makeOffer and readAnswer', () => {
  it('offer all codecs, and events in the clocks they have', () => {
    const offer = makeOffer(wishes({ codecs: ['opus', 'G722', 'PCMA'], direction: 'sendonly', rtcpMux: true }));
    expect(lines(offer)).toEqual([
      'v=0',
      'o=- 77 1 IN IP4 192.0.2.10',
      's=-',
      'c=IN IP4 192.0.2.10',
      't=0 0',
      'm=audio 4000 RTP/AVP 96 9 8 101 97',
      'a=rtpmap:96 opus/48000/2',
      'a=fmtp:96 useinbandfec=1',
      'a=rtpmap:9 G722/8000',
      'a=rtpmap:8 PCMA/8000',
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-15',
      'a=rtpmap:97 telephone-event/48000',
      'a=fmtp:97 0-15',
      'a=ptime:20',
      'a=rtcp-mux',
      'a=sendonly',
    ]);
  });

  it('send what the answer has first, receive what it has of ours', () => {
    const offer = makeOffer(wishes({ codecs: ['opus', 'PCMA', 'PCMU'] }));
    const audio = audioOf(
      readAnswer(
        offer,
        sdp(
          'm=audio 5004 RTP/AVP 120 0 4 121',
          'a=rtpmap:120 opus/48000/2',
          'a=fmtp:120 maxplaybackrate=16000',
          'a=rtpmap:121 telephone-event/48000',
          'a=ptime:40',
        ),
      ),
    );
    expect(audio).toMatchObject({
      codec: { name: 'opus', payloadType: 120 },
      codecParameters: 'maxplaybackrate=16000',
      receive: [
        { name: 'opus', payloadType: 96 },
        { name: 'PCMU', payloadType: 0 },
      ],
      telephoneEvent: { send: 121, receive: 97, clockRate: 48_000 },
      ptimeMs: 40,
      direction: 'sendrecv',
    });
  });

  it('understand an answer of numbers alone', () => {
    const offer = makeOffer(wishes({ codecs: ['opus', 'PCMA'] }));
    expect(audioOf(readAnswer(offer, sdp('m=audio 5004 RTP/AVP 96 101')))).toMatchObject({
      codec: { name: 'opus', payloadType: 96 },
      telephoneEvent: { send: 101, receive: 101, clockRate: 8000 },
    });
  });

  it.each([
    ['sendrecv', 'recvonly', 'sendonly', false],
    ['sendrecv', 'inactive', 'inactive', true],
    ['sendonly', 'recvonly', 'sendonly', false],
    ['sendonly', 'sendrecv', 'sendonly', false],
    ['inactive', 'inactive', 'inactive', true],
    ['sendrecv', 'sendonly', 'recvonly', true],
  ] as const)('offered %s, answered %s: %s', (offered, theirs, ours, held) => {
    const offer = makeOffer(wishes({ direction: offered }));
    expect(audioOf(readAnswer(offer, sdp(...PHONE, `a=${theirs}`)))).toMatchObject({ direction: ours, held });
  });

  it('are held by c=0.0.0.0', () => {
    const audio = audioOf(readAnswer(makeOffer(wishes()), sdp(...PHONE, 'c=IN IP4 0.0.0.0')));
    expect(audio).toMatchObject({ remoteRtp: undefined, direction: 'recvonly', held: true });
  });

  it('refuse an answer that is none', () => {
    const offer = makeOffer(wishes());
    expect(why(readAnswer(offer, sdp()))).toBe('the answer has another number of streams than the offer');
    expect(why(readAnswer(offer, sdp('m=audio 0 RTP/AVP 8')))).toBe('the answer refuses all streams');
    expect(why(readAnswer(offer, sdp('m=video 5004 RTP/AVP 8')))).toBe('a stream was answered by one of another kind');
    expect(why(readAnswer(offer, sdp('m=audio 5004 RTP/AVP 9')))).toBe('there is no codec in common');
    expect(why(readAnswer(offer, sdp('m=audio 5004 TCP/RTP/AVP 8')))).toBe(
      'a stream was answered with another profile',
    );
    expect(why(readAnswer(offer, sdp(...PHONE, 'c=IN IP4 239.1.1.1')))).toBe(
      'the address of a stream is not that of a host',
    );
  });

  it('agree on RTCP', () => {
    const offer = makeOffer(wishes({ rtcpMux: true }));
    expect(audioOf(readAnswer(offer, sdp(...PHONE, 'a=rtcp-mux')))).toMatchObject({
      rtcpMux: true,
      remoteRtcp: { port: 5004 },
    });
    expect(audioOf(readAnswer(offer, sdp(...PHONE, 'a=rtcp:7000')))).toMatchObject({
      rtcpMux: false,
      remoteRtcp: { port: 7000 },
    });
    expect(audioOf(readAnswer(makeOffer(wishes()), sdp(...PHONE, 'a=rtcp-mux'))).rtcpMux).toBe(false);
  });
});

describe('a session that changes', () => {
  it('keeps version and text when nothing changes, and counts when something does', () => {
    const preferences = wishes({ srtp: 'offered' });
    const local = makeOffer(preferences);
    const remote = answered(answerOffer(sent(local), wishes({ address: '192.0.2.20', srtp: 'offered' }))).answer;
    const same = makeOffer(wishes({ srtp: 'offered' }), { local, remote });
    expect(formatSdp(same)).toEqual(formatSdp(local));
    const hold = makeOffer(
      { ...preferences, audio: { ...preferences.audio!, direction: 'sendonly' } },
      { local, remote },
    );
    expect(hold.origin).toEqual({ ...local.origin, sessionVersion: '2' });
    const moved = makeOffer({ ...preferences, address: '192.0.2.99' }, { local: hold, remote });
    expect(moved.origin).toEqual({ ...local.origin, sessionVersion: '3' });
    expect(moved.connection?.address).toBe('192.0.2.99');
  });

  it('counts beyond 2^53', () => {
    const local = makeOffer(wishes());
    local.origin.sessionVersion = '18446744073709551615';
    const current: CurrentSession = { local, remote: sdp(...PHONE) };
    expect(makeOffer(wishes({ direction: 'inactive' }), current).origin.sessionVersion).toBe('18446744073709551616');
  });

  it('answers the same offer the same way', () => {
    const remote = sdp(...PHONE);
    const first = answered(answerOffer(remote, wishes()));
    const again = answered(answerOffer(remote, wishes(), { local: first.answer, remote }));
    expect(again.answer).toEqual(first.answer);
    const held = answered(answerOffer(sdp(...PHONE, 'a=sendonly'), wishes(), { local: first.answer, remote }));
    expect(held.answer.origin.sessionVersion).toBe('2');
  });

  it('keeps the order of streams, and what payload types once meant', () => {
    const remote = sdp(
      'm=video 5000 RTP/AVP 31',
      'm=audio 5004 RTP/AVP 96 97 8 101',
      'a=rtpmap:96 speex/8000',
      'a=rtpmap:97 opus/48000/2',
      'a=rtpmap:101 iLBC/8000',
    );
    const { answer } = answered(answerOffer(remote, wishes()));
    const offer = makeOffer(wishes({ codecs: ['PCMA', 'opus'] }), { local: answer, remote });
    expect(offer.media.map(({ kind, port }) => [kind, port])).toEqual([
      ['video', 0],
      ['audio', 4000],
    ]);
    expect(attributeValues(offer.media[1]!, 'rtpmap')).toEqual([
      '8 PCMA/8000',
      '97 opus/48000/2',
      '98 telephone-event/8000',
      '99 telephone-event/48000',
    ]);
  });

  it('keeps the key and the profile that are in force', () => {
    const preferences = wishes({ srtp: 'offered' });
    const remote = sent(makeOffer(wishes({ address: '192.0.2.20', srtp: 'required' })));
    const first = answered(answerOffer(remote, preferences));
    const offer = makeOffer(preferences, { local: first.answer, remote });
    expect(offer.media[0]?.protocol).toBe('RTP/SAVP');
    expect(cryptoLines(offer.media[0]!).map(({ tag, key }) => [tag, key])).toEqual([[1, first.audio.srtp?.localKey]]);
  });

  it('turns to fax and back in the same place', () => {
    const t38 = {
      version: 3,
      maxBitRate: 14_400,
      rateManagement: 'transferredTCF',
      errorCorrection: 't38UDPFEC',
    } as const;
    const local = makeOffer(wishes());
    const remote = sdp(...PHONE);
    const fax = makeOffer({ ...wishes(), audio: undefined, fax: { port: 4100, t38 } }, { local, remote });
    expect(lines(fax).slice(-5)).toEqual([
      'm=image 4100 udptl t38',
      'a=T38FaxVersion:3',
      'a=T38MaxBitRate:14400',
      'a=T38FaxRateManagement:transferredTCF',
      'a=T38FaxUdpEC:t38UDPFEC',
    ]);
    expect(fax.origin.sessionVersion).toBe('2');
    const theirs = answerOffer(sent(fax), {
      ...wishes({ address: '192.0.2.20' }),
      fax: { port: 6000, t38: { version: 0, maxBitRate: 9600, maxDatagram: 400, errorCorrection: 't38UDPRedundancy' } },
    });
    if (theirs.kind === 'failure') throw new Error(theirs.reason);
    expect(theirs.negotiated).toMatchObject({ kind: 'fax', remote: { address: '192.0.2.10', port: 4100 } });
    expect(readAnswer(fax, sent(theirs.answer))).toMatchObject({
      kind: 'fax',
      index: 0,
      remote: { address: '192.0.2.20', port: 6000 },
      t38: {
        version: 0,
        maxBitRate: 9600,
        maxDatagram: 400,
        rateManagement: 'transferredTCF',
        errorCorrection: 't38UDPRedundancy',
      },
    });
    const faster = { port: 6000, t38: { maxBitRate: 33_600 } };
    expect(answerOffer(sent(fax), { ...wishes(), fax: faster })).toMatchObject({
      negotiated: { t38: { maxBitRate: 14_400 } },
    });
    const back = makeOffer(wishes(), { local: fax, remote: theirs.answer });
    expect(back.media.map(({ kind }) => kind)).toEqual(['audio']);
    expect(back.origin.sessionVersion).toBe('3');
    expect(why(readAnswer(fax, sdp('m=audio 5004 RTP/AVP 8')))).toBe('a stream was answered by one of another kind');
    expect(why(readAnswer(fax, sdp('m=image 5004 udptl t38', 'c=IN IP4 0.0.0.0')))).toBe(
      'a stream of fax has no address',
    );
  });

  it('needs something to offer', () => {
    expect(() => makeOffer({ ...wishes(), audio: undefined })).toThrow(RangeError);
  });
});
