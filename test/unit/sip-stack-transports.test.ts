// Every transport of the running stack on both families, and what each bears: slow and silent peers, too many of them, foreign pages.
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serialise, type SipRequest, type SipResponse } from '../../daemon/src/sip/message/index.js';
import type { SocketAddress, TransportName } from '../../daemon/src/sip/transport/index.js';
import { transportLimits } from '../../daemon/src/sip/transport/index.js';
import { DigestClient } from '../../daemon/src/sip/auth/index.js';
import { newRequest, parseMessage } from '../../daemon/src/sip/message/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { selfSigned, type Certificate } from '../support/sip-peer-certificates.js';
import { StreamPeer, UdpPeer, WebSocketPeer } from '../support/sip-peer.js';
import { token } from '../support/sip-raw-phone.js';
import { REALM, RunningStack, secretOf, station } from '../support/sip-running-stack.js';

const ALICE = 1001;
/** has to come by TLS */
const CAROL = 1002;
const CONNECTED: readonly TransportName[] = ['tcp', 'tls', 'ws', 'wss'];

let tls: Certificate;
let stack: RunningStack;
let clock: FakeClock;

beforeAll(() => {
  tls = selfSigned('DNS:pbx.example');
});

beforeEach(async () => {
  clock = new FakeClock();
  stack = await RunningStack.start(
    {
      host: '::',
      tls,
      tlsPort: 0,
      wsPort: 0,
      wssPort: 0,
      stations: [station(ALICE), station(CAROL, { security: 'tls' })],
    },
    { clock },
  );
});

afterEach(async () => {
  const stopped = stack.stop();
  await clock.advance(5000);
  await stopped;
});

afterAll(() => {
  expect(process.getActiveResourcesInfo().filter((name) => name === 'TCPSERVERWRAP')).toEqual([]);
});

function place(transport: TransportName, host: string): SocketAddress {
  const { port, tlsPort = 0, wsPort = 0, wssPort = 0 } = stack.ports;
  return { host, port: { udp: port, tcp: port, tls: tlsPort, ws: wsPort, wss: wssPort }[transport] };
}

/** A way to send a request and to hear what comes. */
interface Way {
  send: (bytes: Buffer) => void;
  next: () => Promise<Buffer>;
}

async function wayTo(transport: TransportName, host: string): Promise<Way> {
  const to = place(transport, host);
  if (transport === 'udp') {
    const peer = await UdpPeer.open(host);
    return { send: (bytes) => void peer.send(bytes, to), next: () => peer.inbox.next() };
  }
  if (transport === 'ws' || transport === 'wss') {
    const peer = await WebSocketPeer.connect(to, { secure: transport === 'wss' });
    return { send: (bytes) => peer.socket.send(bytes), next: async () => (await peer.inbox.next()).bytes };
  }
  const peer = transport === 'tls' ? await StreamPeer.connectTls(to, {}) : await StreamPeer.connect(to);
  return { send: (bytes) => peer.write(bytes), next: async () => serialise(await peer.message()) };
}

/** REGISTER, and once more when it is challenged; resolves with what was said to either. */
async function register(transport: TransportName, way: Way, number: number, password: string): Promise<SipResponse[]> {
  const digest = new DigestClient({ username: String(number), password });
  const contact: [string, string] = ['Contact', `<sip:${number}@client.invalid;transport=${transport}>`];
  const ask = async (register: SipRequest): Promise<SipResponse> => {
    way.send(serialise(register));
    const answer = parseMessage(await way.next());
    if (answer.kind !== 'response') throw new Error('no response');
    return answer;
  };
  const first = request('REGISTER', transport, [contact], number);
  const attempt = digest.begin(first);
  const challenge = await ask(first);
  const second = request('REGISTER', transport, [contact], number);
  attempt.challenged(challenge, second);
  return [challenge, await ask(second)];
}

function request(
  method: string,
  transport: TransportName,
  more: readonly [string, string][] = [],
  number = ALICE,
): SipRequest {
  return newRequest({
    method,
    uri: `sip:${REALM}`,
    headers: [
      ['Via', `SIP/2.0/${transport.toUpperCase()} client.invalid;rport;branch=${token('z9hG4bK')}`],
      ['Max-Forwards', '70'],
      ['From', `<sip:${number}@${REALM}>;tag=${token('f')}`],
      ['To', `<sip:${number}@${REALM}>`],
      ['Call-ID', token('c')],
      ['CSeq', `1 ${method}`],
      ...more,
    ],
  });
}

async function optionsBy(way: Way, transport: TransportName): Promise<void> {
  way.send(serialise(request('OPTIONS', transport)));
  expect(parseMessage(await way.next())).toMatchObject({ kind: 'response', status: 200 });
}

describe('every transport', () => {
  const all: TransportName[] = ['udp', ...CONNECTED];
  it.each(all.flatMap((one) => [[one, '127.0.0.1'] as const, [one, '::1'] as const]))('%s on %s', async (one, host) => {
    await optionsBy(await wayTo(one, host), one);
  });

  it.each(['ws', 'wss'] as const)('%s registers a telephone, and calls reach it', async (transport) => {
    const way = await wayTo(transport, '127.0.0.1');
    const [, granted] = await register(transport, way, ALICE, secretOf(ALICE));
    expect(granted?.status).toBe(200);
    await stack.handlers['call.dial']({
      target: { kind: 'station', station: ALICE },
      ...{ callingNumber: '1', callingName: '', anonymous: false },
      media: { rtpPort: 20_000, rtcpPort: 20_001 },
    });
    const invite = parseMessage(await way.next());
    expect(invite).toMatchObject({ kind: 'request', method: 'INVITE' });
    if (invite.kind !== 'request') return;
    expect(invite.contacts).toMatchObject([
      { uri: { port: place(transport, '').port, params: new Map([['transport', 'ws']]) } },
    ]);
  });

  it.each([
    ...(['udp', 'tcp', 'ws'] as const).map((one) => [one, 403, 'TLS Required'] as const),
    ...(['tls', 'wss'] as const).map((one) => [one, 200, 'OK'] as const),
  ])('%s: an account that has to come by TLS is answered %i %s', async (transport, status, reason) => {
    const way = await wayTo(transport, '127.0.0.1');
    const [challenge, answer] = await register(transport, way, CAROL, secretOf(CAROL));
    expect([challenge?.status, answer?.status, answer?.reason]).toEqual([401, status, reason]);
    expect(answer?.headers.has('Contact')).toBe(status === 200);
  });

  it.each(['udp', 'tcp', 'ws'] as const)(
    '%s: who has no secret does not learn that it is wanted',
    async (transport) => {
      const shape = (answer: SipResponse): string[] => [
        `${answer.status} ${answer.reason}`,
        ...[...answer.headers.entries()].map(([name, value]) => {
          if (name === 'WWW-Authenticate') return `${name}: ${value.replace(/nonce="[^"]*"/, '')}`;
          return name === 'Via' || name === 'Call-ID' || name === 'From' || name === 'To' ? name : `${name}: ${value}`;
        }),
      ];
      const heard = [];
      for (const number of [CAROL, ALICE, 4711])
        heard.push((await register(transport, await wayTo(transport, '127.0.0.1'), number, 'a guess')).map(shape));
      const [forced, free, nobody] = heard;
      expect(forced).toEqual(free);
      expect(forced).toEqual(nobody);
      expect(forced?.map(([line]) => line)).toEqual(['401 Unauthorized', '401 Unauthorized']);
    },
  );

  it('foreign pages are sent away, and those of this host are not', async () => {
    const to = place('ws', '127.0.0.1');
    await expect(WebSocketPeer.connect(to, { origin: 'https://evil.example' })).rejects.toThrow('403');
    await expect(WebSocketPeer.connect(to, { origin: 'null' })).rejects.toThrow('403');
    await WebSocketPeer.connect(to, { origin: 'http://127.0.0.1:8080' });
    await expect(WebSocketPeer.connect(to, { protocols: ['chat'] })).rejects.toThrow('400');
  });
});

describe('silent and slow peers', () => {
  /** What each says, and then no more. */
  const SAID: [TransportName, string, string][] = [
    ['tcp', 'nothing', ''],
    ['tcp', 'half a message', 'OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP x'],
    ['tls', 'nothing of its handshake', ''],
    ['tls', 'half of its handshake', '\x16\x03\x01\x02\x00\x01\x00'],
    ['tls', 'no handshake', 'OPTIONS sip:x SIP/2.0\r\n'],
    ['ws', 'nothing', ''],
    ['ws', 'half of its upgrade', 'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: webs'],
    ['wss', 'half of its handshake', '\x16\x03\x01\x02\x00\x01\x00'],
  ];

  it.each(SAID)('%s, %s: cut in ten seconds, others served', async (transport, _, text) => {
    const peers = await Promise.all(
      Array.from({ length: 50 }, () => StreamPeer.connect(place(transport, '127.0.0.1'))),
    );
    for (const peer of peers) if (text !== '') peer.write(Buffer.from(text, 'latin1'));
    const closed = Promise.all(peers.map((peer) => peer.closed));
    // Octet for octet does not help: the time runs from the first.
    for (let s = 0; s < 13; s++) {
      if (text.startsWith('OPTIONS') && transport === 'tcp') for (const peer of peers) peer.write('x');
      await optionsBy(await wayTo('udp', '127.0.0.1'), 'udp');
      await clock.advance(1000);
    }
    await closed;
  });

  it.each(CONNECTED)('%s: so many of one address, and others are let in', async (transport) => {
    const to = place(transport, '127.0.0.1');
    const most = transportLimits.connectionsPerAddress;
    const from = (localAddress: string): Promise<Socket> =>
      new Promise((resolve) => {
        const socket = connect({ ...to, localAddress });
        socket.on('error', () => undefined);
        socket.once('connect', () => resolve(socket));
      });
    const held = await Promise.all(Array.from({ length: most }, () => from('127.0.0.66')));
    await optionsBy(await wayTo('udp', '127.0.0.1'), 'udp');
    const surplus = await from('127.0.0.66');
    await new Promise((resolve) => surplus.once('close', resolve));
    expect(held.every((socket) => !socket.destroyed)).toBe(true);
    await optionsBy(await wayTo(transport, '127.0.0.1'), transport);
    for (const socket of held) socket.destroy();
  });

  it('a stream without an end is cut, and its octets are let go', async () => {
    const peer = await StreamPeer.connect(place('tcp', '127.0.0.1'));
    peer.write(`OPTIONS sip:x SIP/2.0\r\nX: ${'a'.repeat(200_000)}`);
    await peer.closed;
    const lied = await StreamPeer.connect(place('tcp', '127.0.0.1'));
    lied.write('OPTIONS sip:x SIP/2.0\r\nContent-Length: 999999999\r\n\r\n');
    await lied.closed;
    await optionsBy(await wayTo('tcp', '127.0.0.1'), 'tcp');
  });
});
