import { statSync } from 'node:fs';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openDatabase, type DbEvents, type OpenedDb } from '../../daemon/src/db/index.js';
import { keepReserve } from '../../daemon/src/db/reserve.js';
import { Writer } from '../../daemon/src/db/writer.js';
import { Metrics, silentLog, type Clock } from '../../daemon/src/platform/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { callRow, queueRow } from '../support/db-rows.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { fakeConnection } from '../support/writer-connection-fake.js';

async function open(metrics?: Metrics, clock?: Clock): Promise<{ db: OpenedDb; file: string }> {
  const file = join(temporaryFolder(), 'box.sqlite');
  const db = await openDatabase({ file, metrics, clock });
  onTestFinished(() => db.close());
  return { db, file };
}

describe('who has changed a setting', () => {
  test('hears of it when those have it who keep a copy, and waits no longer than a second for one who does not', async () => {
    const clock = new FakeClock();
    const db = await openDatabase({ file: join(temporaryFolder(), 'box.sqlite'), clock });
    onTestFinished(() => db.close());
    const copy: string[] = [];
    db.events.on('queue.changed', async ({ id }) => void copy.push((await db.queues.find(id))!.name));
    await db.write((tx) => tx.queues.insert(queueRow({ id: 'new', name: 'New' })));
    expect(copy).toEqual(['New']);

    db.events.on('queue.changed', () => new Promise(() => undefined));
    let written = false;
    const writing = db.write((tx) => tx.queues.update('new', { name: 'Other' })).then(() => (written = true));
    await vi.waitFor(() => expect(copy).toEqual(['New', 'Other']), 45_000);
    expect(written).toBe(false);
    // Others do not wait with it.
    await db.write((tx) => tx.meta.set('a', 'b'));
    await clock.advance(1000);
    await writing;
  });
});

describe('writes that wait together', () => {
  test('share a transaction; one that throws is undone alone and the others stay', async () => {
    const metrics = new Metrics();
    // A transaction that lasts too long, as on a busy machine, is ended before all have come: here no time goes by.
    const { db } = await open(metrics, new FakeClock());
    const calls = Array.from({ length: 9 }, () => callRow());
    const results = await Promise.allSettled(
      calls.map((call, index) =>
        db.write(async (tx) => {
          await tx.calls.insert(call);
          if (index === 4) throw new Error('no');
          return index;
        }),
      ),
    );
    expect(results.map((result) => (result.status === 'fulfilled' ? result.value : 'refused'))).toEqual([
      0,
      1,
      2,
      3,
      'refused',
      5,
      6,
      7,
      8,
    ]);
    expect((await db.calls.list({})).map(({ id }) => id).sort()).toEqual(
      calls.filter((_, index) => index !== 4).map(({ id }) => id),
    );
    expect(await metrics.text()).toContain('cordboard_database_group_works_bucket{le="8"} 1');
  });

  test('run in the order in which they were asked for, and see what went before', async () => {
    const { db } = await open();
    const seen = await Promise.all(
      Array.from({ length: 20 }, () =>
        db.write(async (tx) => {
          const count = Number((await tx.meta.get('count')) ?? '0') + 1;
          await tx.meta.set('count', String(count));
          return count;
        }),
      ),
    );
    expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  test('a constraint that is broken undoes its work alone', async () => {
    const { db } = await open();
    const call = callRow();
    const [first, second, third] = await Promise.allSettled([
      db.write((tx) => tx.calls.insert(call)),
      db.write((tx) => tx.calls.insert({ ...call, state: 'ended' })),
      db.write((tx) => tx.calls.insert(callRow({ calledNumber: '4002' }))),
    ]);
    expect([first.status, second.status, third.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await db.calls.count({})).toBe(2);
  });
});

describe('a work', () => {
  test('may have a time of its own, or all the time it takes', async () => {
    const clock = new FakeClock();
    const writer = new Writer({ connection: fakeConnection().connection, clock, workTimeoutMs: 1000 });
    const patient = writer.write(() => clock.sleep(60_000), { limitMs: Infinity });
    await clock.advance(60_000);
    await expect(patient).resolves.toBeUndefined();
    const short = writer.write(() => clock.sleep(60_000), { limitMs: 10 });
    short.catch(() => undefined);
    await clock.advance(11);
    await expect(short).rejects.toMatchObject({ code: 'database_work_timeout', params: { limitMs: 10 } });
  });

  test('that never ends is undone after its time, and what it forgot cannot touch the next one', async () => {
    const clock = new FakeClock();
    const { connection, log } = fakeConnection();
    const writer = new Writer({ connection, clock, workTimeoutMs: 1000 });
    const contexts: boolean[] = [];
    const stuck = writer.write(async (context) => {
      await clock.sleep(5000);
      contexts.push(context.open);
    });
    stuck.catch(() => undefined);
    const next = writer.write(() => Promise.resolve('done'));
    await clock.advance(1001);
    await expect(stuck).rejects.toMatchObject({ code: 'database_work_timeout' });
    await expect(next).resolves.toBe('done');
    await clock.advance(5000);
    expect(contexts).toEqual([false]);
    expect(log).toEqual([
      'BEGIN IMMEDIATE;SAVEPOINT work',
      'ROLLBACK TO SAVEPOINT work',
      'COMMIT',
      // That took so long that the next one got a transaction of its own.
      'BEGIN IMMEDIATE;SAVEPOINT work',
      'RELEASE SAVEPOINT work;SAVEPOINT work',
      'COMMIT',
    ]);
  });

  test('cannot write outside its turn', async () => {
    const { db } = await open();
    let late: Promise<void> | undefined;
    await db.write((tx) => {
      late = Promise.resolve().then(async () => {
        await new Promise((resolve) => setImmediate(resolve));
        await tx.queues.insert(queueRow());
      });
      late.catch(() => undefined);
      return Promise.resolve();
    });
    await expect(late).rejects.toThrow(/after its work had ended/);
    expect(await db.queues.list()).toEqual([]);
  });

  test('that fails in COMMIT fails, with all that shared it, and the next ones go on', async () => {
    const { connection, log } = fakeConnection((sql, count) =>
      sql === 'COMMIT' && count === 1 ? new Error('i/o error') : undefined,
    );
    const lost: number[] = [];
    const writer = new Writer({ connection, failed: (state) => void lost.push(state.lost) });
    const together = await Promise.allSettled([
      writer.write(() => Promise.resolve(1)),
      writer.write(() => Promise.resolve(2)),
    ]);
    expect(together.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(lost).toEqual([2]);
    expect(log.at(-1)).toBe('ROLLBACK');
    await expect(writer.write(() => Promise.resolve(3))).resolves.toBe(3);
  });

  test('whose failure took the whole transaction takes those before it, and says so', async () => {
    const { connection } = fakeConnection((sql) =>
      sql.startsWith('ROLLBACK TO') ? new Error('no such savepoint') : undefined,
    );
    const writer = new Writer({ connection });
    const [first, second] = await Promise.allSettled([
      writer.write(() => Promise.resolve(1)),
      writer.write(() => Promise.reject(new Error('i/o error'))),
    ]);
    expect(first).toMatchObject({ status: 'rejected', reason: { message: 'no such savepoint' } });
    expect(second).toMatchObject({ status: 'rejected', reason: { message: 'i/o error' } });
  });
});

describe('when another program holds the lock', () => {
  async function lock(file: string): Promise<{ release: () => Promise<void> }> {
    const other = await new Promise<sqlite3.Database>((resolve, reject) => {
      const opened = new sqlite3.Database(file, (error) => (error === null ? resolve(opened) : reject(error)));
    });
    const exec = (sql: string): Promise<void> =>
      new Promise((resolve, reject) => other.exec(sql, (error) => (error === null ? resolve() : reject(error))));
    await exec('BEGIN EXCLUSIVE');
    return {
      async release() {
        await exec('COMMIT');
        await new Promise<void>((resolve) => other.close(() => resolve()));
      },
    };
  }

  test('patient writes wait for it, impatient ones are refused, and reading goes on', async () => {
    const { db, file } = await open();
    const events: (keyof DbEvents)[] = [];
    db.events.on('database.locked', () => void events.push('database.locked'));
    db.events.on('database.unlocked', () => void events.push('database.unlocked'));
    const { release } = await lock(file);
    const patient = db.write((tx) => tx.calls.insert(callRow()), { lockWaitMs: Infinity });
    const impatient = db.write((tx) => tx.calls.insert(callRow()), { lockWaitMs: 0 });
    await expect(impatient).rejects.toMatchObject({ code: 'database_busy', status: 503 });
    expect(await db.calls.list({})).toEqual([]);
    await release();
    await patient;
    expect(await db.calls.count({})).toBe(1);
    expect(events).toEqual(['database.locked', 'database.unlocked']);
  });
});

describe('when the disk is full', () => {
  test('what was undone is done again, in its order, once there is room', async () => {
    let full = true;
    const { connection } = fakeConnection((sql) => (sql === 'COMMIT' && full ? new Error('full') : undefined));
    const ran: string[] = [];
    const writer = new Writer({
      connection,
      makeRoom() {
        full = false;
        return true;
      },
    });
    const work = (name: string) =>
      writer.write(() => {
        ran.push(name);
        return name === 'b' ? Promise.reject(new Error('own fault')) : Promise.resolve(name);
      });
    const results = await Promise.allSettled([work('a'), work('b'), work('c')]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(ran).toEqual(['a', 'b', 'c', 'a', 'c']);
  });

  test('also when a work itself finds it so', async () => {
    const { connection } = fakeConnection();
    let tries = 0;
    const writer = new Writer({ connection, makeRoom: () => true });
    const before = writer.write(() => Promise.resolve('before'));
    const finds = writer.write(() => (tries++ === 0 ? Promise.reject(new Error('full')) : Promise.resolve('done')));
    expect(await Promise.all([before, finds])).toEqual(['before', 'done']);
  });

  test('and there is no room, they are refused with a sentence', async () => {
    const { connection } = fakeConnection((sql) => (sql === 'COMMIT' ? new Error('full') : undefined));
    const writer = new Writer({ connection, makeRoom: () => false });
    await expect(writer.write(() => Promise.resolve())).rejects.toMatchObject({ code: 'database_full', status: 507 });
  });

  test('space that was laid by goes, and comes back when there is room', async () => {
    const file = join(temporaryFolder(), 'box.sqlite');
    const clock = new FakeClock();
    const reserve = keepReserve({ file, clock, log: silentLog, bytes: 100_000 });
    await clock.advance(5000);
    await vi.waitFor(() => expect(reserve.there).toBe(true), 45_000);
    expect(statSync(`${file}.reserve`).blocks * 512).toBeGreaterThanOrEqual(100_000);
    expect([reserve.use(), reserve.use(), reserve.there]).toEqual([true, false, false]);
    await clock.advance(60_000);
    await vi.waitFor(() => expect(reserve.there).toBe(true), 45_000);
    await reserve.stop();
    expect(clock.timers).toBe(0);
  });
});

test.each(Array.from({ length: 24 }, (_, steps) => steps))(
  'a write asked for %i steps after the last one has ended is taken',
  async (steps) => {
    const { connection } = fakeConnection();
    const writer = new Writer({ connection });
    await writer.write(() => Promise.resolve());
    for (let i = 0; i < steps; i++) await Promise.resolve();
    const taken = writer.write(() => Promise.resolve('taken'));
    await expect(Promise.race([taken, new Promise((resolve) => setTimeout(resolve, 200))])).resolves.toBe('taken');
  },
);

test('more than may wait are refused; closing writes what waits and refuses the rest', async () => {
  const { connection } = fakeConnection();
  const writer = new Writer({ connection, maxWaiting: 2 });
  const taken = [writer.write(() => Promise.resolve('a')), writer.write(() => Promise.resolve('b'))];
  await expect(writer.write(() => Promise.resolve('c'))).rejects.toMatchObject({ code: 'database_overloaded' });
  const closed = writer.close();
  await expect(writer.write(() => Promise.resolve('d'))).rejects.toMatchObject({ code: 'database_closed' });
  await closed;
  expect(await Promise.all(taken)).toEqual(['a', 'b']);
});

test('a thousand small writes that wait together take a tenth of the commits at most', async () => {
  const metrics = new Metrics();
  const { db } = await open(metrics);
  await Promise.all(Array.from({ length: 1000 }, () => db.write((tx) => tx.calls.insert(callRow()))));
  expect(await db.calls.count({})).toBe(1000);
  const groups = Number(/cordboard_database_group_works_count (\d+)/.exec(await metrics.text())?.[1]);
  expect(groups).toBeGreaterThan(0);
  expect(groups).toBeLessThan(100);
});
