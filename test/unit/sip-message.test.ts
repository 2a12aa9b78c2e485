import { describe, expect, it } from 'vitest';

import {
  MAX_HEADER_CHARS,
  MAX_HEADER_LINES,
  MAX_LIST_VALUES,
  newRequest,
  newResponse,
  parseMessage,
  reasonPhrase,
  serialise,
  type ParseFailure,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../../daemon/src/sip/message/index.js';

const SDP = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n';

function bytes(...lines: string[]): Buffer {
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

const MANDATORY = [
  'Via: SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK1;rport',
  'From: "Ann" <sip:ann@example.com>;tag=f1',
  'To: <sip:2001@example.com>',
  'Call-ID: 1@192.0.2.1',
  'CSeq: 1 INVITE',
];

function invite(...more: string[]): Buffer {
  return bytes('INVITE sip:2001@example.com SIP/2.0', ...MANDATORY, ...more);
}

/** The usual INVITE with some lines in place of others. */
function inviteWith(name: string, ...lines: string[]): Buffer {
  const others = MANDATORY.filter((line) => !line.startsWith(`${name}:`));
  return bytes('INVITE sip:2001@example.com SIP/2.0', ...others, ...lines);
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

describe('parseMessage', () => {
  it('reads a request with its body', () => {
    const data = Buffer.concat([
      invite(
        'Contact: <sip:ann@192.0.2.1:5062;ob>;expires=60',
        'Content-Type: application/sdp',
        `Content-Length: ${SDP.length}`,
      ),
      Buffer.from(SDP),
    ]);
    const message = request(data);
    expect(message).toMatchObject({
      kind: 'request',
      method: 'INVITE',
      uriText: 'sip:2001@example.com',
      callId: '1@192.0.2.1',
    });
    expect(message.uri).toMatchObject({ scheme: 'sip', user: '2001', host: 'example.com', port: undefined });
    expect(message.vias).toHaveLength(1);
    expect(message.vias[0]).toMatchObject({ transport: 'UDP', host: '192.0.2.1', port: 5062 });
    expect([...message.vias[0]!.params]).toEqual([
      ['branch', 'z9hG4bK1'],
      ['rport', null],
    ]);
    expect(message.from.displayName).toBe('Ann');
    expect([message.fromTag, message.toTag]).toEqual(['f1', undefined]);
    expect(message.cseq).toEqual({ number: 1, method: 'INVITE' });
    expect(message.contacts).toHaveLength(1);
    expect(message.body.toString()).toBe(SDP);
  });
});
