import { describe, expect, it } from 'vitest';

import { MAX_HEAD_BYTES, MAX_MESSAGE_BYTES, MessageFramer } from '../../daemon/src/sip/message/index.js';
import { cpuMs } from '../support/cpu-time.js';

function message(body = '', ...headers: string[]): Buffer {
  return Buffer.from(['OPTIONS sip:a@b SIP/2.0', `Content-Length: ${body.length}`, ...headers, '', body].join('\r\n'));
}

/** Everything that there is now; messages as text. */
function drain(framer: MessageFramer): string[] {
  const units: string[] = [];
  for (let unit = framer.next(); unit !== undefined; unit = framer.next()) {
    units.push(typeof unit === 'string' ? unit : unit.toString());
  }
  return units;
}

function framed(...chunks: (string | Buffer)[]): { units: string[]; failed: string | undefined } {
  const framer = new MessageFramer();
  const units: string[] = [];
  for (const chunk of chunks) {
    framer.push(Buffer.from(chunk));
    units.push(...drain(framer));
  }
  return { units, failed: framer.failed };
}

describe('MessageFramer', () => {
  it('finds messages in one piece, in many, and several in one', () => {
    const one = message('body');
    const two = message('');
    const both = [one.toString(), two.toString()];
    expect(framed(Buffer.concat([one, two]))).toEqual({ units: both, failed: undefined });
    expect(framed(...[...Buffer.concat([one, two])].map((octet) => Buffer.of(octet)))).toEqual({
      units: both,
      failed: undefined,
    });
    expect(framed(one.subarray(0, 50), Buffer.concat([one.subarray(50), two.subarray(0, 9)]), two.subarray(9))).toEqual(
      {
        units: both,
        failed: undefined,
      },
    );
  });

  it('gives out messages that later pieces do not change', () => {
    const framer = new MessageFramer();
    const given: Buffer[] = [];
    for (let i = 0; i < 50; i++) {
      const bytes = message(`body ${i}`);
      framer.push(bytes.subarray(0, 20));
      framer.push(bytes.subarray(20, 40));
      framer.push(bytes.subarray(40));
      const unit = framer.next();
      if (!Buffer.isBuffer(unit)) throw new Error('there is no message');
      given.push(unit);
    }
    expect(given.map((bytes) => bytes.toString())).toEqual(given.map((_, i) => message(`body ${i}`).toString()));
    expect(framer.pending).toBe(0);
  });

  it.each([
    'Content-Length: 4',
    'content-length:4',
    'CONTENT-LENGTH  :\t4',
    'l: 4',
    'L :4 ',
    'Content-Length:\r\n 4',
    'l: \r\n\t4\r\n ',
  ])('understands %j', (line) => {
    const bytes = `OPTIONS sip:a@b SIP/2.0\r\nCall-ID: l: 7\r\n${line}\r\nLanguage: x\r\n\r\nbody`;
    expect(framed(bytes)).toEqual({ units: [bytes], failed: undefined });
  });

  it.each([
    ['no length', '', 'a message has no Content-Length'],
    ['a length in another line', 'X: Content-Length: 4\r\n', 'a message has no Content-Length'],
    ['a folded line that looks like one', 'X: y\r\n Content-Length: 4\r\n', 'a message has no Content-Length'],
    ['two lengths', 'l: 4\r\nContent-Length: 4\r\n', 'a message has more than one Content-Length'],
    ['a negative length', 'l: -4\r\n', 'a Content-Length is no number'],
    ['a length with a sign', 'l: +4\r\n', 'a Content-Length is no number'],
    ['a length in hex', 'l: 0x4\r\n', 'a Content-Length is no number'],
    ['two numbers', 'l: 4, 4\r\n', 'a Content-Length is no number'],
    ['an empty length', 'l:\r\n', 'a Content-Length is no number'],
    ['a length beyond all', `l: ${'9'.repeat(30)}\r\n`, 'a Content-Length is no number'],
    ['a body too large', `l: ${MAX_MESSAGE_BYTES}\r\n`, 'a message is too large'],
  ])('gives the head out and fails for %s', (_what, line, failed) => {
    const head = `OPTIONS sip:a@b SIP/2.0\r\n${line}\r\n`;
    expect(framed(`${head}body${message().toString()}`)).toEqual({ units: [head], failed });
  });

  it('says no more once it has failed', () => {
    const framer = new MessageFramer();
    framer.push(Buffer.from('OPTIONS sip:a@b SIP/2.0\r\n\r\nbody'));
    expect(drain(framer)).toHaveLength(1);
    expect(framer.pending).toBe(0);
    framer.push(message());
    expect([drain(framer), framer.pending]).toEqual([[], 0]);
  });

  it('takes a message as large as can be, and a head as long', () => {
    const head = message('', `X: ${'y'.repeat(MAX_HEAD_BYTES - 50)}`);
    expect(head.length).toBeLessThanOrEqual(MAX_HEAD_BYTES + 4);
    expect(framed(head).units).toHaveLength(1);
    const bodyLength = MAX_MESSAGE_BYTES - message('').length - 4;
    const large = message('b'.repeat(bodyLength));
    expect(large).toHaveLength(MAX_MESSAGE_BYTES);
    expect(framed(large).units).toHaveLength(1);
  });

  it('fails when no head ends', () => {
    expect(framed('x'.repeat(MAX_HEAD_BYTES + 1)).failed).toBe('the head of a message is too large');
    expect(framed('x'.repeat(MAX_HEAD_BYTES)).failed).toBeUndefined();
    expect(framed(`${'x'.repeat(MAX_HEAD_BYTES + 1)}\r\n\r\n`).failed).toBe('the head of a message is too large');
  });

  it('hears pings and pongs (RFC 5626 4.4.1)', () => {
    expect(framed('\r\n\r\n').units).toEqual(['ping']);
    expect(framed('\r\n').units).toEqual(['pong']);
    expect(framed('\r\n\r\n\r\n\r\n').units).toEqual(['ping', 'ping']);
    expect(framed('\r\n\r\n', message(), '\r\n', message(), '\r\n\r\n').units).toEqual([
      'ping',
      message().toString(),
      'pong',
      message().toString(),
      'ping',
    ]);
    expect(framed(`\r\n${message().toString()}`).units).toEqual(['pong', message().toString()]);
  });

  it('hears a ping that comes in pieces', () => {
    expect(framed('\r', '\n\r', '\n').units).toEqual(['ping']);
    expect(framed('\r\n\r', '\n').units).toEqual(['ping']);
    // The first half alone could have been a pong.
    expect(framed('\r\n', '\r\n').units).toEqual(['pong', 'ping']);
    expect(framed('\r\n', message(), '\r\n').units).toEqual(['pong', message().toString(), 'pong']);
  });

  it('fails for a CR that stands alone', () => {
    expect(framed('\rX').failed).toBe('a CR without LF between messages');
    expect(framed('\r\n\rX')).toEqual({ units: ['pong'], failed: 'a CR without LF between messages' });
  });

  it('takes time in proportion to the octets', () => {
    const slow = message('b'.repeat(60_000));
    const lines = `OPTIONS sip:a@b SIP/2.0\r\n${'c\r\n'.repeat(10_000)}l: 0\r\n\r\n`;
    const start = cpuMs();
    const framer = new MessageFramer();
    for (const octet of slow) {
      framer.push(Buffer.of(octet));
      framer.next();
    }
    const dripping = new MessageFramer();
    for (let i = 0; i < MAX_HEAD_BYTES; i++) {
      dripping.push(Buffer.from('x'));
      dripping.next();
    }
    for (let i = 0; i < 20; i++) expect(framed(lines).units).toHaveLength(1);
    expect(cpuMs() - start).toBeLessThan(5000);
  });
});
