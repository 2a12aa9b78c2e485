// What a person types into a SIP telephone: where it registers.
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Settings } from '../config/index.js';
import type { SipSecurity, SipServer } from '../contract/index.js';
import type { SipListening } from './ports.js';

/**
 * Where a telephone can register, the best way first; none while SIP is switched off. `listening`: the ports that it has, where the
 * settings leave them open.
 */
export function sipServers(
  sip: Settings['sip'],
  listening: SipListening | undefined,
  security: SipSecurity,
  interfaces = networkInterfaces(),
): SipServer[] {
  if (!sip.enabled) return [];
  const port = listening?.port ?? sip.port;
  const tlsPort = listening?.tlsPort ?? sip.tlsPort;
  const hosts = new Set(
    [reachableHost(sip.host, interfaces), sip.externalAddress].filter((host) => host !== undefined),
  );
  const ways = [
    { transport: 'tls', port: tlsPort },
    { transport: 'tcp', port },
    { transport: 'udp', port },
    { transport: 'wss', port: listening?.wssPort ?? sip.wssPort ?? 0 },
    { transport: 'ws', port: listening?.wsPort ?? sip.wsPort ?? 0 },
  ] as const;
  return [...hosts].flatMap((host) =>
    ways
      .filter(({ transport, port }) => port > 0 && (security === 'any' || transport === 'tls' || transport === 'wss'))
      .map(({ transport, port }) => ({ host, port, transport, ...urlOf(transport, host, port) })),
  );
}

function urlOf(transport: SipServer['transport'], host: string, port: number): Pick<SipServer, 'url'> {
  if (transport !== 'ws' && transport !== 'wss') return {};
  return { url: `${transport}://${host.includes(':') ? `[${host}]` : host}:${port}` };
}

/** Of one who listens on all addresses, the one that others most likely reach. */
export function reachableHost(host: string, interfaces = networkInterfaces()): string | undefined {
  const bare = host.replace(/^\[|\]$/g, '');
  if (bare !== '0.0.0.0' && bare !== '::') return bare;
  const addresses = Object.values(interfaces)
    .flatMap((list) => list ?? [])
    .filter(({ internal, address }) => !internal && !/^(?:169\.254\.|fe80:)/i.test(address))
    .map(({ address }) => address);
  return addresses.find((address) => isIP(address) === 4) ?? addresses[0];
}
