// Back-ups by the clock: at the hour of the box's own zone, made up for when the box was off, told in both languages when they fail.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BackupService } from '../../daemon/src/backup/index.js';
import { applyPendingRestore, loadConfig } from '../../daemon/src/config/index.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const HOUR = 3_600_000;
const MINUTE = 60_000;
/** one in the morning in Shanghai, five in the afternoon of the day before in UTC */
const NIGHT = Date.UTC(2026, 9, 9, 17, 0);
const PLAN = { enabled: true, hour: 3, keep: 2, trialDays: 0 };
const PASSPHRASE = 'a cord for every call';

class Desk {
  readonly clock: FakeClock;
  readonly home: string;
  readonly service: BackupService;
  copy: (file: string) => void = (file) => writeFileSync(file, 'rows');
  readonly databaseFile: string;
  inspected: { problem: string | undefined; counts: Record<string, number> } = {
    problem: undefined,
    counts: { calls: 7 },
  };

  constructor(home = temporaryFolder(), at = NIGHT) {
    this.home = home;
    this.clock = new FakeClock(at);
    const env = { CORDBOARD_TIME_ZONE: 'Asia/Shanghai' };
    const config = loadConfig({ home, env });
    this.databaseFile = config.databaseFile;
    if (!existsSync(config.databaseFile)) writeFileSync(config.databaseFile, 'rows');
    this.service = new BackupService({
      ...{ config, env, version: '1', clock: this.clock, log: silentLog },
      copyDatabase: (file) => Promise.resolve().then(() => this.copy(file)),
      inspectDatabase: () => Promise.resolve(this.inspected),
    });
    onTestFinished(() => this.service.stop());
  }

  get files(): string[] {
    return readdirSync(join(this.home, 'backups', 'box')).sort();
  }

  get backups(): string[] {
    return this.files.filter((name) => name.endsWith('.cbk'));
  }

  /** Lets so much time go by; resolves when what was begun then is done. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= MINUTE) {
      await this.clock.advance(Math.min(left, MINUTE));
      await this.service.idle();
    }
  }
}

async function planned(plan: Partial<typeof PLAN> = {}): Promise<Desk> {
  const desk = new Desk();
  await desk.service.start();
  await desk.service.setPlan({ ...PLAN, passphrase: PASSPHRASE, ...plan });
  return desk;
}

test('once a day at the hour that the box shows, and the oldest go', async () => {
  const desk = await planned();
  await desk.pass(2 * HOUR - MINUTE);
  expect(desk.backups).toEqual([]);
  await desk.pass(2 * MINUTE);
  expect(desk.backups).toEqual(['cordboard-20261009T190000Z.cbk']);
  expect((await desk.service.state()).last).toMatchObject({ at: NIGHT + 2 * HOUR, ok: true, problem: '' });
  await desk.pass(3 * HOUR);
  expect(desk.backups).toHaveLength(1);
  for (const day of [1, 2]) {
    desk.clock.setWall(NIGHT + day * 24 * HOUR + 2 * HOUR);
    await desk.pass(2 * MINUTE);
  }
  expect(desk.backups).toEqual(['cordboard-20261010T190100Z.cbk', 'cordboard-20261011T190100Z.cbk']);
});

test('one that was missed because the box was off is made when it is back; one from before the plan is not', async () => {
  const desk = await planned({ hour: 0 });
  await desk.pass(5 * MINUTE);
  expect(desk.backups).toEqual([]);
  await desk.service.stop();
  const later = new Desk(desk.home, NIGHT + 30 * HOUR);
  await later.service.start();
  await later.service.idle();
  expect(later.backups).toEqual(['cordboard-20261010T230000Z.cbk']);
});

test('a full disk is told in both languages, keeps what is there, and is tried again an hour later', async () => {
  const desk = await planned();
  await desk.pass(2 * HOUR);
  const [first] = desk.backups;
  // A database that is larger than what is free: it has length, and no content.
  const { bavail, bsize } = await statfs(desk.home);
  truncateSync(desk.databaseFile, bavail * bsize);
  await desk.pass(24 * HOUR);
  expect(desk.backups).toEqual([first]);
  expect(desk.service.failed).toBe(true);
  expect((await desk.service.state('en')).last).toMatchObject({
    ok: false,
    problem: expect.stringMatching(/not enough room in .* MB are needed/),
  });
  expect((await desk.service.state('zh-CN')).last?.problem).toMatch(/空间不足：需要 \d+ MB/);
  truncateSync(desk.databaseFile, 4);
  // It fills up while the database is being copied.
  desk.copy = () => {
    throw new Error('SQLITE_FULL: database or disk is full');
  };
  await desk.pass(HOUR);
  expect((await desk.service.state('en')).last).toMatchObject({
    ok: false,
    problem: expect.stringContaining('not enough room'),
  });
  expect(desk.backups).toEqual([first]);
  desk.copy = (file) => writeFileSync(file, 'rows');
  await desk.pass(HOUR + MINUTE);
  expect(desk.backups).toHaveLength(2);
  expect(desk.service.failed).toBe(false);
  // What is kept of the failure is kept over a restart, too.
  expect((await desk.service.verify(desk.backups[1]!, PASSPHRASE)).parts).toContain('database');
});

/** A folder as a place. */
const folderPlace = (path: string, change: object = {}) =>
  ({ kind: 'folder', name: path.slice(-40), enabled: true, keep: 1, recordings: false, path, ...change }) as const;
const backupsIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.cbk'));
const sound = (folder: string): string[] =>
  existsSync(join(folder, 'recordings'))
    ? (readdirSync(join(folder, 'recordings'), { recursive: true }) as string[])
    : [];
const soundFiles = (folder: string): string[] => sound(folder).filter((name) => name.endsWith('.cbr'));

test('each place goes its own way: one that is away holds up no other, is told, tried again, and gets the newest', async () => {
  const [good, bad] = [temporaryFolder(), temporaryFolder()];
  const desk = await planned({ keep: 3 });
  desk.service.places.put('good', folderPlace(good));
  desk.service.places.put('bad', folderPlace(bad, { keep: 5 }));
  await desk.pass(2 * HOUR);
  expect(backupsIn(good)).toEqual(desk.backups);
  expect(backupsIn(bad)).toEqual(desk.backups);
  rmSync(bad, { recursive: true });
  await desk.pass(24 * HOUR);
  expect(desk.backups).toHaveLength(2);
  // One is kept there.
  expect(backupsIn(good)).toEqual(desk.backups.slice(1));
  const state = await desk.service.state('en');
  expect(state.places.map(({ id, last }) => [id, last?.ok])).toEqual([
    ['good', true],
    ['bad', false],
  ]);
  expect(state.places[1]!.last!.problem).toContain(bad);
  expect((await desk.service.state('zh-CN')).places[1]!.last!.problem).toContain('无法使用');
  expect(state.last?.ok).toBe(true);
  expect(desk.service.failed).toBe(true);
  expect(state.backups.map(({ places }) => places)).toEqual([
    ['box', 'good'],
    ['box', 'bad'],
  ]);
  mkdirSync(bad);
  await desk.pass(HOUR + MINUTE);
  expect(backupsIn(bad)).toEqual(desk.backups.slice(1));
  expect(desk.service.failed).toBe(false);
});

test('recordings travel once, under names that tell nothing, and go when no back-up that is kept needs them', async () => {
  const place = temporaryFolder();
  const desk = await planned({ keep: 9 });
  const recordings = join(desk.home, 'recordings');
  mkdirSync(recordings, { recursive: true });
  const say = (name: string, text: string): void => writeFileSync(join(recordings, name), text.repeat(1000));
  say('one.wav', 'first talk');
  say('two.wav', 'second talk');
  say('same.wav', 'first talk');
  desk.service.places.put('disk', folderPlace(place, { keep: 2, recordings: true }));
  await desk.pass(2 * HOUR);
  expect(soundFiles(place)).toHaveLength(2);
  const written = new Map(soundFiles(place).map((name) => [name, statSync(join(place, 'recordings', name)).ino]));
  for (const name of written.keys()) {
    expect(readFileSync(join(place, 'recordings', name)).includes('talk')).toBe(false);
    expect(name).toMatch(/^[0-9a-f]{2}\/[0-9a-f]{64}\.cbr$/);
  }

  rmSync(join(recordings, 'two.wav'));
  say('three.wav', 'a longer third talk');
  await desk.pass(24 * HOUR);
  // The second one is still needed by the back-up before; nothing was written again.
  expect(soundFiles(place)).toHaveLength(3);
  for (const [name, inode] of written) expect(statSync(join(place, 'recordings', name)).ino).toBe(inode);
  await desk.pass(24 * HOUR);
  expect(backupsIn(place)).toHaveLength(2);
  expect(soundFiles(place)).toHaveLength(2);

  // One that is damaged there is found by a trial restore, told, and sent again.
  // The longest, which is one recording's alone.
  const bytesOf = (name: string): number => statSync(join(place, 'recordings', name)).size;
  const [longest] = soundFiles(place).sort((a, b) => bytesOf(b) - bytesOf(a));
  const file = join(place, 'recordings', longest!);
  const bytes = readFileSync(file);
  bytes[40]! ^= 1;
  writeFileSync(file, bytes);
  const newest = backupsIn(place).sort().at(-1)!;
  await expect(desk.service.verify(newest, PASSPHRASE, 'disk')).rejects.toMatchObject({
    code: 'backup_trial_recordings',
    params: { missing: 1, count: 3 },
  });
  expect((await desk.service.state()).places[0]!.trial).toMatchObject({
    ok: false,
    at: desk.clock.wallMs(),
    name: newest,
  });
  await desk.pass(24 * HOUR);
  const check = await desk.service.verify(backupsIn(place).sort().at(-1)!, PASSPHRASE, 'disk');
  expect(check).toMatchObject({ recordings: 3, trial: { ok: true, recordings: 3, tables: 1, rows: 7 } });

  // A back-up that is only there is restored from there, with all that belongs to it.
  for (const name of desk.files) rmSync(join(desk.home, 'backups', 'box', name), { recursive: true });
  rmSync(recordings, { recursive: true });
  const restored = await desk.service.restore(check.name, PASSPHRASE, 'disk');
  expect(restored.replaces).toContain('recordings');
  expect(applyPendingRestore(desk.home)).toBe(check.name);
  expect(readdirSync(recordings).sort()).toEqual(['one.wav', 'same.wav', 'three.wav']);
  expect(readFileSync(join(recordings, 'three.wav'), 'utf8')).toBe('a longer third talk'.repeat(1000));
});

test('the newest of each place is restored on trial by the clock; a database that lost rows or is damaged is told', async () => {
  const place = temporaryFolder();
  const desk = await planned({ trialDays: 7 });
  desk.service.places.put('disk', folderPlace(place));
  await desk.pass(2 * HOUR + 3 * MINUTE);
  const trials = async () => {
    const { trial, places } = await desk.service.state();
    return [trial, places[0]!.trial];
  };
  for (const one of await trials()) expect(one).toMatchObject({ ok: true, rows: 7, tables: 1, name: desk.backups[0] });
  const [before] = await trials();
  await desk.pass(24 * HOUR);
  expect((await trials())[0]).toEqual(before);
  const [newest] = desk.backups.slice(-1);
  desk.inspected = { problem: undefined, counts: { calls: 6 } };
  await expect(desk.service.verify(newest!, PASSPHRASE)).rejects.toMatchObject({
    code: 'backup_trial_counts',
    params: { table: 'calls', was: 7, is: 6 },
  });
  expect(desk.service.failed).toBe(true);
  desk.inspected = { problem: 'page 3 is never used', counts: { calls: 7 } };
  await expect(desk.service.verify(newest!, PASSPHRASE, 'disk')).rejects.toMatchObject({
    code: 'backup_trial_database',
  });
  desk.inspected = { problem: undefined, counts: { calls: 7 } };
  await desk.service.verify(newest!, PASSPHRASE);
  expect(desk.service.failed).toBe(false);
  // A mistyped passphrase says nothing of the back-up.
  await expect(desk.service.verify(newest!, 'another passphrase')).rejects.toMatchObject({
    code: 'backup_passphrase_wrong',
  });
  expect((await trials())[0]).toMatchObject({ ok: true });
});

test('a plan of the time when there was one second folder goes on as a place', async () => {
  const second = temporaryFolder();
  const home = temporaryFolder();
  const old = {
    enabled: true,
    hour: 3,
    keep: 2,
    secondFolder: second,
    recordings: true,
    passphrase: PASSPHRASE,
    since: 5,
  };
  writeFileSync(
    join(home, 'backup-plan.json'),
    JSON.stringify({ ...old, last: { at: 1, ok: false, problem: 'full' } }),
  );
  const desk = new Desk(home);
  await desk.service.start();
  const { plan, places, last } = await desk.service.state();
  expect(plan).toMatchObject({ enabled: true, hour: 3, keep: 2, trialDays: 7, hasPassphrase: true });
  expect(places).toMatchObject([{ settings: { kind: 'folder', path: second, keep: 2, recordings: true } }]);
  expect(last).toEqual({ at: 1, ok: false, problem: 'full' });
});
