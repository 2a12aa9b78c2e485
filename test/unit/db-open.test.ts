import {
  copyFileSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  openSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DataTypes, QueryTypes } from 'sequelize';
import type sqlite3 from 'sqlite3';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../daemon/src/db/index.js';
import { migrate } from '../../daemon/src/db/migrate.js';
import { migrations, type Migration } from '../../daemon/src/db/migrations/index.js';
import { execOn, sqliteSequelize } from '../../daemon/src/db/sqlite.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import { callRow, queueRow } from '../support/db-rows.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const newFile = (): string => join(temporaryFolder(), 'data/box.sqlite');

const second: Migration = {
  name: '9999-test',
  async up({ queryInterface, transaction }) {
    await queryInterface.addColumn('queues', 'colour', { type: DataTypes.TEXT, allowNull: true }, { transaction });
  },
  async down({ queryInterface, transaction }) {
    await queryInterface.dropTable('meta', { transaction });
  },
};
const failing: Migration = {
  name: '9999-failing',
  async up({ queryInterface, transaction }) {
    await queryInterface.createTable('half', { id: { type: DataTypes.TEXT, primaryKey: true } }, { transaction });
    throw new Error('power cut');
  },
  down: () => Promise.resolve(),
};

describe('every connection', () => {
  test('is durable, checks foreign keys and waits for locks, reading and writing alike', async () => {
    const sequelize = sqliteSequelize(newFile());
    const pragma = async (name: string, transaction: Awaited<ReturnType<typeof sequelize.transaction>> | null) =>
      Object.values(
        (await sequelize.query<object>(`PRAGMA ${name}`, { type: QueryTypes.SELECT, transaction }))[0]!,
      )[0] as unknown;
    const transaction = await sequelize.transaction();
    for (const on of [null, transaction]) {
      expect(await pragma('journal_mode', on)).toBe('wal');
      expect(await pragma('synchronous', on)).toBe(2);
      expect(await pragma('foreign_keys', on)).toBe(1);
      expect(await pragma('busy_timeout', on)).toBe(1000);
    }
    await transaction.commit();
    await sequelize.close();
  });

  test('runs statements in the order given, whether they are kept ready or not', async () => {
    const sequelize = sqliteSequelize(newFile());
    const connection = (await sequelize.connectionManager.getConnection({ type: 'write' })) as sqlite3.Database;
    await execOn(connection, 'CREATE TABLE seen (at INTEGER PRIMARY KEY, what TEXT)');
    // Two texts that are kept ready; the first takes a while, so that all that follow come while the connection is busy.
    const run = (sql: string, what: string) =>
      new Promise<void>((done, failed) =>
        connection.run(sql, { $what: what }, (error: Error | null) => (error === null ? done() : failed(error))),
      );
    const slow = `INSERT INTO seen (what) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
      SELECT $what FROM n WHERE i = 300000`;
    const quick = 'INSERT INTO seen (what) VALUES ($what)';
    await run(slow, 'ready');
    await run(quick, 'ready');
    await Promise.all([run(slow, '1'), execOn(connection, "INSERT INTO seen (what) VALUES ('2')"), run(quick, '3')]);
    const rows = await sequelize.query<{ what: string }>('SELECT what FROM seen ORDER BY at', {
      type: QueryTypes.SELECT,
    });
    expect(rows.map(({ what }) => what)).toEqual(['ready', 'ready', '1', '2', '3']);
    sequelize.connectionManager.releaseConnection(connection);
    await sequelize.close();
  });
});

describe('opening', () => {
  test('makes a file that only its owner can read, with every table, and the next time does nothing', async () => {
    const file = newFile();
    const first = await openDatabase({ file });
    expect(first.migrated.steps).toEqual(migrations.map(({ name }) => name));
    expect(first.migrated.backup).toBeUndefined();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await first.write((tx) => tx.queues.insert(queueRow()));
    await first.close();
    await first.close();
    const again = await openDatabase({ file });
    expect(again.migrated.steps).toEqual([]);
    expect(await again.queues.find('sales')).toEqual(queueRow());
    await again.close();
    await expect(again.write((tx) => tx.meta.get('x'))).rejects.toMatchObject({ code: 'database_closed' });
  });

  test('keeps a copy before it changes the form of a database, and the copy can be put back', async () => {
    const file = newFile();
    const old = await openDatabase({ file });
    await old.write((tx) => tx.calls.insert(callRow()));
    await old.close();
    const changed = await openDatabase({ file, migrations: [...migrations, second] });
    expect(changed.migrated.steps).toEqual(['9999-test']);
    const copy = changed.migrated.backup!;
    expect(copy).toMatch(/backups\/box\.sqlite\.\d{8}T\d{6}\.\d{3}Z\.before-9999-test$/);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    await changed.close();

    // The version before does not know the step: it says so and names it.
    await expect(openDatabase({ file })).rejects.toMatchObject({
      code: 'database_newer',
      params: { migration: '9999-test' },
    });
    copyFileSync(copy, file);
    const back = await openDatabase({ file });
    expect(await back.calls.count({})).toBe(1);
    await back.close();
  });

  test('a large file is copied as it lies, what is in its log included, and each step is told', async () => {
    const file = newFile();
    const old = await openDatabase({ file });
    await old.write((tx) => tx.calls.insert(callRow()));
    const sequelize = sqliteSequelize(file);
    const told: string[] = [];
    const changed = await migrate({
      ...{ sequelize, file, log: silentLog, migrations: [...migrations, second], asItLiesBytes: 0 },
      progress: ({ step, steps }) => void told.push(`${step} of ${steps}`),
    });
    expect(told).toEqual(['0 of 1', '1 of 1']);
    await sequelize.close();
    await old.close();
    copyFileSync(changed.backup!, file);
    const back = await openDatabase({ file });
    expect(await back.calls.count({})).toBe(1);
    await back.close();
  });

  test('a step that fails leaves nothing of itself behind', async () => {
    const file = newFile();
    await (await openDatabase({ file })).close();
    await expect(openDatabase({ file, migrations: [...migrations, failing] })).rejects.toThrow(/power cut/);
    const sequelize = sqliteSequelize(file);
    expect(await sequelize.getQueryInterface().showAllTables()).not.toContain('half');
    await sequelize.close();
    await (await openDatabase({ file })).close();
  });

  test('goes down again, step by step, to the form of a version before', async () => {
    const file = newFile();
    const sequelize = sqliteSequelize(file);
    const all = [...migrations, second];
    await migrate({ sequelize, file, log: silentLog, migrations: all });
    const down = await migrate({ sequelize, file, log: silentLog, migrations: all, downTo: migrations.at(-1)!.name });
    expect(down.steps).toEqual(['9999-test']);
    expect(down.backup).toBeDefined();
    expect(await sequelize.getQueryInterface().showAllTables()).not.toContain('meta');
    await sequelize.close();
  });
});

describe('a damaged file', () => {
  test('that is no database is refused by name, and is not touched', async () => {
    const file = join(temporaryFolder(), 'box.sqlite');
    writeFileSync(file, 'this is no database, and long enough that it could be one'.repeat(20));
    const before = readFileSync(file);
    const refused = await openDatabase({ file }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'database_corrupt', params: { file } });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('with overwritten pages is refused and the newest copy is named', async () => {
    const file = newFile();
    const db = await openDatabase({ file });
    await Promise.all(Array.from({ length: 300 }, () => db.write((tx) => tx.calls.insert(callRow()))));
    await db.close();
    const changed = await openDatabase({ file, migrations: [...migrations, second] });
    await changed.close();
    const descriptor = openSync(file, 'r+');
    for (let page = 20; page < 40; page++) writeSync(descriptor, Buffer.alloc(600, 0xa5), 0, 600, page * 4096);
    closeSync(descriptor);
    const refused = await openDatabase({ file, migrations: [...migrations, second] }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'database_corrupt' });
    expect((refused as Error).message).toContain(changed.migrated.backup);
  });

  test('that lost its end is refused', async () => {
    const file = newFile();
    const db = await openDatabase({ file });
    await Promise.all(Array.from({ length: 300 }, () => db.write((tx) => tx.calls.insert(callRow()))));
    await db.close();
    truncateSync(file, statSync(file).size - 8 * 4096);
    await expect(openDatabase({ file })).rejects.toMatchObject({ code: 'database_corrupt' });
  });
});
