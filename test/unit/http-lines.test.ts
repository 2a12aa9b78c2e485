import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type {
  ErrorBody,
  OutboundRoute,
  RingGroup,
  SipAccount,
  SipBan,
  SipRegistration,
  SipStation,
  Trunk,
} from '../../daemon/src/contract/index.js';
import { SettingsSchema } from '../../daemon/src/config/index.js';
import { sipServers } from '../../daemon/src/http/sip-account.js';
import { T0, sipBinding } from '../support/db-rows.js';
import { codeOf, httpBox, type Answer, type HttpBox } from '../support/http-box.js';

let box: HttpBox;
let token: string;
beforeEach(async () => {
  box = await httpBox();
  token = (await box.signIn('admin')).token;
  box.ports.world.stations.push({
    station: 1,
    name: 'Station 1',
    offHook: false,
    ringing: false,
    agentId: null,
    callId: null,
  } as never);
  box.ports.world.spans.push({
    ...{
      span: 1,
      name: 'E1-1',
      side: 'user',
      signalling: 'pri',
      alarms: [],
      dchannelUp: true,
      pri: null,
      timeslots: [],
    },
  });
});

const ask = (method: string, path: string, body?: unknown): Promise<Answer> =>
  box.ask(method, `/api/v1${path}`, { token, body });
const outcome = (answer: Answer) => [answer.status, codeOf(answer)];
const place = (answer: Answer) => (answer.json as ErrorBody).error.details[0]?.path;
const digest = (algorithm: string, account: SipAccount) =>
  createHash(algorithm).update(`${account.username}:${account.domain}:${account.secret}`).digest('hex');

describe('SIP telephones', () => {
  test('are made with a secret that is told once, and kept as digests of it', async () => {
    const made = await ask('POST', '/stations/sip', { number: 1001 });
    expect(made.status).toBe(201);
    const account = made.json as SipAccount;
    expect(account).toMatchObject({ username: '1001', domain: 'cordboard' });
    expect(account.secret).toMatch(/^[2-9a-hjkmnp-z]{20}$/);
    expect(account.servers).toEqual([
      { host: '127.0.0.1', port: 5061, transport: 'tls' },
      { host: '127.0.0.1', port: 5060, transport: 'tcp' },
      { host: '127.0.0.1', port: 5060, transport: 'udp' },
    ]);
    expect(account.station).toEqual({
      number: 1001,
      name: '1001',
      language: 'zh-CN',
      security: 'any',
      srtp: 'none',
      codecs: ['pcma', 'pcmu', 'g722', 'opus'],
      dtmf: 'auto',
      digest: ['sha256', 'md5'],
      maxContacts: 3,
      maxCalls: 4,
      callingNumber: '',
      allowedClasses: ['internal', 'emergency', 'local', 'national', 'mobile'],
      enabled: true,
      secretValid: true,
      createdAt: box.clock.wallMs(),
    } satisfies SipStation);
    const row = await box.db.sipStations.find(1001);
    expect([row?.ha1Md5, row?.ha1Sha256]).toEqual([digest('md5', account), digest('sha256', account)]);

    for (const path of ['/stations/sip', '/stations/sip/1001']) {
      const { text } = await ask('GET', path);
      for (const never of [account.secret, row!.ha1Md5, row!.ha1Sha256, 'ha1']) expect(text).not.toContain(never);
    }
    const other = (await ask('POST', '/stations/sip', { number: 1002 })).json as SipAccount;
    expect(other.secret).not.toBe(account.secret);
  });

  test('get a new secret, with which the old one and every registration end', async () => {
    const old = (await ask('POST', '/stations/sip', { number: 1001 })).json as SipAccount;
    await box.db.write((tx) => tx.sipBindings.replace(1001, [sipBinding()]));
    await box.db.write((tx) => tx.sipStations.update(1001, { realm: 'another' }));
    expect((await ask('GET', '/stations/sip/1001')).json).toMatchObject({ secretValid: false });
    const renewed = (await ask('POST', '/stations/sip/1001/secret')).json as SipAccount;
    expect(renewed.secret).not.toBe(old.secret);
    expect(renewed.station.secretValid).toBe(true);
    expect((await box.db.sipStations.find(1001))?.ha1Sha256).toBe(digest('sha256', renewed));
    expect(await box.db.sipBindings.list()).toEqual([]);
    expect(outcome(await ask('POST', '/stations/sip/4711/secret'))).toEqual([404, 'sip_station_not_found']);
  });

  test('that must be secure have TLS and SRTP, and nothing less', async () => {
    const made = (await ask('POST', '/stations/sip', { number: 1001, security: 'tls' })).json as SipAccount;
    expect(made.station.srtp).toBe('required');
    expect(made.servers.map(({ transport }) => transport)).toEqual(['tls']);
    expect(place(await ask('POST', '/stations/sip', { number: 1002, security: 'tls', srtp: 'none' }))).toBe('srtp');
    expect(place(await ask('PATCH', '/stations/sip/1001', { srtp: 'offered' }))).toBe('srtp');
    expect((await ask('PATCH', '/stations/sip/1001', { security: 'any' })).json).toMatchObject({ srtp: 'required' });
    expect((await ask('PATCH', '/stations/sip/1001', { srtp: 'none' })).json).toMatchObject({ srtp: 'none' });
    expect((await ask('PATCH', '/stations/sip/1001', { security: 'tls' })).json).toMatchObject({ srtp: 'required' });
  });

  test('have a number of their own, and none at which help would answer', async () => {
    await ask('POST', '/stations/sip', { number: 1001 });
    expect(outcome(await ask('POST', '/stations/sip', { number: 1001 }))).toEqual([409, 'number_in_use']);
    expect(outcome(await ask('POST', '/stations/sip', { number: 1100 }))).toEqual([409, 'number_reserved']);
    expect(outcome(await ask('POST', '/ring-groups', { number: 12_001, stations: [1001] }))).toEqual([
      409,
      'number_reserved',
    ]);
    for (const number of [999, 100_000_000, 1001.5, '1002', -1])
      expect((await ask('POST', '/stations/sip', { number })).status).toBe(400);
    for (const path of ['999', '01001', '1001x', '1e4', '%2e%2e'])
      expect((await ask('GET', `/stations/sip/${path}`)).status).toBe(400);
    expect((await ask('PATCH', '/stations/sip/1001', { number: 1002 })).status).toBe(400);
  });

  test('are changed in part and removed', async () => {
    await ask('POST', '/stations/sip', { number: 1001, name: 'Lina' });
    const body = { allowedClasses: ['internal', 'international'], callingNumber: '+861066668888', codecs: ['opus'] };
    expect((await ask('PATCH', '/stations/sip/1001', body)).json).toMatchObject({ ...body, name: 'Lina' });
    expect((await ask('PATCH', '/stations/sip/1001', {})).json).toMatchObject({ ...body, name: 'Lina' });
    for (const wrong of [
      { codecs: [] },
      { codecs: ['opus', 'opus'] },
      { digest: ['sha1'] },
      { callingNumber: '1\r\nX: y' },
      { name: 'a\nb' },
      { secret: 'x' },
    ])
      expect((await ask('PATCH', '/stations/sip/1001', wrong)).status).toBe(400);
    expect((await ask('DELETE', '/stations/sip/1001')).status).toBe(204);
    expect(outcome(await ask('DELETE', '/stations/sip/1001'))).toEqual([404, 'sip_station_not_found']);
    expect(outcome(await ask('PATCH', '/stations/sip/1001', {}))).toEqual([404, 'sip_station_not_found']);
  });

  test('are told where they register', () => {
    const sip = (over: object) => SettingsSchema.parse({ sip: { host: '0.0.0.0', ...over } }).sip;
    const address = (text: string, internal = false) => ({ address: text, internal }) as never;
    const interfaces = {
      lo: [address('127.0.0.1', true)],
      eth0: [address('fe80::1'), address('2001:db8::7'), address('192.0.2.7')],
    };
    const hosts = (over: object, on: object = interfaces) => [
      ...new Set(sipServers(sip(over), undefined, 'any', on as never).map(({ host }) => host)),
    ];
    expect(hosts({})).toEqual(['192.0.2.7']);
    expect(hosts({ host: '[::]', externalAddress: '203.0.113.1' }, { eth0: [address('2001:db8::7')] })).toEqual([
      '2001:db8::7',
      '203.0.113.1',
    ]);
    expect(hosts({}, {})).toEqual([]);
    expect(hosts({ enabled: false })).toEqual([]);
    expect(sipServers(sip({ port: 0 }), undefined, 'any', interfaces as never)).toEqual([
      { host: '192.0.2.7', port: 5061, transport: 'tls' },
    ]);
    const listening = { port: 40_000, tlsPort: 40_001 };
    expect(sipServers(sip({ port: 0, tlsPort: 0 }), listening, 'any', interfaces as never)).toEqual([
      { host: '192.0.2.7', port: 40_001, transport: 'tls' },
      { host: '192.0.2.7', port: 40_000, transport: 'tcp' },
      { host: '192.0.2.7', port: 40_000, transport: 'udp' },
    ]);
  });

  test('are told where pages connect, when there are such ports', () => {
    const sip = (over: object) => SettingsSchema.parse({ sip: { host: '0.0.0.0', tlsPort: 0, port: 0, ...over } }).sip;
    const on = { eth0: [{ address: '192.0.2.7', internal: false }] } as never;
    const wss = { host: '192.0.2.7', port: 8443, transport: 'wss', url: 'wss://192.0.2.7:8443' };
    const ws = { host: '192.0.2.7', port: 8080, transport: 'ws', url: 'ws://192.0.2.7:8080' };
    expect(sipServers(sip({}), undefined, 'any', on)).toEqual([]);
    expect(sipServers(sip({ wsPort: 8080, wssPort: 8443 }), undefined, 'any', on)).toEqual([wss, ws]);
    expect(sipServers(sip({ wsPort: 8080, wssPort: 8443 }), undefined, 'tls', on)).toEqual([wss]);
    const listening = { port: 0, tlsPort: undefined, wsPort: 40_002, wssPort: undefined };
    expect(sipServers(sip({ host: '2001:db8::7', wsPort: 0 }), listening, 'any', on)).toEqual([
      { host: '2001:db8::7', port: 40_002, transport: 'ws', url: 'ws://[2001:db8::7]:40002' },
    ]);
  });
});

describe('trunks', () => {
  const carrier = {
    id: 'carrier',
    kind: 'sip',
    hosts: [{ host: 'sip.example.com' }],
    username: 'u',
    secret: 'very secret',
  };

  test('have defaults of their kind, and never tell the secret', async () => {
    const made = await ask('POST', '/trunks', carrier);
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({
      ...{ name: 'carrier', mode: 'register', expiresS: 600, maxCalls: 30, callerId: 'pass', hasSecret: true },
      hosts: [{ host: 'sip.example.com', port: 0, transport: 'udp', priority: 10, weight: 10 }],
    });
    const e1 = await ask('POST', '/trunks', { id: 'e1', kind: 'e1', spans: [1] });
    expect(e1.json).toEqual({
      ...{ id: 'e1', kind: 'e1', name: 'e1', spans: [1], maxCalls: 10_000, numberRulesIn: [], numberRulesOut: [] },
      ...{ callerRulesIn: [], numberFormat: 'dialled', callerId: 'pass', fixedNumber: '', refer: false, enabled: true },
    } satisfies Trunk);
    for (const path of ['/trunks', '/trunks/carrier']) {
      const { text } = await ask('GET', path);
      expect(text).not.toContain('very secret');
      expect(text).not.toContain('"secret"');
    }
    expect((await box.db.trunks.find('carrier'))?.secret).toBe('very secret');
    expect((await ask('PATCH', '/trunks/carrier', { name: 'Carrier' })).text).not.toContain('very secret');
    expect((await box.db.trunks.find('carrier'))?.secret).toBe('very secret');
    expect((await ask('PATCH', '/trunks/carrier', { secret: '' })).json).toMatchObject({ hasSecret: false });
  });

  test.each<[string, object]>([
    ['hosts.0.host', { hosts: [{ host: 'a b' }] }],
    ['hosts.0.host', { hosts: [{ host: '-x' }] }],
    ['hosts.0.port', { hosts: [{ host: 'x', port: 70_000 }] }],
    ['hosts', { hosts: [] }],
    ['sources.1', { sources: ['203.0.113.0/24', '203.0.113.0/33'] }],
    ['username', { username: 'a"b' }],
    ['username', { username: '' }],
    ['secret', { secret: 'a\r\nb' }],
    ['fromUser', { fromUser: 'a@b' }],
    ['fromDomain', { fromDomain: 'a/b' }],
    ['tlsFingerprint', { tlsFingerprint: 'aa:bb' }],
    ['numberRulesOut.0.match', { numberRulesOut: [{ match: '5-2' }] }],
    ['numberRulesOut.0.strip', { numberRulesOut: [{ match: '00.', strip: 4 }] }],
    ['callerRulesIn.0.strip', { callerRulesIn: [{ match: '86.', strip: 4 }] }],
    ['numberRulesIn.0.prepend', { numberRulesIn: [{ match: '.', prepend: '1+2' }] }],
    ['expiresS', { expiresS: 1 }],
    ['id', { id: '../x' }],
    ['spans', { spans: [1] }],
    ['kind', { kind: 'isdn' }],
  ])('are refused with the place that is wrong: %s', async (path, over) => {
    const refused = await ask('POST', '/trunks', { ...carrier, ...over });
    expect([refused.status, place(refused)]).toEqual([400, path]);
    expect(await box.db.trunks.list()).toEqual([]);
  });

  test('keep their kind and hold together with what they name and are named by', async () => {
    await ask('POST', '/trunks', carrier);
    await ask('POST', '/trunks', { id: 'e1', kind: 'e1', spans: [1] });
    expect(outcome(await ask('POST', '/trunks', carrier))).toEqual([409, 'trunk_exists']);
    expect(outcome(await ask('POST', '/trunks', { id: 'e2', kind: 'e1', spans: [1] }))).toEqual([
      409,
      'trunk_span_taken',
    ]);
    expect(place(await ask('POST', '/trunks', { id: 'e2', kind: 'e1', spans: [2] }))).toBe('spans.0');
    expect(place(await ask('PATCH', '/trunks/e1', { spans: [9] }))).toBe('spans.0');
    expect(place(await ask('PATCH', '/trunks/e1', { secret: 'x' }))).toBe('secret');
    expect(place(await ask('PATCH', '/trunks/carrier', { spans: [1] }))).toBe('spans');
    expect(place(await ask('PATCH', '/trunks/carrier', { username: '' }))).toBe('username');
    expect((await ask('PATCH', '/trunks/carrier', { username: '', mode: 'address' })).status).toBe(200);
    await ask('POST', '/outbound-routes', { pattern: '0.', trunks: ['carrier'] });
    expect(outcome(await ask('DELETE', '/trunks/carrier'))).toEqual([409, 'trunk_in_use']);
    expect((await ask('DELETE', '/trunks/e1')).status).toBe(204);
    expect(outcome(await ask('DELETE', '/trunks/e1'))).toEqual([404, 'trunk_not_found']);
    expect(outcome(await ask('PATCH', '/trunks/e1', {}))).toEqual([404, 'trunk_not_found']);
  });
});

test('routes out name trunks that exist and leave something of the number', async () => {
  await ask('POST', '/trunks', { id: 'a', kind: 'e1', spans: [1] });
  expect(place(await ask('POST', '/outbound-routes', { pattern: '9.', trunks: ['a', 'b'] }))).toBe('trunks.1');
  expect(place(await ask('POST', '/outbound-routes', { pattern: '9.', strip: 3, trunks: ['a'] }))).toBe('strip');
  expect(place(await ask('POST', '/outbound-routes', { pattern: '9x', trunks: ['a'] }))).toBe('pattern');
  expect(place(await ask('POST', '/outbound-routes', { pattern: '9.', prepend: '+', trunks: ['a'] }))).toBe('prepend');
  expect((await ask('POST', '/outbound-routes', { pattern: '9.', trunks: [] })).status).toBe(400);
  const made = (await ask('POST', '/outbound-routes', { pattern: '99.', strip: 2, trunks: ['a'] }))
    .json as OutboundRoute;
  expect(made).toMatchObject({ name: '99.', priority: 100, prepend: '', emergency: false, enabled: true });
  // Each of the two is right; what came of them would not be.
  expect(place(await ask('PATCH', `/outbound-routes/${made.id}`, { pattern: '9' }))).toBe('strip');
  expect((await ask('GET', `/outbound-routes/${made.id}`)).json).toEqual(made);
  expect((await ask('PATCH', `/outbound-routes/${made.id}`, { emergency: true })).json).toEqual({
    ...made,
    emergency: true,
  });
  expect((await ask('GET', '/outbound-routes')).json).toHaveLength(1);
  expect((await ask('DELETE', `/outbound-routes/${made.id}`)).status).toBe(204);
  expect(outcome(await ask('DELETE', `/outbound-routes/${made.id}`))).toEqual([404, 'outbound_route_not_found']);
});

test('ring groups ring telephones that there are, analog and SIP', async () => {
  await ask('POST', '/stations/sip', { number: 1001 });
  const made = (await ask('POST', '/ring-groups', { number: 7000, stations: [1, 1001] })).json as RingGroup;
  expect(made).toEqual({ number: 7000, name: '7000', stations: [1, 1001], strategy: 'all', ringTimeoutMs: 20_000 });
  expect(place(await ask('POST', '/ring-groups', { number: 7001, stations: [1, 2] }))).toBe('stations.1');
  expect(place(await ask('PATCH', '/ring-groups/7000', { stations: [1002] }))).toBe('stations.0');
  expect((await ask('PATCH', '/ring-groups/7000', { stations: [1, 1] })).status).toBe(400);
  expect(outcome(await ask('DELETE', '/stations/sip/1001'))).toEqual([409, 'station_in_use']);
  expect((await ask('PATCH', '/ring-groups/7000', { strategy: 'sequence' })).json).toEqual({
    ...made,
    strategy: 'sequence',
  });
  expect((await ask('GET', '/ring-groups')).json).toHaveLength(1);
  expect((await ask('DELETE', '/ring-groups/7000')).status).toBe(204);
  expect(outcome(await ask('GET', '/ring-groups/7000'))).toEqual([404, 'ring_group_not_found']);
});

describe('what SIP does now', () => {
  test('registrations are those that have not ended', async () => {
    await ask('POST', '/stations/sip', { number: 1001 });
    const now = box.clock.wallMs();
    const [living, ended] = [
      sipBinding({ expiresAt: now + 1 }),
      sipBinding({ expiresAt: now, contact: 'sip:old@192.0.2.9' }),
    ];
    await box.db.write((tx) => tx.sipBindings.replace(1001, [ended, living]));
    const { contact, transport, receivedHost, receivedPort, path, userAgent, expiresAt } = living;
    expect((await ask('GET', '/sip/registrations')).json).toEqual([
      { station: 1001, ...{ contact, transport, receivedHost, receivedPort, path, userAgent, expiresAt } },
    ] satisfies SipRegistration[]);
  });

  test('addresses are banned for a while, counted, and let in again under any of their texts', async () => {
    const now = box.clock.wallMs();
    const ban = (await ask('POST', '/sip/bans', { address: '2001:DB8:0::1', durationMs: 60_000 })).json as SipBan;
    expect(ban).toEqual({ address: '2001:db8::1', reason: 'manual', since: now, until: now + 60_000, count: 1 });
    expect((await ask('POST', '/sip/bans', { address: '2001:db8::1' })).json).toMatchObject({
      count: 2,
      until: now + 86_400_000,
    });
    await ask('POST', '/sip/bans', { address: '192.0.2.1', durationMs: 1000, reason: 'scanner' });
    expect(((await ask('GET', '/sip/bans')).json as SipBan[]).map(({ address }) => address)).toEqual([
      '192.0.2.1',
      '2001:db8::1',
    ]);
    for (const address of ['192.0.2', 'example.com', '192.0.2.0/24', ''])
      expect((await ask('POST', '/sip/bans', { address })).status).toBe(400);
    expect((await ask('DELETE', '/sip/bans/2001:DB8::0:1')).status).toBe(204);
    expect(outcome(await ask('DELETE', '/sip/bans/2001:db8::1'))).toEqual([404, 'sip_ban_not_found']);
    await box.db.write((tx) =>
      tx.sipBans.put({ address: '2001:db8::/64', reason: 'x', since: T0, until: now + 1000, count: 1 }),
    );
    expect((await ask('DELETE', `/sip/bans/${encodeURIComponent('2001:db8::/64')}`)).status).toBe(204);
    await box.clock.advance(1000);
    expect((await ask('GET', '/sip/bans')).json).toEqual([]);
  });
});
