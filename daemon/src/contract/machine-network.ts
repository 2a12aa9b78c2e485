// Addresses, name and time of a box that owns its network: one that was started from an image.
import { z } from 'zod';
import { formats } from './formats.js';
import { HostAddress, IpAddress } from './network.js';
import { TimeMs } from './primitives.js';

/** Of the kernel: at most 15 characters, none of which is special in a file's name or to systemd. */
export const NetworkPortName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,14}$/);

const isInterface = (text: string): boolean =>
  text.includes('/') && (z.cidrv4().safeParse(text).success || z.cidrv6().safeParse(text).success);

/**
 * Whether `other` can be reached from `address` (with its prefix) without a router: another address of that network, or one of the link alone
 * (RFC 4291 2.5.6), which is what routers of IPv6 announce themselves by.
 */
export function isNeighbour(address: string, other: string): boolean {
  const [own = '', length = '0'] = address.split('/');
  const [one, two] = [octetsOf(own), octetsOf(other)];
  if (one.length !== two.length || one.every((octet, i) => octet === two[i])) return false;
  if (one.length === 16 && two[0] === 0xfe && ((two[1] ?? 0) & 0xc0) === 0x80) return true;
  let bits = Number(length);
  return one.every((octet, i) => {
    const mask = (0xff00 >> Math.max(0, Math.min(8, bits))) & 0xff;
    bits -= 8;
    return (octet & mask) === ((two[i] ?? 0) & mask);
  });
}

/** Of a valid address, IPv4 or IPv6 (RFC 4291 2.2). */
function octetsOf(address: string): number[] {
  if (!address.includes(':')) return address.split('.').map(Number);
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').flatMap((one) => (one.includes('.') ? quads(one) : [parseInt(one, 16)]));
  const quads = (text: string): number[] => {
    const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  };
  const [head = '', tail] = address.split('::');
  const [first, last] = [groups(head), tail === undefined ? [] : groups(tail)];
  const middle = Array.from({ length: 8 - first.length - last.length }, () => 0);
  return [...first, ...middle, ...last].flatMap((group) => [group >> 8, group & 255]);
}

export const NetworkPort = z
  .strictObject({
    port: NetworkPortName,
    mode: z.enum(['dhcp', 'fixed']),
    address: z
      .string()
      .max(49)
      .refine((text) => text === '' || isInterface(text), formats.interfaceAddress)
      .default('')
      .meta({ description: 'With the length of its prefix; of fixed ones', example: '192.168.1.10/24' }),
    gateway: z.union([z.literal(''), IpAddress]).default(''),
    dns: z.array(IpAddress).max(3).default([]).meta({ description: 'In place of what DHCP says, where there are any' }),
  })
  .superRefine(({ mode, address, gateway }, context) => {
    if (mode === 'dhcp') return;
    const says = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
    if (address === '') says('address', formats.interfaceMissing);
    else if (gateway !== '' && !isNeighbour(address, gateway)) says('gateway', formats.gatewayOutside);
  })
  .meta({ id: 'NetworkPort' });
export type NetworkPort = z.infer<typeof NetworkPort>;

export const NetworkSettings = z
  .strictObject({
    hostName: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, formats.hostLabel)
      .meta({ description: 'A label: small letters, digits, hyphens (RFC 1123 2.1)' }),
    ports: z.array(NetworkPort).max(16),
    timeZone: z
      .string()
      .max(60)
      .regex(/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/, formats.timeZone),
    ntpServers: z
      .array(HostAddress)
      .max(4)
      .meta({ description: 'Empty: those of DHCP, or else those that Debian has' }),
  })
  .meta({ id: 'NetworkSettings' });
export type NetworkSettings = z.infer<typeof NetworkSettings>;

export const NetworkFound = z
  .strictObject({
    port: z.string(),
    mac: z.string(),
    link: z.boolean().meta({ description: 'Something is at the other end of the cable' }),
    speedMbit: z.int().nullable(),
    addresses: z.array(z.string()).meta({ description: 'In force now, with their prefixes' }),
  })
  .meta({ id: 'NetworkFound' });
export type NetworkFound = z.infer<typeof NetworkFound>;

export const NetworkApplied = z
  .strictObject({
    state: z.enum(['waiting', 'running', 'unconfirmed', 'kept', 'returned', 'failed']).meta({
      description:
        'waiting: nobody has begun; unconfirmed: the new addresses are in force until then, and go when nobody confirms them; ' +
        'returned: nobody has, or somebody wanted the old ones; failed: everything is as it was',
    }),
    at: TimeMs,
    until: TimeMs.nullable(),
    detail: z.string().meta({ description: 'What the machine said, in its own words' }),
  })
  .meta({ id: 'NetworkApplied' });
export type NetworkApplied = z.infer<typeof NetworkApplied>;

export const NetworkState = z
  .strictObject({
    possible: z
      .boolean()
      .meta({ description: 'false: the network belongs to the system that the box was installed on' }),
    settings: NetworkSettings,
    found: z.array(NetworkFound),
    clock: z.strictObject({
      now: TimeMs,
      follows: z.boolean().nullable().meta({ description: 'Others, by NTP; null: nobody knows' }),
    }),
    applied: NetworkApplied.nullable(),
  })
  .meta({ id: 'NetworkState' });
export type NetworkState = z.infer<typeof NetworkState>;

export const NetworkPut = z
  .strictObject({
    settings: NetworkSettings,
    confirmWithinMinutes: z
      .int()
      .min(1)
      .max(60)
      .default(5)
      .meta({ description: 'Other addresses go again when nobody has confirmed them by then' }),
  })
  .meta({ id: 'NetworkPut' });
export type NetworkPut = z.infer<typeof NetworkPut>;

export const NetworkAsked = z
  .strictObject({
    applied: NetworkApplied,
    code: z.string().meta({ description: 'Confirms without signing in: for the page at the new address' }),
  })
  .meta({ id: 'NetworkAsked' });
export type NetworkAsked = z.infer<typeof NetworkAsked>;

export const NetworkConfirm = z.strictObject({ code: z.string().min(1).max(64) });
