// The rules of the kernel's firewall (nftables), as one text for `nft -f -`: the table of this box is replaced whole or not at all, and
// no other table is touched.
//
//   bans     who is banned by SIP does not reach the ports of SIP and of speech; everything else is as it was
//   closed   besides, only what the box serves is reached from outside
import { isIP } from 'node:net';
import { z } from 'zod';
import { Network } from '../contract/index.js';

const Port = z.int().min(1).max(65_535);

/** What the box asks of the firewall: written by the box, carried out by root, who believes nothing that is not of this form. */
export const FirewallWish = z.strictObject({
  mode: z.enum(['off', 'bans', 'closed']),
  /** UDP and TCP */
  sipPorts: z.array(Port).max(4),
  /** TCP: TLS and WebSocket */
  sipTcpPorts: z.array(Port).max(8),
  webPorts: z.array(Port).max(4),
  rtpPorts: z.strictObject({ first: Port, last: Port }),
  /** UDP: browsers' audio; left out: none */
  webrtcPorts: z.array(Port).max(4).optional(),
  /** empty: from everywhere */
  webFrom: z.array(Network).max(100),
  sshFrom: z.array(Network).max(100),
  trusted: z.array(Network).max(100),
  bans: z.array(z.strictObject({ address: Network, until: z.int().min(0) })).max(20_000),
});
export type FirewallWish = z.infer<typeof FirewallWish>;

export const TABLE = 'inet cordboard';
/** Before the rules of others, which may accept. */
const PRIORITY = -10;
/** A ban that ends sooner is not worth a rule. */
const LEAST_MS = 1000;

/** Deletes the table, also where there is none. */
export const NO_RULES = `table ${TABLE} {}\ndelete table ${TABLE}\n`;

export function firewallRules(wish: FirewallWish, nowMs: number): string {
  if (wish.mode === 'off') return NO_RULES;
  const { sipPorts, sipTcpPorts, rtpPorts, trusted, bans } = wish;
  const banned = bans
    .filter(({ until }) => until - nowMs >= LEAST_MS)
    .map(({ address, until }) => ({ address, text: `${address} timeout ${Math.ceil((until - nowMs) / 1000)}s` }));
  const of = (family: 4 | 6): string[] =>
    banned.filter(({ address }) => familyOf(address) === family).map(({ text }) => text);
  // What lies in the range is in it already: the parts of a set must not overlap.
  const beside = (wish.webrtcPorts ?? []).filter((port) => port < rtpPorts.first || port > rtpPorts.last);
  const rtp = [`${rtpPorts.first}-${rtpPorts.last}`, ...beside].join(', ');
  const lines = [
    set('banned4', 'ipv4_addr', of(4)),
    set('banned6', 'ipv6_addr', of(6)),
    'chain banned {',
    `  udp dport { ${[...sipPorts, rtp].join(', ')} } counter drop`,
    ...ports('  tcp', [...sipPorts, ...sipTcpPorts], 'counter drop'),
    '}',
    'chain input {',
    `  type filter hook input priority ${PRIORITY}; policy accept;`,
    '  iif lo accept',
    ...from(trusted).map((source) => `  ${source} goto open`),
    '  ip saddr @banned4 jump banned',
    '  ip6 saddr @banned6 jump banned',
    '  goto open',
    '}',
    'chain open {',
    ...(wish.mode === 'closed' ? closed(wish, rtp) : []),
    '}',
  ];
  const body = lines.flatMap((line) => line.split('\n')).map((line) => `  ${line}`);
  return `${NO_RULES}table ${TABLE} {\n${body.join('\n')}\n}\n`;
}

/** What is let in where everything else is not. */
function closed({ sipPorts, sipTcpPorts, webPorts, webFrom, sshFrom }: FirewallWish, rtp: string): string[] {
  return [
    '  ct state established,related accept',
    '  ct state invalid drop',
    // RFC 4890 4.4: without neighbour discovery there is no IPv6.
    '  meta l4proto ipv6-icmp accept',
    '  icmp type { echo-request, destination-unreachable, time-exceeded, parameter-problem } accept',
    // An address by DHCP, which answers from where nobody was asked.
    '  udp dport 68 accept',
    '  ip6 saddr fe80::/10 udp dport 546 accept',
    ...permitted(sshFrom, 'tcp', [22]),
    ...permitted(webFrom, 'tcp', webPorts),
    `  udp dport { ${[...sipPorts, rtp].join(', ')} } accept`,
    ...ports('  tcp', [...sipPorts, ...sipTcpPorts], 'accept'),
    '  counter drop',
  ];
}

function permitted(sources: readonly string[], protocol: string, wanted: readonly number[]): string[] {
  const by = sources.length === 0 ? [''] : from(sources).map((source) => `${source} `);
  return by.flatMap((source) => ports(`  ${source}${protocol}`, wanted, 'accept'));
}

const ports = (match: string, wanted: readonly number[], then: string): string[] =>
  wanted.length === 0 ? [] : [`${match} dport { ${[...new Set(wanted)].join(', ')} } ${then}`];

/** One match for each family that is among them. */
function from(sources: readonly string[]): string[] {
  return ([4, 6] as const).flatMap((family) => {
    const own = sources.filter((source) => familyOf(source) === family);
    return own.length === 0 ? [] : [`${family === 4 ? 'ip' : 'ip6'} saddr { ${own.join(', ')} }`];
  });
}

const familyOf = (network: string): number => isIP(network.split('/')[0] as string);

function set(name: string, type: string, elements: readonly string[]): string {
  const held = elements.length === 0 ? '' : `\n  elements = { ${elements.join(', ')} }`;
  return `set ${name} {\n  type ${type}\n  flags interval, timeout\n  auto-merge${held}\n}`;
}
