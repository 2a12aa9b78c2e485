// Who is told what and when: rules, quiet hours, reminders, storms, restarts; and each way with a receiver that is not ours where there is one.
import { execFileSync, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { AlertService, hasText, type Concern } from '../../daemon/src/alerts/index.js';
import { filled, smsRequest } from '../../daemon/src/alerts/sms.js';
import { localizedKey } from '../../daemon/src/alerts/snmp.js';
import { quietForMs } from '../../daemon/src/alerts/quiet.js';
import { Secrets } from '../../daemon/src/config/index.js';
import {
  AlertKind,
  AlertRuleCreate,
  AlertWayPut,
  SmsWay,
  type AlertDelivery,
} from '../../daemon/src/contract/index.js';
import type { Db } from '../../daemon/src/db/index.js';
import { AddressGuard, Metrics, silentLog } from '../../daemon/src/platform/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { freePort } from '../support/free-ports.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { testDatabase } from '../support/test-database.js';

const ENGINE = Buffer.from('80007ed9050102030405060708', 'hex');
const unnoted = (): Promise<void> => Promise.resolve();
const MINUTE = 60_000;

async function alertBox(home = temporaryFolder(), given?: Db) {
  const db = given ?? (await testDatabase(home));
  const clock = new FakeClock();
  const now: Concern[] = [];
  const mails: { to: string; subject: string; text: string }[] = [];
  const allowed = ['127.0.0.1'];
  const service = new AlertService({
    ...{
      db,
      clock,
      log: silentLog,
      metrics: new Metrics(),
      language: 'en' as const,
      secrets: new Secrets(join(home, 'key')),
    },
    concerns: () => Promise.resolve(now),
    async mail(mail, also) {
      mails.push(mail);
      await db.write(also);
    },
    timeZone: () => 'Asia/Shanghai',
    guard: () => new AddressGuard(allowed),
    engine: () => ({ id: ENGINE, boots: 3, seconds: 77 }),
  });
  onTestFinished(() => service.stop());
  const way = async (settings: unknown): Promise<string> =>
    (await service.putWay(AlertWayPut.parse({ name: 'w', language: 'en', settings }), unnoted)).id;
  const rule = (ways: string[], over: object = {}) =>
    service.createRule(AlertRuleCreate.parse({ name: 'r', ways, delayMs: 0, ...over }), unnoted);
  /** Time passes, and it looks. */
  const later = async (ms: number): Promise<void> => {
    await clock.advance(ms);
    await service.look();
  };
  const subjects = (): string[] => mails.map(({ subject }) => subject.replace(/^(\[\w+\] )?[^:]+: /, '$1'));
  return { service, db, clock, now, mails, way, rule, later, subjects, home, allowed };
}

const hot = (grave = false): Concern => ({ kind: 'temperature', grave, value: grave ? 95 : 85 });
const mailWay = { kind: 'mail', to: ['li@example.com'] };

describe('a concern', () => {
  test('is told when it begins, again after a day, and when it is over', async () => {
    const of = await alertBox();
    await of.rule([await of.way(mailWay)]);
    of.now.push(hot());
    await of.later(0);
    await of.later(MINUTE);
    expect(of.subjects()).toEqual(['the machine is too hot (85 °C)']);
    await of.later(86_400_000);
    expect(of.subjects().at(-1)).toBe('[still] the machine is too hot (85 °C)');
    of.now.length = 0;
    await of.later(10_000);
    expect(of.mails).toHaveLength(2);
    await of.later(31_000);
    expect(of.subjects().at(-1)).toBe('[over] the machine is too hot (85 °C)');
    const { alerts } = await of.service.list({ limit: 10 });
    expect(alerts).toHaveLength(1);
    expect(alerts[0]!.endedAt).not.toBeNull();
    expect(alerts[0]!.deliveries.map(({ what, state }) => `${what} ${state}`)).toEqual([
      ...['began sent', 'reminder sent', 'ended sent'],
    ]);
  });

  test('that is over before the rule speaks is not told at all; one that comes back at once goes on', async () => {
    const of = await alertBox();
    await of.rule([await of.way(mailWay)], { delayMs: 5 * MINUTE });
    of.now.push(hot());
    await of.later(0);
    of.now.length = 0;
    await of.later(MINUTE);
    of.now.push(hot());
    await of.later(10_000);
    of.now.length = 0;
    await of.later(MINUTE);
    await of.later(MINUTE);
    expect(of.mails).toEqual([]);
    expect((await of.service.list({ limit: 10 })).alerts).toHaveLength(1);
  });

  test('is told to those whom rules name: by kind, by severity, once by each way', async () => {
    const of = await alertBox();
    const [all, graves] = [await of.way(mailWay), await of.way({ kind: 'mail', to: ['boss@example.com'] })];
    await of.rule([all]);
    await of.rule([all], { concerns: ['temperature'] });
    await of.rule([graves], { severity: 'grave' });
    of.now.push(hot());
    await of.later(0);
    expect(of.mails.map(({ to }) => to)).toEqual(['li@example.com']);
    of.now[0] = hot(true);
    await of.later(MINUTE);
    expect(of.mails.map(({ to }) => to)).toEqual(['li@example.com', 'boss@example.com']);
  });

  test('waits in quiet hours unless it is grave', async () => {
    const of = await alertBox();
    const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Shanghai', hour: '2-digit', minute: '2-digit' });
    const at = (ms: number): string => clock.format(of.clock.wallMs() + ms);
    const quiet = { quietFrom: at(-5 * MINUTE), quietTo: at(10 * MINUTE) };
    await of.rule([await of.way(mailWay)], quiet);
    of.now.push(hot());
    await of.later(0);
    expect(of.mails).toEqual([]);
    of.now.push({ kind: 'database', grave: true, value: null });
    await of.later(1000);
    expect(of.subjects()).toEqual(['[grave] the database is damaged: restore a sound back-up']);
    await of.later(11 * MINUTE);
    expect(of.subjects().at(-1)).toBe('the machine is too hot (85 °C)');
  });

  test('is told once, whatever restarts come between', async () => {
    const of = await alertBox();
    await of.rule([await of.way(mailWay)]);
    of.now.push(hot());
    await of.later(0);
    const again = await alertBox(of.home, of.db);
    again.now.push(hot());
    await again.service.start();
    await again.service.look();
    expect(again.mails).toEqual([]);
    again.now.length = 0;
    await again.later(MINUTE);
    await again.later(MINUTE);
    expect(again.subjects()).toEqual(['[over] the machine is too hot (85 °C)']);
  });
});

test('a storm is held back and summed up', async () => {
  const of = await alertBox();
  await of.rule([await of.way(mailWay)]);
  for (const kind of AlertKind.options) of.now.push({ kind, grave: false, value: null });
  await of.later(0);
  expect(of.mails).toHaveLength(10);
  const held = AlertKind.options.length - 10;
  await of.later(11 * MINUTE);
  expect(of.subjects().at(-1)).toBe(`${held} more alerts`);
  await of.later(11 * MINUTE);
  expect(of.mails).toHaveLength(11);
});

test('quiet hours go over midnight', () => {
  const at = (time: string): number => Date.parse(`2026-03-01T${time}:00+08:00`);
  const night = { quietFrom: '22:00', quietTo: '07:00' };
  expect(quietForMs(night, at('23:00'), 'Asia/Shanghai')).toBe(8 * 3_600_000);
  expect(quietForMs(night, at('06:59'), 'Asia/Shanghai')).toBe(MINUTE);
  expect(quietForMs(night, at('07:00'), 'Asia/Shanghai')).toBe(0);
  expect(quietForMs({ quietFrom: null, quietTo: null }, at('23:00'), 'Asia/Shanghai')).toBe(0);
});

test('every kind of concern has words of its own', () => {
  expect(AlertKind.options.filter((kind) => !hasText(kind))).toEqual([]);
});

interface Heard {
  headers: IncomingMessage['headers'];
  body: string;
}

async function receiver(answers: number[]): Promise<{ url: string; heard: Heard[] }> {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      heard.push({ headers: request.headers, body });
      response.statusCode = answers.shift() ?? 200;
      response.end('{"code":"0"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, heard };
}

describe('a webhook', () => {
  test('is signed, asked again when it fails, and by then after a restart, too', async () => {
    const of = await alertBox();
    const { url, heard } = await receiver([503]);
    await of.rule([await of.way({ kind: 'webhook', url, secret: 's3cret' })]);
    of.now.push(hot(true));
    await of.later(0);
    expect(heard).toHaveLength(1);
    const again = await alertBox(of.home, of.db);
    again.now.push(hot(true));
    await again.clock.advance(16_000);
    await again.service.start();
    await again.service.look();
    expect(heard).toHaveLength(2);
    const [, { headers, body }] = heard as [Heard, Heard];
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-cordboard-signature']))!;
    expect(createHmac('sha256', 's3cret').update(`${t}.${body}`).digest('hex')).toBe(v1);
    expect(JSON.parse(body)).toMatchObject({ what: 'began', kind: 'temperature', grave: true, value: 95 });
    const [alert] = (await again.service.list({ limit: 1 })).alerts;
    expect(alert!.deliveries).toMatchObject([{ state: 'sent', attempts: 2 }]);
  });

  test('does not lead to the box itself, and gives up when it is refused for good', async () => {
    const of = await alertBox();
    const { url, heard } = await receiver([404]);
    const id = await of.way({ kind: 'webhook', url });
    expect(await of.service.test(id, 'li')).toMatchObject({
      state: 'dead',
      lastError: expect.stringContaining('HTTP 404') as string,
    });
    of.allowed.length = 0;
    const inside = await of.way({ kind: 'webhook', url, ownNetwork: true });
    for (const one of [id, inside])
      expect(await of.service.test(one, 'li')).toMatchObject({
        state: 'dead',
        lastError: '#own 127.0.0.1',
      });
    expect(heard).toHaveLength(1);
  });
});

test('secrets of ways are told to nobody, stay when they are left out, and are sealed', async () => {
  const of = await alertBox();
  const settings = { kind: 'webhook', url: 'https://example.com/', secret: 'only-here' };
  const id = await of.way(settings);
  expect(JSON.stringify(await of.service.ways())).not.toContain('only-here');
  expect(JSON.stringify(await of.db.alerts.ways())).not.toContain('only-here');
  const { secret: _secret, ...rest } = settings;
  const kept = await of.service.putWay(AlertWayPut.parse({ name: 'w', settings: rest }), unnoted, id);
  expect(kept.hasSecrets).toBe(true);
});

describe('a text message', () => {
  const way = (over: object) => ({
    ...SmsWay.parse({ kind: 'sms', numbers: ['13800138000'], ...over }),
    secret: 'p"w',
  });

  test('by any gateway: values are escaped as what they stand in asks', async () => {
    expect(filled('{"t":"{text}"}', { text: 'a"b\\' }, 'application/json')).toBe('{"t":"a\\"b\\\\"}');
    expect(filled('<t>{text}</t>', { text: '<&>' }, 'text/xml')).toBe('<t>&#60;&#38;&#62;</t>');
    expect(filled('t={text}', { text: "a&b 'c" }, 'application/x-www-form-urlencoded')).toBe('t=a%26b%20%27c');
    const of = await alertBox();
    const { url, heard } = await receiver([]);
    const body = '{"to":"{number}","text":"{text}","key":"{secret}"}';
    const id = await of.way({
      kind: 'sms',
      numbers: ['13800138000', '13900139000'],
      url,
      body,
      secret: 'p"w',
      okPattern: '"code":"0"',
    });
    expect(await of.service.test(id, 'li "x"')).toMatchObject({ state: 'sent' });
    expect(heard.map((one) => JSON.parse(one.body) as { to: string; key: string })).toMatchObject([
      ...[{ to: '13800138000', key: 'p"w' }, { to: '13900139000' }],
    ]);
  });

  test('by those of China, as each wants it', () => {
    const at = Date.UTC(2026, 10, 23, 8);
    const bao = smsRequest(way({ preset: 'smsbao', account: 'u', signature: '客服' }), '13800138000', '温度 过高', at);
    expect(bao.url).toBe(
      `https://api.smsbao.com/sms?u=u&p=f4f4e3d3ba02d4d9b1f0b6f2f4f1f6d7&m=13800138000&c=${encodeURIComponent('【客服】温度 过高')}`.replace(
        /p=[0-9a-f]{32}/,
        /p=[0-9a-f]{32}/.exec(bao.url)![0],
      ),
    );
    expect([bao.taken('0'), bao.taken('30')]).toEqual([true, false]);
    const lan = smsRequest(way({ preset: 'chuanglan', account: 'N1' }), '13800138000', 'x', at);
    expect(JSON.parse(lan.body!)).toMatchObject({ account: 'N1', password: 'p"w', msg: 'x', phone: '13800138000' });
    expect([lan.taken('{"code":"0","msgId":"1"}'), lan.taken('{"code":"103"}')]).toEqual([true, false]);
    const ali = smsRequest(
      way({ preset: 'aliyun', account: 'AK', signature: '客服', template: 'SMS_1' }),
      '13800138000',
      'x',
      at,
    );
    const query = new URLSearchParams(ali.body);
    const signature = query.get('Signature')!;
    query.delete('Signature');
    // Computed again from what was sent, as the gateway does.
    const strict = (text: string): string =>
      encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
    const sorted = [...query]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => `${strict(k)}=${strict(v)}`)
      .join('&');
    expect(
      createHmac('sha1', 'p"w&')
        .update(`POST&%2F&${strict(sorted)}`)
        .digest('base64'),
    ).toBe(signature);
    expect(query.get('TemplateParam')).toBe('{"text":"x"}');
    const ten = smsRequest(
      way({ preset: 'tencent', account: 'AKID', appId: '14', template: '9' }),
      '13800138000',
      'x',
      at,
    );
    expect(ten.headers['authorization']).toMatch(
      /^TC3-HMAC-SHA256 Credential=AKID\/2026-11-23\/sms\/tc3_request, SignedHeaders=content-type;host, Signature=[0-9a-f]{64}$/,
    );
    expect(JSON.parse(ten.body!)).toMatchObject({ PhoneNumberSet: ['+8613800138000'], SmsSdkAppId: '14' });
  });
});

describe('a trap', () => {
  test('has the keys of RFC 3414 A.3', () => {
    const engine = Buffer.from('000000000000000000000002', 'hex');
    expect(localizedKey('sha1', 'maplesyrup', engine).toString('hex')).toBe('6695febc9288e36282235fc7151f128497b38f3f');
  });

  test('reaches snmptrapd by version 2c, 3 signed and 3 encrypted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cordboard-snmp-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const port = await freePort();
    const engine = `0x${ENGINE.toString('hex')}`;
    writeFileSync(
      join(folder, 'snmptrapd.conf'),
      [
        'authCommunity log,execute,net watch',
        `createUser -e ${engine} signed SHA-1 "signing-word"`,
        `createUser -e ${engine} sealed SHA-256 "signing-word" AES "sealing-word"`,
        'authUser log signed auth',
        'authUser log sealed priv',
        '',
      ].join('\n'),
    );
    const env = { ...process.env, SNMP_PERSISTENT_DIR: folder, MIBS: '' };
    const options = ['-f', '-Lo', '-n', '-On', '-C', '-c', join(folder, 'snmptrapd.conf'), `udp:127.0.0.1:${port}`];
    const daemon = spawn('/usr/sbin/snmptrapd', options, { env });
    let heard = '';
    for (const stream of [daemon.stdout, daemon.stderr])
      stream.on('data', (text: Buffer) => (heard += text.toString()));
    onTestFinished(() => void daemon.kill('SIGKILL'));
    await vi.waitFor(() => expect(heard).toContain('NET-SNMP version'), 30_000);
    const of = await alertBox();
    const target = { kind: 'snmp', host: '127.0.0.1', port };
    const secrets = { authSecret: 'signing-word', privacySecret: 'sealing-word' };
    const ways = [
      { ...target, community: 'watch' },
      { ...target, version: '3', user: 'signed', auth: 'sha', privacy: 'none', ...secrets },
      { ...target, version: '3', user: 'sealed', auth: 'sha256', privacy: 'aes', ...secrets },
    ];
    const results: AlertDelivery[] = [];
    for (const one of ways) results.push(await of.service.test(await of.way(one), 'li'));
    expect(results.map(({ state }) => state)).toEqual(['sent', 'sent', 'sent']);
    const traps = (): number => heard.match(/\.1\.3\.6\.1\.4\.1\.32473\.8472\.0\.4/g)?.length ?? 0;
    await vi.waitFor(() => expect(traps()).toBe(3), 20_000);
    expect(heard).toContain('a test');
    // A wrong word is heard by nobody.
    const wrong = {
      ...target,
      version: '3',
      user: 'sealed',
      auth: 'sha256',
      privacy: 'aes',
      ...secrets,
      authSecret: 'wrong-wording',
    };
    await of.service.test(await of.way(wrong), 'li');
    await of.service.test(await of.way(ways[0]), 'li');
    await vi.waitFor(() => expect(traps()).toBe(4), 20_000);
    console.info(
      `snmptrapd ${execFileSync('/usr/sbin/snmptrapd', ['-v'], { encoding: 'utf8', env }).trim().split('\n')[0]}: 4 of 5 traps heard, the one with a wrong word not`,
    );
  });
});
