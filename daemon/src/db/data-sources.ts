// Databases of others that flows may ask: opened for reading alone, named in the settings. Values are bound; time and rows are bounded.
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { QueryTypes, Sequelize } from 'sequelize';
import sqlite3 from 'sqlite3';
import type { JsonObject, JsonValue } from '../contract/index.js';
import { errorText, type Clock, type Log } from '../platform/index.js';

export type DataSource =
  | { kind: 'sqlite'; file: string }
  | {
      kind: 'postgres';
      host: string;
      port: number;
      database: string;
      username: string;
      password: string;
      tls: boolean;
    };

/** Why a question to a data source was not answered. */
export class DataSourceError extends Error {
  constructor(
    readonly code: 'unknown' | 'timeout' | 'unreachable' | 'refused',
    message: string,
  ) {
    super(message);
    this.name = 'DataSourceError';
  }
}

const MOST_AT_ONCE = 50;
const LONGEST_VALUE = 4000;
/** What a server is given beyond its own limit, to say itself that the time is over. */
const GRACE_MS = 250;

interface Open {
  sequelize: Sequelize;
  kind: DataSource['kind'];
  /** time limits are the connection's: questions of one limit share it */
  timeoutMs: number;
}

export interface DataSourcesOptions {
  sources: Readonly<Record<string, DataSource>>;
  clock: Clock;
  log: Log;
}

export class DataSources {
  readonly #options: DataSourcesOptions;
  readonly #open = new Map<string, Open>();
  #running = 0;

  constructor(options: DataSourcesOptions) {
    this.#options = options;
  }

  ids(): ReadonlySet<string> {
    return new Set(Object.keys(this.#options.sources));
  }

  /** One SELECT, `$name` bound. Rejects with a DataSourceError. */
  async query(
    name: string,
    sql: string,
    bind: JsonObject,
    { timeoutMs, maxRows }: { timeoutMs: number; maxRows: number },
  ): Promise<JsonObject[]> {
    const { sources } = this.#options;
    const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
    if (source === undefined) throw new DataSourceError('unknown', `there is no data source ${name}`);
    if (this.#running >= MOST_AT_ONCE) throw new DataSourceError('unreachable', 'too many questions at once');
    this.#running += 1;
    try {
      const open = await this.#opened(name, source, timeoutMs);
      // The line break ends a comment that the text may end with.
      const bounded = `SELECT * FROM (${sql.trim().replace(/;\s*$/, '')}\n) AS "asked" LIMIT ${maxRows}`;
      const rows = await this.#inTime(open, () => this.#ask(open, bounded, bind), timeoutMs);
      return rows.slice(0, maxRows).map(plainRow);
    } catch (error) {
      if (error instanceof DataSourceError) throw error;
      const text = errorText(error);
      if (/statement timeout|interrupted/i.test(text)) throw new DataSourceError('timeout', 'it took too long');
      throw new DataSourceError(/connect|ECONN|ENOTFOUND|unable to open/i.test(text) ? 'unreachable' : 'refused', text);
    } finally {
      this.#running -= 1;
    }
  }

  async close(): Promise<void> {
    for (const { sequelize } of this.#open.values())
      await sequelize
        .close()
        .catch((error: unknown) => this.#options.log.warn({ err: error }, 'a data source did not close'));
    this.#open.clear();
  }

  async #ask({ sequelize, kind }: Open, sql: string, bind: JsonObject): Promise<object[]> {
    const bound = (value: JsonValue): unknown => {
      if (typeof value === 'object' && value !== null) return JSON.stringify(value);
      return typeof value === 'boolean' && kind === 'sqlite' ? Number(value) : value;
    };
    const values = Object.fromEntries(Object.entries(bind).map(([key, value]) => [key, bound(value)]));
    const asked = { bind: values, type: QueryTypes.SELECT, raw: true } as const;
    if (kind === 'sqlite') return sequelize.query<object>(sql, asked);
    // A session's default can be switched off from within a SELECT; a transaction that has begun cannot.
    return sequelize.transaction(async (transaction) => {
      await sequelize.query('SET TRANSACTION READ ONLY', { transaction });
      return sequelize.query<object>(sql, { ...asked, transaction });
    });
  }

  async #inTime<T>(open: Open, work: () => Promise<T>, timeoutMs: number): Promise<T> {
    let timer: { cancel(): void } | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const limit = open.kind === 'sqlite' ? timeoutMs : timeoutMs + GRACE_MS;
      timer = this.#options.clock.after(limit, () => {
        reject(new DataSourceError('timeout', `no answer within ${timeoutMs} ms`));
        this.#interrupt(open);
      });
    });
    const asked = work();
    asked.catch(() => undefined);
    try {
      return await Promise.race([asked, late]);
    } finally {
      timer?.cancel();
    }
  }

  /** SQLite has no limit of its own: the question is broken off, and with it those that wait on the same connection. */
  #interrupt({ sequelize, kind }: Open): void {
    if (kind !== 'sqlite') return;
    const manager = sequelize.connectionManager as unknown as { connections?: Record<string, sqlite3.Database> };
    for (const connection of Object.values(manager.connections ?? {})) connection.interrupt();
  }

  async #opened(name: string, source: DataSource, timeoutMs: number): Promise<Open> {
    const key = source.kind === 'sqlite' ? name : `${name}/${timeoutMs}`;
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const common = { logging: false, benchmark: false } as const;
    let sequelize: Sequelize;
    if (source.kind === 'sqlite') {
      await access(source.file, constants.R_OK).catch(() => {
        throw new DataSourceError('unreachable', `${name} cannot be read`);
      });
      sequelize = new Sequelize({
        ...common,
        dialect: 'sqlite',
        dialectModule: sqlite3,
        storage: source.file,
        dialectOptions: { mode: sqlite3.OPEN_READONLY },
      });
    } else {
      const { host, port, database, username, password, tls } = source;
      sequelize = new Sequelize({
        ...common,
        ...{ dialect: 'postgres', host, port, database, username, password },
        pool: { max: 5, min: 0, idle: 10_000, acquire: Math.max(1000, timeoutMs) },
        dialectOptions: {
          ...(tls ? { ssl: { rejectUnauthorized: true } } : {}),
          ...{ statement_timeout: timeoutMs, connectionTimeoutMillis: timeoutMs, application_name: 'cordboard' },
          options: '-c default_transaction_read_only=on',
        },
      });
    }
    const open = { sequelize, kind: source.kind, timeoutMs };
    this.#open.set(key, open);
    return open;
  }
}

function plainRow(row: object): JsonObject {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, plain(value)]));
}

function plain(value: unknown): JsonValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value)) return value.toString('base64').slice(0, LONGEST_VALUE);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.slice(0, LONGEST_VALUE);
}
