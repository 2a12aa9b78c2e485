// What a person types into a SIP telephone: a secret that was made for it, and where it registers.
import { createHash, randomInt } from 'node:crypto';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Settings } from '../config/index.js';
import type { SipSecurity, SipServer } from '../contract/index.js';

/** No 0 and o, no 1, i and l; small letters alone, because a telephone's keys take several presses for a capital. */
const LETTERS = '23456789abcdefghjkmnpqrstuvwxyz';
/** 99 bits: a digest that was overheard tells nothing (RFC 7616 5.3) */
const SECRET_LENGTH = 20;

export function newSecret(): string {
  return Array.from({ length: SECRET_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

/** H(username:realm:secret) of RFC 7616 3.4.2, hexadecimal: what a server needs of a secret. */
export function secretDigests(number: number, realm: string, secret: string): { ha1Md5: string; ha1Sha256: string } {
  const digest = (algorithm: string): string =>
    createHash(algorithm).update(`${number}:${realm}:${secret}`).digest('hex');
  return { ha1Md5: digest('md5'), ha1Sha256: digest('sha256') };
}

/** Where a telephone can register, the best way first; none while SIP is switched off. */
export function sipServers(sip: Settings['sip'], security: SipSecurity, interfaces = networkInterfaces()): SipServer[] {
  if (!sip.enabled) return [];
  const hosts = new Set([reachable(sip.host, interfaces), sip.externalAddress].filter((host) => host !== undefined));
  const ways = [
    { transport: 'tls', port: sip.tlsPort },
    { transport: 'tcp', port: sip.port },
    { transport: 'udp', port: sip.port },
  ] as const;
  return [...hosts].flatMap((host) =>
    ways
      .filter(({ transport, port }) => port > 0 && (security === 'any' || transport === 'tls'))
      .map(({ transport, port }) => ({ host, port, transport })),
  );
}

/** Of one who listens on all addresses, the one that others most likely reach. */
function reachable(host: string, interfaces: ReturnType<typeof networkInterfaces>): string | undefined {
  const bare = host.replace(/^\[|\]$/g, '');
  if (bare !== '0.0.0.0' && bare !== '::') return bare;
  const addresses = Object.values(interfaces)
    .flatMap((list) => list ?? [])
    .filter(({ internal, address }) => !internal && !/^(?:169\.254\.|fe80:)/i.test(address))
    .map(({ address }) => address);
  return addresses.find((address) => isIP(address) === 4) ?? addresses[0];
}
