// The transports as a whole: start, stop, and what they tell.
import { createSocket } from 'node:dgram';
import { describe, expect, it } from 'vitest';
import { Metrics, systemClock } from '../../daemon/src/platform/index.js';
import { Transports, type ListenerConfig, type TransportName } from '../../daemon/src/sip/transport/index.js';
import { LocalAddresses } from '../../daemon/src/sip/transport/local-addresses.js';
import { TurnBudget } from '../../daemon/src/sip/transport/turn-budget.js';
import { FakeClock } from '../support/clock-fake.js';
import { freePort } from '../support/free-ports.js';
import {
  StreamPeer,
  StreamServer,
  UdpPeer,
  WebSocketPeer,
  closing,
  listener,
  request,
  requestBytes,
  requestText,
  transportDesk,
} from '../support/sip-peer.js';
import { newAuthority } from '../support/sip-peer-certificates.js';

const tls = newAuthority().issue('DNS:pbx.example');
const all = (host: string): ListenerConfig[] => [
  listener('udp', { host }),
  listener('tcp', { host }),
  listener('tls', { host, tls }),
  listener('ws', { host }),
  listener('wss', { host, tls }),
];

describe('start', () => {
  it('listens on every transport of both families, on free ports', async () => {
    const desk = await transportDesk([...all('127.0.0.1'), ...all('::1')]);
    const { listeners } = desk.transports;
    expect(listeners).toHaveLength(10);
    for (const { local } of listeners) expect(local.port).toBeGreaterThan(0);
    for (const { transport, local } of listeners) {
      if (transport === 'udp') await (await UdpPeer.open(local.host)).send(requestBytes(), local);
      else if (transport === 'tcp') (await StreamPeer.connect(local)).write(requestBytes());
      else if (transport === 'tls') (await StreamPeer.connectTls(local, {})).write(requestBytes());
      else (await WebSocketPeer.connect(local, { secure: transport === 'wss' })).socket.send(requestText());
      const { flow } = await desk.requests.next();
      expect(flow).toMatchObject({ transport, local });
    }
    await desk.transports.start();
  });

  it('names the address that is taken, and leaves nothing open', async () => {
    const udp = createSocket('udp4');
    await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
    closing(udp, () => udp.close());
    const tcp = await StreamServer.open();
    const taken: [TransportName, number][] = [
      ['udp', udp.address().port],
      ['tcp', tcp.address.port],
      ['wss', tcp.address.port],
    ];
    for (const [transport, port] of taken) {
      const free = await freePort();
      const configs = [listener('tcp', { port: free }), listener(transport, { port, tls })];
      const transports = new Transports({ listeners: configs, clock: systemClock });
      await expect(transports.start()).rejects.toMatchObject({
        code: 'address_taken',
        message: `${transport} 127.0.0.1:${port} cannot be listened on: another program listens there`,
      });
      await StreamServer.open('127.0.0.1', free);
      await transports.stop();
    }
  });

  it('says when the machine has no such address, or it is none', async () => {
    const elsewhere = new Transports({ listeners: [listener('udp', { host: '192.0.2.1' })], clock: systemClock });
    await expect(elsewhere.start()).rejects.toThrow(
      'udp 192.0.2.1:0 cannot be listened on: the machine has no such address',
    );
    const named = () => new Transports({ listeners: [listener('udp', { host: 'localhost' })], clock: systemClock });
    expect(named).toThrow('localhost is no IP address');
  });
});

describe('stop', () => {
  it('closes listeners and connections, tells of them, and sends no more; once and again', async () => {
    const clock = new FakeClock();
    const desk = await transportDesk(all('127.0.0.1'), { clock });
    const server = await StreamServer.open();
    await desk.transports.send(request(), { transport: 'tcp', remote: server.address });
    const outgoing = await server.accepted.next();
    const peers = [
      await StreamPeer.connect(desk.at('tcp')),
      await StreamPeer.connectTls(desk.at('tls'), {}),
      // One in the middle of its handshake
      await StreamPeer.connect(desk.at('wss')),
      outgoing,
    ];
    const webSocket = await WebSocketPeer.connect(desk.at('wss'), { secure: true });
    peers[0]?.write(requestBytes());
    peers[1]?.write(requestBytes());
    webSocket.socket.send(requestText());
    for (let i = 0; i < 3; i += 1) await desk.requests.next();

    const ports = desk.transports.listeners.map(({ transport, local }) => ({ transport, local }));
    const stopped = desk.transports.stop();
    expect(desk.transports.stop()).toBe(stopped);
    await stopped;
    for (const peer of peers) await peer.closed;
    expect(await webSocket.closed).toBe(1001);
    expect(desk.closed.all.map((one) => one.reason)).toEqual(Array(4).fill('the transports were stopped'));
    expect(clock.timers).toBe(0);
    for (const { transport, local } of ports) {
      if (transport === 'udp') await UdpPeer.open(local.host, local.port);
      else await StreamServer.open(local.host, local.port);
    }
    for (const transport of ['udp', 'tcp'] as const) {
      const target = { transport, remote: server.address };
      await expect(desk.transports.send(request(), target)).rejects.toMatchObject({ code: 'stopped' });
      await expect(desk.transports.sendBytes(requestBytes(), target)).rejects.toMatchObject({ code: 'stopped' });
    }
    await desk.transports.stop();
  });

  it('does not wait for a peer that reads nothing', async () => {
    const desk = await transportDesk(['tcp']);
    const deaf = await StreamPeer.connect(desk.at('tcp'));
    deaf.write(requestBytes());
    const { flow } = await desk.requests.next();
    deaf.socket.pause();
    const { transport, remote, connection } = flow;
    const sent = desk.transports.sendBytes(Buffer.alloc(50_000_000), { transport, remote, connection });
    const failed = expect(sent).rejects.toMatchObject({ code: 'unreachable' });
    await desk.transports.stop();
    await failed;
    deaf.socket.destroy();
  });

  it('gives up connections that are being made', async () => {
    const desk = await transportDesk([], { tls: {} });
    const silent = await StreamServer.open();
    const sent = desk.transports.send(request(), { transport: 'tls', remote: silent.address });
    const failed = expect(sent).rejects.toMatchObject({ code: 'stopped' });
    await silent.accepted.next();
    await desk.transports.stop();
    await failed;
  });

  it('waits for a start under way, and prevents one that was not', async () => {
    const transports = new Transports({ listeners: all('127.0.0.1'), clock: systemClock });
    const started = expect(transports.start()).rejects.toMatchObject({ code: 'stopped' });
    await transports.stop();
    await started;
    const never = new Transports({ listeners: all('127.0.0.1'), clock: systemClock });
    await never.stop();
    await expect(never.start()).rejects.toMatchObject({ code: 'stopped' });
  });
});

describe('hostile bytes', () => {
  /** The same numbers in every run. */
  let state = 7;
  const random = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;

  function mutated(): Buffer {
    const bytes = requestBytes({ via: 'SIP/2.0/UDP a.example;rport;branch=z9hG4bK1', body: 'v=0' });
    for (let i = random(8); i >= 0; i -= 1) bytes[random(bytes.length)] = random(256);
    return random(4) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
  }

  it('of 2,000 datagrams and of 300 connections throw nothing, and others are served', async () => {
    const limits = { connectionsPerAddress: 1000 };
    const desk = await transportDesk([listener('udp'), listener('tcp'), listener('ws'), listener('tls', { tls })], {
      limits,
    });
    const udp = await UdpPeer.open();
    for (let i = 0; i < 2000; i += 1) {
      // One after the other: the kernel drops what is too much at once.
      await udp.send(mutated(), desk.at('udp'));
    }
    for (let i = 0; i < 300; i += 1) {
      const transport = (['tcp', 'ws', 'tls'] as const)[i % 3] ?? 'tcp';
      const peer = await StreamPeer.connect(desk.at(transport));
      for (let parts = random(4); parts >= 0; parts -= 1) peer.write(mutated());
      if (random(2) === 0) peer.socket.resetAndDestroy();
      else peer.socket.end();
    }
    await udp.send(requestBytes({ method: 'LAST' }), desk.at('udp'));
    for (;;) if ((await desk.requests.next()).request.method === 'LAST') break;
    const tcp = await StreamPeer.connect(desk.at('tcp'));
    tcp.write(requestBytes({ method: 'LAST' }));
    for (;;) if ((await desk.requests.next()).request.method === 'LAST') break;
    const { udp: counted } = desk.transports.counts;
    expect(counted.malformed).toBeGreaterThan(100);
    expect(counted.messagesIn + counted.keepAlives).toBeGreaterThan(1900);
  });
});

describe('counters', () => {
  it('are in a scrape, by transport', async () => {
    const metrics = new Metrics();
    const desk = await transportDesk(['udp', 'tcp'], { metrics });
    const udp = await UdpPeer.open();
    await udp.send(requestBytes(), desk.at('udp'));
    await desk.requests.next();
    const tcp = await StreamPeer.connect(desk.at('tcp'));
    tcp.write(requestBytes());
    await desk.requests.next();
    for (let scrape = 0; scrape < 2; scrape += 1) {
      const text = await metrics.text();
      expect(text).toContain('cordboard_sip_messages_in_total{transport="udp"} 1');
      expect(text).toContain('cordboard_sip_messages_in_total{transport="tcp"} 1');
      expect(text).toContain('cordboard_sip_connections_in_total{transport="tcp"} 1');
      expect(text).toContain('cordboard_sip_connections{transport="tcp"} 1');
      expect(text).toContain('cordboard_sip_messages_out_total{transport="udp"} 0');
    }
  });
});

describe('parts', () => {
  it('our address towards a peer is what the kernel takes, without a packet', () => {
    const addresses = new LocalAddresses(new FakeClock());
    expect(addresses.towards('127.0.0.1')).toBe('127.0.0.1');
    expect(addresses.towards('::1')).toBe('::1');
    expect(addresses.towards('phone.example')).toBeUndefined();
  });

  it('the budget of a turn goes round', async () => {
    const budget = new TurnBudget(4);
    const done: string[] = [];
    const worker = (name: string, wants: number) => {
      const work = (): void => {
        for (let share = 0; share < 2 && wants > 0; share += 1) {
          if (!budget.take()) break;
          wants -= 1;
          done.push(name);
        }
        if (wants > 0) budget.later(work);
      };
      return work;
    };
    for (const name of ['a', 'b', 'c']) worker(name, 5)();
    expect(done.join('')).toBe('aabb');
    for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(done.slice(4, 12).join('')).toMatch(/^(?=.*a)(?=.*b)(?=.*cc)/);
    expect(done).toHaveLength(15);
  });
});
