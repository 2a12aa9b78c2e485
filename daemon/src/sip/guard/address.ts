// IP addresses as numbers: the network that a source is counted by, and lists of networks. An IPv4 address is one of
// ::ffff:0:0/96 here.

/** eight groups of 16 bits */
export type Groups = Uint16Array;

const COLON = 0x3a;
const DOT = 0x2e;
const PERCENT = 0x25;

/** The value of a hexadecimal digit; -1: it is none. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** The 32 bits of a dotted address that begins at `at`; -1: it is none. */
function readIPv4(text: string, at: number): number {
  let bits = 0;
  let octet = -1;
  let dots = 0;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (octet < 0 || ++dots > 3) return -1;
      bits = bits * 256 + octet;
      octet = -1;
      continue;
    }
    if (code === PERCENT) break;
    // No leading zeros: some read them as octal.
    if (code < 0x30 || code > 0x39 || octet === 0) return -1;
    octet = (octet < 0 ? 0 : octet * 10) + code - 0x30;
    if (octet > 255) return -1;
  }
  return dots === 3 && octet >= 0 ? bits * 256 + octet : -1;
}

/** Reads an address into `groups`; a zone (`%eth0`) is left out. False: it is none, and `groups` holds nothing of use. */
export function readAddress(text: string, groups: Groups): boolean {
  groups.fill(0);
  if (text.length > 64) return false;
  if (!text.includes(':')) return putIPv4(readIPv4(text, 0), 6, groups) && (groups[5] = 0xffff) > 0;
  let count = 0;
  let gap = -1;
  let at = 0;
  while (at < text.length && text.charCodeAt(at) !== PERCENT) {
    if (text.charCodeAt(at) === COLON) {
      // `::`, at most once; a single colon stands only between groups, and is passed with the group before it.
      if (text.charCodeAt(at + 1) !== COLON || gap >= 0) return false;
      gap = count;
      at += 2;
      continue;
    }
    const start = at;
    let value = 0;
    for (let digit; (digit = hexDigit(text.charCodeAt(at))) >= 0; at++) value = value * 16 + digit;
    const next = text.charCodeAt(at);
    if (next === DOT) {
      if (count > 6 || !putIPv4(readIPv4(text, start), count, groups)) return false;
      count += 2;
      break;
    }
    if (at === start || at - start > 4 || count > 7) return false;
    groups[count++] = value;
    if (next === COLON && text.charCodeAt(at + 1) !== COLON) at += 1;
    else if (next !== COLON && next !== PERCENT && at < text.length) return false;
    if (next === COLON && at === text.length) return false;
  }
  if (gap < 0) return count === 8;
  if (count > 7) return false;
  groups.copyWithin(gap + 8 - count, gap, count);
  groups.fill(0, gap, gap + 8 - count);
  return true;
}

function putIPv4(bits: number, at: number, groups: Groups): boolean {
  if (bits < 0) return false;
  groups[at] = bits >>> 16;
  groups[at + 1] = bits & 0xffff;
  return true;
}

const scratch: Groups = new Uint16Array(8);

function isMapped(groups: Groups): boolean {
  return (
    groups[5] === 0xffff &&
    ((groups[0] ?? 0) | (groups[1] ?? 0) | (groups[2] ?? 0) | (groups[3] ?? 0) | (groups[4] ?? 0)) === 0
  );
}

/** fe80::/10 and fc00::/7: of this site */
function isLocal(groups: Groups): boolean {
  const first = groups[0] ?? 0;
  return (first & 0xffc0) === 0xfe80 || (first & 0xfe00) === 0xfc00;
}

export function isAddress(text: string): boolean {
  return readAddress(text, scratch);
}

/** A group of `scratch`. */
function hex(group: number): string {
  return (scratch[group] ?? 0).toString(16);
}

function octets(group: number): string {
  const bits = scratch[group] ?? 0;
  return `${bits >> 8}.${bits & 255}`;
}

/**
 * Where the fourth group of an address ends whose first four are written out as RFC 5952 has them, as the system does for most; -1:
 * it is to be read in full, which costs more than all else that is done to admit a datagram.
 */
function fourGroups(text: string): number {
  // f: of a site, perhaps
  if (text.charCodeAt(0) === 0x66) return -1;
  for (let at = 0, start = 0, count = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === COLON) {
      if (at === start || at - start > 4) return -1;
      if (++count === 4) return at;
      start = at + 1;
    } else if (code === 0x30 && at === start) {
      if (text.charCodeAt(at + 1) !== COLON) return -1;
    } else if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) {
      return -1;
    }
  }
  return -1;
}

const MAPPED = '::ffff:';
const NETWORK = '::/64';

/**
 * What a source is counted by: an IPv4 address as it is; an IPv6 address as its /64, for a host on the Internet has all of it, but
 * as it is within a site, where a /64 is everybody. Text that is no address counts as itself.
 */
export function sourceOf(address: string): string {
  if (!address.includes(':')) return address;
  const end = fourGroups(address);
  if (end > 0) return address.slice(0, end) + NETWORK;
  if (address.startsWith(MAPPED) && address.includes('.')) return address.slice(MAPPED.length);
  const bare = address.endsWith(NETWORK) ? address.slice(0, -3) : address;
  if (!readAddress(bare, scratch)) return address;
  if (isMapped(scratch)) return `${octets(6)}.${octets(7)}`;
  if (!isLocal(scratch)) return `${hex(0)}:${hex(1)}:${hex(2)}:${hex(3)}${NETWORK}`;
  return Array.from(scratch, (_, i) => hex(i)).join(':');
}

interface Network {
  groups: Groups;
  bits: number;
  mapped: boolean;
}

/** Reads `192.0.2.0/24`, `2001:db8::/32` or an address alone; undefined: it is none of them. */
function readNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const groups: Groups = new Uint16Array(8);
  if (!readAddress(address, groups)) return undefined;
  const longest = address.includes(':') ? 128 : 32;
  const length = slash < 0 ? String(longest) : text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(length) || Number(length) > longest) return undefined;
  const bits = Number(length) + 128 - longest;
  return { groups, bits, mapped: isMapped(groups) };
}

/** A list of networks in CIDR notation (RFC 4632, RFC 4291 2.3). */
export class Networks {
  readonly #networks: Network[];

  /** Throws a RangeError that names the text which is no network. */
  constructor(texts: readonly string[]) {
    this.#networks = texts.map((text) => {
      const network = readNetwork(text);
      if (network === undefined) throw new RangeError(`not a network: ${JSON.stringify(text)}`);
      return network;
    });
  }

  /** Whether an address is in one of them. */
  has(address: string): boolean {
    return readAddress(address, scratch) && this.#networks.some((network) => covers(network, scratch, network.bits));
  }

  /** Whether a source (as `sourceOf` gives it) is in one of them or has a part of it. */
  hasSource(source: string): boolean {
    const isWide = source.endsWith(NETWORK);
    if (!readAddress(isWide ? source.slice(0, -3) : source, scratch)) return false;
    return this.#networks.some((network) =>
      covers(network, scratch, isWide ? Math.min(64, network.bits) : network.bits),
    );
  }
}

function covers(network: Network, address: Groups, bits: number): boolean {
  // ::/64 has both ::1 and all of IPv4 in it.
  if (network.mapped !== isMapped(address)) return false;
  for (let i = 0, left = bits; left > 0; i++, left -= 16) {
    const mask = left >= 16 ? 0xffff : (0xffff << (16 - left)) & 0xffff;
    if ((((network.groups[i] ?? 0) ^ (address[i] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}
