// The one writer. Works wait in a line; those that wait together run in one transaction, one after the other, each after a
// savepoint of its own, and share its COMMIT:
//
//   write() -> waiting -> BEGIN | SAVEPOINT work | RELEASE SAVEPOINT work | … | COMMIT -> promises resolve
//
// A work that throws is rolled back to its savepoint and the others do not notice. Sets of rows that follow one another in the
// line are put as one work; when that fails, each is put alone, so that only those fail that must. SQLite takes one writer at a time anyway,
// and concurrent transactions of one process would wait for each other in Node's thread pool until it is full.
import {
  AppError,
  errorText,
  silentLog,
  systemClock,
  type Clock,
  type Log,
  type Metrics,
  type Timer,
} from '../platform/index.js';
import type { RowSet, WriteOptions } from './database.js';

/** One connection that the writer has for itself. */
export interface WriterConnection {
  /** Constant statements, no results. */
  exec(sql: string): Promise<void>;
  /** True for an error that says that another program holds the lock. */
  isBusy(error: unknown): boolean;
  /** True for an error that says that the disk is full. */
  isFull(error: unknown): boolean;
  /** The statement that begins a transaction and takes the lock. */
  readonly begin: string;
}

/** How long a write that is committed waits until those have it who keep a copy. */
const APPLY_LIMIT_MS = 1000;

/** What one work writes with; `open` ends with the work, so that what it forgot to await cannot touch the next one's. */
export interface WriterContext {
  open: boolean;
  /** run after COMMIT; a promise is waited for, within limits, before whoever wrote hears of it */
  readonly afterCommit: (() => Promise<unknown> | undefined | void)[];
}

export interface WriterOptions {
  connection: WriterConnection;
  /** The SQL that puts sets of rows, an empty one when there are none in them; undefined: nobody puts any. */
  rowScript?: ((sets: readonly RowSet[]) => string) | undefined;
  log?: Log | undefined;
  clock?: Clock | undefined;
  metrics?: Metrics | undefined;
  /** more waiting than this are refused */
  maxWaiting?: number | undefined;
  /** works of one transaction */
  maxGroup?: number | undefined;
  /** a transaction takes no more works after this time, ms */
  maxGroupMs?: number | undefined;
  /** a single work is undone after this time, ms */
  workTimeoutMs?: number | undefined;
  locked?: ((state: { waiting: number; waitedMs: number }) => void) | undefined;
  unlocked?: ((state: { waitedMs: number }) => void) | undefined;
  failed?: ((state: { error: unknown; lost: number }) => void) | undefined;
  /** The disk is full: true when there is room now, and what was undone is done again. */
  makeRoom?: (() => boolean) | undefined;
}

type Job = { work: (context: WriterContext) => Promise<unknown> } | { rows: () => RowSet };

interface Item {
  job: Job;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  queuedMs: number;
  lockWaitMs: number;
  limitMs: number;
  soon: boolean;
}

/** Between two lines of the log that say that writes were lost, ms. */
const LOG_PERIOD_MS = 5000;

type Outcome = { item: Item; context: WriterContext; value: unknown };

/** Between two tries to get the lock, ms; SQLite has waited by itself before each. */
const LOCK_RETRY_MS = 50;
const DEFAULT_LOCK_WAIT_MS = 10_000;
/** What is to be written soon begins a transaction of its own no earlier than this after the one before, ms. */
const SOON_MS = 50;

export class Writer {
  readonly #options: WriterOptions;
  readonly #connection: WriterConnection;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #maxWaiting: number;
  readonly #maxGroup: number;
  readonly #maxGroupMs: number;
  readonly #workTimeoutMs: number;
  readonly #groupSize;
  readonly #waitSeconds;
  #waiting: Item[] = [];
  #pump: Promise<void> | undefined;
  #closing = false;
  #soon: Timer | undefined;
  #begunMs = Number.NEGATIVE_INFINITY;
  #loggedMs = Number.NEGATIVE_INFINITY;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#connection = options.connection;
    this.#log = options.log ?? silentLog;
    this.#clock = options.clock ?? systemClock;
    this.#maxWaiting = options.maxWaiting ?? 10_000;
    this.#maxGroup = options.maxGroup ?? 256;
    this.#maxGroupMs = options.maxGroupMs ?? 50;
    this.#workTimeoutMs = options.workTimeoutMs ?? 10_000;
    this.#groupSize = options.metrics?.histogram(
      'database_group_works',
      'Works that shared a transaction',
      [1, 2, 4, 8, 16, 32, 64, 128, 256],
    );
    this.#waitSeconds = options.metrics?.histogram(
      'database_write_seconds',
      'From db.write to COMMIT',
      [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5],
    );
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** See Db.write. */
  write<T>(work: (context: WriterContext) => Promise<T>, options: WriteOptions = {}): Promise<T> {
    return this.#line({ work }, options);
  }

  /** See Db.put. */
  put(rows: () => RowSet, options: WriteOptions = {}): Promise<void> {
    return this.#line({ rows }, options);
  }

  #line<T>(job: Job, options: WriteOptions): Promise<T> {
    if (this.#closing) return Promise.reject(new AppError('database_closed'));
    if (this.#waiting.length >= this.#maxWaiting) {
      return Promise.reject(new AppError('database_overloaded', { waiting: this.#waiting.length }));
    }
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        job,
        resolve: resolve as (value: unknown) => void,
        reject,
        queuedMs: this.#clock.monotonicMs(),
        lockWaitMs: options.lockWaitMs ?? DEFAULT_LOCK_WAIT_MS,
        limitMs: options.limitMs ?? this.#workTimeoutMs,
        soon: options.soon ?? false,
      });
      if (options.soon === true) this.#startSoon();
      else this.#start();
    });
  }

  #start(): void {
    this.#soon?.cancel();
    this.#soon = undefined;
    this.#pump ??= this.#run();
  }

  /** What somebody waits for takes all that lies with it. */
  #startSoon(): void {
    if (this.#pump !== undefined || this.#soon !== undefined) return;
    const waitMs = this.#begunMs + SOON_MS - this.#clock.monotonicMs();
    if (waitMs <= 0) this.#start();
    else this.#soon = this.#clock.after(waitMs, () => this.#start());
  }

  /** Writes what waits, then refuses; idempotent. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#waiting.length > 0) this.#start();
    await this.#pump;
  }

  async #run(): Promise<void> {
    // Everything asked for in this turn of the event loop belongs to the first group.
    await Promise.resolve();
    try {
      do {
        this.#begunMs = this.#clock.monotonicMs();
        if (!(await this.#rowsAtOnce()) && (await this.#begin())) await this.#group();
      } while (this.#waiting.some(({ soon }) => !soon || this.#closing));
    } finally {
      // In the same step as the last look at the line: a write that comes between the two would never be taken.
      this.#pump = undefined;
      if (this.#waiting.length > 0) this.#startSoon();
    }
  }

  /** Takes the lock; false when nobody waits for it any more. */
  async #begin(): Promise<boolean> {
    const startMs = this.#clock.monotonicMs();
    let told = false;
    for (;;) {
      try {
        await this.#connection.exec(`${this.#connection.begin};SAVEPOINT work`);
        if (told) this.#options.unlocked?.({ waitedMs: this.#clock.monotonicMs() - startMs });
        return true;
      } catch (error) {
        await this.#connection.exec('ROLLBACK').catch(() => undefined);
        if (!this.#connection.isBusy(error)) {
          this.#loseAll(error);
          return false;
        }
      }
      const waitedMs = Math.round(this.#clock.monotonicMs() - startMs);
      told = true;
      this.#options.locked?.({ waiting: this.#waiting.length, waitedMs });
      this.#refuseImpatient();
      if (this.#waiting.length === 0) return false;
      await this.#clock.sleep(LOCK_RETRY_MS);
    }
  }

  #refuseImpatient(): void {
    const nowMs = this.#clock.monotonicMs();
    const stay: Item[] = [];
    for (const item of this.#waiting) {
      const waitedMs = Math.round(nowMs - item.queuedMs);
      if (waitedMs < item.lockWaitMs) stay.push(item);
      else item.reject(new AppError('database_busy', { waitedMs }));
    }
    this.#waiting = stay;
  }

  /**
   * When nothing but rows waits, their whole transaction is one order to the connection: each order costs a way to another thread
   * and back. False when there is something else, or it did not go well: then it goes step by step.
   */
  async #rowsAtOnce(): Promise<boolean> {
    const items = this.#together(0, this.#maxGroup);
    if (items.length < Math.min(this.#waiting.length, this.#maxGroup) || 'work' in (items[0]?.job ?? {})) return false;
    try {
      const script = this.#script(items);
      if (script !== '') await this.#connection.exec(`${this.#connection.begin};${script};COMMIT`);
    } catch {
      await this.#connection.exec('ROLLBACK').catch(() => undefined);
      return false;
    }
    this.#waiting.splice(0, items.length);
    this.#committed(items.map((item) => ({ item, context: { open: false, afterCommit: [] }, value: undefined })));
    return true;
  }

  /** Runs works until there are no more or enough, then commits. */
  async #group(): Promise<void> {
    const startMs = this.#clock.monotonicMs();
    const done: Outcome[] = [];
    // Not waited for one by one: statements of a connection run in the order in which they were given.
    const released: Promise<void>[] = [];
    let taken = 0;
    let alone = 0;
    // Taken off the line in one piece at the end of each round: shifting a long array one by one is slow.
    while (taken < this.#waiting.length && taken < this.#maxGroup) {
      const items = this.#together(taken, alone > 0 ? 1 : this.#maxGroup - taken);
      alone -= 1;
      const context: WriterContext = { open: true, afterCommit: [] };
      try {
        const value = await this.#limited(
          this.#perform(items, context),
          Math.max(...items.map(({ limitMs }) => limitMs)),
        );
        context.open = false;
        const release = this.#connection.exec('RELEASE SAVEPOINT work;SAVEPOINT work');
        release.catch(() => undefined);
        released.push(release);
        for (const item of items) done.push({ item, context, value });
        taken += items.length;
      } catch (error) {
        context.open = false;
        const full = this.#connection.isFull(error);
        // Whose fault it was shows when each is put alone.
        if (items.length > 1 && !full) alone = items.length;
        else taken += items.length;
        if (full) {
          this.#waiting.splice(0, taken);
          await this.#lose([...done.map((one) => one.item), ...items], error);
          return;
        }
        if (items.length === 1) items[0]?.reject(error);
        try {
          await this.#connection.exec('ROLLBACK TO SAVEPOINT work');
        } catch (lost) {
          // SQLite itself has undone the whole transaction (i/o error): what ran before is gone, too.
          this.#waiting.splice(0, taken);
          await this.#loseDone(done, lost);
          return;
        }
      }
      if (this.#clock.monotonicMs() - startMs > this.#maxGroupMs) break;
    }
    this.#waiting.splice(0, taken);
    try {
      await Promise.all(released);
    } catch (error) {
      await this.#loseDone(done, error);
      return;
    }
    await this.#commit(done);
  }

  /** The next work; sets of rows that follow one another are one. */
  #together(from: number, most: number): Item[] {
    let to = from + 1;
    const rows = (at: number): boolean => 'rows' in (this.#waiting[at]?.job ?? {});
    if (rows(from)) while (to - from < most && rows(to)) to += 1;
    return this.#waiting.slice(from, to);
  }

  async #perform(items: readonly Item[], context: WriterContext): Promise<unknown> {
    const [first] = items;
    if (first !== undefined && 'work' in first.job) return first.job.work(context);
    const script = this.#script(items);
    if (script !== '') await this.#connection.exec(script);
    return undefined;
  }

  #script(items: readonly Item[]): string {
    return this.#options.rowScript?.(items.map(({ job }) => ('rows' in job ? job.rows() : {}))) ?? '';
  }

  async #commit(done: Outcome[]): Promise<void> {
    for (;;) {
      try {
        await this.#connection.exec('COMMIT');
        break;
      } catch (error) {
        if (!this.#connection.isBusy(error)) {
          await this.#loseDone(done, error);
          return;
        }
        await this.#clock.sleep(LOCK_RETRY_MS);
      }
    }
    this.#committed(done);
  }

  #committed(done: Outcome[]): void {
    this.#groupSize?.observe(done.length);
    const nowMs = this.#clock.monotonicMs();
    for (const { item, context, value } of done) {
      this.#waitSeconds?.observe((nowMs - item.queuedMs) / 1000);
      const works = context.afterCommit.map((tell) => this.#tell(tell)).filter((work) => work instanceof Promise);
      if (works.length === 0) item.resolve(value);
      else void this.#applied(works).then(() => item.resolve(value));
    }
  }

  #tell(tell: WriterContext['afterCommit'][number]): Promise<unknown> | undefined | void {
    try {
      return tell();
    } catch (error) {
      this.#log.error({ err: error }, 'an action after COMMIT failed');
    }
  }

  /** Who has changed a setting finds it in force. One who is slow in taking it over holds nobody up for long. */
  async #applied(works: Promise<unknown>[]): Promise<void> {
    const enough = new AbortController();
    const limit = this.#clock.sleep(APPLY_LIMIT_MS, enough.signal).catch(() => undefined);
    await Promise.race([Promise.allSettled(works), limit]);
    enough.abort();
  }

  #loseDone(done: Outcome[], error: unknown): Promise<void> {
    return this.#lose(
      done.map(({ item }) => item),
      error,
    );
  }

  /** The transaction with these works has failed. They come again when that can help, else their promises reject. */
  async #lose(items: Item[], error: unknown): Promise<void> {
    await this.#connection.exec('ROLLBACK').catch(() => undefined);
    if (this.#connection.isFull(error) && this.#options.makeRoom?.() === true) {
      this.#waiting.unshift(...items);
      return;
    }
    this.#reject(items, error);
  }

  #loseAll(error: unknown): void {
    const lost = this.#waiting;
    this.#waiting = [];
    this.#reject(lost, error);
  }

  #reject(items: Item[], error: unknown): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#loggedMs > LOG_PERIOD_MS) {
      this.#loggedMs = nowMs;
      this.#log.error({ err: error, lost: items.length }, `writes were lost: ${errorText(error)}`);
    }
    this.#options.failed?.({ error, lost: items.length });
    const told = this.#connection.isFull(error) ? new AppError('database_full', {}, { cause: error }) : error;
    for (const item of items) item.reject(told);
  }

  /** A work that never ends (for instance because it waits for a write of its own) must not stop all others. */
  #limited<T>(work: Promise<T>, limitMs: number): Promise<T> {
    if (limitMs === Infinity) return work;
    return new Promise<T>((resolve, reject) => {
      const timer = this.#clock.after(limitMs, () => reject(new AppError('database_work_timeout', { limitMs })));
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}
