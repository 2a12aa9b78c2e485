// SIP over WebSocket (RFC 7118), with real sockets, and over one that somebody else accepted.
import { connect as connectTcp } from 'node:net';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { newResponse } from '../../daemon/src/sip/message/index.js';
import { responseTarget, speaksSip, SIP_SUBPROTOCOL } from '../../daemon/src/sip/transport/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { until } from '../support/turns.js';
import {
  StreamPeer,
  WebSocketPeer,
  closing,
  listener,
  request,
  requestBytes,
  requestText,
  transportDesk,
  whole,
} from '../support/sip-peer.js';
import { newAuthority } from '../support/sip-peer-certificates.js';

const VIA = 'SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK1';

describe('a handshake', () => {
  it('needs the subprotocol sip', async () => {
    const desk = await transportDesk(['ws']);
    const peer = await WebSocketPeer.connect(desk.at('ws'), { protocols: ['other', 'sip'] });
    expect(peer.socket.protocol).toBe('sip');
    await expect(WebSocketPeer.connect(desk.at('ws'), { protocols: ['other'] })).rejects.toThrow('status 400');
    await expect(WebSocketPeer.connect(desk.at('ws'), { protocols: [] })).rejects.toThrow('status 400');
    expect(speaksSip('chat, sip')).toBe(true);
    expect(speaksSip('sips')).toBe(false);
  });

  it('is for the path that is set, whatever its query', async () => {
    const desk = await transportDesk([listener('ws', { path: '/sip' })]);
    await WebSocketPeer.connect(desk.at('ws'), { path: '/sip?x=1' });
    for (const path of ['/', '/sip/', '/sipx', '/other']) {
      await expect(WebSocketPeer.connect(desk.at('ws'), { path }), path).rejects.toThrow('status 404');
    }
  });

  it('is for pages of the origins that are allowed; unless told, of none', async () => {
    const origin = (name: string): boolean => name === 'https://pbx.example';
    const desk = await transportDesk([listener('ws', { origin })]);
    await WebSocketPeer.connect(desk.at('ws'), { origin: 'https://pbx.example' });
    await expect(WebSocketPeer.connect(desk.at('ws'), { origin: 'https://evil.example' })).rejects.toThrow(
      'status 403',
    );
    const strict = await transportDesk(['ws']);
    await expect(WebSocketPeer.connect(strict.at('ws'), { origin: 'https://pbx.example' })).rejects.toThrow(
      'status 403',
    );
    await WebSocketPeer.connect(strict.at('ws'));
  });

  it('is all that HTTP is good for here', async () => {
    const desk = await transportDesk(['ws']);
    const peer = await StreamPeer.connect(desk.at('ws'));
    peer.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await peer.closed;
    expect(peer.text).toMatch(/^HTTP\/1.1 426 /);
    const rubbish = await StreamPeer.connect(desk.at('ws'));
    rubbish.write(requestBytes());
    await rubbish.closed;
    const large = await StreamPeer.connect(desk.at('ws'));
    large.write(`GET / HTTP/1.1\r\nX: ${'x'.repeat(9000)}\r\n\r\n`);
    await large.closed;
    expect(large.text).not.toMatch(/ 101 /);
  });
});

describe('messages', () => {
  it('come one a WebSocket message, text or binary, and are answered as text', async () => {
    const desk = await transportDesk(['ws']);
    const peer = await WebSocketPeer.connect(desk.at('ws'));
    peer.socket.send(requestText({ via: VIA, body: 'grüße' }));
    const { request: came, flow } = await desk.requests.next();
    expect(came.body.toString()).toBe('grüße');
    expect(flow).toMatchObject({ transport: 'ws', local: desk.at('ws'), connection: 1 });
    expect(came.headers.get('Via')).toBe(`${VIA};received=127.0.0.1`);
    const response = newResponse(came, 200);
    response.body = Buffer.from('你好');
    expect(await desk.transports.send(response, responseTarget(came, flow))).toBe(flow);
    const { bytes, binary } = await peer.inbox.next();
    expect(binary).toBe(false);
    expect(whole(bytes).body.toString()).toBe('你好');
    peer.socket.send(requestBytes({ method: 'BINARY' }));
    expect((await desk.requests.next()).request.method).toBe('BINARY');
  });

  it('that are no UTF-8 go as binary', async () => {
    const desk = await transportDesk(['ws']);
    const peer = await WebSocketPeer.connect(desk.at('ws'));
    peer.socket.send(requestText({ via: VIA }));
    const { request: came, flow } = await desk.requests.next();
    const response = newResponse(came, 200);
    response.body = Buffer.from([0xff, 0x00, 0xc3]);
    await desk.transports.send(response, responseTarget(came, flow));
    expect((await peer.inbox.next()).binary).toBe(true);
  });

  it('need no Content-Length, which their frame has', async () => {
    const desk = await transportDesk(['ws']);
    const peer = await WebSocketPeer.connect(desk.at('ws'));
    peer.socket.send(requestText({ via: VIA, body: 'x' }).replace(/Content-Length.*\r\n/, ''));
    expect((await desk.requests.next()).request.body.toString()).toBe('x');
  });

  it('of ours name the listener, and go by the connection', async () => {
    const desk = await transportDesk(['ws']);
    const peer = await WebSocketPeer.connect(desk.at('ws'));
    peer.socket.send(requestText({ via: VIA }));
    const { flow } = await desk.requests.next();
    const { transport, remote, connection } = flow;
    await desk.transports.send(request({ method: 'NOTIFY' }), { transport, remote, connection });
    expect(whole((await peer.inbox.next()).bytes).headers.get('Via')).toMatch(
      `SIP/2.0/WS 127.0.0.1:${desk.at('ws').port};`,
    );
  });

  it('that are too large end the connection', async () => {
    const desk = await transportDesk(['ws']);
    const peer = await WebSocketPeer.connect(desk.at('ws'));
    peer.socket.send(Buffer.alloc(65_536, 'x'));
    expect(await peer.closed).toBe(1009);
    await desk.closed.next();
    expect(desk.transports.counts.ws.malformed).toBe(0);
  });

  it('in many fragments end the connection', async () => {
    const desk = await transportDesk(['ws']);
    const peer = await WebSocketPeer.connect(desk.at('ws'));
    for (let i = 0; i < 100; i += 1) peer.socket.send('x', { fin: false });
    await peer.closed;
    expect((await desk.closed.next()).connection).toBe(1);
  });

  it('come over TLS, too', async () => {
    const tls = newAuthority().issue('DNS:pbx.example');
    const desk = await transportDesk([listener('wss', { tls })]);
    const peer = await WebSocketPeer.connect(desk.at('wss'), { secure: true });
    peer.socket.send(requestText({ via: VIA }));
    const { request: came, flow } = await desk.requests.next();
    expect(flow.transport).toBe('wss');
    await desk.transports.send(newResponse(came, 200), responseTarget(came, flow));
    expect(whole((await peer.inbox.next()).bytes)).toMatchObject({ status: 200 });
    await desk.transports.stop();
    await peer.closed;
  });

  it('come over IPv6, too', async () => {
    const desk = await transportDesk([listener('ws', { host: '::1' })]);
    const peer = await WebSocketPeer.connect(desk.at('ws'));
    peer.socket.send(requestText({ via: VIA }));
    expect((await desk.requests.next()).flow.remote.host).toBe('::1');
  });
});

describe('signs of life', () => {
  it('of the client are answered: pings, and the CRLFs that some send', async () => {
    const desk = await transportDesk(['ws']);
    const peer = await WebSocketPeer.connect(desk.at('ws'));
    peer.socket.ping('x');
    expect((await peer.pongs.next()).toString()).toBe('x');
    peer.socket.send('\r\n\r\n');
    expect((await peer.inbox.next()).bytes.toString()).toBe('\r\n');
    peer.socket.send('\r\n');
    peer.socket.send(requestText({ via: VIA }));
    await desk.requests.next();
    expect(peer.inbox.all).toHaveLength(1);
    expect(peer.pongs.all).toHaveLength(1);
    expect(desk.transports.counts.ws).toMatchObject({ keepAlives: 3, messagesIn: 1 });
  });

  it('are asked for every 25 s, and a client without any is gone after 75 s', async () => {
    const clock = new FakeClock();
    const desk = await transportDesk(['ws'], { clock });
    const alive = await WebSocketPeer.connect(desk.at('ws'));
    const dead = await WebSocketPeer.connect(desk.at('ws'), { autoPong: false });
    for (const peer of [alive, dead]) peer.socket.send(requestText({ via: VIA }));
    await desk.requests.next();
    const { flow } = await desk.requests.next();
    desk.transports.keep(1, true);
    desk.transports.keep(2, true);
    for (const count of [1, 2, 3]) {
      await clock.advance(25_000);
      await alive.pings.next();
      // The pong of the one must be here before the clock goes on.
      alive.socket.ping();
      await alive.pongs.next();
      expect(dead.pings.all.length).toBeLessThanOrEqual(count);
    }
    await dead.closed;
    expect(await desk.closed.next()).toMatchObject({ connection: 2, reason: 'no sign of life' });
    expect(flow.connection).toBe(2);
    expect(desk.transports.connections('ws')).toBe(1);
  });

  it('of a client that reads nothing are not paid for', async () => {
    const desk = await transportDesk(['ws'], { limits: { pendingBytesOut: 50_000 } });
    const socket = connectTcp(desk.at('ws').port, desk.at('ws').host);
    const key = 'dGhlIHNhbXBsZSBub25jZQ==';
    socket.write(
      `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: sip\r\n\r\n`,
    );
    await once(socket, 'data');
    socket.pause();
    // 125 bytes of ping, masked with zeros
    const ping = Buffer.concat([Buffer.from([0x89, 0x80 | 125, 0, 0, 0, 0]), Buffer.alloc(125)]);
    const flood = Buffer.concat(Array.from({ length: 1000 }, () => ping));
    const pump = (): void => {
      while (socket.writable && socket.write(flood));
      socket.once('drain', pump);
    };
    socket.on('error', () => undefined);
    pump();
    const { reason } = await desk.closed.next();
    expect(reason).toBe('the peer does not read what it is sent');
    socket.destroy();
  });
});

describe('a WebSocket that an HTTP server accepted', () => {
  it('is taken over with its messages, and counted', async () => {
    const desk = await transportDesk([], { limits: { connectionsOfPages: 1, connectionsPerAddress: 0 } });
    const http = createServer();
    const accepting = new WebSocketServer({ noServer: true, handleProtocols: () => SIP_SUBPROTOCOL });
    const numbers: (number | undefined)[] = [];
    http.on('upgrade', (came, socket, head) => {
      accepting.handleUpgrade(came, socket, head, (webSocket) => {
        const local = { host: '127.0.0.1', port: 443 };
        const remote = { host: '192.0.2.1', port: came.socket.remotePort ?? 0 };
        numbers.push(desk.transports.acceptWebSocket(webSocket, { local, remote, secure: true }));
      });
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    closing(http, () => http.close());
    const at = http.address() as { port: number };
    const to = { host: '127.0.0.1', port: at.port };
    const peer = await WebSocketPeer.connect(to);
    peer.socket.send(requestText({ via: VIA }));
    const { request: came, flow } = await desk.requests.next();
    expect(flow).toMatchObject({
      transport: 'wss',
      remote: { host: '192.0.2.1' },
      local: { port: 443 },
      connection: 1,
    });
    await desk.transports.send(newResponse(came, 200), responseTarget(came, flow));
    expect(whole((await peer.inbox.next()).bytes)).toMatchObject({ status: 200 });
    await desk.transports.send(request(), { transport: 'wss', remote: flow.remote, connection: flow.connection });
    expect(whole((await peer.inbox.next()).bytes).vias[0]).toMatchObject({
      transport: 'WSS',
      host: '127.0.0.1',
      port: 443,
    });

    const second = await WebSocketPeer.connect(to);
    await second.closed;
    expect(numbers).toEqual([1, undefined]);
    expect(desk.transports.counts.wss).toMatchObject({ connectionsIn: 1, connectionsRefused: 1 });
    peer.socket.close();
    await desk.closed.next();
    await until(() => desk.transports.connections('wss') === 0, 'the place is free');
    const third = await WebSocketPeer.connect(to);
    third.socket.send(requestText({ via: VIA }));
    await desk.requests.next();
    await desk.transports.stop();
    await third.closed;
  });
});
