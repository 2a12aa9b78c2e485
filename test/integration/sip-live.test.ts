// What SIP does now, over HTTP and on the command line: ports, registrations, trunks, bans; and what an account's change ends.
import { execFile } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type {
  SipAccount,
  SipBan,
  SipRegistration,
  SipStatus,
  SipTrunkStatus,
  Trunk,
} from '../../daemon/src/contract/index.js';
import { newResponse } from '../../daemon/src/sip/message/index.js';
import { nothingLeaks, waitFor, whileRunning } from '../support/box.js';
import { eventually } from '../support/daemon-process.js';
import { HandPhone } from '../support/hand-phone.js';
import { registered, startSipBox, station, type SipBox } from '../support/sip-box.js';

const PROGRAM = fileURLToPath(new URL('../../daemon/bin/cordboard.mjs', import.meta.url));
const run = promisify(execFile);

let sip: SipBox;
let next = 1000;
const running = whileRunning();
beforeAll(async () => {
  sip = await startSipBox({}, running);
});
afterAll(() => running.end());

/** What the command prints with --json. */
async function cordboard<T>(...args: string[]): Promise<T> {
  const env = { PATH: process.env['PATH'] ?? '', CORDBOARD_HOME: sip.box.config.home, LANG: 'en_US.UTF-8' };
  const { stdout } = await run(process.execPath, [PROGRAM, ...args, '--json'], { env });
  return (stdout.trim() === '' ? undefined : JSON.parse(stdout)) as T;
}

const registrations = (): Promise<SipRegistration[]> => sip.api.request('GET', '/sip/registrations');
const ofStation = async (number: number): Promise<SipRegistration[]> =>
  (await registrations()).filter((one) => one.station === number);

it('the ports are those that it has, and an account made on the command line can register at them', async () => {
  const status = await sip.api.request<SipStatus>('GET', '/sip');
  expect(status).toMatchObject({ enabled: true, listening: { port: sip.port, tlsPort: sip.tlsPort } });
  expect(sip.port).toBeGreaterThan(0);
  expect(sip.tlsPort).toBeGreaterThan(0);
  const number = (next += 1);
  const account = await cordboard<SipAccount>('station', 'add', String(number), '--sip');
  expect(account).toMatchObject({ station: { number, srtp: 'none' }, username: String(number), domain: 'cordboard' });
  expect(account.secret).toMatch(/^[a-z0-9]{16,}$/);
  expect(account.servers).toEqual([
    { host: '127.0.0.1', port: sip.tlsPort, transport: 'tls' },
    { host: '127.0.0.1', port: sip.port, transport: 'tcp' },
    { host: '127.0.0.1', port: sip.port, transport: 'udp' },
  ]);
  const phone = await HandPhone.open({ server: account.servers[2]!.port, number, secret: account.secret });
  expect((await phone.register()).status).toBe(200);
});

it('a registration is listed with all that there is to know, as long as it lasts', async () => {
  const number = (next += 1);
  const path = '<sip:edge.example;lr>';
  const { phone } = await station(
    sip,
    number,
    {},
    {
      headers: [
        ['Path', path],
        ['Supported', 'path'],
      ],
    },
  );
  const before = Date.now();
  expect((await phone.register(120)).status).toBe(200);
  const [found] = await eventually(
    () => ofStation(number),
    ({ length }) => length === 1,
  );
  expect(found).toMatchObject({
    contact: `sip:${number}@127.0.0.1:${phone.port}`,
    ...{ transport: 'udp', receivedHost: '127.0.0.1', receivedPort: phone.port, userAgent: 'Hand 1.0', path: [path] },
  });
  expect(found!.expiresAt).toBeGreaterThan(before + 110_000);
  expect(found!.expiresAt).toBeLessThan(Date.now() + 121_000);
  const listed = await cordboard<{ number: number; registrations: SipRegistration[] }[]>('station', 'list');
  expect(listed.find((one) => one.number === number)?.registrations).toEqual([found]);
  await phone.register(0);
  await eventually(
    () => ofStation(number),
    ({ length }) => length === 0,
  );
});

it('a trunk is registering, refused, up or down, and says why', async () => {
  const peer = await HandPhone.open({ server: sip.port, number: 'carrier' });
  const state = async (id: string): Promise<SipTrunkStatus | undefined> =>
    (await sip.api.request<SipTrunkStatus[]>('GET', '/sip/trunks')).find(({ trunk }) => trunk === id);
  const make = (id: string, host: string, port: number): Promise<Trunk> =>
    sip.api.request('POST', '/trunks', {
      ...{ id, kind: 'sip', mode: 'register', username: 'u', secret: 's', optionsIntervalS: 0 },
      hosts: [{ host, port }],
    });
  await make('one', '127.0.0.1', peer.port);
  const first = await peer.nextRequest('REGISTER');
  expect(await state('one')).toMatchObject({ state: 'registering' });
  peer.send(newResponse(first, 403, undefined, { toTag: 'x' }));
  await eventually(
    () => state('one'),
    (one) => one?.state === 'refused',
  );
  expect(await state('one')).toMatchObject({ detail: '403 Forbidden' });

  await make('two', '127.0.0.1', peer.port);
  const second = await peer.nextRequest('REGISTER');
  const accepted = newResponse(second, 200, undefined, { toTag: 'x' });
  accepted.headers.add('Contact', `${second.headers.get('Contact')};expires=600`);
  peer.send(accepted);
  await eventually(
    () => state('two'),
    (two) => two?.state === 'up',
  );

  await make('three', 'nowhere.invalid', 0);
  await eventually(
    () => state('three'),
    (three) => three?.state === 'down',
  );
  expect((await state('three'))?.detail).not.toBe('');
  const listed = await cordboard<{ id: string; status: SipTrunkStatus | null }[]>('trunk', 'list');
  const states = Object.fromEntries(listed.map(({ id, status }) => [id, status?.state]));
  expect(states).toMatchObject({ one: 'refused', two: 'up', three: 'down' });
  await sip.api.request('PATCH', '/trunks/two', { enabled: false });
  await eventually(
    () => state('two'),
    (two) => two === undefined,
  );
});

/** Somebody on another address of this machine. */
async function stranger(host: string): Promise<{ asks: () => Promise<boolean>; socket: Socket }> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, host, resolve));
  onTestFinished(() => void socket.close());
  let n = 0;
  const asks = async (): Promise<boolean> => {
    n += 1;
    const text = [
      `OPTIONS sip:127.0.0.1:${sip.port} SIP/2.0`,
      `Via: SIP/2.0/UDP ${host}:${socket.address().port};branch=z9hG4bKs${n}`,
      'From: <sip:a@example.com>;tag=1',
      'To: <sip:b@example.com>',
      `Call-ID: stranger-${n}`,
      'CSeq: 1 OPTIONS',
      'Max-Forwards: 70',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
    const answered = new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), 1500);
      socket.once('message', () => {
        clearTimeout(timer);
        resolve(true);
      });
    });
    socket.send(text, sip.port, '127.0.0.1');
    return answered;
  };
  return { asks, socket };
}

it('a ban keeps an address out until it is lifted or ends, and is listed as long', async () => {
  const { asks } = await stranger('127.0.0.5');
  expect(await asks()).toBe(true);
  const ban = await cordboard<SipBan>('ban', 'add', '127.0.0.5', '--hours', '2', '--reason', 'test');
  expect(ban).toMatchObject({ address: '127.0.0.5', reason: 'test', count: 1 });
  expect(ban.until - ban.since).toBe(7_200_000);
  expect(await asks()).toBe(false);
  expect((await cordboard<SipBan[]>('ban', 'list')).filter(({ address }) => address === '127.0.0.5')).toEqual([ban]);
  await cordboard('ban', 'lift', '127.0.0.5');
  expect(await asks()).toBe(true);
  expect((await cordboard<SipBan[]>('ban', 'list')).filter(({ address }) => address === '127.0.0.5')).toEqual([]);

  await sip.api.request('POST', '/sip/bans', { address: '127.0.0.5', durationMs: 1000 });
  expect(await asks()).toBe(false);
  await eventually(asks, (answered) => answered);
});

it('who tries secrets is banned by itself, and listed', async () => {
  const phone = await HandPhone.open({
    server: sip.port,
    number: 4711,
    secret: 'wrong-wrong-wrong',
    host: '127.0.0.6',
  });
  const bans = (): Promise<SipBan[]> => sip.api.request('GET', '/sip/bans');
  const found = async (): Promise<SipBan | undefined> => (await bans()).find(({ address }) => address === '127.0.0.6');
  for (let tries = 0; tries < 40 && (await found()) === undefined; tries += 1)
    await Promise.race([phone.register(), eventually(found, (ban) => ban !== undefined)]);
  const ban = (await found())!;
  expect(ban.reason).not.toBe('');
  expect(ban.until).toBeGreaterThan(Date.now());
});

it('a new secret ends the registrations and nothing else', async () => {
  const one = await registered(sip, (next += 1));
  const other = await registered(sip, (next += 1));
  const call = one.call(String(next));
  const incoming = await other.called();
  const ack = incoming.answer();
  await call.connected();
  await ack;
  const account = await sip.api.request<SipAccount>('POST', `/stations/sip/${next}/secret`);
  await eventually(
    () => ofStation(next),
    ({ length }) => length === 0,
  );
  await waitFor(sip.box.live, 'station.updated', () => sip.box.stations.find(next)?.reachable === false);
  expect((await other.register()).status).toBe(401);
  // Both still hear each other.
  other.rtp.forget();
  await other.rtp.until(({ packets }) => packets > 20, 'the call goes on');
  expect(sip.box.calls.live()).toHaveLength(1);
  const again = await HandPhone.open({ server: sip.port, number: next, secret: account.secret });
  expect((await again.register()).status).toBe(200);
  await Promise.all([call.bye(), incoming.take('BYE')]);
  await nothingLeaks(sip.box);
});

it('a station that is switched off is not registered any more and cannot come back', async () => {
  const phone = await registered(sip, (next += 1));
  await sip.api.request('PATCH', `/stations/sip/${next}`, { enabled: false });
  await eventually(
    () => ofStation(next),
    ({ length }) => length === 0,
  );
  expect((await phone.register()).status).toBe(401);
  await sip.api.request('PATCH', `/stations/sip/${next}`, { enabled: true });
  expect((await phone.register()).status).toBe(200);
});

it('a station that must use TLS is refused without, and SRTP that is required is insisted upon', async () => {
  const { phone, account } = await station(sip, (next += 1), { security: 'tls' });
  expect(account.station.srtp).toBe('required');
  expect(account.servers.map(({ transport }) => transport)).toEqual(['tls']);
  const refused = await phone.register();
  expect([refused.status, refused.reason]).toEqual([403, 'TLS Required']);
  expect((await phone.call('1001').final).status).toBe(403);
  await expect(sip.api.request('PATCH', `/stations/sip/${next}`, { srtp: 'offered' })).rejects.toThrow();

  // One that becomes stricter has to come again.
  const lax = await registered(sip, (next += 1), { srtp: 'required' });
  expect((await lax.call('1001').final).status).toBe(488);
  await sip.api.request('PATCH', `/stations/sip/${next}`, { security: 'tls', srtp: 'required' });
  await eventually(
    () => ofStation(next),
    ({ length }) => length === 0,
  );
});
