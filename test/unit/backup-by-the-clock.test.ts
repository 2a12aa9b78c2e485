// Back-ups by the clock: at the hour of the box's own zone, made up for when the box was off, told in both languages when they fail.
import { existsSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BackupService } from '../../daemon/src/backup/index.js';
import { loadConfig } from '../../daemon/src/config/index.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const HOUR = 3_600_000;
const MINUTE = 60_000;
/** one in the morning in Shanghai, five in the afternoon of the day before in UTC */
const NIGHT = Date.UTC(2026, 9, 9, 17, 0);
const PLAN = { enabled: true, hour: 3, keep: 2, secondFolder: '', recordings: false };
const PASSPHRASE = 'a cord for every call';

class Desk {
  readonly clock: FakeClock;
  readonly home: string;
  readonly service: BackupService;
  copy: (file: string) => void = (file) => writeFileSync(file, 'rows');
  readonly databaseFile: string;

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
    });
    onTestFinished(() => this.service.stop());
  }

  get files(): string[] {
    return readdirSync(join(this.home, 'backups', 'box')).sort();
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
  expect(desk.files).toEqual([]);
  await desk.pass(2 * MINUTE);
  expect(desk.files).toEqual(['cordboard-20261009T190000Z.cbk']);
  expect((await desk.service.state()).last).toMatchObject({ at: NIGHT + 2 * HOUR, ok: true, problem: '' });
  await desk.pass(3 * HOUR);
  expect(desk.files).toHaveLength(1);
  for (const day of [1, 2]) {
    desk.clock.setWall(NIGHT + day * 24 * HOUR + 2 * HOUR);
    await desk.pass(2 * MINUTE);
  }
  expect(desk.files).toEqual(['cordboard-20261010T190100Z.cbk', 'cordboard-20261011T190100Z.cbk']);
});

test('one that was missed because the box was off is made when it is back; one from before the plan is not', async () => {
  const desk = await planned({ hour: 0 });
  await desk.pass(5 * MINUTE);
  expect(desk.files).toEqual([]);
  await desk.service.stop();
  const later = new Desk(desk.home, NIGHT + 30 * HOUR);
  await later.service.start();
  await later.service.idle();
  expect(later.files).toEqual(['cordboard-20261010T230000Z.cbk']);
});

test('a full disk is told in both languages, keeps what is there, and is tried again an hour later', async () => {
  const desk = await planned();
  await desk.pass(2 * HOUR);
  const [first] = desk.files;
  // A database that is larger than what is free: it has length, and no content.
  const { bavail, bsize } = await statfs(desk.home);
  truncateSync(desk.databaseFile, bavail * bsize);
  await desk.pass(24 * HOUR);
  expect(desk.files).toEqual([first]);
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
  expect(desk.files).toEqual([first]);
  desk.copy = (file) => writeFileSync(file, 'rows');
  await desk.pass(HOUR + MINUTE);
  expect(desk.files).toHaveLength(2);
  expect(desk.service.failed).toBe(false);
  // What is kept of the failure is kept over a restart, too.
  expect((await desk.service.verify(desk.files[1]!, PASSPHRASE)).parts).toContain('database');
});

test('a second folder that takes no more fails the back-up and leaves the first copies within their number', async () => {
  const second = temporaryFolder();
  const desk = await planned({ secondFolder: second, keep: 1 });
  await desk.pass(2 * HOUR);
  expect(readdirSync(second)).toEqual(desk.files);
  await desk.service.setPlan({ ...PLAN, keep: 1, secondFolder: second });
  rmSync(second, { recursive: true });
  await desk.pass(24 * HOUR);
  expect((await desk.service.state()).last?.ok).toBe(false);
  expect(desk.files).toHaveLength(1);
});
