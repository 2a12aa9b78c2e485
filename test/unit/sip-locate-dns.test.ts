// Names found by a real name server over UDP.
import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { Locator, SystemResolver, targetKey } from '../../daemon/src/sip/locate/index.js';
import type { SipUri } from '../../daemon/src/sip/message/index.js';
import { systemClock } from '../../daemon/src/platform/index.js';
import { DnsServer, type DnsZone } from '../support/sip-peer-dns.js';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function desk(zone: DnsZone, timeoutMs = 2000, tries = 2) {
  const server = await new DnsServer(zone).start();
  const resolver = new SystemResolver({ servers: [server.address], timeoutMs, tries });
  open.push(
    () => resolver.close(),
    () => server.stop(),
  );
  return { server, resolver, locator: new Locator({ resolver, clock: systemClock, random: () => 0 }) };
}

const uri = (host: string, transport?: string): SipUri => ({
  scheme: 'sip',
  user: undefined,
  host,
  port: undefined,
  params: new Map(transport === undefined ? [] : [['transport', transport]]),
  headers: new Map(),
});

const srv = { priority: 1, weight: 1, port: 5070, name: 'a.example.test' };

describe('a real name server', () => {
  it('leads from NAPTR by SRV to both addresses', async () => {
    const { locator, server } = await desk({
      naptr: {
        'example.test': [
          {
            order: 1,
            preference: 1,
            flags: 's',
            service: 'SIP+D2T',
            regexp: '',
            replacement: '_sip._tcp.example.test',
          },
        ],
      },
      srv: { '_sip._tcp.example.test': [srv] },
      a: { 'a.example.test': ['192.0.2.1'] },
      aaaa: { 'a.example.test': ['2001:db8::1'] },
    });
    const targets = await locator.locate(uri('example.test'));
    expect(targets.map(targetKey)).toEqual(['tcp [2001:db8::1]:5070', 'tcp 192.0.2.1:5070']);
    expect(server.asked.slice(0, 2)).toEqual(['naptr example.test', 'srv _sip._tcp.example.test']);
  });

  it('is asked once for what many want at once', async () => {
    const { locator, server } = await desk({
      srv: { '_sip._udp.example.test': [srv] },
      a: { 'a.example.test': ['192.0.2.1'] },
    });
    const all = await Promise.all(Array.from({ length: 50 }, () => locator.locate(uri('example.test', 'udp'))));
    for (const targets of all) expect(targets.map(targetKey)).toEqual(['udp 192.0.2.1:5070']);
    expect([...server.asked].sort()).toEqual(['a a.example.test', 'aaaa a.example.test', 'srv _sip._udp.example.test']);
  });

  it('gives the time to live of addresses', async () => {
    const { resolver, server } = await desk({ a: { 'a.example.test': ['192.0.2.1', '192.0.2.2'] } });
    server.ttlS = 77;
    const answer = await resolver.lookup('a', 'a.example.test');
    expect([...answer.records].sort()).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(answer.ttlS).toBe(77);
  });

  it('says that a name does not exist, or has nothing of the kind', async () => {
    const { resolver, locator } = await desk({ a: { 'a.example.test': ['192.0.2.1'] } });
    expect((await resolver.lookup('aaaa', 'a.example.test')).records).toEqual([]);
    expect((await resolver.lookup('srv', 'none.example.test')).records).toEqual([]);
    await expect(locator.locate(uri('none.example.test'))).rejects.toMatchObject({ code: 'no_such_name' });
  });

  it('that fails is told from a name that does not exist', async () => {
    const { locator, server } = await desk({});
    for (const kind of ['naptr', 'srv', 'a', 'aaaa']) server.failing.add(`${kind} example.test`);
    await expect(locator.locate(uri('example.test'))).rejects.toMatchObject({ code: 'no_answer' });
  });

  it('that is silent is given up', async () => {
    const { locator, server } = await desk({}, 50, 1);
    server.deafTo.add('*');
    await expect(locator.locate(uri('example.test'))).rejects.toMatchObject({ code: 'no_answer' });
    expect(server.asked).toContain('a example.test');
  });

  it('that sends rubbish is no name server, and harms nobody', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    open.push(() => socket.close());
    socket.on('message', (query, from) => {
      for (const length of [0, 5, 12, query.length])
        socket.send(Buffer.concat([query.subarray(0, 2), Buffer.alloc(length, 0xff)]), from.port);
    });
    const resolver = new SystemResolver({ servers: [`127.0.0.1:${socket.address().port}`], timeoutMs: 50, tries: 1 });
    open.push(() => resolver.close());
    await expect(resolver.lookup('a', 'example.test')).rejects.toThrow();
  });

  it('has questions taken back when the resolver closes', async () => {
    const { resolver, server } = await desk({});
    server.deafTo.add('*');
    const failed = expect(resolver.lookup('a', 'example.test')).rejects.toThrow(/ECANCELLED/);
    resolver.close();
    await failed;
  });
});
