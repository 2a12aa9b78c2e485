// What the monitor names as needing somebody: raised past each threshold, gone again behind it, and not for a moment's sake.
import { expect, onTestFinished, test } from 'vitest';
import { HealthMonitor, type HealthMonitorOptions, type RootLook } from '../../daemon/src/health/index.js';
import { FakeClock } from '../support/clock-fake.js';

const GB = 2 ** 30;
const EVERY_MS = 5000;
/** as many samples as a median is taken of */
const RECENT = 24;

function look(over: { clockFollows?: boolean | null; failing?: boolean; wornPercent?: number }): RootLook {
  const { clockFollows = true, failing = false, wornPercent = 3 } = over;
  return { at: 0, clockFollows, disks: [{ device: '/dev/sda', model: 'X', failing, wornPercent, temperatureC: 30 }] };
}

function monitored() {
  const clock = new FakeClock();
  const world = {
    ...{ cpuPercent: 20, memoryPercent: 40, temperatureC: 45 as number | null },
    ...{ receivedBytesPerS: 1000, sentBytesPerS: 2000 },
  };
  const state = {
    ...{ freeBytes: 100 * GB, ticks: 0, missed: 0, realtime: true, recordings: 'good' as const },
    ...{ mail: true, restart: false, backupAt: clock.wallMs() as number | undefined, backupFailed: false },
    ...{
      folder: true,
      damaged: false,
      look: undefined as RootLook | undefined,
      endsAt: undefined as number | undefined,
    },
  };
  const is = state as Omit<typeof state, 'recordings'> & { recordings: 'good' | 'slow' | 'full' | 'failed' };
  const options: HealthMonitorOptions = {
    ...{ clock, recordingsFolder: '/r', databaseFile: '/d', reserveBytes: GB, lowBytes: 4 * GB, realtimeWanted: true },
    calls: () => 3,
    tick: () => Promise.resolve({ ticks: (is.ticks += 250), missed: is.missed, realtime: is.realtime }),
    recordingsState: () => is.recordings,
    mailReady: () => is.mail,
    restartNeeded: () => is.restart,
    lastBackupAt: () => is.backupAt,
    backupFailed: () => is.backupFailed,
    databaseDamaged: () => is.damaged,
    rootLook: () => is.look,
    certificateEndsAt: () => is.endsAt,
    machine: {
      look: () => Promise.resolve({ ...world }),
      disk: () => Promise.resolve(is.folder ? { sizeBytes: 200 * GB, freeBytes: is.freeBytes } : undefined),
      fileBytes: (file) => Promise.resolve(file.endsWith('-wal') ? 5 : 100),
    },
  };
  const monitor = new HealthMonitor(options);
  onTestFinished(() => monitor.stop());
  monitor.start();
  return {
    ...{ world, is, monitor, clock },
    samples: (count: number) => clock.advance(count * EVERY_MS),
    /** how grave each is; the event loop of this very process is its own affair */
    concerns: async () => {
      const { concerns } = await monitor.report();
      return Object.fromEntries(
        concerns.filter(({ kind }) => kind !== 'eventLoop').map((one) => [one.kind, one.grave]),
      );
    },
  };
}

test('a box that does well has nothing that needs doing, and an hour of figures', async () => {
  const { monitor, samples, concerns } = monitored();
  await samples(800);
  expect(await concerns()).toEqual({});
  const report = await monitor.report();
  expect(report.samples).toHaveLength(720);
  expect(report.samples[0]).toMatchObject({ cpuPercent: 20, memoryPercent: 40, temperatureC: 45, calls: 3 });
  expect(report.samples[1]!.at - report.samples[0]!.at).toBe(EVERY_MS);
  expect(report).toMatchObject({
    databaseBytes: 105,
    disk: { freeBytes: 100 * GB, reserveBytes: GB, lowBytes: 4 * GB },
  });
});

test.each([
  ['cpu', 'cpuPercent', 85, 86, 96],
  ['memory', 'memoryPercent', 90, 91, 98],
  ['temperature', 'temperatureC', 80, 81, 91],
] as const)(
  '%s: raised past its threshold, grave further on, and gone again; a moment is none',
  async (kind, key, well, high, grave) => {
    const { world, samples, concerns } = monitored();
    world[key] = well;
    await samples(RECENT);
    expect(await concerns()).toEqual({});
    world[key] = high;
    await samples(3);
    expect(await concerns()).toEqual({});
    await samples(RECENT);
    expect(await concerns()).toEqual({ [kind]: false });
    world[key] = grave;
    await samples(RECENT);
    expect(await concerns()).toEqual({ [kind]: true });
    world[key] = well;
    await samples(RECENT);
    expect(await concerns()).toEqual({});
  },
);

test('a machine without a sensor is not hot, and one without a folder for recordings has no disk', async () => {
  const { world, is, monitor, samples, concerns } = monitored();
  world.temperatureC = null;
  is.folder = false;
  await samples(RECENT);
  expect(await concerns()).toEqual({});
  expect((await monitor.report()).disk).toBeNull();
});

test('the disk, what was missed, rights, recordings, settings, mail and back-ups: each while it lasts', async () => {
  const { is, samples, concerns, clock } = monitored();
  await samples(2);
  const cases: [Partial<typeof is>, Record<string, boolean>][] = [
    [{ freeBytes: 3 * GB }, { disk: false }],
    [{ freeBytes: 1.4 * GB }, { disk: true }],
    [{ realtime: false }, { notRealtime: false }],
    [{ recordings: 'full' }, { recordings: true }],
    [{ restart: true }, { restart: false }],
    [{ mail: false }, { mail: false }],
    [{ backupAt: undefined }, { backup: false }],
    [{ backupAt: clock.wallMs() - 8 * 86_400_000 }, { backup: false }],
    [{ backupFailed: true }, { backupFailed: false }],
    [{ damaged: true }, { database: true }],
    [{ look: look({ clockFollows: false }) }, { clock: false }],
    [{ look: look({ clockFollows: null }) }, {}],
    [{ look: look({ failing: true }) }, { diskFailing: true }],
    [{ look: look({ wornPercent: 95 }) }, { diskWorn: false }],
    [{ look: look({ wornPercent: 100 }) }, { diskWorn: true }],
    [{ endsAt: clock.wallMs() + 20 * 86_400_000 }, { certificate: false }],
    [{ endsAt: clock.wallMs() + 86_400_000 }, { certificate: true }],
    [{ endsAt: clock.wallMs() - 1 }, { certificate: true }],
  ];
  for (const [change, wanted] of cases) {
    const before = { ...is };
    Object.assign(is, change);
    await samples(1);
    expect(await concerns(), JSON.stringify(change)).toEqual(wanted);
    Object.assign(is, before);
    await samples(1);
    expect(await concerns()).toEqual({});
  }
  is.missed = 7;
  await samples(1);
  expect(await concerns()).toEqual({ ticks: true });
  await samples(1);
  expect(await concerns()).toEqual({});
});
