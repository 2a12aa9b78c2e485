import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { homeFolder, loadConfig, loadCountry, migrateSettings } from '../../daemon/src/config/index.js';
import { boxSpans } from '../../daemon/src/engine/index.js';
import { AppError } from '../../daemon/src/platform/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';

function homeWith(settings?: unknown): string {
  const home = join(temporaryFolder(), 'home');
  mkdirSync(home);
  const text = typeof settings === 'string' ? settings : JSON.stringify(settings);
  if (settings !== undefined) writeFileSync(join(home, 'settings.json'), text);
  return home;
}

function refusal(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('settings', () => {
  test('without file and environment everything has its default, and the home is made for its owner alone', () => {
    const home = join(temporaryFolder(), 'new/home');
    const config = loadConfig({ env: {}, home });
    expect(config.settings.http).toMatchObject({ host: '127.0.0.1', port: 8080 });
    expect(config.settings.virtual).toEqual({ spans: 1, stations: 8, lines: 0 });
    expect(config.recordingsFolder).toBe(join(home, 'recordings'));
    expect(config.databaseFile).toBe(join(home, 'cordboard.sqlite'));
    expect(config.country.code).toBe('cn');
    expect(statSync(home).mode & 0o777).toBe(0o700);
  });

  test('the environment wins over the file', () => {
    const home = homeWith({ http: { port: 9000, host: '127.0.0.2' }, virtual: { spans: 2 } });
    const env = {
      CORDBOARD_HTTP_PORT: '0',
      CORDBOARD_VIRTUAL_STATIONS: '3',
      CORDBOARD_ENGINE_REALTIME: 'false',
      CORDBOARD_HTTP_ALLOWED_HOSTS: 'box.example, 10.0.0.2',
      CORDBOARD_RECORDINGS_FOLDER: '/srv/rec',
      CORDBOARD_LANGUAGE: '',
      PATH: '/bin',
    };
    const { settings, recordingsFolder } = loadConfig({ env, home });
    expect(settings.http).toMatchObject({ port: 0, host: '127.0.0.2', allowedHosts: ['box.example', '10.0.0.2'] });
    expect(settings.virtual).toEqual({ spans: 2, stations: 3, lines: 0 });
    expect(settings.engine.realtime).toBe(false);
    expect(settings.language).toBe('zh-CN');
    expect(recordingsFolder).toBe('/srv/rec');
  });

  test('E1 of boards have numbers of their own behind the virtual ones, and no span of the driver twice', () => {
    const boards = (...spans: unknown[]) => homeWith({ virtual: { spans: 1 }, boards: { spans } });
    const { settings } = loadConfig({ env: {}, home: boards({ span: 2, device: 1 }) });
    expect(settings.boards).toMatchObject({
      spans: [{ card: 'dahdi', span: 2, device: 1, side: 'user' }],
      ...{ buffers: 8, ahead: 2 },
    });
    expect(boxSpans(settings)).toEqual([1, 2]);
    for (const [home, path] of [
      [boards({ span: 1, device: 1 }), 'boards.spans'],
      [boards({ span: 2, device: 1 }, { span: 3, device: 1 }), 'boards.spans'],
      [homeWith({ boards: { buffers: 4, ahead: 4 } }), 'boards.ahead'],
    ] as const)
      expect(refusal(() => loadConfig({ env: {}, home })).details('en')).toMatchObject([{ path }]);
  });

  test('unknown names are refused and the near one is named, all at once', () => {
    const home = homeWith({ htp: {}, http: { prot: 1, port: '80' } });
    const env = { CORDBOARD_HTTP_PROT: '1', CORDBOARD_WHATEVER: 'x' };
    const error = refusal(() => loadConfig({ env, home }));
    expect(error.code).toBe('settings_invalid');
    expect(error.details('en')).toEqual([
      { path: 'CORDBOARD_HTTP_PROT', message: 'is not known; did you mean CORDBOARD_HTTP_PORT?' },
      { path: 'CORDBOARD_WHATEVER', message: 'is not known; leave it out.' },
      { path: 'http.port', message: 'must be a number.' },
      { path: 'http.prot', message: 'is not known; did you mean port?' },
      { path: 'htp', message: 'is not known; did you mean http?' },
    ]);
    expect(error.text('zh-CN')).toContain('您是否想写 CORDBOARD_HTTP_PORT？');
  });

  test('a wrong value from the environment is named by its variable', () => {
    const error = refusal(() => loadConfig({ env: { CORDBOARD_HTTP_PORT: 'eighty' }, home: homeWith() }));
    expect(error.details('en')).toEqual([{ path: 'CORDBOARD_HTTP_PORT', message: 'must be a number.' }]);
    const range = refusal(() => loadConfig({ env: { CORDBOARD_HTTP_PORT: '70000' }, home: homeWith() }));
    expect(range.details('en')).toEqual([{ path: 'CORDBOARD_HTTP_PORT', message: 'must be 65535 at most.' }]);
  });

  test('SIP listens where HTTP does, unless it is told otherwise', () => {
    const sip = (env: Record<string, string>, file?: unknown) => {
      const { http, sip } = loadConfig({ env, home: homeWith(file) }).settings;
      return [http.host, sip.host];
    };
    expect(sip({})).toEqual(['127.0.0.1', '127.0.0.1']);
    expect(sip({ CORDBOARD_HTTP_HOST: '10.0.0.1' })).toEqual(['10.0.0.1', '10.0.0.1']);
    expect(sip({ CORDBOARD_BIND: '0.0.0.0' }, { http: { host: '10.0.0.1' }, sip: { host: '10.0.0.2' } })).toEqual([
      '0.0.0.0',
      '0.0.0.0',
    ]);
    expect(sip({ CORDBOARD_HTTP_HOST: '10.0.0.1', CORDBOARD_BIND: '0.0.0.0' })).toEqual(['10.0.0.1', '0.0.0.0']);
    expect(sip({ CORDBOARD_BIND: '0.0.0.0', CORDBOARD_SIP_HOST: '10.0.0.3' })).toEqual(['0.0.0.0', '10.0.0.3']);
    const error = refusal(() => loadConfig({ env: { CORDBOARD_BIND: 'a b' }, home: homeWith() }));
    expect(error.details('en').map(({ path }) => path)).toEqual(['CORDBOARD_BIND', 'CORDBOARD_BIND']);
  });

  test('SIP has its ports and names from variables, too', () => {
    const env = {
      CORDBOARD_SIP_PORT: '0',
      CORDBOARD_SIPS_PORT: '15061',
      CORDBOARD_SIP_DOMAIN: 'box.example',
      CORDBOARD_SIP_EXTERNAL_ADDRESS: '203.0.113.7',
      CORDBOARD_SIP_TRUSTED: '192.0.2.0/24, 2001:db8::1',
      CORDBOARD_SIP_CALLS_PER_HOUR: '500',
      CORDBOARD_RTP_PORTS: '30000-30999',
    };
    const { settings, tlsFolder, home } = loadConfig({ env, home: homeWith({ sip: { dscp: 0 } }) });
    expect(settings.sip).toEqual({
      enabled: true,
      turnUrls: [],
      turnSecret: '',
      host: '127.0.0.1',
      port: 0,
      tlsPort: 15_061,
      domain: 'box.example',
      externalAddress: '203.0.113.7',
      rtpPorts: { first: 30_000, last: 30_999 },
      dscp: 0,
      maxStreams: 512,
      threads: 1,
      callsPerHour: 500,
      trusted: ['192.0.2.0/24', '2001:db8::1'],
    });
    expect(tlsFolder).toBe(join(home, 'tls'));
  });

  test.each([
    [{ CORDBOARD_RTP_PORTS: '20000' }, 'CORDBOARD_RTP_PORTS', /two ports such as 20000-29999/],
    [{ CORDBOARD_RTP_PORTS: '30000-20001' }, 'CORDBOARD_RTP_PORTS', /two ports such as 20000-29999/],
    [{ CORDBOARD_RTP_PORTS: '20001-20999' }, 'CORDBOARD_RTP_PORTS', /multiple of 2/],
    [{ CORDBOARD_SIP_DOMAIN: 'a"b' }, 'CORDBOARD_SIP_DOMAIN', /letters, digits, dots/],
    [{ CORDBOARD_SIP_EXTERNAL_ADDRESS: 'box.example' }, 'CORDBOARD_SIP_EXTERNAL_ADDRESS', /IPv4 or IPv6/],
    [{ CORDBOARD_SIPPORT: '1' }, 'CORDBOARD_SIPPORT', /did you mean CORDBOARD_SIPS?_PORT/],
  ])('a wrong setting of SIP is named by its variable: %j', (env, path, message) => {
    const [detail] = refusal(() => loadConfig({ env, home: homeWith() })).details('en');
    expect(detail?.path).toBe(path);
    expect(detail?.message).toMatch(message);
  });

  test.each<[what: string, text: string, line: number, column: number, reason: string]>([
    ['a comma too many', '{\n  "http": {\n    "port": 80,\n  }\n}', 4, 3, 'a name in double quotes must stand here'],
    ['no value', '{ "http": }', 1, 11, 'a value must stand here'],
    ['no comma', '{\n "a": 1\n "b": 2 }', 3, 2, 'a comma or } must stand here'],
    ['an end too early', '{ "a": 1', 1, 9, 'a comma or } must stand here'],
    ['nothing at all', '', 1, 1, 'the text ends where a value must stand'],
    ['a line break in a text', '{ "a": "x\n" }', 1, 8, 'this text does not end on its line or has a wrong backslash'],
    ['a name twice', '{ "语言": 1, "语言": 2 }', 1, 12, '"语言" stands here a second time'],
    ['more after the end', '{} x', 1, 4, 'nothing may follow the end'],
    ['too deep', `${'['.repeat(100_000)}`, 1, 66, 'it is nested too deeply'],
    ['a list', '[]', 1, 1, 'an object in braces must stand here'],
  ])('malformed JSON is refused with its place: %s', (_what, text, line, column, reason) => {
    const home = homeWith(text);
    const error = refusal(() => loadConfig({ env: {}, home }));
    expect(error.code).toBe('settings_not_json');
    expect(error.text('en')).toBe(
      `${join(home, 'settings.json')}, line ${line}, column ${column}: ${reason}. Correct it and start again.`,
    );
  });

  test('the home comes from the environment, else lies among the data of the user', () => {
    expect(homeFolder({ CORDBOARD_HOME: '/var/lib/cordboard' })).toBe('/var/lib/cordboard');
    expect(homeFolder({ XDG_DATA_HOME: '/data' })).toBe('/data/cordboard');
    expect(homeFolder({})).toMatch(/\.local\/share\/cordboard$/);
  });
});

describe('migration of settings', () => {
  const steps = [
    (s: Record<string, unknown>) => ({ ...s, b: s['a'], a: undefined }),
    (s: Record<string, unknown>) => ({ ...s, c: `${String(s['b'])}!` }),
  ];

  test('takes every step, keeps the file as it was, and does nothing the second time', () => {
    const file = join(homeWith({ a: 'x' }), 'settings.json');
    const before = readFileSync(file, 'utf8');
    const { settings, backup } = migrateSettings(file, JSON.parse(before) as Record<string, unknown>, steps, 3);
    expect(settings).toEqual({ b: 'x', c: 'x!', a: undefined, version: 3 });
    expect(readFileSync(backup!, 'utf8')).toBe(before);
    const written = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    expect(written).toEqual({ b: 'x', c: 'x!', version: 3 });
    expect(existsSync(`${file}.new`)).toBe(false);
    expect(migrateSettings(file, written, steps, 3).backup).toBeUndefined();
  });

  test('recordings.flushMs of version 1 becomes syncMs, at most what is allowed now', () => {
    const { settings } = loadConfig({
      env: {},
      home: homeWith({ version: 1, recordings: { flushMs: 2000, folder: 'r' } }),
    });
    expect(settings.recordings).toMatchObject({ syncMs: 1400, folder: 'r' });
    expect(settings.version).toBe(3);
  });

  test('a file of version 2 gets SIP with its defaults, and keeps what it says', () => {
    const home = homeWith({ version: 2, http: { host: '10.0.0.1' } });
    const { settings } = loadConfig({ env: {}, home });
    expect(settings).toMatchObject({ version: 3, sip: { enabled: true, host: '10.0.0.1', port: 5060 } });
    expect(JSON.parse(readFileSync(join(home, 'settings.json'), 'utf8'))).toEqual({
      version: 3,
      http: { host: '10.0.0.1' },
    });
    expect(existsSync(join(home, 'settings.json.v2'))).toBe(true);
  });

  test('a file of a newer version is refused', () => {
    const home = homeWith({ version: 99 });
    const error = refusal(() => loadConfig({ env: {}, home }));
    expect(error.code).toBe('settings_newer');
    expect(error.text('en')).toContain('settings.json.v3');
  });
});

describe('country', () => {
  test('China has the tones of its network', () => {
    const { country } = loadConfig({ env: {}, home: homeWith() });
    const tone = (name: string) => country.tones.find((one) => one.name === name)!.parts[0]!;
    expect(tone('dial')).toMatchObject({ frequenciesHz: [450], onMs: 0 });
    expect(tone('ringback')).toMatchObject({ frequenciesHz: [450], onMs: 1000, offMs: 4000 });
    expect(tone('busy')).toMatchObject({ onMs: 350, offMs: 350 });
    expect(tone('congestion')).toMatchObject({ onMs: 700, offMs: 700 });
    expect(country.ringCadenceMs).toEqual([1000, 4000]);
    expect(country).not.toHaveProperty('sources');
  });

  test('one that is not there, tries to climb out or lacks a tone is refused', () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'xx.json'),
      JSON.stringify({ code: 'xx', tones: [], ringCadenceMs: [1], flashMinMs: 80 }),
    );
    expect(refusal(() => loadCountry('de', folder)).text('en')).toContain('there are: xx');
    expect(refusal(() => loadCountry('../xx', folder)).code).toBe('country_not_found');
    const error = refusal(() => loadCountry('xx', folder));
    expect(error.code).toBe('country_invalid');
    expect(error.details('en').map(({ path }) => path)).toEqual(
      expect.arrayContaining(['tones', 'ringCadenceMs', 'flashMaxMs']),
    );
  });
});
