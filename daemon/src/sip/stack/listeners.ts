// Where the stack listens: every transport of its settings, on both families when the address is `::`.
import { createSocket } from 'node:dgram';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { addressFamily } from '../locate/index.js';
import { TransportError, type ListenerConfig, type TransportName } from '../transport/index.js';
import type { StackConfig } from './protocol.js';

const ALL_4 = '0.0.0.0';
const ALL_6 = '::';
/** A port is free for one transport and taken for another now and then. */
const ATTEMPTS = 50;

type Ports = Pick<StackConfig, 'host' | 'port' | 'tlsPort' | 'wsPort' | 'wssPort'>;

export function listenersOf(config: StackConfig): ListenerConfig[] {
  const { port, tlsPort, wsPort, wssPort, tls, externalAddress } = config;
  const wanted: [TransportName, number | undefined][] = [
    ['udp', port],
    ['tcp', port],
    ['tls', tls === undefined ? undefined : tlsPort],
    ['ws', wsPort],
    ['wss', tls === undefined ? undefined : wssPort],
  ];
  const hosts = hostsOf(config.host);
  return wanted.flatMap(([transport, at]) =>
    at === undefined
      ? []
      : hosts.map((host) => ({
          ...{ transport, host, port: at },
          ...(transport === 'tls' || transport === 'wss' ? { tls } : {}),
          ...(transport === 'ws' || transport === 'wss' ? { origin: isOwnPage } : {}),
          ...(isOf(externalAddress, host, hosts) ? { advertised: { host: externalAddress } } : {}),
        })),
  );
}

/**
 * Starts with a port chosen for each 0. Another program may take one between its choice and its use: others are chosen then.
 * Rejects as `start` does, and when there is no port.
 */
export async function startOnChosenPorts<C extends Ports, T>(config: C, start: (chosen: C) => Promise<T>): Promise<T> {
  const { port, tlsPort, wsPort, wssPort } = config;
  const chooses = [port, tlsPort, wsPort, wssPort].includes(0);
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await chosenPorts(config));
    } catch (error) {
      const taken = error instanceof TransportError && error.code === 'address_taken';
      if (!taken || !chooses || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Chooses a port for each 0, one that UDP and TCP and both families can share. Rejects when there is none. */
export async function chosenPorts<C extends Ports>(config: C): Promise<C> {
  const { port, tlsPort, wsPort, wssPort } = config;
  const hosts = hostsOf(config.host);
  const chosen = { ...config };
  if (port === 0) chosen.port = await freePort(hosts, true);
  if (tlsPort === 0) chosen.tlsPort = await freePort(hosts, false);
  if (wsPort === 0) chosen.wsPort = await freePort(hosts, false);
  if (wssPort === 0) chosen.wssPort = await freePort(hosts, false);
  return chosen;
}

/** Pages that come from the host which they connect to; the port may be another. Digest decides on the rest. */
function isOwnPage(origin: string, { headers }: IncomingMessage): boolean {
  if (!URL.canParse(origin) || !URL.canParse(`http://${headers.host ?? ''}`)) return false;
  return new URL(origin).hostname === new URL(`http://${headers.host}`).hostname;
}

function hostsOf(host: string): string[] {
  return host === ALL_6 ? [ALL_6, ALL_4] : [host];
}

/** An address outside is told to peers of its own family. */
function isOf(external: string | undefined, host: string, hosts: readonly string[]): external is string {
  if (external === undefined) return false;
  return hosts.length === 1 || addressFamily(external) === addressFamily(host);
}

async function freePort(hosts: readonly string[], udp: boolean): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const held: (() => Promise<void>)[] = [];
    try {
      let port = 0;
      for (const host of hosts) {
        const tcp = await holdTcp(host, port);
        held.push(tcp.free);
        port = tcp.port;
        if (udp) held.push(await holdUdp(host, port));
      }
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    } finally {
      await Promise.all(held.map((free) => free()));
    }
  }
  throw new Error('no port is free for UDP and TCP alike');
}

function holdTcp(host: string, port: number): Promise<{ port: number; free: () => Promise<void> }> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: true, exclusive: true }, () => {
      const { port: got } = server.address() as { port: number };
      resolve({ port: got, free: () => new Promise((freed) => server.close(() => freed())) });
    });
  });
}

function holdUdp(host: string, port: number): Promise<() => Promise<void>> {
  const six = addressFamily(host) === 6;
  const socket = createSocket({ type: six ? 'udp6' : 'udp4', ipv6Only: six });
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ address: host, port, exclusive: true }, () =>
      resolve(() => new Promise((freed) => socket.close(() => freed()))),
    );
  });
}
