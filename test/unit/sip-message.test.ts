import { describe, expect, it } from 'vitest';

import {
  MAX_CALL_ID_CHARS,
  MAX_HEADER_CHARS,
  MAX_HEADER_LINES,
  MAX_LIST_VALUES,
  MAX_MESSAGE_BYTES,
  MAX_METHOD_CHARS,
  MAX_URI_CHARS,
  newHeaders,
  newResponse,
  parseMessage,
  parseUri,
  serialise,
  type ParseFailure,
  type SipRequest,
  type SipResponse,
} from '../../daemon/src/sip/message/index.js';
import { cpuMs } from '../support/cpu-time.js';

const SDP = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n';

const MANDATORY = [
  'Via: SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK1;rport',
  'From: "Ann" <sip:ann@example.com>;tag=f1',
  'To: <sip:2001@example.com>',
  'Call-ID: 1@192.0.2.1',
  'CSeq: 1 INVITE',
];

function bytes(...lines: string[]): Buffer {
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

function invite(...more: string[]): Buffer {
  return bytes('INVITE sip:2001@example.com SIP/2.0', ...MANDATORY, ...more);
}

/** The usual INVITE with other lines in place of those of one name. */
function inviteWith(name: string, ...lines: string[]): Buffer {
  const others = MANDATORY.filter((line) => !line.startsWith(`${name}:`));
  return bytes('INVITE sip:2001@example.com SIP/2.0', ...others, ...lines);
}

function ok(...more: string[]): Buffer {
  return bytes('SIP/2.0 200 OK', ...MANDATORY, ...more);
}

function request(data: Buffer): SipRequest {
  const message = parseMessage(data);
  if (message.kind !== 'request') throw new Error(`no request: ${JSON.stringify(message)}`);
  return message;
}

function response(data: Buffer): SipResponse {
  const message = parseMessage(data);
  if (message.kind !== 'response') throw new Error(`no response: ${JSON.stringify(message)}`);
  return message;
}

function failure(data: Buffer, stream = false): ParseFailure {
  const message = parseMessage(data, { stream });
  if (message.kind !== 'failure') throw new Error('it was parsed');
  return message;
}

/** Status, reason and whether it is answered. */
function refusal(data: Buffer, stream = false): unknown[] {
  const { status, reason, request: answerable } = failure(data, stream);
  return [status, reason, answerable !== undefined];
}

describe('parseMessage', () => {
  it('reads a request with its body', () => {
    const message = request(
      Buffer.concat([
        invite(
          'Contact: <sip:ann@192.0.2.1:5062;ob>;expires=60',
          'Route: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>',
          'Record-Route: <sip:p3.example.com;lr>',
          `Content-Length: ${SDP.length}`,
        ),
        Buffer.from(SDP),
      ]),
    );
    expect(message).toMatchObject({ kind: 'request', method: 'INVITE', uriText: 'sip:2001@example.com' });
    expect(message.uri).toMatchObject({ scheme: 'sip', user: '2001', host: 'example.com', port: undefined });
    expect(message.vias).toEqual([
      {
        transport: 'UDP',
        host: '192.0.2.1',
        port: 5062,
        params: new Map([
          ['branch', 'z9hG4bK1'],
          ['rport', null],
        ]),
      },
    ]);
    expect(message.from).toMatchObject({ displayName: 'Ann', uri: { user: 'ann', host: 'example.com' } });
    expect([message.fromTag, message.toTag]).toEqual(['f1', undefined]);
    expect([message.callId, message.cseq]).toEqual(['1@192.0.2.1', { number: 1, method: 'INVITE' }]);
    expect(message.contacts).toMatchObject([{ uri: { port: 5062 }, params: new Map([['expires', '60']]) }]);
    expect(message.routes.map(({ uri }) => uri.host)).toEqual(['p1.example.com', 'p2.example.com']);
    expect(message.recordRoutes.map(({ uri }) => uri.host)).toEqual(['p3.example.com']);
    expect(message.body.toString()).toBe(SDP);
  });

  it('reads a response', () => {
    const message = response(ok('Contact: *'));
    expect(message).toMatchObject({ kind: 'response', status: 200, reason: 'OK', contacts: '*' });
    expect(message.routes).toEqual([]);
    expect(response(bytes('SIP/2.0 486', ...MANDATORY))).toMatchObject({ status: 486, reason: '' });
    expect(response(bytes('sip/2.0 699 x', ...MANDATORY))).toMatchObject({ status: 699, reason: 'x' });
  });

  it('cuts the body at Content-Length, or takes all there is', () => {
    expect(request(Buffer.concat([invite('Content-Length: 3'), Buffer.from('abcdef')])).body.toString()).toBe('abc');
    expect(request(Buffer.concat([invite(), Buffer.from('abcdef')])).body.toString()).toBe('abcdef');
    expect(refusal(invite(), true)).toEqual([400, 'Missing Content-Length', true]);
  });

  it('ignores empty lines before the start line', () => {
    expect(request(Buffer.concat([Buffer.from('\r\n\r\n'), invite()])).method).toBe('INVITE');
  });

  it('joins folded lines by one space', () => {
    const message = request(invite('Subject: one \r\n \t two\r\n\tthree\r\n ', 'Z:\r\n y'));
    expect([message.headers.get('Subject'), message.headers.get('Z')]).toEqual(['one two three', 'y']);
  });

  it('keeps octets that are no UTF-8 as they came', () => {
    const odd = Buffer.concat([Buffer.from('Call-ID: a'), Buffer.of(0xff, 0x80, 0xc3, 0xc3, 0xa9), Buffer.from('@x')]);
    const text = invite().toString('latin1').replace('Call-ID: 1@192.0.2.1', odd.toString('latin1'));
    const data = Buffer.from(text, 'latin1');
    const message = request(data);
    expect(serialise(newResponse(message, 200)).includes(odd)).toBe(true);
    expect(message.callId).toContain('é@x');
  });

  it('shows names in UTF-8, cut and with what is none of it replaced', () => {
    expect(request(inviteWith('From', 'From: "张三" <sip:a@b.c>;tag=1')).from.displayName).toBe('张三');
    expect(request(inviteWith('From', 'From: José Müller <sip:a@b.c>;tag=1')).from.displayName).toBe('José Müller');
    const long = request(inviteWith('From', `From: "${'x'.repeat(3000)}" <sip:a@b.c>;tag=1`));
    expect(long.from.displayName).toHaveLength(256);
    const broken = inviteWith('From', 'From: "?" <sip:a@b.c>;tag=1');
    broken[broken.indexOf('?')] = 0xe9;
    expect(request(broken).from.displayName).toBe('\uFFFD');
  });

  it('takes a message at its limits', () => {
    const long = `Z: ${'y'.repeat(MAX_HEADER_CHARS - 3)}`;
    expect(request(invite(long)).headers.get('Z')).toHaveLength(MAX_HEADER_CHARS - 3);
    const lines = Array<string>(MAX_HEADER_LINES - MANDATORY.length).fill('Z: y');
    expect(request(invite(...lines)).headers.lines('Z')).toHaveLength(lines.length);
    const allow = Array<string>(MAX_LIST_VALUES).fill('INVITE').join(', ');
    expect(request(invite(`Allow: ${allow}`)).headers.list('Allow')).toHaveLength(MAX_LIST_VALUES);
    const route = '<sip:p.example.com;lr>';
    const routes = Array<string>(MAX_LIST_VALUES).fill(route);
    expect(request(invite(`Route: ${routes.join(',')}`)).routes).toHaveLength(MAX_LIST_VALUES);
    const uri = `sip:${'u'.repeat(MAX_URI_CHARS - 6)}@h`;
    expect(request(bytes(`INVITE ${uri} SIP/2.0`, ...MANDATORY)).uri.host).toBe('h');
  });

  it.each([
    ['no CSeq', inviteWith('CSeq'), 'Missing CSeq'],
    ['no Call-ID', inviteWith('Call-ID'), 'Missing Call-ID'],
    ['an empty Call-ID', inviteWith('Call-ID', 'Call-ID:'), 'Missing Call-ID'],
    ['no From', inviteWith('From'), 'Missing From'],
    ['no To', inviteWith('To'), 'Missing To'],
    ['a From that is none', inviteWith('From', 'From: Ann'), 'Malformed From'],
    ['an empty tag', inviteWith('From', 'From: <sip:a@b.c>;tag='), 'Malformed From'],
    ['a tag without a value', inviteWith('From', 'From: <sip:a@b.c>;tag'), 'Malformed From'],
    ['two tags', inviteWith('To', 'To: <sip:a@b.c>;tag=1;tag=2'), 'Malformed To'],
    ['a comma in To', inviteWith('To', 'To: sip:a,b@c.d'), 'Malformed To'],
    ['two Froms', invite('f: <sip:a@b.c>;tag=2'), 'More Than One From'],
    ['two lengths', invite('Content-Length: 0', 'l: 0'), 'More Than One Content-Length'],
    ['a length of letters', invite('Content-Length: ten'), 'Bad Content-Length'],
    ['a length too long', invite('Content-Length: 1'), 'Content-Length Beyond the Message'],
    ['another CSeq', inviteWith('CSeq', 'CSeq: 1 BYE'), 'CSeq of Another Method'],
    ['a CSeq in lower case', inviteWith('CSeq', 'CSeq: 1 invite'), 'CSeq of Another Method'],
    ['a CSeq of 2^31', inviteWith('CSeq', 'CSeq: 2147483648 INVITE'), 'Malformed CSeq'],
    ['a negative CSeq', inviteWith('CSeq', 'CSeq: -1 INVITE'), 'Malformed CSeq'],
    ['a CSeq without a method', inviteWith('CSeq', 'CSeq: 1'), 'Malformed CSeq'],
    ['Max-Forwards of 256', invite('Max-Forwards: 256'), 'Bad Max-Forwards'],
    ['a negative Max-Forwards', invite('Max-Forwards: -1'), 'Bad Max-Forwards'],
    ['a Via of another protocol', invite('Via: SIP/3.0/UDP a.b'), 'Malformed Via'],
    ['a Via with port 0', invite('Via: SIP/2.0/UDP a.b:0'), 'Malformed Via'],
    ['a Via with port 65536', invite('Via: SIP/2.0/UDP a.b:65536'), 'Malformed Via'],
    ['a Contact that is none', invite('Contact: <sip:a@b.c'), 'Malformed Contact'],
    ['a Contact of a star and more', invite('Contact: *, <sip:a@b.c>'), 'Malformed Contact'],
    ['an empty Route', invite('Route: <sip:a.b>,'), 'Malformed Route'],
    ['a Record-Route without brackets', invite('Record-Route: sip:a.b?x=y'), 'Malformed Record-Route'],
    ['a line without a colon', invite('Hello'), 'Malformed Header Field'],
    ['a line without a name', invite(': x'), 'Malformed Header Field Name'],
    ['a name with a space', invite('X y: z'), 'Malformed Header Field Name'],
    ['a name with an umlaut', invite('Ä: z'), 'Malformed Header Field Name'],
    ['a bare LF', invite('Z: a\nY: b'), 'CR or LF in a Header Field'],
    ['a bare CR', invite('Z: a\rY: b'), 'CR or LF in a Header Field'],
    ['a NUL', invite('Z: a\0b'), 'NUL in a Header Field'],
    ['a NUL in quotes that is not escaped', invite('Z: "a\0b"'), 'NUL in a Header Field'],
    ['a NUL escaped outside of quotes', invite('Z: a\\\0b'), 'NUL in a Header Field'],
    ['a long line', invite(`Z: ${'y'.repeat(MAX_HEADER_CHARS)}`), 'Header Field Too Long'],
    ['a long folded line', invite(`Z: ${'y\r\n '.repeat(MAX_HEADER_CHARS / 4)}z`), 'Header Field Too Long'],
    ['many lines', invite(...Array<string>(MAX_HEADER_LINES).fill('Z: y')), 'Too Many Header Fields'],
    ['many lines without a colon', invite(...Array<string>(MAX_HEADER_LINES).fill('Z')), 'Malformed Header Field'],
    ['many values', invite(`Allow: ${'A,'.repeat(MAX_LIST_VALUES)}B`), 'Too Many Values of Allow'],
    ['many Vias', invite(...Array<string>(MAX_LIST_VALUES).fill('Via: SIP/2.0/UDP a.b')), 'Too Many Values of Via'],
    ['a long Call-ID', inviteWith('Call-ID', `Call-ID: ${'x'.repeat(MAX_CALL_ID_CHARS + 1)}`), 'Call-ID Too Long'],
    ['a URI that is none', bytes('INVITE 2001 SIP/2.0', ...MANDATORY), 'Malformed Request-URI'],
    ['an empty URI', bytes('INVITE  SIP/2.0', ...MANDATORY), 'Malformed Request-URI'],
    [
      'a method too long',
      bytes(`${'M'.repeat(MAX_METHOD_CHARS + 1)} sip:a@b SIP/2.0`, ...MANDATORY),
      'Method Too Long',
    ],
  ])('refuses %s with 400', (_what, data, reason) => {
    expect(refusal(data)).toEqual([400, reason, true]);
  });

  it('says 414, 505 and 513 where they are meant', () => {
    const long = `sip:${'u'.repeat(MAX_URI_CHARS)}@h`;
    expect(refusal(bytes(`INVITE ${long} SIP/2.0`, ...MANDATORY))).toEqual([414, 'Request-URI Too Long', true]);
    expect(refusal(bytes('INVITE sip:a@b SIP/2.1', ...MANDATORY))).toEqual([505, 'Version Not Supported', true]);
    expect(refusal(invite(`Content-Length: ${MAX_MESSAGE_BYTES + 1}`))).toEqual([513, 'Message Too Large', true]);
    const large = Buffer.concat([invite(), Buffer.alloc(MAX_MESSAGE_BYTES)]);
    expect(refusal(large)).toEqual([513, 'Message Too Large', true]);
    const head = invite(...Array<string>(MAX_HEADER_LINES).fill(`Z: ${'y'.repeat(MAX_HEADER_CHARS / 2)}`));
    expect(refusal(head)).toEqual([513, 'Message Too Large', true]);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a keep-alive', Buffer.from('\r\n\r\n')],
    ['no end', invite().subarray(0, -2)],
    ['noise', Buffer.alloc(2000, 0x80)],
    ['HTTP', bytes('GET / HTTP/1.1', 'Host: x')],
    ['a status of four digits', bytes('SIP/2.0 2000 OK', ...MANDATORY)],
    ['a status of 99', bytes('SIP/2.0 099 OK', ...MANDATORY)],
    ['a status of 700', bytes('SIP/2.0 700 OK', ...MANDATORY)],
    ['a response of another version', bytes('SIP/3.0 200 OK', ...MANDATORY)],
    ['a response without Via', bytes('SIP/2.0 200 OK', ...MANDATORY.slice(1))],
    ['a response with a NUL in its reason', bytes('SIP/2.0 200 "\\\0"', ...MANDATORY)],
    ['a request without Via', inviteWith('Via')],
    ['an ACK that is wrong', bytes('ACK sip:a@b SIP/2.0', ...MANDATORY)],
  ])('drops %s', (_what, data) => {
    expect(refusal(data).slice(2)).toEqual([false]);
  });

  it('answers what it refuses as far as it can be read', () => {
    const refused = failure(inviteWith('Via', 'Via: SIP/2.0/UDP 192.0.2.1:5062;branch=z;;rport')).request!;
    expect(refused.vias[0]).toEqual({
      transport: 'UDP',
      host: '192.0.2.1',
      port: 5062,
      params: new Map([['branch', 'z']]),
    });
    const torn = failure(inviteWith('CSeq', 'CSeq: x')).request!;
    expect(torn.cseq).toEqual({ number: 0, method: '' });
    expect(failure(inviteWith('To', 'To: "x')).request!.to.uri).toMatchObject({ scheme: '', user: '"x' });
  });

  it('takes time in proportion to the octets', () => {
    const worst = [
      invite(`Z: a${' '.repeat(8000)}\r\n b`),
      invite(...Array<string>(10_000).fill('c')),
      invite(`Via: ${'<'.repeat(8000)}`, `Route: ${'"'.repeat(8001)}`, `Contact: ${','.repeat(8000)}`),
      invite(`Contact: ${'<sip:a@b>;'.repeat(800)}`),
      invite(`Z: ${'"\\\0"'.repeat(2000)}`, `Y: "${'\\'.repeat(8000)}\0`),
      inviteWith('From', `From: <sip:${'%41'.repeat(600)}@b>${';a'.repeat(3000)}`),
      Buffer.from('\r\n'.repeat(30_000)),
      Buffer.concat([Buffer.from('INVITE '), Buffer.alloc(60_000, ' '), invite()]),
      invite(`Z: ${'\r\n '.repeat(8000)}`),
    ];
    for (const data of worst) {
      const start = cpuMs();
      for (let i = 0; i < 10; i++) parseMessage(data);
      expect(cpuMs() - start).toBeLessThan(1000);
    }
  });
});

describe('headers', () => {
  const message = () =>
    request(invite('v: SIP/2.0/TCP a.b', 'SUPPORTED: timer', 'k: 100rel, replaces', 'X-Odd: 1, 2', 'Require:'));

  it('are found in any spelling', () => {
    const { headers } = message();
    expect(headers.get('via')).toContain('192.0.2.1');
    expect(headers.lines('V')).toHaveLength(2);
    expect(headers.list('supported')).toEqual(['timer', '100rel', 'replaces']);
    expect(headers.lines('k')).toEqual(['timer', '100rel, replaces']);
    expect(headers.list('x-odd')).toEqual(['1, 2']);
    expect([headers.get('Require'), headers.list('Require'), headers.has('require')]).toEqual(['', [], true]);
    expect([headers.get('Allow'), headers.list('Allow'), headers.has('Allow')]).toEqual([undefined, [], false]);
    expect([headers.get('no name'), headers.has('')]).toEqual([undefined, false]);
  });

  it('keep their order, and are written by their full names', () => {
    expect([...message().headers.entries()].map(([name]) => name)).toEqual(
      'Via From To Call-ID CSeq Via Supported Supported X-Odd Require'.split(' '),
    );
  });

  it('are added, put before, replaced, taken away and shifted', () => {
    const headers = newHeaders([
      ['Via', 'one, two'],
      ['Route', '<sip:a>'],
    ]);
    headers.prepend('Via', 'zero');
    headers.add('via', 'three');
    headers.add('Z', ' y\t');
    expect([...headers.entries()]).toEqual([
      ['Via', 'zero'],
      ['Via', 'one, two'],
      ['Via', 'three'],
      ['Route', '<sip:a>'],
      ['Z', 'y'],
    ]);
    expect([headers.shift('Via'), headers.shift('Via'), headers.lines('Via')]).toEqual([
      'zero',
      'one',
      ['two', 'three'],
    ]);
    headers.set('Via', 'only');
    expect([...headers.entries()].map(([name]) => name)).toEqual(['Via', 'Route', 'Z']);
    expect([headers.shift('Via'), headers.shift('Via'), headers.has('Via')]).toEqual(['only', undefined, false]);
    headers.prepend('Record-Route', '<sip:b>');
    expect(headers.entries().next().value).toEqual(['Record-Route', '<sip:b>']);
    headers.set('New', '1');
    headers.remove('route');
    expect([...headers.entries()].map(([name]) => name)).toEqual(['Record-Route', 'Z', 'New']);
  });

  it('are copied', () => {
    const { headers } = message();
    const copy = headers.clone();
    copy.set('Call-ID', 'other');
    expect([headers.get('Call-ID'), copy.get('Call-ID')]).toEqual(['1@192.0.2.1', 'other']);
  });

  it('shift skips empty values, and does not split what is no list', () => {
    const headers = newHeaders([
      ['Route', ','],
      ['Route', '<sip:a,b>, <sip:c>'],
      ['Subject', 'a, b'],
    ]);
    expect([headers.shift('Route'), headers.shift('Route'), headers.shift('Route')]).toEqual([
      '<sip:a,b>',
      '<sip:c>',
      undefined,
    ]);
    expect(headers.shift('Subject')).toBe('a, b');
  });

  it.each(['a\r\nZ: y', 'a\n', 'a\r', '\0', '"\0"', '\\\0', '"a" \\\0'])('refuse %j', (value) => {
    const headers = newHeaders();
    expect(() => headers.add('Z', value)).toThrow(RangeError);
    expect(() => headers.set('Z', value)).toThrow(RangeError);
    expect(() => headers.prepend('Z', value)).toThrow(RangeError);
    expect(() => headers.add(value, 'x')).toThrow(RangeError);
  });

  it('take NUL as a quoted-pair, as the grammar has it', () => {
    expect(newHeaders([['Z', '"\\\0" y']]).get('Z')).toBe('"\\\0" y');
  });

  it('refuse a name that is no token', () => {
    expect(() => newHeaders([['', 'x']])).toThrow(RangeError);
    expect(() => newHeaders([['a b', 'x']])).toThrow(RangeError);
  });
});

describe('views', () => {
  it('follow the headers', () => {
    const message = request(invite());
    expect(message.vias).toHaveLength(1);
    message.headers.prepend('Via', 'SIP/2.0/TCP proxy.example.com;branch=z9hG4bK2');
    message.headers.set('To', '<sip:2001@example.com>;tag=t1');
    message.headers.add('Contact', '<sip:ann@192.0.2.1>');
    expect(message.vias.map(({ transport }) => transport)).toEqual(['TCP', 'UDP']);
    expect([message.toTag, message.contacts.length]).toEqual(['t1', 1]);
    expect(message.vias).toBe(message.vias);
  });

  it('uri and uriText follow one another', () => {
    const message = request(invite());
    message.uri = parseUri('sip:x@[2001:db8::1]:5070;transport=tcp')!;
    expect(message.uriText).toBe('sip:x@[2001:db8::1]:5070;transport=tcp');
    message.uriText = 'tel:+15551234';
    expect(message.uri).toMatchObject({ scheme: 'tel', user: '+15551234' });
  });
});
