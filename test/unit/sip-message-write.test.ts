import { describe, expect, it } from 'vitest';

import {
  decodeText,
  encodeText,
  METHODS,
  newRequest,
  newResponse,
  parseMessage,
  parseUri,
  reasonPhrase,
  serialise,
  type SipRequest,
  type SipResponse,
} from '../../daemon/src/sip/message/index.js';

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

function read(data: Buffer): SipRequest | SipResponse {
  const message = parseMessage(data);
  if (message.kind === 'failure') throw new Error(message.reason);
  return message;
}

function request(data: Buffer): SipRequest {
  const message = read(data);
  if (message.kind !== 'request') throw new Error('it is a response');
  return message;
}

function invite(...more: string[]): SipRequest {
  return request(bytes('INVITE sip:2001@example.com SIP/2.0', ...MANDATORY, ...more));
}

function ok(): SipResponse {
  const message = read(bytes('SIP/2.0 200 OK', ...MANDATORY));
  if (message.kind !== 'response') throw new Error('it is a request');
  return message;
}

describe('newRequest, newResponse', () => {
  it('make what serialise writes', () => {
    const made = newRequest({
      method: 'OPTIONS',
      uri: parseUri('sip:2001@example.com')!,
      headers: [
        ['Via', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1'],
        ['From', '<sip:a@b>;tag=1'],
      ],
      body: Buffer.from('x'),
    });
    expect(serialise(made).toString()).toBe(
      'OPTIONS sip:2001@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n' +
        'Content-Length: 1\r\n\r\nx',
    );
    const copied = newRequest({ method: 'ACK', uri: 'sip:a@b', headers: made.headers });
    copied.headers.set('From', 'other');
    expect(made.headers.get('From')).toBe('<sip:a@b>;tag=1');
    expect([...newRequest({ method: 'ACK', uri: 'sip:a@b' }).headers.entries()]).toEqual([]);
  });

  it('answer with the headers of the request, and a tag', () => {
    const asked = invite('Timestamp: 54', 'Record-Route: <sip:p>', 'Via: SIP/2.0/TCP a.b');
    expect(serialise(newResponse(asked, 180, undefined, { toTag: 't1' })).toString()).toBe(
      bytes(
        'SIP/2.0 180 Ringing',
        ...MANDATORY.map((line) => (line.startsWith('To:') ? `${line};tag=t1` : line)),
        'Via: SIP/2.0/TCP a.b',
        // RFC 3261 12.1.1
        'Record-Route: <sip:p>',
        'Content-Length: 0',
      ).toString(),
    );
    expect(newResponse(asked, 404, undefined, { toTag: 't1' }).headers.has('Record-Route')).toBe(false);
    const trying = newResponse(asked, 100, undefined, { toTag: 't1' });
    expect([trying.toTag, trying.headers.get('Timestamp'), trying.reason]).toEqual([undefined, '54', 'Trying']);
    const within = request(
      bytes(
        'INVITE sip:2001@example.com SIP/2.0',
        ...MANDATORY.map((line) => (line.startsWith('To:') ? `${line};tag=old` : line)),
      ),
    );
    expect(newResponse(within, 200, 'Fine', { toTag: 'new' })).toMatchObject({ toTag: 'old', reason: 'Fine' });
  });
});

describe('serialise', () => {
  it('sets Content-Length where it stands, once', () => {
    const message = invite('Content-Length: 0', 'Subject: x');
    message.body = Buffer.from('é');
    const written = serialise(message).toString();
    expect(written).toContain('Content-Length: 2\r\nSubject: x\r\n\r\né');
    expect(written.match(/Content-Length/g)).toHaveLength(1);
  });

  it('writes UTF-8', () => {
    const message = invite();
    message.headers.set('Subject', '张三 é');
    expect(request(serialise(message)).headers.get('Subject')).toBe('张三 é');
  });

  it.each([
    ['a method', { method: 'INVITE sip:x SIP/2.0\r\nX:' }],
    ['an empty method', { method: '' }],
    ['a URI with a space', { uriText: 'sip:a b' }],
    ['a URI with a line end', { uriText: 'sip:a\r\nZ: y' }],
    ['no URI', { uriText: '' }],
  ])('refuses %s that would not be one', (_what, change) => {
    expect(() => serialise(Object.assign(invite(), change))).toThrow(RangeError);
  });

  it.each([{ reason: 'OK\r\nZ: y' }, { reason: '\0' }, { status: 99 }, { status: 700 }, { status: 200.5 }])(
    'refuses the response %j',
    (change) => {
      expect(() => serialise(Object.assign(ok(), change))).toThrow(RangeError);
    },
  );
});

describe('reasonPhrase', () => {
  it('knows the usual, and says that of the class for others', () => {
    expect([180, 200, 404, 488, 503, 603].map(reasonPhrase)).toEqual([
      'Ringing',
      'OK',
      'Not Found',
      'Not Acceptable Here',
      'Service Unavailable',
      'Decline',
    ]);
    expect([299, 499, 599, 699, 42].map(reasonPhrase)).toEqual([
      'OK',
      'Bad Request',
      'Server Internal Error',
      'Decline',
      'Unknown',
    ]);
    expect(METHODS).toContain('PRACK');
  });
});

describe('decodeText, encodeText', () => {
  it('bring any octets back', () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    for (const octets of [
      all,
      Buffer.from('é张😀'),
      Buffer.of(0xed, 0xb2, 0x80),
      Buffer.of(0xf0, 0x9f, 0x98),
      Buffer.of(0xc0, 0xaf),
    ]) {
      expect(encodeText(decodeText(octets)).equals(octets)).toBe(true);
    }
    expect(decodeText(Buffer.from('aé张😀'))).toBe('aé张😀');
    expect(decodeText(Buffer.concat([Buffer.from('é'), Buffer.of(0xff), Buffer.from('x')]))).toBe('é\udcffx');
    for (const stray of ['\ud800', '\udc7f', '\udd00']) expect(encodeText(stray).toString('hex')).toBe('efbfbd');
    expect(decodeText(Buffer.from('xaéx'), 1, 4)).toBe('aé');
  });
});
