// The commands for telephones, trunks and routes, as they are typed, against the API.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { columns } from '../../daemon/src/cli/columns.js';
import { runCli } from '../../daemon/src/cli/index.js';
import { SettingsSchema } from '../../daemon/src/config/index.js';
import type {
  OutboundRoute,
  RingGroup,
  Route,
  SipAccount,
  SipBan,
  SipStation,
  Trunk,
} from '../../daemon/src/contract/index.js';
import { wavOf } from '../support/archive-box.js';
import { T0, callRow, recordingRow, sipBinding } from '../support/db-rows.js';
import { httpBox, type HttpBox } from '../support/http-box.js';
import { temporaryFolder } from '../support/temporary-folder.js';

let box: HttpBox;
beforeEach(async () => {
  useBox(await httpBox());
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
  box.ports.world.stations.push({
    station: 1,
    name: 'Station 1',
    offHook: false,
    ringing: false,
    agentId: null,
    callId: null,
  } as never);
  speak('C.UTF-8');
});

/** The commands speak to this one from now on. */
function useBox(next: HttpBox): void {
  box = next;
  writeFileSync(join(box.home, 'address'), `${box.base}/\n`);
  vi.stubEnv('CORDBOARD_HOME', box.home);
}

function speak(locale: string): void {
  vi.stubEnv('LC_ALL', locale);
  onTestFinished(() => void vi.unstubAllEnvs());
}

interface Said {
  code: number;
  out: string;
  err: string;
}

/** Split at blanks; what stands in quotes is one word. */
async function cordboard(line: string): Promise<Said> {
  const args = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
  const said = { out: '', err: '' };
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((said.out += String(text)), true));
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((said.err += String(text)), true));
  try {
    return { code: await runCli(args), ...said };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

async function said(line: string): Promise<string> {
  const { code, out, err } = await cordboard(line);
  expect([line, err, code]).toEqual([line, '', 0]);
  return out;
}
const json = async <T>(line: string): Promise<T> => JSON.parse(await said(`${line} --json`)) as T;

describe('station', () => {
  test('add shows what a person types into a telephone, in his language', async () => {
    const out = await said('station add 1001 --sip --name "Lina Wang"');
    const secret = /secret {5}(\S{20})\n/.exec(out)?.[1];
    expect(out).toBe(
      [
        'Type this into telephone 1001:',
        '',
        '  server     127.0.0.1',
        '  port       5061',
        '  transport  TLS',
        '  domain     cordboard',
        '  user       1001',
        `  secret     ${secret}`,
        '  or: 127.0.0.1 5060 TCP, 127.0.0.1 5060 UDP',
        '',
        'The secret is shown this once. A new one: cordboard station secret 1001',
        '',
      ].join('\n'),
    );
    speak('zh_CN.UTF-8');
    const renewed = await said('station secret 1001');
    expect(renewed).toContain('请在话机 1001 上输入：\n\n  服务器  127.0.0.1\n  端口    5061\n');
    expect(renewed).not.toContain(secret);
  });

  test('add shows where pages connect: by the settings, or by the ports that SIP has', async () => {
    useBox(await httpBox({ sip: SettingsSchema.parse({ sip: { wsPort: 8080, wssPort: 8443 } }).sip }));
    const others = '127.0.0.1 5060 TCP, 127.0.0.1 5060 UDP';
    const out = await said('station add 1001 --sip');
    expect(out).toContain(`\n  or: ${others}, wss://127.0.0.1:8443, ws://127.0.0.1:8080\n`);
    // Who must come encrypted is told of no other way.
    const tls = await said('station add 1002 --sip --tls');
    expect(tls).toMatch(/\n {2}port {7}5061\n {2}transport {2}TLS\n/);
    expect(tls).toContain('\n  or: wss://127.0.0.1:8443\n');
    const { servers } = await json<SipAccount>('station add 1003 --sip');
    expect(servers.filter(({ url }) => url !== undefined)).toEqual([
      { host: '127.0.0.1', port: 8443, transport: 'wss', url: 'wss://127.0.0.1:8443' },
      { host: '127.0.0.1', port: 8080, transport: 'ws', url: 'ws://127.0.0.1:8080' },
    ]);

    const open = { host: '2001:db8::7', wsPort: 0, wssPort: 0 };
    useBox(await httpBox({ sip: SettingsSchema.parse({ sip: open }).sip }));
    box.ports.sip.listening = () => ({ port: 5060, tlsPort: undefined, wsPort: 40_002, wssPort: 40_003 });
    speak('zh_CN.UTF-8');
    expect(await said('station add 1001 --sip')).toContain(
      '\n  或：2001:db8::7 5060 TCP, 2001:db8::7 5060 UDP, wss://[2001:db8::7]:40003, ws://[2001:db8::7]:40002\n',
    );
  });

  test('add, set, show and remove do what the API does', async () => {
    const account = await json<SipAccount>(
      'station add 1001 --sip --tls --codecs opus,pcma --digest md5 --calls 2 --contacts 1 --calling-number +861066668888 --allow international --deny mobile --disable --language en --dtmf info',
    );
    expect(account.secret).toHaveLength(20);
    expect(account.station).toMatchObject({
      ...{ number: 1001, name: '1001', language: 'en', security: 'tls', srtp: 'required', codecs: ['opus', 'pcma'] },
      ...{ digest: ['md5'], maxCalls: 2, maxContacts: 1, callingNumber: '+861066668888', enabled: false, dtmf: 'info' },
      allowedClasses: ['internal', 'emergency', 'local', 'national', 'international'],
    });
    const changed = await json<SipStation>(
      'station set 1001 --enable --no-tls --srtp none --allow mobile,premium --deny international',
    );
    expect(changed).toMatchObject({ enabled: true, security: 'any', srtp: 'none' });
    expect(changed.allowedClasses).toEqual(['internal', 'emergency', 'local', 'national', 'mobile', 'premium']);
    expect(await json('station show 1001')).toEqual(changed);
    expect(await said('station show 1001')).toContain(
      'allowedClasses  internal, emergency, local, national, mobile, premium\n',
    );
    expect(await said('station remove 1001')).toBe('Telephone 1001 is removed.\n');
    expect(await json('station list')).toEqual([]);
  });

  test('list says who is registered from where, and who cannot be', async () => {
    expect(await said('station list')).toBe('There are none.\n');
    for (const number of [1001, 1002, 1003]) await said(`station add ${number} --sip --name 李娜${number}`);
    const expiresAt = box.clock.wallMs() + 1;
    await box.db.write(async (tx) => {
      await tx.sipBindings.replace(1001, [
        sipBinding({ expiresAt }),
        sipBinding({ expiresAt, receivedHost: '2001:db8::1', transport: 'tls' }),
      ]);
      await tx.sipStations.update(1002, { enabled: false });
      await tx.sipStations.update(1003, { realm: 'before' });
    });
    expect(await said('station list')).toBe(
      [
        '1001  李娜1001  registered from 192.0.2.7:5062 (UDP), [2001:db8::1]:5062 (TLS)',
        `1002  李娜1002  not registered${' '.repeat(50)}switched off`,
        `1003  李娜1003  not registered${' '.repeat(50)}needs a new secret`,
        '',
      ].join('\n'),
    );
    expect((await json<{ registrations: unknown[] }[]>('station list')).map((one) => one.registrations.length)).toEqual(
      [2, 0, 0],
    );
  });
});

describe('trunk', () => {
  test('of SIP is made, changed and shown without its secret, which may come from a file', async () => {
    const file = join(temporaryFolder(), 'secret');
    writeFileSync(file, 'very secret\n');
    const trunk = await json<Trunk>(
      `trunk add carrier --host sip.example.com,[2001:db8::7]:5061 --transport tls --user u --secret-file ${file} --rules-out 00.:2:+,0.:1:+86 --rules-in 0106666XXXX:7: --caller-rules 86.:2:+86,.:0:9 --sources 203.0.113.0/24 --expires 120 --options 0 --format plus --caller-id fixed --fixed-number 01066668888 --caller-id-header pai --diversion-header both`,
    );
    expect(trunk).toMatchObject({
      kind: 'sip',
      hosts: [
        { host: 'sip.example.com', port: 0, transport: 'tls' },
        { host: '2001:db8::7', port: 5061, transport: 'tls' },
      ],
      numberRulesOut: [
        { match: '00.', strip: 2, prepend: '+' },
        { match: '0.', strip: 1, prepend: '+86' },
      ],
      callerRulesIn: [
        { match: '86.', strip: 2, prepend: '+86' },
        { match: '.', strip: 0, prepend: '9' },
      ],
      ...{
        hasSecret: true,
        expiresS: 120,
        optionsIntervalS: 0,
        numberFormat: 'plus',
        callerId: 'fixed',
        fixedNumber: '01066668888',
      },
      ...{ sources: ['203.0.113.0/24'], callerIdHeader: 'pai', diversionHeader: 'both' },
    });
    expect((await box.db.trunks.find('carrier'))?.secret).toBe('very secret');
    expect(await said('trunk list')).toBe('carrier  carrier  SIP sip.example.com (TLS), [2001:db8::7]:5061 (TLS)\n');
    expect(await said('trunk show carrier')).not.toContain('very secret');
    expect(await said('trunk set carrier --transport udp --disable')).toBe('Trunk carrier is changed.\n');
    expect(await said('trunk list')).toBe(
      'carrier  carrier  SIP sip.example.com (UDP), [2001:db8::7]:5061 (UDP)  switched off\n',
    );
    expect(await said('trunk remove carrier')).toBe('Trunk carrier is removed.\n');
  });

  test('of SIP has hosts with a priority and a weight', async () => {
    const line = 'trunk add two --mode address --host a.example:5070/1/30,b.example:5070/1/70,[::1]:5060/2,c.example/3';
    const made = await json<Trunk>(line);
    expect(made.kind === 'sip' ? made.hosts.map((host) => Object.values(host).join(' ')) : made).toEqual([
      ...['a.example 5070 udp 1 30', 'b.example 5070 udp 1 70', '::1 5060 udp 2 10', 'c.example 0 udp 3 10'],
    ]);
  });

  test.each([
    ['--host a.example:x', /a\.example:x" is no host/, /a\.example:x" 不是主机/],
    ['--host a.example', /username: /, /username: /],
    ['--host a.example --mode address --sources 1.2.3.0/40', /sources\.0: .*network/i, /sources\.0: .*[\u4e00-\u9fff]/],
    ['--host a.example --mode address --calls 0', /maxCalls: /, /maxCalls: .*[\u4e00-\u9fff]/],
    ['--host a.example --mode address --rules-out 0.:9:', /numberRulesOut\.0\.strip: /, /[\u4e00-\u9fff]/],
    ['--host a.example --mode address --fingerprint ab', /tlsFingerprint: /, /tlsFingerprint: .*[\u4e00-\u9fff]/],
  ])('that cannot be says what is wrong in the language of the terminal: %s', async (options, en, zh) => {
    const english = await cordboard(`trunk add bad ${options}`);
    expect([english.code > 0, english.err]).toEqual([true, expect.stringMatching(en)]);
    speak('zh_CN.UTF-8');
    const chinese = await cordboard(`trunk add bad ${options}`);
    expect([chinese.code > 0, chinese.err]).toEqual([true, expect.stringMatching(zh)]);
    expect(await box.db.trunks.find('bad')).toBeNull();
  });

  test('of E1 has its spans', async () => {
    expect(await said('trunk add e1 --e1 1 --name City')).toBe('Trunk e1 is made.\n');
    expect(await said('trunk list')).toBe('e1  City  E1 1\n');
    expect((await cordboard('trunk add e2 --e1 2')).err).toContain('spans.0: ');
  });
});

test('route leads numbers in and out, and says which is which', async () => {
  await box.db.write((tx) =>
    tx.flows.put({ id: 'main', name: 'Main', definition: { start: 'a', nodes: {} }, updatedAt: T0 }),
  );
  await said('trunk add a --e1 1');
  const inbound = await json<Route>('route add 95001 --flow main --language zh-CN');
  const outbound = await json<OutboundRoute>(
    'route add --out 9. --trunk a --strip 1 --prepend 0 --priority 5 --emergency --name Outside',
  );
  expect(inbound).toMatchObject({ calledNumber: '95001', flowId: 'main', language: 'zh-CN' });
  expect(outbound).toMatchObject({
    pattern: '9.',
    trunks: ['a'],
    strip: 1,
    prepend: '0',
    priority: 5,
    emergency: true,
    name: 'Outside',
  });
  expect(await said('route list')).toBe(
    `in   95001  main  zh-CN             ${inbound.id}\nout  9.     a     -1 +0, emergency  ${outbound.id}\n`,
  );
  expect(await json('route list')).toEqual({ in: [inbound], out: [outbound] });
  expect(await said('route remove 95001')).toBe('The route in of 95001 is removed.\n');
  expect(await said(`route remove ${outbound.id}`)).toBe('The route out 9. is removed.\n');
  expect(await cordboard('route remove 95001')).toMatchObject({
    code: 2,
    err: 'There is no route 95001; see: cordboard route list\n',
  });
  expect(await said('route list')).toBe('There are none.\n');
});

test('group rings telephones', async () => {
  await said('station add 1001 --sip');
  const group = await json<RingGroup>('group add 7000 --stations 1,1001 --strategy sequence --ring 12.5');
  expect(group).toEqual({
    number: 7000,
    name: '7000',
    stations: [1, 1001],
    strategy: 'sequence',
    ringTimeoutMs: 12_500,
  });
  expect(await said('group set 7000 --name Sales --stations 1001')).toBe('Ring group 7000 is changed.\n');
  expect(await said('group list')).toBe('7000  Sales  1001  sequence  12.5 s\n');
  expect(await said('group remove 7000')).toBe('Ring group 7000 is removed.\n');
});

test('ban keeps an address out for hours, and lifts it', async () => {
  const ban = await json<SipBan>('ban add 2001:DB8::1 --hours 2 --reason "too curious"');
  expect(ban).toMatchObject({ address: '2001:db8::1', reason: 'too curious', until: ban.since + 7_200_000 });
  await box.db.write((tx) =>
    tx.sipBans.put({ ...ban, address: '2001:db8:1::/64', reason: 'scanner\u001b[2J', count: 3, since: ban.since - 1 }),
  );
  expect(await said('ban list')).toBe(
    '2001:db8::1      too curious  until 2024-11-22 00:00Z  1×\n2001:db8:1::/64  scanner[2J   until 2024-11-22 00:00Z  3×\n',
  );
  expect(await said('ban lift 2001:db8:1::/64')).toBe('Address 2001:db8:1::/64 is listened to again.\n');
  expect(await said('ban lift 2001:db8::1')).toBe('Address 2001:db8::1 is listened to again.\n');
  expect(await said('ban list')).toBe('There are none.\n');
});

describe('what is wrong is said', () => {
  test.each<[line: string, code: number, sentence: string | RegExp]>([
    ['station', 2, 'What should be done? add, list, show, set, secret, remove; not "". See: cordboard station --help'],
    ['trunk toString', 2, /not "toString"/],
    ['station add 1001', 2, 'Analog telephones are ports of a card; say --sip to make a SIP one.'],
    ['station add --sip', 2, 'Which one? See: cordboard station --help'],
    ['station add lina --sip', 2, 'station add takes a number, not "lina".'],
    ['station add 1001 --sip --tls --no-tls', 2, '--tls and --no-tls do not go together.'],
    ['station add 1001 --sip --nmae x', 2, /Unknown option '--nmae'/],
    ['station add 1100 --sip', 1, /begins with 110/],
    ['station add 1001 --sip --allow moon', 1, /allowedClasses\.5: must be one of internal/],
    ['station set 1001', 2, 'What is to be changed? See: cordboard station --help'],
    ['station set 1001 --name x', 1, 'There is no SIP telephone 1001; choose one that exists.'],
    ['station remove ../../users/x', 1, /params\.number/],
    ['trunk add a', 2, /E1 \(--e1 1,2\), of analog lines \(--fxo 9,10\) or of SIP/],
    ['trunk add a --e1 1 --host x', 2, /E1 \(--e1 1,2\), of analog lines \(--fxo 9,10\) or of SIP/],
    ['trunk add a --host a/b', 2, '"a/b" is no host; write sip.example.com, 192.0.2.7:5060 or [2001:db8::7]:5060.'],
    ['trunk add a --host x --user u --rules-out 00.', 2, /"00\." is no rule/],
    ['trunk add a --host x --secret a --secret-file b', 2, '--secret and --secret-file do not go together.'],
    ['trunk add a --host x --secret-file /nowhere', 2, /^\/nowhere cannot be read: ENOENT/],
    ['trunk add a --host x', 1, /username: A trunk that registers needs a username/],
    ['route add 95001', 2, /Does the route lead in/],
    ['route add 95001 --out 9. --trunk a', 2, /Does the route lead in/],
    ['route add 95001 --flow x --strip 1', 2, '--flow and --strip do not go together.'],
    ['group add 7000 --stations 1,x', 2, '--stations takes a number, not "x".'],
    ['ban lift 192.0.2.1', 1, 'The address 192.0.2.1 is not banned.'],
    ['ban list --home /nowhere', 2, /^No box runs with the home \/nowhere/],
  ])('%s', async (line, code, sentence) => {
    const result = await cordboard(line);
    expect([result.code, result.out]).toEqual([code, '']);
    if (typeof sentence === 'string') expect(result.err).toBe(`${sentence}\n`);
    else expect(result.err).toMatch(sentence);
    expect(await box.db.sipStations.list()).toEqual([]);
    expect(await box.db.trunks.list()).toEqual([]);
  });

  test('in Chinese to who speaks it, the box and the command line alike', async () => {
    speak('zh_CN.UTF-8');
    expect((await cordboard('station add 1001')).err).toBe('模拟话机即板卡端口；添加 SIP 话机请使用 --sip。\n');
    expect((await cordboard('station remove 1001')).err).toBe('SIP 话机 1001 不存在；请选择已有话机。\n');
    expect(await said('station list')).toBe('没有。\n');
  });
});

test('help of a command says its options and needs no box', async () => {
  for (const command of ['station', 'trunk', 'route', 'group', 'ban']) {
    for (const locale of ['en_US.UTF-8', 'zh_CN.UTF-8']) {
      speak(locale);
      const out = await said(`${command} add --help`);
      expect(out).toContain(`cordboard ${command}\n`);
      expect(out).toContain('--json');
      expect(out.split('\n').every((line) => line.length <= 110)).toBe(true);
    }
  }
  expect(await said('help --help')).toContain('cordboard station');
});

test('columns stand one below the other, whatever script names are in', () => {
  expect(
    columns([
      ['a', '李娜', 'x'],
      ['bb', 'Anna', ''],
      ['', '娜', 'y\u0007z'],
    ]),
  ).toEqual(['a   李娜  x', 'bb  Anna', '    娜    yz']);
});

test('recordings at rest are verified, kept by rule and given a new key', async () => {
  const row = recordingRow(callRow().id, { state: 'complete', endedAt: T0, path: 'a.wav' });
  await box.db.write(async (tx) => {
    await tx.calls.insert(callRow({ id: row.callId, state: 'ended', endedAt: T0 }));
    await tx.recordings.insert(row);
  });
  mkdirSync(join(box.home, 'recordings'));
  writeFileSync(join(box.home, 'recordings/a.wav'), wavOf(100));
  await box.archive.sealDue();
  expect(await cordboard('recording verify')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^1 recordings are/) as string,
  });
  expect(await cordboard('recording rotate')).toMatchObject({
    code: 0,
    out: expect.stringContaining('1 recordings have it') as string,
  });
  expect((await cordboard('recording keys')).out).toContain('in force');
  expect((await cordboard('recording retain --dry-run')).out).toContain('0 recordings would be removed');
  writeFileSync(join(box.home, 'recordings/a.cbr'), 'x');
  const found = await cordboard('recording verify');
  expect(found.code).toBe(1);
  expect(found.out).toMatch(/^changed +a\.cbr/);
});
