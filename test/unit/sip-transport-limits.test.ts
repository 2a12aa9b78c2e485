// What peers may take of us: connections, time, memory.
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ConnectionTable } from '../../daemon/src/sip/transport/connection-table.js';
import { transportLimits } from '../../daemon/src/sip/transport/limits.js';
import { newResponse } from '../../daemon/src/sip/message/index.js';
import type { Admission, SocketAddress, Target } from '../../daemon/src/sip/transport/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { turn, until } from '../support/turns.js';
import { newAuthority } from '../support/sip-peer-certificates.js';
import {
  StreamPeer,
  StreamServer,
  UdpPeer,
  WebSocketPeer,
  listener,
  request,
  requestBytes,
  requestText,
  transportDesk,
} from '../support/sip-peer.js';

const tls = newAuthority().issue('DNS:pbx.example');

/** Resolves when the connection has ended, whichever way. */
function knock(to: SocketAddress): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(to.port, to.host);
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
}

describe('connections', () => {
  it('beyond the limit are refused, ten thousand of them, and those within are unhurt', async () => {
    const desk = await transportDesk(['tcp', 'udp'], { limits: { connectionsIn: 5 } });
    const within: StreamPeer[] = [];
    for (let i = 0; i < 5; i += 1) within.push(await StreamPeer.connect(desk.at('tcp')));
    for (const peer of within) peer.write(requestBytes());
    for (let i = 0; i < 5; i += 1) await desk.requests.next();
    let knocked = 0;
    const knocker = async (): Promise<void> => {
      while (knocked < 10_000) {
        knocked += 1;
        await knock(desk.at('tcp'));
      }
    };
    await Promise.all(Array.from({ length: 100 }, knocker));
    expect(desk.transports.counts.tcp).toMatchObject({ connectionsIn: 5, connectionsRefused: 10_000 });
    const { flow } = await (async () => {
      within[4]?.write(requestBytes({ method: 'STILL' }));
      return desk.requests.next();
    })();
    expect(flow.connection).toBe(5);
    const udp = await UdpPeer.open();
    await udp.send(requestBytes(), desk.at('udp'));
    await desk.requests.next();
  }, 60_000);

  it('give their place back, by whatever layer they end in', async () => {
    const limits = { connectionsIn: 1 };
    const desk = await transportDesk(['tcp', 'ws', listener('tls', { tls }), listener('wss', { tls })], { limits });
    for (let i = 0; i < 3; i += 1) {
      for (const transport of ['tcp', 'tls', 'ws', 'wss'] as const) {
        // Cut off before anything was said: in the handshake, where there is one.
        await until(() => desk.transports.connections(transport) === 0, 'the one before has gone');
        await place(
          () => StreamPeer.connect(desk.at(transport)),
          (peer) => peer.socket.destroy(),
        );
      }
      await place(
        () => StreamPeer.connectTls(desk.at('tls'), {}),
        (peer) => peer.socket.destroy(),
      );
      await place(
        () => WebSocketPeer.connect(desk.at('ws')),
        (peer) => peer.socket.close(),
      );
      await place(
        () => WebSocketPeer.connect(desk.at('wss'), { secure: true }),
        (peer) => peer.socket.terminate(),
      );
      await expect(WebSocketPeer.connect(desk.at('ws'), { protocols: [] })).rejects.toThrow();
    }

    /** Until it is let in: the place is given back when the server notices, not when the client leaves. */
    async function place<T>(open: () => Promise<T>, close: (peer: T) => unknown): Promise<void> {
      const refused = (): number =>
        Object.values(desk.transports.counts).reduce((sum, one) => sum + one.connectionsRefused, 0);
      for (let tries = 0; tries < 1000; tries += 1) {
        const before = refused();
        const accepted = Object.values(desk.transports.counts).reduce((sum, one) => sum + one.connectionsIn, 0);
        const peer = await open().catch(() => undefined);
        const now = (): number =>
          Object.values(desk.transports.counts).reduce((sum, one) => sum + one.connectionsIn, 0);
        await until(() => refused() > before || now() > accepted, 'the server has seen it');
        if (peer !== undefined) close(peer);
        if (refused() === before) return;
      }
      throw new Error('it was never let in again');
    }
  });

  it('of one address are limited, and of one /64', () => {
    const table = new ConnectionTable({ ...transportLimits, connectionsPerAddress: 2, connectionsIn: 9 });
    const release = table.reserve('192.0.2.1');
    expect(table.reserve('192.0.2.1')).toBeDefined();
    expect(table.reserve('192.0.2.1')).toBeUndefined();
    expect(table.reserve('192.0.2.2')).toBeDefined();
    release?.();
    release?.();
    expect(table.reserve('192.0.2.1')).toBeDefined();
    expect(table.reserve('192.0.2.1')).toBeUndefined();
    expect(table.reserve('2001:db8:1:2::1')).toBeDefined();
    expect(table.reserve('2001:db8:1:2:ffff::2')).toBeDefined();
    expect(table.reserve('2001:db8:1:2:3:4:5:6')).toBeUndefined();
    expect(table.reserve('2001:db8:1:3::1')).toBeDefined();
    expect(table.accepted).toBe(6);
  });

  it('of pages that have signed in are not limited by address, and neither take room from the others nor the others from them', () => {
    const limits = { ...transportLimits, connectionsPerAddress: 2, connectionsIn: 2, connectionsOfPages: 400 };
    const table = new ConnectionTable(limits);
    // An office behind one address; after its network failed each page is there twice for a while.
    const pages = Array.from({ length: 400 }, () => table.reserveForPage());
    expect(pages.every((release) => release !== undefined)).toBe(true);
    expect(table.reserveForPage()).toBeUndefined();
    pages[0]?.();
    pages[0]?.();
    expect(table.reserveForPage()).toBeDefined();
    expect(table.reserveForPage()).toBeUndefined();
    expect(table.reserve('192.0.2.1')).toBeDefined();
    expect(table.reserve('192.0.2.1')).toBeDefined();
    expect(table.reserve('192.0.2.1')).toBeUndefined();
  });

  it('that we open are limited for themselves', async () => {
    const desk = await transportDesk(['tcp'], { limits: { connectionsOut: 1, connectionsIn: 1 } });
    const [one, two] = [await StreamServer.open(), await StreamServer.open()];
    await desk.transports.send(request(), { transport: 'tcp', remote: one.address });
    const refused = desk.transports.send(request(), { transport: 'tcp', remote: two.address });
    await expect(refused).rejects.toMatchObject({ code: 'full' });
    const peer = await StreamPeer.connect(desk.at('tcp'));
    peer.write(requestBytes());
    await desk.requests.next();
  });

  it('that we open to one address are limited, and those for answers leave room for requests', async () => {
    const limits = { connectionsOut: 4, connectionsForAnswers: 2, connectionsOutPerAddress: 3 };
    const desk = await transportDesk(['tcp'], { limits });
    const servers = await Promise.all(Array.from({ length: 4 }, () => StreamServer.open()));
    const send = (i: number, over: Partial<Target> = {}) =>
      desk.transports.send(request(), { transport: 'tcp', remote: servers[i]!.address, ...over });
    const gone = { connection: 99, reconnect: true };
    await send(0, gone);
    await send(1, gone);
    await expect(send(2, gone)).rejects.toMatchObject({ code: 'full' });
    await send(2);
    await expect(send(3)).rejects.toMatchObject({ code: 'full' });
    const elsewhere = await StreamServer.open('127.0.0.2');
    await desk.transports.send(request(), { transport: 'tcp', remote: elsewhere.address });
    // What has ended makes room.
    (await servers[2]!.accepted.next()).socket.destroy();
    await desk.closed.next();
    await send(3);
  });

  it('that are being made hold a limited number of messages', async () => {
    const desk = await transportDesk([], { limits: { waitingForConnection: 3 } });
    const server = await StreamServer.open();
    const sent = Array.from({ length: 5 }, () =>
      desk.transports.send(request(), { transport: 'tcp', remote: server.address }),
    );
    const ends = await Promise.allSettled(sent);
    expect(ends.map((one) => one.status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect((ends[4] as PromiseRejectedResult).reason).toMatchObject({ code: 'full' });
  });

  it('of those whom the guard keeps out cost no handshake', async () => {
    const admission: Admission = { admit: () => true, admitConnection: (transport) => transport !== 'tls' };
    const desk = await transportDesk([listener('tls', { tls }), 'tcp'], { admission });
    await expect(StreamPeer.connectTls(desk.at('tls'), {})).rejects.toThrow();
    await StreamPeer.connect(desk.at('tcp'));
    expect(desk.transports.counts.tls).toMatchObject({ connectionsRefused: 1, connectionsIn: 0 });
  });

  it('whose message the guard refuses are cut, the message unread', async () => {
    const admission: Admission = { admit: (flow) => flow.transport !== 'tcp' };
    const desk = await transportDesk(['tcp'], { admission });
    const peer = await StreamPeer.connect(desk.at('tcp'));
    peer.write(Buffer.concat([requestBytes(), requestBytes()]));
    await peer.closed;
    expect((await desk.closed.next()).reason).toBe('the guard refused it');
    expect(desk.transports.counts.tcp).toMatchObject({ refused: 1, messagesIn: 0, connectionsCut: 1 });
  });
});

describe('time', () => {
  it('to the first message is 10 s, whatever layer it is wasted in', async () => {
    const clock = new FakeClock();
    const desk = await transportDesk(['tcp', 'ws', listener('tls', { tls }), listener('wss', { tls })], { clock });
    const slow = [
      await StreamPeer.connect(desk.at('tcp')),
      await StreamPeer.connect(desk.at('tls')),
      await StreamPeer.connectTls(desk.at('tls'), {}),
      await StreamPeer.connect(desk.at('ws')),
      await StreamPeer.connect(desk.at('wss')),
      await StreamPeer.connectTls(desk.at('wss'), {}),
    ];
    slow[0]?.write('\r\n\r\n');
    slow[3]?.write('GET / HTTP/1.1\r\nHost:');
    const upgraded = await WebSocketPeer.connect(desk.at('ws'));
    const counts = () => Object.values(desk.transports.counts).reduce((sum, one) => sum + one.connectionsIn, 0);
    await until(() => counts() === 7, 'all have been accepted');
    await clock.advance(9000);
    const peer = await StreamPeer.connect(desk.at('tcp'));
    peer.write(requestBytes());
    await desk.requests.next();
    expect(desk.closed.all).toHaveLength(0);
    await clock.advance(2000);
    for (const one of slow) await one.closed;
    await upgraded.closed;
    await clock.advance(60_000);
    expect(peer.socket.destroyed).toBe(false);
  });

  it('for a message that was begun is 10 s, however it drips', async () => {
    const clock = new FakeClock();
    const desk = await transportDesk(['tcp'], { clock });
    const peer = await StreamPeer.connect(desk.at('tcp'));
    peer.write(requestBytes());
    const { flow } = await desk.requests.next();
    desk.transports.keep(flow.connection, true);
    const bytes = requestBytes();
    for (let i = 0; i < 10 && desk.closed.all.length === 0; i += 1) {
      // The first octet comes behind a ping, whose answer says that it has come.
      const octet = bytes.subarray(i, i + 1);
      await new Promise((resolve) => peer.socket.write(i === 0 ? `\r\n\r\n${octet.toString()}` : octet, resolve));
      if (i === 0) await peer.inbox.next();
      await turn();
      await clock.advance(2000);
    }
    expect((await desk.closed.next()).reason).toBe('a message was begun and not ended');
    await peer.closed;
  });

  it('in silence is ten minutes, and without end for a connection that is kept', async () => {
    const clock = new FakeClock();
    const desk = await transportDesk(['tcp'], { clock });
    const [idle, kept] = [await StreamPeer.connect(desk.at('tcp')), await StreamPeer.connect(desk.at('tcp'))];
    idle.write(requestBytes({ method: 'IDLE' }));
    await desk.requests.next();
    kept.write(requestBytes({ method: 'KEPT' }));
    const { flow } = await desk.requests.next();
    expect(desk.transports.keep(flow.connection, true)).toBe(true);
    expect(desk.transports.keep(99, true)).toBe(false);
    await clock.advance(599_000);
    expect(desk.closed.all).toHaveLength(0);
    await clock.advance(2000);
    expect((await desk.closed.next()).reason).toBe('nothing came on it for long');
    await idle.closed;
    await clock.advance(3_600_000);
    expect(desk.transports.connections('tcp')).toBe(1);
    desk.transports.keep(flow.connection, false);
    await clock.advance(1000);
    await kept.closed;
  });

  it('is left to one who pings', async () => {
    const clock = new FakeClock();
    const desk = await transportDesk(['tcp'], { clock });
    const peer = await StreamPeer.connect(desk.at('tcp'));
    peer.write(requestBytes());
    await desk.requests.next();
    for (let i = 0; i < 4; i += 1) {
      await clock.advance(300_000);
      peer.write('\r\n\r\n');
      await peer.inbox.next();
    }
    expect(desk.closed.all).toHaveLength(0);
  });
});

describe('memory', () => {
  it('for a peer that reads nothing is limited; its connection ends, and others go on', async () => {
    const desk = await transportDesk(['tcp']);
    const [deaf, other] = [await StreamPeer.connect(desk.at('tcp')), await StreamPeer.connect(desk.at('tcp'))];
    deaf.write(requestBytes({ via: 'SIP/2.0/TCP deaf.invalid:1;branch=z9hG4bK1' }));
    const { request: came, flow } = await desk.requests.next();
    deaf.socket.pause();
    const response = newResponse(came, 200);
    response.body = Buffer.alloc(60_000, 'x');
    const sent: Promise<unknown>[] = [];
    while (desk.closed.all.length === 0 && sent.length < 1000) {
      const { transport, remote, connection } = flow;
      const one = desk.transports.send(response, { transport, remote, connection });
      one.catch(() => undefined);
      sent.push(one);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await desk.closed.next()).reason).toBe('the peer does not read what it is sent');
    const ends = await Promise.allSettled(sent);
    expect(ends.some((one) => one.status === 'rejected' && one.reason.code === 'timeout')).toBe(true);
    other.write(requestBytes());
    await desk.requests.next();
    deaf.socket.destroy();
  });

  it('is not held for long for little, either', async () => {
    const clock = new FakeClock();
    const desk = await transportDesk(['tcp'], { clock, limits: { pendingBytesOut: 1e9 } });
    const deaf = await StreamPeer.connect(desk.at('tcp'));
    deaf.write(requestBytes({ via: 'SIP/2.0/TCP deaf.invalid:1;branch=z9hG4bK1' }));
    const { flow } = await desk.requests.next();
    deaf.socket.pause();
    const { transport, remote, connection } = flow;
    const sent = desk.transports.sendBytes(Buffer.alloc(50_000_000), { transport, remote, connection });
    const failed = expect(sent).rejects.toMatchObject({ code: 'unreachable' });
    await clock.advance(19_000);
    expect(desk.closed.all).toHaveLength(0);
    await clock.advance(2000);
    expect((await desk.closed.next()).reason).toBe('the peer does not read what it is sent');
    await failed;
    deaf.socket.destroy();
  });

  it('for messages that are half there is limited for all together', async () => {
    const desk = await transportDesk(['tcp'], { limits: { pendingBytesInInAll: 10_000 } });
    const half = `OPTIONS sip:x SIP/2.0\r\nX: ${'x'.repeat(4000)}`;
    const peers: StreamPeer[] = [];
    for (let i = 0; i < 3; i += 1) {
      const peer = await StreamPeer.connect(desk.at('tcp'));
      peers.push(peer);
      // The pong says that what stands behind the ping has come.
      peer.write(`\r\n\r\n${half}`);
      if (i < 2) await peer.inbox.next();
    }
    expect(await desk.closed.next()).toMatchObject({ connection: 3, reason: 'too much of messages is half there' });
    await peers[2]!.closed;
    // A message that ends, or a peer that goes, gives its part back.
    peers[0]!.socket.destroy();
    await desk.closed.next();
    for (let i = 0; i < 5; i += 1) {
      const peer = await StreamPeer.connect(desk.at('tcp'));
      peer.write(`\r\n\r\n${half}`);
      await peer.inbox.next();
      peer.write(requestText().slice('OPTIONS sip:pbx.example SIP/2.0'.length));
      await desk.requests.next();
    }
    expect(desk.closed.all).toHaveLength(2);
  });

  it('for peers that read nothing is limited for all together: who leaves most goes first', async () => {
    const clock = new FakeClock();
    const limits = { pendingBytesOut: 1e9, pendingBytesOutInAll: 20_000_000 };
    const desk = await transportDesk(['tcp'], { clock, limits });
    const sent: Promise<unknown>[] = [];
    for (const bytes of [12_000_000, 40_000_000, 16_000_000]) {
      const deaf = await StreamPeer.connect(desk.at('tcp'));
      deaf.write(requestBytes({ via: 'SIP/2.0/TCP deaf.invalid:1;branch=z9hG4bK1' }));
      const { flow } = await desk.requests.next();
      deaf.socket.pause();
      const { transport, remote, connection } = flow;
      sent.push(
        desk.transports.sendBytes(Buffer.alloc(bytes), { transport, remote, connection }).catch(() => undefined),
      );
    }
    await clock.advance(1000);
    expect(desk.closed.all.map((one) => one.connection)).toEqual([2, 3]);
    const stopped = desk.transports.stop();
    await clock.advance(500);
    await stopped;
    await Promise.all(sent);
  });

  it('of messages without end is limited by the framer', async () => {
    const desk = await transportDesk(['tcp']);
    const peer = await StreamPeer.connect(desk.at('tcp'));
    peer.write(`OPTIONS sip:x SIP/2.0\r\nX: ${'x'.repeat(100_000)}`);
    expect((await desk.closed.next()).reason).toMatch(/too large/);
    await peer.closed;
  });
});
