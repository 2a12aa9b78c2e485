// STUN beside SIP (RFC 5626 clause 4.4.2, RFC 5389), and what else keeps a NAT open.
import { describe, expect, it } from 'vitest';
import { answerStun, isStun } from '../../daemon/src/sip/transport/stun.js';
import { UdpPeer, requestBytes, transportDesk } from '../support/sip-peer.js';

const TRANSACTION = Buffer.from('b7e7a701bc34d686fa87dfae', 'hex');

function binding(attributes: Buffer = Buffer.alloc(0), type = 1, length = attributes.length): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(length, 2);
  head.writeUInt32BE(0x2112a442, 4);
  return Buffer.concat([head, TRANSACTION, attributes]);
}

describe('an answer to a Binding request', () => {
  it('holds the address as RFC 5769 clauses 2.2 and 2.3 have it', () => {
    const four = answerStun(binding(), { host: '192.0.2.1', port: 32_853 });
    expect(four?.toString('hex')).toBe(`0101000c2112a442${TRANSACTION.toString('hex')}002000080001a147e112a643`);
    const six = answerStun(binding(), { host: '2001:db8:1234:5678:11:2233:4455:6677', port: 32_853 });
    expect(six?.subarray(20).toString('hex')).toBe('002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9');
  });

  it('holds shortened addresses, too', () => {
    const mapped = (host: string): string => {
      const answer = answerStun(binding(), { host, port: 1 });
      const mask = Buffer.concat([Buffer.from('2112a442', 'hex'), TRANSACTION]);
      return Buffer.from(answer!.subarray(28).map((octet, i) => octet ^ mask[i]!)).toString('hex');
    };
    expect(mapped('::1')).toBe('00000000000000000000000000000001');
    expect(mapped('fe80::a:1%lo')).toBe('fe8000000000000000000000000a0001');
    expect(mapped('2001:db8::')).toBe('20010db8000000000000000000000000');
  });

  it('understands what clients send along, and refuses what must be understood and is not', () => {
    const attribute = (type: number, value: string): Buffer => {
      const bytes = Buffer.from(value, 'hex');
      const head = Buffer.alloc(4);
      head.writeUInt16BE(type, 0);
      head.writeUInt16BE(bytes.length, 2);
      return Buffer.concat([head, bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
    };
    const known = Buffer.concat([attribute(0x8022, '616263'), attribute(0x0006, '75'), attribute(0x8028, '00000000')]);
    expect(answerStun(binding(known), { host: '192.0.2.1', port: 1 })?.readUInt16BE(0)).toBe(0x0101);
    const unknown = Buffer.concat([attribute(0x0024, '00000001'), attribute(0x0025, '')]);
    const refused = answerStun(binding(unknown), { host: '192.0.2.1', port: 1 });
    expect(refused?.readUInt16BE(0)).toBe(0x0111);
    expect(refused?.subarray(20).toString('hex')).toBe('0009000400000414000a000400240025');
  });

  it('is not given to what is none, or not whole', () => {
    const remote = { host: '192.0.2.1', port: 1 };
    const bad = [
      binding(Buffer.alloc(0), 0x0101),
      binding(Buffer.alloc(0), 0x0011),
      binding(Buffer.alloc(0), 1, 4),
      binding(Buffer.from('80220004', 'hex')),
      binding(Buffer.from('8022ffff00000000', 'hex')),
      binding(Buffer.from('8022', 'hex')),
      binding().subarray(0, 19),
      binding(Buffer.alloc(1000)),
      Buffer.alloc(20),
    ];
    for (const bytes of bad) expect(answerStun(bytes, remote), bytes.toString('hex')).toBeUndefined();
  });

  it('is never larger than 44 bytes', () => {
    const many = Buffer.concat(Array.from({ length: 100 }, (_, i) => Buffer.from([0x7f, i, 0, 0])));
    expect(answerStun(binding(many), { host: '192.0.2.1', port: 1 })?.length).toBe(40);
    expect(answerStun(binding(), { host: '::1', port: 1 })?.length).toBe(44);
  });

  it('SIP is no STUN', () => {
    expect(isStun(requestBytes())).toBe(false);
    expect(isStun(binding())).toBe(true);
  });
});

describe('on the SIP port', () => {
  it('STUN is answered, short datagrams are not, and neither is an event', async () => {
    const desk = await transportDesk(['udp']);
    const peer = await UdpPeer.open();
    for (const short of ['', '\0', '\r\n\r\n', 'hello']) await peer.send(short, desk.at('udp'));
    await peer.send(binding(), desk.at('udp'));
    expect((await peer.inbox.next()).readUInt16BE(26)).toBe(peer.address.port ^ 0x2112);
    await peer.send(requestBytes(), desk.at('udp'));
    await desk.requests.next();
    expect(desk.transports.counts.udp).toMatchObject({ keepAlives: 5, messagesIn: 1, malformed: 0 });
    expect(peer.inbox.all).toHaveLength(1);
  });
});
