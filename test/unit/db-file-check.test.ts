// A large file is not read before the start; after a crash it is read beside the running box, and until that is done it is owed.
import { closeSync, existsSync, openSync, statSync, truncateSync, writeSync } from 'node:fs';
import sqlite3 from 'sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../daemon/src/db/index.js';
import { silentLog, type Log } from '../../daemon/src/platform/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { callRow } from '../support/db-rows.js';
import { testDatabaseFile } from '../support/test-database.js';

const LATER_MS = 60_000;
const PAGE = 4096;

const touch = (file: string): void => closeSync(openSync(file, 'w'));

/** As if it were too large to be read before the start. */
async function open(file: string, log: Log = silentLog) {
  const clock = new FakeClock(Date.UTC(2026, 9, 26));
  const db = await openDatabase({ file, clock, log, reserveBytes: 0, checkedAtStartBytes: 0 });
  onTestFinished(() => db.close());
  return { db, clock };
}

async function fileOfCalls(): Promise<string> {
  const file = await testDatabaseFile();
  const { db } = await open(file);
  await db.put(() => ({ calls: Array.from({ length: 2000 }, () => callRow()) }));
  expect(existsSync(`${file}.open`)).toBe(true);
  await db.close();
  expect(existsSync(`${file}.open`)).toBe(false);
  await endWithPagesThatNoStartReads(file);
  return file;
}

/** Indexes that a start does read grow among the pages of the calls, wherever chance puts them; a table of its own lies behind them all. */
function endWithPagesThatNoStartReads(file: string): Promise<void> {
  const rows = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT randomblob(2000) FROM n`;
  return new Promise((resolve, reject) => {
    const done = (error: Error | null): void => (error === null ? resolve() : reject(error));
    const database = new sqlite3.Database(file);
    database.exec(`CREATE TABLE unread (bytes BLOB); INSERT INTO unread ${rows};`, (error) => {
      database.close((closing) => done(error ?? closing));
    });
  });
}

function damage(file: string): void {
  const pages = statSync(file).size / PAGE;
  const descriptor = openSync(file, 'r+');
  for (let page = pages - 8; page < pages; page += 1)
    writeSync(descriptor, Buffer.alloc(600, 0xa5), 0, 600, page * PAGE);
  closeSync(descriptor);
}

test('after a crash it is read beside the running box, and only a check that came to its end counts', async () => {
  const file = await fileOfCalls();
  touch(`${file}.open`);
  const { db } = await open(file);
  await db.close();
  expect(existsSync(`${file}.open`)).toBe(true);

  let sound: () => void = () => undefined;
  const read = new Promise<void>((resolve) => (sound = resolve));
  const again = await open(file, { ...silentLog, info: sound });
  await again.clock.advance(LATER_MS);
  await read;
  await again.db.close();
  expect(existsSync(`${file}.open`)).toBe(false);
});

test('damage that is found then is told, and looked for at the next start, too', async () => {
  const file = await fileOfCalls();
  damage(file);
  touch(`${file}.open`);
  const { db, clock } = await open(file);
  const told = new Promise<Error>((resolve) => db.events.on('database.damaged', ({ error }) => resolve(error)));
  await clock.advance(LATER_MS);
  expect(await told).toMatchObject({ code: 'database_corrupt', params: { file } });
  await db.close();
  expect(existsSync(`${file}.open`)).toBe(true);
});

test('a file that has lost its end is refused at once', async () => {
  const file = await fileOfCalls();
  truncateSync(file, statSync(file).size - 8 * PAGE);
  await expect(open(file)).rejects.toMatchObject({ code: 'database_corrupt' });
});
