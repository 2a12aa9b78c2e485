import { describe, expect, it } from 'vitest';

import {
  attributeValue,
  CODECS,
  codecOf,
  connectionOf,
  directionOf,
  fingerprintsOf,
  formatParameters,
  formatSdp,
  hasRtcpMux,
  iceOf,
  MAX_ATTRIBUTES,
  MAX_BANDWIDTHS,
  MAX_CANDIDATES,
  MAX_FORMATS,
  MAX_MEDIA,
  MAX_SDP_BYTES,
  MAX_SDP_LINE_CHARS,
  packetTime,
  parseSdp,
  payloadFormats,
  rtcpAddress,
  setupOf,
  t38Attributes,
  t38Parameters,
  type SdpMedia,
  type SdpSession,
} from '../../daemon/src/sip/sdp/index.js';

const HEAD = ['v=0', 'o=- 3747 3748 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0'];

function text(...lines: string[]): Buffer {
  return Buffer.from([...HEAD, ...lines, ''].join('\r\n'));
}

function read(bytes: Buffer): SdpSession {
  const session = parseSdp(bytes);
  if (session.kind === 'failure') throw new Error(session.reason);
  return session;
}

/** The first stream of a usual description with these lines. */
function stream(...lines: string[]): { session: SdpSession; media: SdpMedia } {
  const session = read(text(...lines));
  return { session, media: session.media[0]! };
}

function fault(bytes: Buffer): string {
  const session = parseSdp(bytes);
  if (session.kind === 'session') throw new Error('it was read');
  return session.reason;
}

describe('parseSdp', () => {
  it('takes a description apart and puts it together again', () => {
    const bytes = Buffer.from(
      [
        'v=0',
        'o=ann 2890844526 2890842807 IN IP6 2001:db8::1',
        's=A call',
        'c=IN IP6 2001:db8::1',
        'b=AS:128',
        't=2873397496 2873404696',
        'a=group:BUNDLE 0 1',
        'a=recvonly',
        'm=audio 49170 RTP/AVP 0 96',
        'a=rtpmap:96 opus/48000/2',
        'm=video 51372/2 RTP/AVP 99',
        'c=IN IP4 224.2.1.1/127/3',
        'b=TIAS:64000',
        'a=rtpmap:99 h263-1998/90000',
        '',
      ].join('\r\n'),
    );
    const session = read(bytes);
    expect(session).toEqual({
      kind: 'session',
      origin: {
        username: 'ann',
        sessionId: '2890844526',
        sessionVersion: '2890842807',
        addressType: 'IP6',
        address: '2001:db8::1',
      },
      name: 'A call',
      connection: { addressType: 'IP6', address: '2001:db8::1', suffix: '' },
      bandwidths: [{ type: 'AS', value: 128 }],
      timing: '2873397496 2873404696',
      attributes: [
        { name: 'group', value: 'BUNDLE 0 1' },
        { name: 'recvonly', value: undefined },
      ],
      media: [
        {
          kind: 'audio',
          port: 49170,
          portCount: 1,
          protocol: 'RTP/AVP',
          formats: ['0', '96'],
          connection: undefined,
          bandwidths: [],
          attributes: [{ name: 'rtpmap', value: '96 opus/48000/2' }],
        },
        {
          kind: 'video',
          port: 51372,
          portCount: 2,
          protocol: 'RTP/AVP',
          formats: ['99'],
          connection: { addressType: 'IP4', address: '224.2.1.1', suffix: '/127/3' },
          bandwidths: [{ type: 'TIAS', value: 64_000 }],
          attributes: [{ name: 'rtpmap', value: '99 h263-1998/90000' }],
        },
      ],
    });
    expect(formatSdp(session)).toEqual(bytes);
    expect(connectionOf(session, session.media[1]!)?.address).toBe('224.2.1.1');
    expect(connectionOf(session, session.media[0]!)?.address).toBe('2001:db8::1');
  });

  it('takes what phones send: LF alone, no last line end, double spaces, no s and t, lines nobody needs', () => {
    const session = read(
      Buffer.from(
        'v=0\no=-  1  2 IN IP4 192.0.2.1\ni=x\nu=http://x\ne=a\np=1\nc=IN IP4 192.0.2.1\nm=audio  4000 RTP/AVP 8 ',
      ),
    );
    expect(session).toMatchObject({ name: '-', timing: '0 0', origin: { sessionId: '1' } });
    expect(session.media[0]).toMatchObject({ port: 4000, formats: ['8'] });
  });

  it('keeps octets that are no UTF-8', () => {
    const bytes = Buffer.concat([text('a=x:y'), Buffer.from('a=name:'), Buffer.of(0xe9, 0xff), Buffer.from('\r\n')]);
    expect(formatSdp(read(bytes))).toEqual(bytes);
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'the description does not begin with v=0'],
    ['another version', Buffer.from('v=1\r\n'), 'the description does not begin with v=0'],
    ['a NUL', text('a=x\0y'), 'the description holds a NUL'],
    ['no origin', Buffer.from('v=0\r\ns=-\r\n'), 'there is no o line'],
    ['a bad origin', Buffer.from('v=0\r\no=- 1 2 IN IP4\r\n'), 'the o line is malformed'],
    ['an origin of letters', Buffer.from('v=0\r\no=- a 2 IN IP4 192.0.2.1\r\n'), 'the o line is malformed'],
    ['another network', Buffer.from('v=0\r\no=- 1 2 ATM IP4 192.0.2.1\r\n'), 'the o line is malformed'],
    ['no type', text('audio'), 'a line has no type'],
    ['a space in the type', text('m =audio 4 RTP/AVP 0'), 'a line has no type'],
    ['an unknown type', text('q=1'), 'a line is of an unknown type'],
    ['a bare CR', text('a=x\ry'), 'a CR stands alone in a line'],
    ['a bad t', text('t=now'), 'a t line is malformed'],
    ['a bad c', text('c=IN IP4'), 'a c line is malformed'],
    ['a c of nothing', text('c=IN IP4 /127'), 'a c line is malformed'],
    ['a bad b', text('b=AS:-1'), 'a b line is malformed'],
    ['a b beyond 32 bits', text('b=AS:4294967296'), 'a b line is malformed'],
    ['an a without a name', text('a=:x'), 'an a line is malformed'],
    ['no port', text('m=audio'), 'an m line is malformed'],
    ['a port beyond 65535', text('m=audio 65536 RTP/AVP 0'), 'an m line is malformed'],
    ['a negative port', text('m=audio -1 RTP/AVP 0'), 'an m line is malformed'],
    ['no ports', text('m=audio 4000/0 RTP/AVP 0'), 'an m line is malformed'],
    ['no format', text('m=audio 4000 RTP/AVP'), 'an m line has no format'],
    ['too many formats', text(`m=audio 4000 RTP/AVP${' 0'.repeat(MAX_FORMATS + 1)}`), 'an m line has too many formats'],
    ['1000 streams', text(...Array<string>(1000).fill('m=audio 4000 RTP/AVP 0')), 'there are too many m lines'],
    [
      'one stream too many',
      text(...Array<string>(MAX_MEDIA + 1).fill('m=audio 4 RTP/AVP 0')),
      'there are too many m lines',
    ],
    ['too many a lines', text(...Array<string>(MAX_ATTRIBUTES + 1).fill('a=x')), 'there are too many a lines'],
    ['too many b lines', text(...Array<string>(MAX_BANDWIDTHS + 1).fill('b=AS:1')), 'there are too many b lines'],
    ['a long line', text(`a=${'x'.repeat(MAX_SDP_LINE_CHARS)}`), 'a line is too long'],
    ['too much', Buffer.alloc(MAX_SDP_BYTES + 1, 'v=0\r\n'), 'the description is too large'],
    [
      'no connection',
      Buffer.from('v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\nm=audio 4 RTP/AVP 0\r\n'),
      'a stream has no c line',
    ],
  ])('refuses %s', (_what, bytes, reason) => {
    expect(fault(bytes)).toBe(reason);
  });

  it('takes what is just at the limits', () => {
    const session = read(
      text(
        ...Array<string>(MAX_ATTRIBUTES).fill('a=x'),
        ...Array<string>(MAX_MEDIA).fill(`m=audio 4000 RTP/AVP${' 0'.repeat(MAX_FORMATS)}`),
      ),
    );
    expect(session.attributes).toHaveLength(MAX_ATTRIBUTES);
    expect(session.media).toHaveLength(MAX_MEDIA);
  });

  it('needs no c line for a stream that is not in use', () => {
    expect(read(Buffer.from('v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\nm=audio 0 RTP/AVP 0\r\n')).media[0]?.port).toBe(0);
  });
});

describe('formatSdp', () => {
  it('refuses line ends in what it is given', () => {
    const session = read(text());
    expect(() => formatSdp({ ...session, name: 'x\r\na=y' })).toThrow(RangeError);
    expect(() => formatSdp({ ...session, attributes: [{ name: 'x', value: '\0' }] })).toThrow(RangeError);
  });
});

describe('payloadFormats', () => {
  it('knows static types, and dynamic ones by their rtpmap', () => {
    const { media } = stream(
      'm=audio 4000 RTP/AVP 9 0 8 96 101 97 8 x 128',
      'a=rtpmap:96 OPUS/48000/2',
      'a=fmtp:96 useinbandfec=1; MaxPlaybackRate=16000;x',
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-15',
      'a=rtpmap:101 PCMA/8000',
    );
    const formats = payloadFormats(media);
    expect(formats.map(({ payloadType, encoding, clockRate }) => [payloadType, encoding, clockRate])).toEqual([
      [9, 'G722', 8000],
      [0, 'PCMU', 8000],
      [8, 'PCMA', 8000],
      [96, 'OPUS', 48_000],
      [101, 'telephone-event', 8000],
    ]);
    expect(formats.map((format) => codecOf(format)?.name)).toEqual(['G722', 'PCMU', 'PCMA', 'opus', undefined]);
    expect(formatParameters(formats[3]?.parameters)).toEqual(
      new Map([
        ['useinbandfec', '1'],
        ['maxplaybackrate', '16000'],
        ['x', ''],
      ]),
    );
  });

  it('lets a rtpmap say what a static number is, and leaves out a bad one', () => {
    const { media } = stream(
      'm=audio 4000 RTP/AVP 0 8 9',
      'a=rtpmap:0 G722/8000',
      'a=rtpmap:8 PCMA',
      'a=rtpmap:9 G722/0',
    );
    expect(payloadFormats(media).map(({ encoding }) => encoding)).toEqual(['G722']);
  });

  it('takes no codec of another clock or number of channels', () => {
    const format = { payloadType: 96, encoding: 'opus', clockRate: 48_000, channels: 1, parameters: undefined };
    expect(codecOf(format)).toBeUndefined();
    expect(codecOf({ ...format, channels: 2 })).toBe(CODECS.opus);
    expect(codecOf({ ...format, encoding: 'PCMA', clockRate: 16_000 })).toBeUndefined();
  });
});

describe('attributes', () => {
  it('direction: of the stream, of the session, or both ways', () => {
    expect(directionOf(...both(stream('m=audio 4 RTP/AVP 0')))).toBe('sendrecv');
    expect(directionOf(...both(stream('a=inactive', 'm=audio 4 RTP/AVP 0')))).toBe('inactive');
    expect(directionOf(...both(stream('a=inactive', 'm=audio 4 RTP/AVP 0', 'a=sendonly')))).toBe('sendonly');
  });

  it('ptime and maxptime in ms', () => {
    const { media } = stream('m=audio 4 RTP/AVP 0', 'a=ptime:20.5', 'a=maxptime:60');
    expect([packetTime(media, 'ptime'), packetTime(media, 'maxptime')]).toEqual([20, 60]);
    const odd = stream('m=audio 4 RTP/AVP 0', 'a=ptime:0', 'a=maxptime:99999').media;
    expect([packetTime(odd, 'ptime'), packetTime(odd, 'maxptime')]).toEqual([undefined, undefined]);
  });

  it('rtcp and rtcp-mux', () => {
    const rtp = { address: '192.0.2.1', port: 4000 };
    expect(rtcpAddress(stream('m=audio 4000 RTP/AVP 0').media, rtp)).toEqual({ address: '192.0.2.1', port: 4001 });
    expect(rtcpAddress(stream('m=audio 4000 RTP/AVP 0', 'a=rtcp:53020').media, rtp)?.port).toBe(53_020);
    expect(rtcpAddress(stream('m=audio 4000 RTP/AVP 0', 'a=rtcp:5 IN IP4 192.0.2.9').media, rtp)).toEqual({
      address: '192.0.2.9',
      port: 5,
    });
    expect(rtcpAddress(stream('m=audio 4000 RTP/AVP 0', 'a=rtcp:5 IN IP4 224.0.0.1').media, rtp)?.address).toBe(
      '192.0.2.1',
    );
    expect(
      rtcpAddress(stream('m=audio 65535 RTP/AVP 0').media, { address: '192.0.2.1', port: 65_535 }),
    ).toBeUndefined();
    expect(hasRtcpMux(stream('m=audio 4000 RTP/AVP 0', 'a=rtcp-mux').media)).toBe(true);
    expect(hasRtcpMux(stream('a=rtcp-mux', 'm=audio 4000 RTP/AVP 0').media)).toBe(false);
  });

  it('names are those of the standard, as written', () => {
    const { media } = stream('m=audio 4 RTP/AVP 0', 'a=PTIME:30', 'a=ptime: 20 ');
    expect(attributeValue(media, 'ptime')).toBe('20');
  });
});

function both({ session, media }: ReturnType<typeof stream>): [SdpSession, SdpMedia] {
  return [session, media];
}

describe('what WebRTC says', () => {
  const fingerprint = Array.from({ length: 32 }, (_, i) => (i + 100).toString(16).toUpperCase()).join(':');
  const lines = [
    'a=ice-lite',
    'a=ice-ufrag:F7gI',
    'a=ice-options:trickle ice2',
    `a=fingerprint:sha-256 ${fingerprint}`,
    'a=setup:actpass',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'a=ice-pwd:x9cml/YzichV2+XlhiMu8g',
    'a=candidate:1 1 udp 2130706431 192.0.2.1 8998 typ host generation 0',
    'a=candidate:2 1 UDP 1694498815 198.51.100.2 45664 typ srflx raddr 192.0.2.1 rport 8998',
    'a=candidate:3 1 UDP 2130706431 6f1d-9f2c.local 54321 typ host',
    'a=candidate:4 1 UDP 2130706431 example.com 54321 typ host',
    'a=candidate:5 1 UDP 99999999999 192.0.2.1 1 typ host',
    'a=end-of-candidates',
  ];

  it('is read: candidates, user name, password, fingerprint, setup', () => {
    const { session, media } = stream(...lines);
    const ice = iceOf(session, media);
    expect(ice).toMatchObject({
      ufrag: 'F7gI',
      pwd: 'x9cml/YzichV2+XlhiMu8g',
      lite: true,
      options: ['trickle', 'ice2'],
      endOfCandidates: true,
    });
    expect(ice.candidates).toEqual([
      {
        foundation: '1',
        component: 1,
        transport: 'UDP',
        priority: 2_130_706_431,
        address: '192.0.2.1',
        port: 8998,
        type: 'host',
        relatedAddress: undefined,
        relatedPort: undefined,
      },
      expect.objectContaining({ type: 'srflx', relatedAddress: '192.0.2.1', relatedPort: 8998 }),
      expect.objectContaining({ address: '6f1d-9f2c.local' }),
    ]);
    expect(fingerprintsOf(session, media)).toEqual([
      { hash: 'sha-256', digest: Buffer.from(Array.from({ length: 32 }, (_, i) => i + 100)) },
    ]);
    expect(setupOf(session, media)).toBe('actpass');
  });

  it('is not there, or is nonsense', () => {
    const { session, media } = stream(
      'm=audio 9 UDP/TLS/RTP/SAVPF 111',
      'a=ice-ufrag:abc',
      'a=ice-pwd:tooshort',
      'a=fingerprint:sha-256 AB:CD',
      `a=fingerprint:md5 ${fingerprint}`,
      'a=setup:maybe',
    );
    expect(iceOf(session, media)).toMatchObject({ ufrag: undefined, pwd: undefined, candidates: [], lite: false });
    expect(fingerprintsOf(session, media)).toEqual([]);
    expect(setupOf(session, media)).toBeUndefined();
  });

  it('is bounded', () => {
    const many = Array<string>(200).fill('a=candidate:1 1 udp 2130706431 192.0.2.1 8998 typ host');
    const { session, media } = stream('m=audio 9 UDP/TLS/RTP/SAVPF 111', ...many);
    expect(iceOf(session, media).candidates).toHaveLength(MAX_CANDIDATES);
  });
});

describe('T.38', () => {
  it('is read however it is written, and written as the standard has it', () => {
    const { media } = stream(
      'm=image 4000 udptl t38',
      'a=T38FaxVersion:0',
      'a=T38MaxBitRate:14400',
      'a=T38FaxFillBitRemoval:0',
      'a=T38FaxTranscodingMMR',
      'a=T38faxTranscodingJBIG:1',
      'a=T38FaxRateManagement:transferredtcf',
      'a=T38FaxMaxBuffer:2000',
      'a=T38FaxMaxDatagram:-1',
      'a=T38FaxUdpEC:t38UDPRedundancy',
    );
    const t38 = t38Parameters(media);
    expect(t38).toEqual({
      version: 0,
      maxBitRate: 14_400,
      fillBitRemoval: false,
      transcodingMmr: true,
      transcodingJbig: true,
      rateManagement: 'transferredTCF',
      maxBuffer: 2000,
      maxDatagram: undefined,
      errorCorrection: 't38UDPRedundancy',
    });
    expect(t38Attributes(t38).map(({ name, value }) => (value === undefined ? name : `${name}:${value}`))).toEqual([
      'T38FaxVersion:0',
      'T38MaxBitRate:14400',
      'T38FaxTranscodingMMR',
      'T38FaxTranscodingJBIG',
      'T38FaxRateManagement:transferredTCF',
      'T38FaxMaxBuffer:2000',
      'T38FaxUdpEC:t38UDPRedundancy',
    ]);
  });
});
