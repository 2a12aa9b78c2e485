// Which addresses the box may ask for others: not itself, not the networks behind it, unless the settings name them. A name is resolved
// once, and the connection goes to the address that was judged.
import { BlockList, isIP, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

const NOT_PUBLIC: readonly (readonly [network: string, bits: number, family: 'ipv4' | 'ipv6'])[] = [
  // this host, private, shared (RFC 6598), loopback, link-local, protocol and test networks, benchmarks, multicast, reserved
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.88.99.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  // those that carry an IPv4 address are judged by it below, or not at all
  ['::', 96, 'ipv6'],
  ['64:ff9b::', 96, 'ipv6'],
  ['64:ff9b:1::', 48, 'ipv6'],
  ['100::', 64, 'ipv6'],
  ['2001::', 23, 'ipv6'],
  ['2001:db8::', 32, 'ipv6'],
  ['2002::', 16, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['fec0::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
];
const notPublic = new BlockList();
for (const [network, bits, family] of NOT_PUBLIC) notPublic.addSubnet(network, bits, family);

/** Networks of a firm (RFC 1918, 4193, 6598). */
const behind = new BlockList();
behind.addSubnet('10.0.0.0', 8, 'ipv4');
behind.addSubnet('172.16.0.0', 12, 'ipv4');
behind.addSubnet('192.168.0.0', 16, 'ipv4');
behind.addSubnet('100.64.0.0', 10, 'ipv4');
behind.addSubnet('fc00::', 7, 'ipv6');

export class AddressGuard {
  readonly #allowed = new BlockList();

  /** `allowed`: addresses and networks (CIDR) that may be asked although they are not public. */
  constructor(allowed: readonly string[]) {
    for (const network of allowed) {
      const [address = '', bits] = network.split('/');
      const family = isIPv4(address) ? 'ipv4' : 'ipv6';
      if (bits === undefined) this.#allowed.addAddress(address, family);
      else this.#allowed.addSubnet(address, Number(bits), family);
    }
  }

  /** `inside`: networks behind the box, too, but never the box itself. */
  allows(address: string, inside = false): boolean {
    const plain = unmapped(address);
    const version = isIP(plain);
    if (version === 0) return false;
    const family = version === 4 ? 'ipv4' : 'ipv6';
    if (this.#allowed.check(plain, family)) return true;
    if (ownAddresses().has(plain)) return false;
    return !notPublic.check(plain, family) || (inside && behind.check(plain, family));
  }
}

/** ::ffff:10.0.0.1 and ::ffff:a00:1 are 10.0.0.1. */
function unmapped(address: string): string {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  if (isIP(bare) !== 6) return bare;
  const written = new URL(`http://[${bare}]/`).hostname.slice(1, -1);
  const match = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(written);
  if (match === null) return written;
  const [high, low] = [parseInt(match[1] ?? '0', 16), parseInt(match[2] ?? '0', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** A box may have a public address of its own; it may also get one while it runs. */
function ownAddresses(): Set<string> {
  return new Set(
    Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => unmapped(address))),
  );
}
