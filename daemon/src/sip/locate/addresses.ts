// IP addresses and host names as text.
import { SocketAddress as NetSocketAddress, isIP, isIPv4 } from 'node:net';
import type { SocketAddress, Target, TransportName } from './types.js';

const MAPPED = '::ffff:';

/** 4 or 6; 0: it is no IP address. A zone (`fe80::1%eth0`) may stand behind. */
export function addressFamily(host: string): 0 | 4 | 6 {
  return isIP(host) as 0 | 4 | 6;
}

/**
 * The one way to write an address: IPv6 shortened and in lower case (RFC 5952), an IPv4 address that was mapped into IPv6 as
 * IPv4. What is no address comes back as it is.
 */
export function canonicalAddress(host: string): string {
  if (!host.includes(':') || isIP(host) !== 6) return host;
  const zoneAt = host.indexOf('%');
  const bare = zoneAt < 0 ? host : host.slice(0, zoneAt);
  const { address } = new NetSocketAddress({ address: bare, family: 'ipv6' });
  if (address.startsWith(MAPPED) && isIPv4(address.slice(MAPPED.length))) return address.slice(MAPPED.length);
  return zoneAt < 0 ? address : address + host.slice(zoneAt);
}

/** True when it is the address of one machine that can be sent to: not 0.0.0.0, multicast, broadcast or reserved. */
export function isUnicastAddress(host: string): boolean {
  const address = canonicalAddress(host);
  const family = addressFamily(address);
  if (family === 4) {
    const first = Number(address.slice(0, address.indexOf('.')));
    return first !== 0 && first < 224;
  }
  return family === 6 && address !== '::' && !address.startsWith('ff');
}

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * True for a name that may be asked for: labels of letters, digits, hyphens and underscores, the last one not a number (RFC
 * 1123 clause 2.1, RFC 3696 clause 2), so that nothing which another program reads as an address passes for a name.
 */
export function isHostName(name: string): boolean {
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  if (bare === '' || bare.length > 253) return false;
  const labels = bare.toLowerCase().split('.');
  return labels.every((label) => LABEL.test(label)) && !/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '');
}

/** RFC 3261 clause 19.1.2, RFC 7118 clause 8 by way of RFC 6455. */
export function defaultPort(transport: TransportName): number {
  switch (transport) {
    case 'udp':
    case 'tcp':
      return 5060;
    case 'tls':
      return 5061;
    case 'ws':
      return 80;
    case 'wss':
      return 443;
  }
}

/** `192.0.2.1:5060`, `[2001:db8::1]:5060`: for keys and for people. */
export function hostPort(address: SocketAddress): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** The same for two targets that lead to the same place. */
export function targetKey(target: Target): string {
  return `${target.transport} ${hostPort(target.remote)}`;
}
