// The topmost Via: what we write into it, and where answers go (RFC 3261 clause 18.2, RFC 3581).
import { describe, expect, it } from 'vitest';
import { parseVia } from '../../daemon/src/sip/message/index.js';
import { responseTarget, type Flow } from '../../daemon/src/sip/transport/index.js';
import { stampReceived, writeSentBy } from '../../daemon/src/sip/transport/via-hop.js';
import { request } from '../support/sip-peer.js';

const flow = (over: Partial<Flow> = {}): Flow => ({
  transport: 'udp',
  local: { host: '192.0.2.100', port: 5060 },
  remote: { host: '192.0.2.1', port: 40_000 },
  connection: 0,
  ...over,
});

function stamped(via: string, over: Partial<Flow> = {}): string | undefined {
  const message = request({ via });
  stampReceived(message, flow(over));
  return message.headers.get('Via');
}

describe('received and rport', () => {
  it('are not written when sent-by is the address and nobody asks', () => {
    expect(stamped('SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1')).toBe('SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1');
  });

  it('received is written for a name and for another address', () => {
    expect(stamped('SIP/2.0/UDP phone.example;branch=z9hG4bK1')).toBe(
      'SIP/2.0/UDP phone.example;branch=z9hG4bK1;received=192.0.2.1',
    );
    expect(stamped('SIP/2.0/TCP 10.0.0.5;branch=z9hG4bK1', { transport: 'tcp' })).toContain(';received=192.0.2.1');
  });

  it('one address may be spelt in two ways', () => {
    const remote = { host: '2001:db8::1', port: 40_000 };
    expect(stamped('SIP/2.0/UDP [2001:DB8:0:0::1]:5060;branch=z9hG4bK1', { remote })).not.toContain('received');
    expect(stamped('SIP/2.0/UDP [2001:db8::2]:5060;branch=z9hG4bK1', { remote })).toContain(';received=2001:db8::1');
  });

  it('a zone stays ours', () => {
    const remote = { host: 'fe80::1%eth0', port: 40_000 };
    expect(stamped('SIP/2.0/UDP phone.example;rport;branch=z9hG4bK1', { remote })).toMatch(/received=fe80::1$/);
  });

  it('rport gets the port, and received with it even for the same address', () => {
    expect(stamped('SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK1')).toBe(
      'SIP/2.0/UDP 192.0.2.1:5060;rport=40000;branch=z9hG4bK1;received=192.0.2.1',
    );
  });

  it('what the peer wrote there itself is written over', () => {
    const via = stamped('SIP/2.0/UDP 192.0.2.1;rport=53;received=198.51.100.9;branch=z9hG4bK1');
    expect(via).toBe('SIP/2.0/UDP 192.0.2.1;rport=40000;received=192.0.2.1;branch=z9hG4bK1');
    expect(stamped('SIP/2.0/UDP 192.0.2.1;received=198.51.100.9;branch=z9hG4bK1')).toContain(';received=192.0.2.1;');
  });

  it('the Vias behind stay as they are', () => {
    const message = request({ via: 'SIP/2.0/UDP a.example;branch=z9hG4bK1, SIP/2.0/TCP b.example;branch=z9hG4bK2' });
    stampReceived(message, flow());
    expect(message.headers.list('Via')).toEqual([
      'SIP/2.0/UDP a.example;branch=z9hG4bK1;received=192.0.2.1',
      'SIP/2.0/TCP b.example;branch=z9hG4bK2',
    ]);
  });

  it('a Via that is full is still one afterwards', () => {
    const params = Array.from({ length: 62 }, (_, i) => `;p${i}`).join('');
    const message = request({ via: `SIP/2.0/UDP a.example;branch=z9hG4bK1;rport${params}` });
    stampReceived(message, flow());
    expect(parseVia(message.headers.get('Via') ?? '')?.params.get('branch')).toBe('z9hG4bK1');
  });
});

describe('the target of an answer', () => {
  const answer = (via: string, over: Partial<Flow> = {}) => {
    const message = request({ via });
    stampReceived(message, flow(over));
    return responseTarget(message, flow(over));
  };

  it('over UDP is the address it came from, at the port of sent-by, from the socket it came to', () => {
    const { local } = flow();
    expect(answer('SIP/2.0/UDP phone.example:5070;branch=z9hG4bK1')).toEqual({
      transport: 'udp',
      remote: { host: '192.0.2.1', port: 5070 },
      local,
    });
    expect(answer('SIP/2.0/UDP phone.example;branch=z9hG4bK1').remote.port).toBe(5060);
  });

  it('is the port it came from when rport asks', () => {
    expect(answer('SIP/2.0/UDP phone.example:5070;rport;branch=z9hG4bK1').remote).toEqual(flow().remote);
  });

  it('is never what received, maddr or sent-by of the peer say', () => {
    const via = 'SIP/2.0/UDP 198.51.100.1:5070;received=198.51.100.2;maddr=198.51.100.3;branch=z9hG4bK1';
    expect(answer(via).remote).toEqual({ host: '192.0.2.1', port: 5070 });
  });

  it('over a connection is the connection, then a new one to the port of sent-by', () => {
    const tcp = { transport: 'tcp', connection: 7 } as const;
    expect(answer('SIP/2.0/TCP 10.0.0.1:5070;branch=z9hG4bK1', tcp)).toEqual({
      transport: 'tcp',
      remote: { host: '192.0.2.1', port: 5070 },
      connection: 7,
      reconnect: true,
    });
    const tls = { transport: 'tls', connection: 7, peerName: 'carrier.example' } as const;
    expect(answer('SIP/2.0/TLS a.carrier.example;branch=z9hG4bK1', tls)).toEqual({
      transport: 'tls',
      remote: { host: '192.0.2.1', port: 5061 },
      connection: 7,
      reconnect: true,
      serverName: 'carrier.example',
    });
  });

  it('of a WebSocket is the connection alone', () => {
    const target = answer('SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK1', { transport: 'wss', connection: 7 });
    expect(target).toEqual({ transport: 'wss', remote: flow().remote, connection: 7 });
  });
});

describe('sent-by of our requests', () => {
  it('is written into the topmost Via alone, with rport over UDP', () => {
    const message = request({ via: 'SIP/2.0/UDP x.invalid;branch=z9hG4bK1' });
    message.headers.add('Via', 'SIP/2.0/TCP b.example;branch=z9hG4bK2');
    writeSentBy(message, 'udp', { host: '192.0.2.100', port: 5060 }, false);
    expect(message.headers.list('Via')).toEqual([
      'SIP/2.0/UDP 192.0.2.100:5060;branch=z9hG4bK1;rport',
      'SIP/2.0/TCP b.example;branch=z9hG4bK2',
    ]);
    writeSentBy(message, 'tls', { host: '2001:db8::1', port: 5061 }, true);
    expect(message.headers.get('Via')).toBe('SIP/2.0/TLS [2001:db8::1]:5061;branch=z9hG4bK1;alias');
    writeSentBy(message, 'udp', { host: 'pbx.example', port: 5060 }, false);
    expect(message.headers.get('Via')).toBe('SIP/2.0/UDP pbx.example:5060;branch=z9hG4bK1;rport');
  });

  it('needs a Via', () => {
    const message = request();
    message.headers.remove('Via');
    expect(() => writeSentBy(message, 'udp', { host: '192.0.2.100', port: 5060 }, false)).toThrow(/no Via/);
  });
});
