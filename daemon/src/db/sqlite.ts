// What is peculiar to SQLite: how a connection is set up, how the file is checked and copied. Everything else in db/ is
// Sequelize and would do the same with PostgreSQL.
import { execFile } from 'node:child_process';
import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { QueryTypes, Sequelize, Transaction } from 'sequelize';
import sqlite3 from 'sqlite3';
import { AppError, errorText } from '../platform/index.js';

/**
 * How long SQLite itself waits for another program's lock, ms. Short, because it waits in one of the four threads that Node
 * has for such work; writer.ts tries again.
 */
const BUSY_TIMEOUT_MS = 1000;

/** synchronous=FULL: with NORMAL a power cut takes every commit since the last checkpoint. */
const PRAGMAS = [
  `PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`,
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = FULL',
  'PRAGMA foreign_keys = ON',
  'PRAGMA temp_store = MEMORY',
].join(';');

type OpenCallback = (this: sqlite3.Database, error: Error | null) => void;
type RunCallback = (this: sqlite3.RunResult, error: Error | null) => void;

/** Statements kept ready on a connection: the daemon has some forty different writes. */
const MOST_STATEMENTS = 200;

/**
 * Sequelize's sqlite dialect never fires afterConnect, so each connection is set up by the driver's own class, before the
 * callback that hands it to Sequelize. It also keeps prepared statements: Sequelize's writes have parameters and are the
 * same text again and again, and preparing costs as much as running.
 */
class PreparedDatabase extends sqlite3.Database {
  readonly #statements = new Map<string, sqlite3.Statement>();

  constructor(file: string, mode: number, opened: OpenCallback) {
    super(file, mode, (error) => {
      if (error !== null) {
        opened.call(this, error);
        return;
      }
      // One statement at a time and in order: a transaction's statements must not overtake one another in the thread pool.
      super.serialize();
      this.exec(PRAGMAS, (pragmaError) => opened.call(this, pragmaError));
    });
  }

  /**
   * Sequelize wraps every statement in this. The connection is in that mode already; and the stack that Sequelize takes
   * here for an error that nearly never comes (it shows nothing but Sequelize) costs as much as an INSERT.
   */
  override serialize(callback?: () => void): void {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      callback?.();
    } finally {
      Error.stackTraceLimit = limit;
    }
  }

  // The types of the driver have five forms of run(); Sequelize uses this one.
  override run(sql: string, ...rest: unknown[]): this {
    const [parameters, callback] = rest as [unknown, RunCallback | undefined];
    const named = typeof parameters === 'object' && parameters !== null && Object.keys(parameters).length > 0;
    if (!named || typeof callback !== 'function') return super.run(sql, ...(rest as [unknown]));
    // A statement that is ready runs at once, past whatever waits for the connection: past a SAVEPOINT, so that its row would
    // belong to the work before. wait() puts it in the line, and calls back in this same step when nothing is in it.
    return this.wait(() => this.#statement(sql).run(parameters, callback));
  }

  override close(callback?: (error: Error | null) => void): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
    super.close(callback);
  }

  #statement(sql: string): sqlite3.Statement {
    let statement = this.#statements.get(sql);
    if (statement !== undefined) {
      this.#statements.delete(sql);
    } else {
      const [oldest] = this.#statements;
      if (oldest !== undefined && this.#statements.size >= MOST_STATEMENTS) {
        this.#statements.delete(oldest[0]);
        oldest[1].finalize();
      }
      // A text that cannot be prepared says so again to every run().
      statement = this.prepare(sql, () => undefined);
    }
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** Opens nothing yet; the folder is made. The file is for its owner alone: it holds password hashes. */
export function sqliteSequelize(file: string): Sequelize {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
  return new Sequelize({
    dialect: 'sqlite',
    storage: file,
    dialectModule: { ...sqlite3, Database: PreparedDatabase },
    logging: false,
    // Sequelize would repeat a statement five times when the file is locked; writer.ts knows better when to.
    retry: { max: 1 },
  });
}

/** Runs constant statements on a connection of the pool, beside Sequelize's formatting: for BEGIN, SAVEPOINT and the like. */
export function execOn(connection: unknown, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    (connection as sqlite3.Database).exec(sql, (error) => (error === null ? resolve() : reject(error)));
  });
}

/**
 * Puts rows, given as lists of values, into a table, as a text to be run: a statement costs the thread that asks for it more
 * than a dozen rows do, and so does each bound value. A row whose key is there already has its `changing` columns changed.
 */
export function putSql(table: string, key: string, columns: readonly string[], changing: readonly string[]) {
  const names = columns.map((column) => `"${column}"`).join(', ');
  const values = columns.map((_, index) => `value ->> ${index}`).join(', ');
  const changes = changing.map((column) => `"${column}" = excluded."${column}"`).join(', ');
  const before = `INSERT INTO "${table}" (${names}) SELECT ${values} FROM json_each(`;
  // SQLite takes ON after FROM for that of a join, unless there is a WHERE between them.
  const after = `) WHERE true ON CONFLICT ("${key}") DO ${changes === '' ? 'NOTHING' : `UPDATE SET ${changes}`}`;
  return (rows: readonly (readonly unknown[])[]): string => before + jsonLiteral(rows) + after;
}

/** Removes rows by their keys, as a text to be run. */
export function removeSql(table: string, key: string, keys: readonly string[]): string {
  return `DELETE FROM "${table}" WHERE "${key}" IN (SELECT value FROM json_each(${jsonLiteral(keys)}))`;
}

/** In a literal of SQL the quote alone means anything; in JSON a NUL, which would end the text, is escaped. */
function jsonLiteral(value: unknown): string {
  return `'${JSON.stringify(value).replaceAll("'", "''")}'`;
}

/** True when another program holds the lock. */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_BUSY' || codeOf(error) === 'SQLITE_LOCKED';
}

/** True when the disk is full (or the file may not grow). */
export function isFull(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_FULL';
}

/** True when the file is no database or its pages do not agree. */
export function isCorrupt(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_CORRUPT' || codeOf(error) === 'SQLITE_NOTADB';
}

function codeOf(error: unknown): string | undefined {
  for (let e = error; e instanceof Error; e = 'parent' in e ? e.parent : 'original' in e ? e.original : e.cause) {
    if ('code' in e && typeof e.code === 'string' && e.code.startsWith('SQLITE_')) return e.code;
  }
  return undefined;
}

/** Reads every page of the file. AppError database_corrupt. */
export async function quickCheck(sequelize: Sequelize, file: string): Promise<void> {
  let wrong: string | undefined;
  try {
    wrong = wrongIn(await sequelize.query<{ quick_check: string }>('PRAGMA quick_check', { type: QueryTypes.SELECT }));
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    throw corrupt(file, errorText(error), error);
  }
  if (wrong !== undefined) throw corrupt(file, wrong);
}

/** What a check of all pages has found, shortened; undefined: nothing. */
export function wrongIn(rows: readonly { quick_check: string }[]): string | undefined {
  const problems = rows.map((row) => row.quick_check).filter((text) => text !== 'ok');
  return problems.length > 0 ? problems.slice(0, 3).join('; ') : undefined;
}

export function corrupt(file: string, reason: string, cause?: unknown): AppError {
  const backups = listBackups(file).slice(0, 3).join(', ');
  return new AppError('database_corrupt', { file, reason, backups: backups === '' ? '-' : backups }, { cause });
}

/** Copies of the database, newest first. */
export function listBackups(file: string): string[] {
  const folder = backupFolder(file);
  if (!existsSync(folder)) return [];
  const prefix = `${basename(file)}.`;
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix))
    .sort()
    .reverse()
    .map((name) => join(folder, name));
}

/** A file of this size is copied as it lies, byte by byte: to write its rows anew would take minutes. */
const COPIED_AS_IT_LIES_BYTES = 512 * 1024 * 1024;
/** is left free beside a copy */
const SPARE_BYTES = 256 * 1024 * 1024;

/**
 * Writes a whole and consistent copy, beside the writers; returns its path. `label` says why it was kept. undefined: there is no room
 * for one of a file as large as this.
 */
export async function backup(
  sequelize: Sequelize,
  file: string,
  label: string,
  nowMs: number,
  asItLiesBytes = COPIED_AS_IT_LIES_BYTES,
): Promise<string | undefined> {
  const folder = backupFolder(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stamp = new Date(nowMs).toISOString().replace(/[-:]/g, '');
  const copy = join(folder, `${basename(file)}.${stamp}.${label}`);
  const { size } = statSync(file);
  if (size < asItLiesBytes) await sequelize.query('VACUUM INTO $copy', { bind: { copy }, type: QueryTypes.RAW });
  else {
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < size + SPARE_BYTES) return undefined;
    await copyAsItLies(sequelize, file, copy);
  }
  chmodSync(copy, 0o600);
  for (const path of [copy, folder]) {
    const descriptor = openSync(path, 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
  }
  return copy;
}

/** Nobody writes meanwhile. By another program: to close a file lets go of every lock that this one has of it. */
async function copyAsItLies(sequelize: Sequelize, file: string, copy: string): Promise<void> {
  await sequelize.query('PRAGMA wal_checkpoint(TRUNCATE)', { type: QueryTypes.RAW });
  await sequelize.transaction({ type: Transaction.TYPES.IMMEDIATE }, async () => {
    if (existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0)
      await sequelize.query('VACUUM INTO $copy', { bind: { copy }, type: QueryTypes.RAW, transaction: null });
    else await promisify(execFile)('cp', ['--reflink=auto', '--', file, copy]);
  });
}

function backupFolder(file: string): string {
  return join(dirname(file), 'backups');
}
