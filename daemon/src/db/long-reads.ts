// Connections for questions that may take long (reports, searches): opened for reading alone and when first needed, so that nobody
// who has a call to serve waits behind them. Beside a log that is written ahead, readers and the writer do not wait for each other.
import sqlite3 from 'sqlite3';
import { AppError, type Clock } from '../platform/index.js';

export interface AskOptions {
  /** Broken off after so long, ms: AppError report_too_wide; default 10,000 */
  limitMs?: number | undefined;
  /** work that nobody waits for has a connection of its own */
  background?: boolean | undefined;
}

type Lane = 'background' | 0 | 1;

export class LongReads {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #open = new Map<Lane, Promise<sqlite3.Database>>();
  readonly #last = new Map<Lane, Promise<unknown>>();
  readonly #waiting: [number, number] = [0, 0];
  #closed = false;

  constructor(file: string, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  /** For those who ask again and again: how long they have done so. */
  get nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** Values are bound, by names with their `$`. Two of people at a time, and one of the background. */
  ask<Row extends object>(
    sql: string,
    values: Readonly<Record<string, string | number | null>> = {},
    { limitMs = 10_000, background = false }: AskOptions = {},
  ): Promise<Row[]> {
    const lane: Lane = background ? 'background' : this.#waiting[0] <= this.#waiting[1] ? 0 : 1;
    if (lane !== 'background') this.#waiting[lane] += 1;
    const before = this.#last.get(lane) ?? Promise.resolve();
    const asked = before
      .then(() => this.#ask<Row>(lane, sql, values, limitMs))
      .finally(() => lane !== 'background' && (this.#waiting[lane] -= 1));
    this.#last.set(
      lane,
      asked.catch(() => undefined),
    );
    return asked;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([...this.#last.values()]);
    for (const opening of this.#open.values()) {
      const connection = await opening.catch(() => undefined);
      await new Promise<void>((resolve) => (connection === undefined ? resolve() : connection.close(() => resolve())));
    }
  }

  async #ask<Row extends object>(
    lane: Lane,
    sql: string,
    values: Readonly<Record<string, string | number | null>>,
    limitMs: number,
  ): Promise<Row[]> {
    if (this.#closed) throw new AppError('database_closed');
    const connection = await this.#connection(lane);
    let late = false;
    const timer = this.#clock.after(limitMs, () => {
      late = true;
      connection.interrupt();
    });
    try {
      return await new Promise<Row[]>((resolve, reject) => {
        connection.all<Row>(sql, values, (error, rows) => (error === null ? resolve(rows) : reject(error)));
      });
    } catch (error) {
      if (late) throw new AppError('report_too_wide', {}, { cause: error });
      throw error;
    } finally {
      timer.cancel();
    }
  }

  #connection(lane: Lane): Promise<sqlite3.Database> {
    const open = this.#open.get(lane) ?? openFile(this.#file);
    this.#open.set(lane, open);
    return open;
  }
}

function openFile(file: string): Promise<sqlite3.Database> {
  return new Promise((resolve, reject) => {
    const connection = new sqlite3.Database(file, sqlite3.OPEN_READONLY, (error) => {
      if (error !== null) return reject(error);
      const settings =
        'PRAGMA busy_timeout = 1000; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536; PRAGMA query_only = ON';
      connection.exec(settings, (failed) => (failed === null ? resolve(connection) : reject(failed)));
    });
  });
}
