// SIP over UDP, with real sockets.
import { createSocket } from 'node:dgram';
import { describe, expect, it } from 'vitest';
import { newResponse } from '../../daemon/src/sip/message/index.js';
import { responseTarget, type Admission, type Target } from '../../daemon/src/sip/transport/index.js';
import {
  StreamServer,
  UdpPeer,
  listener,
  request,
  requestBytes,
  requestText,
  transportDesk,
  whole,
  type Desk,
} from '../support/sip-peer.js';

const udp = (peer: UdpPeer): Target => ({ transport: 'udp', remote: peer.address });

/** Answers the next request with 200. */
async function answer(desk: Desk): Promise<void> {
  const { request: came, flow } = await desk.requests.next();
  await desk.transports.send(newResponse(came, 200), responseTarget(came, flow));
}

describe('requests that come', () => {
  it('are events with their flow, and are answered where they came from', async () => {
    const desk = await transportDesk(['udp']);
    const peer = await UdpPeer.open();
    await peer.send(requestBytes({ via: 'SIP/2.0/UDP phone.example;rport;branch=z9hG4bK1' }), desk.at('udp'));
    const { request: came, flow } = await desk.requests.next();
    expect(flow).toEqual({ transport: 'udp', local: desk.at('udp'), remote: peer.address, connection: 0 });
    await desk.transports.send(newResponse(came, 200), responseTarget(came, flow));
    const response = whole(await peer.inbox.next());
    expect(response.headers.get('Via')).toBe(
      `SIP/2.0/UDP phone.example;rport=${peer.address.port};branch=z9hG4bK1;received=127.0.0.1`,
    );
  });

  it('are answered from the socket they came to', async () => {
    const desk = await transportDesk(['udp', listener('udp', { host: '127.0.0.2' }), 'udp']);
    for (const { local } of desk.transports.listeners) {
      const socket = createSocket('udp4');
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
      // A NAT lets only the answer of whom it asked come back; so does a connected socket.
      await new Promise<void>((resolve) => socket.connect(local.port, local.host, resolve));
      const answered = new Promise<void>((resolve) => socket.once('message', () => resolve()));
      socket.send(requestBytes({ via: 'SIP/2.0/UDP phone.example;rport;branch=z9hG4bK1' }));
      await answer(desk);
      await answered;
      socket.close();
    }
  });

  it('come and go over IPv6, without mapped IPv4 addresses', async () => {
    const desk = await transportDesk([listener('udp', { host: '::' })]);
    const { port } = desk.at('udp');
    const peer = await UdpPeer.open('::1');
    await peer.send(requestBytes({ via: 'SIP/2.0/UDP [::1]:5060;rport;branch=z9hG4bK1' }), { host: '::1', port });
    await answer(desk);
    expect(whole(await peer.inbox.next()).headers.get('Via')).toContain('received=::1');
    // The port is still free for IPv4.
    await UdpPeer.open('127.0.0.1', port);
  });

  it('whose Via names a host that cannot be looked up delay nothing', async () => {
    const desk = await transportDesk(['udp']);
    const peer = await UdpPeer.open();
    const began = performance.now();
    const { port } = peer.address;
    for (let i = 0; i < 100; i += 1) {
      const via = `SIP/2.0/UDP no-such-host-${i}.invalid:${port};branch=z9hG4bK${i}`;
      await peer.send(requestBytes({ via }), desk.at('udp'));
    }
    for (let i = 0; i < 100; i += 1) await answer(desk);
    for (let i = 0; i < 100; i += 1)
      expect(whole(await peer.inbox.next()).vias[0]?.host).toBe(`no-such-host-${i}.invalid`);
    expect(performance.now() - began).toBeLessThan(15_000);
  });

  it('that are malformed are told, with what can be answered', async () => {
    const desk = await transportDesk(['udp']);
    const peer = await UdpPeer.open();
    await peer.send('this is no SIP message at all', desk.at('udp'));
    expect((await desk.malformed.next()).failure.request).toBeUndefined();
    const text = requestText({ via: `SIP/2.0/UDP phone.example:${peer.address.port};branch=z9hG4bK1` });
    await peer.send(text.replace('SIP/2.0\r\n', 'SIP/7.0\r\n'), desk.at('udp'));
    const { failure, flow } = await desk.malformed.next();
    expect(failure.status).toBe(505);
    const answered = newResponse(failure.request!, failure.status, failure.reason);
    await desk.transports.send(answered, responseTarget(failure.request!, flow));
    expect(whole(await peer.inbox.next()).headers.get('Via')).toContain('received=127.0.0.1');
    expect(desk.transports.counts.udp).toMatchObject({ messagesIn: 2, malformed: 2, messagesOut: 1 });
  });

  it('that the guard refuses are not even parsed', async () => {
    const asked: string[] = [];
    const admission: Admission = {
      admit: (flow) => {
        asked.push(`${flow.transport} ${flow.remote.host}`);
        return asked.length > 2;
      },
    };
    const desk = await transportDesk(['udp'], { admission });
    const peer = await UdpPeer.open();
    await peer.send('this is no SIP message at all', desk.at('udp'));
    await peer.send(requestBytes({ method: 'FIRST' }), desk.at('udp'));
    await peer.send(requestBytes({ method: 'SECOND' }), desk.at('udp'));
    expect((await desk.requests.next()).request.method).toBe('SECOND');
    expect(asked).toEqual(['udp 127.0.0.1', 'udp 127.0.0.1', 'udp 127.0.0.1']);
    expect(desk.transports.counts.udp).toMatchObject({ refused: 2, messagesIn: 1, malformed: 0 });
  });

  it('in a flood leave timers their turn', async () => {
    const desk = await transportDesk(['udp']);
    const peer = await UdpPeer.open();
    const bytes = requestBytes();
    let handled = 0;
    let handledAtTimer: number | undefined;
    desk.transports.events.on('request', () => {
      handled += 1;
      if (handled === 1) setTimeout(() => (handledAtTimer = handled), 1);
      const until = performance.now() + 1;
      while (performance.now() < until);
    });
    for (let i = 0; i < 300; i += 1) void peer.send(bytes, desk.at('udp'));
    for (let i = 0; i < 300; i += 1) await desk.requests.next();
    expect(handledAtTimer).toBeLessThan(100);
  });
});

describe('requests that go', () => {
  it('say where we listen, and ask for rport; the answer is an event', async () => {
    const desk = await transportDesk(['udp']);
    const peer = await UdpPeer.open();
    const flow = await desk.transports.send(request({ via: 'SIP/2.0/UDP x.invalid;branch=z9hG4bK1' }), udp(peer));
    expect(flow).toEqual({ transport: 'udp', local: desk.at('udp'), remote: peer.address, connection: 0 });
    const came = whole(await peer.inbox.next());
    expect(came.headers.get('Via')).toBe(`SIP/2.0/UDP 127.0.0.1:${desk.at('udp').port};branch=z9hG4bK1;rport`);
    if (came.kind !== 'request') throw new Error('it is a request');
    const { serialise } = await import('../../daemon/src/sip/message/index.js');
    await peer.send(serialise(newResponse(came, 200)), desk.at('udp'));
    expect((await desk.responses.next()).response.status).toBe(200);
  });

  it('of a socket on all addresses say the one that the peer sees', async () => {
    const desk = await transportDesk([listener('udp', { host: '0.0.0.0' }), listener('udp', { host: '::' })]);
    const four = await UdpPeer.open();
    const six = await UdpPeer.open('::1');
    await desk.transports.send(request(), udp(four));
    expect(whole(await four.inbox.next()).vias[0]?.host).toBe('127.0.0.1');
    await desk.transports.send(request(), udp(six));
    expect(whole(await six.inbox.next()).vias[0]?.host).toBe('::1');
  });

  it('say what is advertised', async () => {
    const desk = await transportDesk([listener('udp', { advertised: { host: 'pbx.example', port: 5080 } })]);
    const peer = await UdpPeer.open();
    await desk.transports.send(request(), udp(peer));
    expect(whole(await peer.inbox.next()).headers.get('Via')).toMatch(/^SIP\/2.0\/UDP pbx\.example:5080;/);
    expect(desk.transports.advertised('udp', '127.0.0.1')).toEqual({ host: 'pbx.example', port: 5080 });
    expect(desk.transports.advertised('tcp', '127.0.0.1')).toBeUndefined();
  });

  it('go by the socket on the address that the kernel would take', async () => {
    const desk = await transportDesk([listener('udp', { host: '127.0.0.2' }), 'udp']);
    const peer = await UdpPeer.open();
    const flow = await desk.transports.send(request(), udp(peer));
    expect(flow.local).toEqual(desk.transports.listeners[1]?.local);
  });

  it('go again as they went', async () => {
    const desk = await transportDesk(['udp']);
    const peer = await UdpPeer.open();
    await desk.transports.sendBytes(requestBytes({ uri: 'sip:again' }), udp(peer));
    expect((await peer.inbox.next()).toString()).toContain('OPTIONS sip:again');
  });

  it('that cannot go reject, and harm no others', async () => {
    const desk = await transportDesk(['udp']);
    const peer = await UdpPeer.open();
    const to = (host: string, port: number): Target => ({ transport: 'udp', remote: { host, port } });
    const refused = [
      desk.transports.send(request(), to('127.0.0.1', 0)),
      desk.transports.send(request(), to('::1', 5060)),
      desk.transports.send(request(), to('phone.example', 5060)),
      desk.transports.send(request(), to('240.0.0.1', 5060)),
      desk.transports.sendBytes(Buffer.alloc(65_508), udp(peer)),
    ];
    const codes = (await Promise.allSettled(refused)).map((one) => one.status === 'rejected' && one.reason.code);
    expect(codes).toEqual(['unreachable', 'unsupported', 'unsupported', 'unreachable', 'too_large']);
    // A port where nobody listens answers by ICMP, which belongs to nobody.
    const gone = await UdpPeer.open();
    const { address } = gone;
    for (let i = 0; i < 3; i += 1)
      await desk.transports.send(request(), { transport: 'udp', remote: { ...address, port: 9 } });
    await desk.transports.send(request(), udp(peer));
    await peer.inbox.next();
    expect(desk.transports.counts.udp.sendFailures).toBe(5);
  });

  it('that hold what no header may hold reject', async () => {
    const desk = await transportDesk(['udp']);
    const peer = await UdpPeer.open();
    const bad = request();
    bad.uriText = 'sip:a\r\nX: y';
    await expect(desk.transports.send(bad, udp(peer))).rejects.toMatchObject({ code: 'bad_message' });
    const bare = request();
    bare.headers.remove('Via');
    await expect(desk.transports.send(bare, udp(peer))).rejects.toMatchObject({ code: 'bad_message' });
  });
});

describe('responses that come', () => {
  it('to nobody of ours are counted and dropped (RFC 3261 18.1.2)', async () => {
    const desk = await transportDesk(['udp']);
    const peer = await UdpPeer.open();
    const { port } = desk.at('udp');
    const response = (via: string): string =>
      requestText({ via }).replace('OPTIONS sip:pbx.example SIP/2.0', 'SIP/2.0 200 OK');
    await desk.transports.send(request(), udp(peer));
    await peer.send(response(`SIP/2.0/UDP 198.51.100.1:${port};branch=z9hG4bK1`), desk.at('udp'));
    await peer.send(response('SIP/2.0/UDP 127.0.0.1:1;branch=z9hG4bK1'), desk.at('udp'));
    await peer.send(response(`SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bKours`), desk.at('udp'));
    expect((await desk.responses.next()).response.vias[0]?.params.get('branch')).toBe('z9hG4bKours');
    expect(desk.transports.counts.udp.strayResponses).toBe(2);
    expect(desk.responses.all).toHaveLength(1);
  });
});

describe('requests over 1,300 bytes', () => {
  const large = () => request({ body: 'x'.repeat(1300) });

  /** One port for both, as a phone has. */
  async function phone() {
    for (;;) {
      const server = await StreamServer.open();
      const peer = await UdpPeer.open('127.0.0.1', server.address.port).catch(() => undefined);
      if (peer !== undefined) return { server, peer };
    }
  }

  it('go by TCP when the peer has it, and say so in their Via', async () => {
    const desk = await transportDesk(['udp', 'tcp']);
    const { server, peer } = await phone();
    const flow = await desk.transports.send(large(), udp(peer));
    expect(flow.transport).toBe('tcp');
    const came = await (await server.accepted.next()).message();
    expect(came.headers.get('Via')).toMatch(`SIP/2.0/TCP 127.0.0.1:${desk.at('tcp').port};`);
    await desk.transports.send(request(), udp(peer));
    expect(whole(await peer.inbox.next()).vias[0]?.transport).toBe('UDP');
  });

  it('go by UDP when it has not, which is remembered', async () => {
    const desk = await transportDesk(['udp', 'tcp']);
    const peer = await UdpPeer.open();
    for (let i = 0; i < 3; i += 1) {
      const message = large();
      expect((await desk.transports.send(message, udp(peer))).transport).toBe('udp');
      expect(message.vias[0]?.transport).toBe('UDP');
      expect(whole(await peer.inbox.next()).headers.get('Via')).toMatch(
        `SIP/2.0/UDP 127.0.0.1:${desk.at('udp').port};`,
      );
      if (i > 0) continue;
      // It has TCP now, and is not asked again so soon.
      await StreamServer.open('127.0.0.1', peer.address.port);
    }
  });

  it('go by UDP when the connection there is does not take them', async () => {
    const desk = await transportDesk(['udp', 'tcp'], { limits: { pendingBytesOut: 10_000 } });
    const { server, peer } = await phone();
    const stuck = desk.transports.sendBytes(Buffer.alloc(50_000_000), { transport: 'tcp', remote: server.address });
    const failed = expect(stuck).rejects.toMatchObject({ code: 'unreachable' });
    (await server.accepted.next()).socket.pause();
    const message = large();
    expect((await desk.transports.send(message, udp(peer))).transport).toBe('udp');
    expect(message.vias[0]?.transport).toBe('UDP');
    expect(whole(await peer.inbox.next()).vias[0]?.transport).toBe('UDP');
    await failed;
  });

  it('go by UDP at once where that is the policy', async () => {
    const desk = await transportDesk(['udp', 'tcp'], { largeRequests: 'udp' });
    const { peer } = await phone();
    expect((await desk.transports.send(large(), udp(peer))).transport).toBe('udp');
  });

  it('are requests: answers go as they must', async () => {
    const desk = await transportDesk(['udp', 'tcp']);
    const { peer } = await phone();
    const response = newResponse(request(), 200);
    response.body = Buffer.alloc(2000, 'x');
    expect((await desk.transports.send(response, udp(peer))).transport).toBe('udp');
  });
});
