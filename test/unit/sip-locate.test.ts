// Where requests go (RFC 3263): rules of the choice, with name servers that a test makes up.
import { describe, expect, it } from 'vitest';
import {
  Locator,
  isHostName,
  isUnicastAddress,
  canonicalAddress,
  srvOrder,
  targetKey,
  type DnsAnswer,
  type DnsKind,
  type DnsRecords,
  type DnsResolver,
  type LocateOptions,
  type LocatorOptions,
  type NaptrRecord,
  type SrvRecord,
} from '../../daemon/src/sip/locate/index.js';
import type { SipUri } from '../../daemon/src/sip/message/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { cpuMs } from '../support/cpu-time.js';

type Zone = { [Kind in DnsKind]?: Record<string, DnsRecords[Kind][]> };

class FakeResolver implements DnsResolver {
  readonly asked: string[] = [];
  readonly deafTo = new Set<string>();
  readonly failing = new Set<string>();

  constructor(public zone: Zone = {}) {}

  lookup<Kind extends DnsKind>(kind: Kind, name: string): Promise<DnsAnswer<Kind>> {
    this.asked.push(`${kind} ${name}`);
    if (this.deafTo.has(kind)) return new Promise(() => undefined);
    if (this.failing.has(kind)) return Promise.reject(new Error('ESERVFAIL'));
    const names = this.zone[kind] as Record<string, DnsRecords[Kind][]> | undefined;
    return Promise.resolve({ records: names?.[name] ?? [], ttlS: 60 });
  }
}

function uri(host: string, over: Partial<SipUri> & { transport?: string; maddr?: string } = {}): SipUri {
  const { transport, maddr, ...rest } = over;
  const params = new Map<string, string | null>();
  if (transport !== undefined) params.set('transport', transport);
  if (maddr !== undefined) params.set('maddr', maddr);
  return { scheme: 'sip', user: undefined, host, port: undefined, params, headers: new Map(), ...rest };
}

const srv = (name: string, over: Partial<SrvRecord> = {}): SrvRecord => ({
  priority: 10,
  weight: 0,
  port: 5060,
  name,
  ...over,
});
const naptr = (service: string, replacement: string, over: Partial<NaptrRecord> = {}): NaptrRecord => ({
  order: 10,
  preference: 10,
  flags: 's',
  service,
  regexp: '',
  replacement,
  ...over,
});

function desk(zone: Zone = {}, over: Partial<LocatorOptions> = {}) {
  const resolver = new FakeResolver(zone);
  const clock = new FakeClock();
  const locator = new Locator({ resolver, clock, random: () => 0, ...over });
  const places = async (to: SipUri, options?: LocateOptions): Promise<string[]> =>
    (await locator.locate(to, options)).map(targetKey);
  return { resolver, clock, locator, places };
}

describe('a numeric host', () => {
  it('is the target, asks nobody, and goes by UDP, or TLS for sips', async () => {
    const { places, resolver } = desk();
    expect(await places(uri('192.0.2.1'))).toEqual(['udp 192.0.2.1:5060']);
    expect(await places(uri('192.0.2.1', { scheme: 'sips' }))).toEqual(['tls 192.0.2.1:5061']);
    expect(await places(uri('192.0.2.1', { transport: 'TCP', port: 5070 }))).toEqual(['tcp 192.0.2.1:5070']);
    expect(await places(uri('2001:DB8:0::1', { transport: 'tls' }))).toEqual(['tls [2001:db8::1]:5061']);
    expect(resolver.asked).toEqual([]);
  });

  it('has no server name: the certificate must be good for the address', async () => {
    const { locator } = desk();
    const [target] = await locator.locate(uri('192.0.2.1', { transport: 'tls' }));
    expect(target?.serverName).toBeUndefined();
  });

  it('goes by what we have when UDP is not among it', async () => {
    const { places } = desk();
    expect(await places(uri('192.0.2.1'), { transports: ['tcp'] })).toEqual(['tcp 192.0.2.1:5060']);
  });

  it('is refused when it is nobody or everybody, or not allowed', async () => {
    const { locator } = desk();
    for (const host of ['0.0.0.0', '224.0.1.75', '255.255.255.255', '::', 'ff02::1', '::ffff:224.0.0.1']) {
      await expect(locator.locate(uri(host)), host).rejects.toMatchObject({ code: 'no_such_name' });
    }
    const allowed = (host: string): boolean => host !== '127.0.0.1';
    await expect(locator.locate(uri('::ffff:127.0.0.1'), { allowed })).rejects.toMatchObject({ code: 'no_such_name' });
    expect(await locator.locate(uri('127.0.0.2'), { allowed })).toHaveLength(1);
  });
});

describe('what the URI says', () => {
  it('a port: addresses alone are asked for, IPv6 first', async () => {
    const { places, resolver } = desk({
      a: { 'sip.example.com': ['192.0.2.1'] },
      aaaa: { 'sip.example.com': ['2001:db8::1'] },
    });
    expect(await places(uri('sip.example.com', { port: 5080 }))).toEqual([
      'udp [2001:db8::1]:5080',
      'udp 192.0.2.1:5080',
    ]);
    expect(resolver.asked.sort()).toEqual(['a sip.example.com', 'aaaa sip.example.com']);
  });

  it('a port and families we have', async () => {
    const { places, resolver } = desk({ a: { 'sip.example.com': ['192.0.2.1'] } });
    expect(await places(uri('sip.example.com', { port: 5080 }), { families: [4] })).toEqual(['udp 192.0.2.1:5080']);
    expect(resolver.asked).toEqual(['a sip.example.com']);
  });

  it('a transport: its SRV records, and its default port when there are none', async () => {
    const zone = { srv: { '_sip._tcp.example.com': [srv('a.example.com', { port: 5070 })] } };
    const a = { 'a.example.com': ['192.0.2.1'], 'plain.example.com': ['192.0.2.2'] };
    const { places, resolver } = desk({ ...zone, a });
    expect(await places(uri('example.com', { transport: 'tcp' }))).toEqual(['tcp 192.0.2.1:5070']);
    expect(await places(uri('plain.example.com', { transport: 'tls' }))).toEqual(['tls 192.0.2.2:5061']);
    expect(resolver.asked.filter((one) => one.startsWith('naptr'))).toEqual([]);
    expect(resolver.asked).toContain('srv _sips._tcp.plain.example.com');
  });

  it('sips: everything is TLS, and UDP is refused', async () => {
    const { places, resolver } = desk({
      srv: {
        '_sips._tcp.example.com': [srv('a.example.com', { port: 5071 })],
        '_sip._tcp.example.com': [srv('a.example.com')],
      },
      a: { 'a.example.com': ['192.0.2.1'] },
    });
    const secure = (transport?: string): SipUri =>
      uri('example.com', transport === undefined ? { scheme: 'sips' } : { scheme: 'sips', transport });
    await expect(places(secure('udp'))).rejects.toMatchObject({ code: 'unsupported_transport' });
    expect(await places(secure('tcp'))).toEqual(['tls 192.0.2.1:5071']);
    expect(await places(secure())).toEqual(['tls 192.0.2.1:5071']);
    expect(resolver.asked).not.toContain('srv _sip._tcp.example.com');
  });

  it('maddr: where it goes, while the certificate must still be good for the host', async () => {
    const { locator } = desk();
    const [target] = await locator.locate(uri('Example.com', { maddr: '192.0.2.9', transport: 'tls' }));
    expect(target).toEqual({ transport: 'tls', remote: { host: '192.0.2.9', port: 5061 }, serverName: 'example.com' });
  });

  it('refuses transports and schemes that we do not have', async () => {
    const { locator } = desk();
    for (const transport of ['sctp', 'ws', 'wss', 'x'.repeat(5000)]) {
      const refused = locator.locate(uri('192.0.2.1', { transport }));
      await expect(refused).rejects.toMatchObject({ code: 'unsupported_transport' });
      await refused.catch((error: Error) => expect(error.message.length).toBeLessThan(100));
    }
    await expect(locator.locate(uri('192.0.2.1', { transport: 'tcp' }), { transports: ['udp'] })).rejects.toMatchObject(
      { code: 'unsupported_transport' },
    );
    await expect(locator.locate(uri('', { scheme: 'tel', user: '123' }))).rejects.toMatchObject({
      code: 'unsupported_scheme',
    });
  });
});

describe('NAPTR', () => {
  it('chooses the transport by order and preference, and names the domain to TLS', async () => {
    const { locator } = desk({
      naptr: {
        'example.com': [
          naptr('SIP+D2U', '_sip._udp.example.com', { order: 90 }),
          naptr('SIP+D2T', '_sip._tcp.example.com', { order: 50, preference: 50 }),
          naptr('SIPS+D2T', '_sips._tcp.carrier.example', { order: 50, preference: 10 }),
        ],
      },
      srv: {
        '_sips._tcp.carrier.example': [srv('a.carrier.example', { port: 5061 })],
        '_sip._tcp.example.com': [srv('b.example.com')],
        '_sip._udp.example.com': [srv('b.example.com')],
      },
      a: { 'a.carrier.example': ['192.0.2.1'], 'b.example.com': ['192.0.2.2'] },
    });
    const targets = await locator.locate(uri('example.com'));
    expect(targets.map(targetKey)).toEqual(['tls 192.0.2.1:5061', 'tcp 192.0.2.2:5060']);
    expect(targets[0]?.serverName).toBe('example.com');
  });

  it('leaves out what we cannot do: other services, other flags, names that are none', async () => {
    const { places } = desk({
      naptr: {
        'example.com': [
          naptr('SIP+D2S', '_sip._sctp.example.com', { order: 1 }),
          naptr('E2U+sip', 'example.com', { order: 2, flags: 'u', regexp: '!^.*$!sip:x@example.com!' }),
          naptr('SIP+D2U', '', { order: 3 }),
          naptr('SIP+D2U', '_sip._udp.example.com', { order: 4 }),
        ],
      },
      srv: { '_sip._udp.example.com': [srv('a.example.com')] },
      a: { 'a.example.com': ['192.0.2.1'] },
    });
    expect(await places(uri('example.com'))).toEqual(['udp 192.0.2.1:5060']);
  });

  it('over sips follows the secure service alone', async () => {
    const { places } = desk({
      naptr: {
        'example.com': [
          naptr('SIP+D2U', '_sip._udp.example.com', { order: 1 }),
          naptr('SIPS+D2T', '_sips._tcp.example.com', { order: 2 }),
        ],
      },
      srv: {
        '_sip._udp.example.com': [srv('a.example.com')],
        '_sips._tcp.example.com': [srv('a.example.com', { port: 5061 })],
      },
      a: { 'a.example.com': ['192.0.2.1'] },
    });
    expect(await places(uri('example.com', { scheme: 'sips' }))).toEqual(['tls 192.0.2.1:5061']);
  });

  it('where there is none, SRV of each transport in our order', async () => {
    const { places } = desk({
      srv: {
        '_sip._udp.example.com': [srv('a.example.com')],
        '_sip._tcp.example.com': [srv('a.example.com')],
      },
      a: { 'a.example.com': ['192.0.2.1'] },
    });
    expect(await places(uri('example.com'))).toEqual(['udp 192.0.2.1:5060', 'tcp 192.0.2.1:5060']);
    expect(await places(uri('example.com'), { transports: ['tcp', 'udp'] })).toEqual([
      'tcp 192.0.2.1:5060',
      'udp 192.0.2.1:5060',
    ]);
  });

  it('where there is nothing but addresses, UDP to 5060', async () => {
    const { places } = desk({ a: { 'example.com': ['192.0.2.1'] } });
    expect(await places(uri('example.com.'))).toEqual(['udp 192.0.2.1:5060']);
  });
});

describe('SRV', () => {
  it('goes by priority, then by weight with the number drawn', () => {
    const records = [
      srv('late', { priority: 20, weight: 100 }),
      srv('small', { weight: 10 }),
      srv('none', { weight: 0 }),
      srv('big', { weight: 90 }),
    ];
    const order = (...numbers: number[]): string[] =>
      srvOrder(records, () => numbers.shift() ?? 0).map((record) => record.name);
    expect(order(0)).toEqual(['none', 'small', 'big', 'late']);
    expect(order(0.999)).toEqual(['big', 'none', 'small', 'late']);
    expect(order(0.05, 0.999)).toEqual(['small', 'big', 'none', 'late']);
    // The number drawn may be the sum itself.
    const pair = [srv('none', { weight: 0 }), srv('one', { weight: 1 })];
    expect(srvOrder(pair, () => 0.6).map((record) => record.name)).toEqual(['one', 'none']);
  });

  it('draws in proportion to the weights', () => {
    let state = 1;
    const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const records = [srv('three', { weight: 30 }), srv('one', { weight: 10 })];
    let three = 0;
    for (let i = 0; i < 4000; i += 1) if (srvOrder(records, random)[0]?.name === 'three') three += 1;
    expect(three / 4000).toBeGreaterThan(0.7);
    expect(three / 4000).toBeLessThan(0.8);
  });

  it('of "." says that there is no such service: the address is not tried', async () => {
    const { places } = desk({
      srv: { '_sip._udp.example.com': [srv('.', { port: 0 })] },
      a: { 'example.com': ['192.0.2.1'] },
    });
    await expect(places(uri('example.com', { transport: 'udp' }))).rejects.toMatchObject({ code: 'no_such_name' });
  });

  it('is believed in names and ports alone', async () => {
    const { places, resolver } = desk({
      srv: {
        '_sip._udp.example.com': [
          srv('192.0.2.7'),
          srv('a b.example.com'),
          srv('zero.example.com', { port: 0 }),
          srv('good.example.com'),
        ],
      },
      a: { 'good.example.com': ['192.0.2.1', '0.0.0.0'], 'zero.example.com': ['192.0.2.2'] },
    });
    expect(await places(uri('example.com', { transport: 'udp' }))).toEqual(['udp 192.0.2.1:5060']);
    expect(resolver.asked).not.toContain('a 192.0.2.7');
  });

  it('gives at most 16 targets and asks for at most 8 hosts, both families of a host together', async () => {
    const hosts = Array.from({ length: 40 }, (_, i) => `h${i}.example.com`);
    const { places, resolver } = desk({
      srv: { '_sip._udp.example.com': hosts.map((name, i) => srv(name, { priority: i })) },
      a: Object.fromEntries(hosts.map((name, i) => [name, [`192.0.2.${i}`, `198.51.100.${i}`]])),
      aaaa: Object.fromEntries(hosts.map((name, i) => [name, [`2001:db8::${i + 1}`]])),
    });
    const found = await places(uri('example.com', { transport: 'udp' }));
    expect(found).toHaveLength(16);
    expect(found.slice(0, 4)).toEqual([
      'udp [2001:db8::1]:5060',
      'udp 192.0.2.0:5060',
      'udp 198.51.100.0:5060',
      'udp [2001:db8::2]:5060',
    ]);
    expect(resolver.asked).toHaveLength(1 + 2 * 8);
  });

  it('gives a place once', async () => {
    const { places } = desk({
      srv: { '_sip._udp.example.com': [srv('a.example.com'), srv('b.example.com')] },
      a: { 'a.example.com': ['192.0.2.1'], 'b.example.com': ['192.0.2.1'] },
    });
    expect(await places(uri('example.com', { transport: 'udp' }))).toEqual(['udp 192.0.2.1:5060']);
  });
});

describe('names and addresses', () => {
  it('are looked at before anybody is asked', async () => {
    const { locator, resolver } = desk();
    const bad = ['', '.', 'a..b', '-a.example', 'a_.-', 'a b.example', 'x\r\ny.example', '1.2.3', '1.2.3.4.5', '127.1'];
    for (const host of [...bad, '0x7f.1', '0x7f000001', `${'a'.repeat(64)}.example`, `${'a.'.repeat(127)}example`]) {
      await expect(locator.locate(uri(host)), host).rejects.toMatchObject({ code: 'bad_name' });
    }
    expect(resolver.asked).toEqual([]);
    for (const host of ['pbx', 'a-b.example', '3com.example', '_sip._udp.example', 'xn--fiq228c.example']) {
      expect(isHostName(host), host).toBe(true);
    }
  });

  it('a long name costs no time', () => {
    const began = cpuMs();
    expect(isHostName('a-'.repeat(100_000))).toBe(false);
    expect(isHostName('a.'.repeat(100_000))).toBe(false);
    expect(cpuMs() - began).toBeLessThan(100);
  });

  it('have one spelling', () => {
    expect(canonicalAddress('2001:0DB8:0:0::1')).toBe('2001:db8::1');
    expect(canonicalAddress('::FFFF:192.0.2.1')).toBe('192.0.2.1');
    expect(canonicalAddress('::ffff:c000:201')).toBe('192.0.2.1');
    expect(canonicalAddress('FE80::0:1%eth0')).toBe('fe80::1%eth0');
    expect(canonicalAddress('example.com')).toBe('example.com');
    expect(isUnicastAddress('fe80::1%eth0')).toBe(true);
    expect(isUnicastAddress('example.com')).toBe(false);
  });
});

describe('name servers that do not answer', () => {
  it('NAPTR is given up for SRV, and SRV for the address, in the time of the whole', async () => {
    const { places, clock, resolver } = desk({ a: { 'example.com': ['192.0.2.1'] } });
    resolver.deafTo.add('naptr').add('srv');
    const found = places(uri('example.com'), { deadlineMs: 1000 });
    await clock.advance(999);
    expect(await found).toEqual(['udp 192.0.2.1:5060']);
  });

  it('errors of NAPTR and SRV are as good as no records', async () => {
    const { places, resolver } = desk({ a: { 'example.com': ['192.0.2.1'] } });
    resolver.failing.add('naptr').add('srv');
    expect(await places(uri('example.com'))).toEqual(['udp 192.0.2.1:5060']);
  });

  it('nothing at all is an error in 5 s', async () => {
    const { locator, clock, resolver } = desk();
    for (const kind of ['naptr', 'srv', 'a', 'aaaa']) resolver.deafTo.add(kind);
    const began = clock.monotonicMs();
    const failed = locator.locate(uri('example.com')).catch((error: unknown) => ({ error, atMs: clock.monotonicMs() }));
    await clock.advance(20_000);
    const { error, atMs } = (await failed) as { error: unknown; atMs: number };
    expect(error).toMatchObject({ code: 'no_answer' });
    expect(atMs - began).toBe(5000);
    expect(clock.timers).toBe(0);
  });

  it('leaves no timer behind', async () => {
    const { locator, clock } = desk({ a: { 'example.com': ['192.0.2.1'] } });
    await locator.locate(uri('example.com'));
    expect(clock.timers).toBe(0);
  });
});
