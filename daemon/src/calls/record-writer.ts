// Brings the rows of calls into the database while the calls go on. A call never waits for it, except to be answered. What
// cannot be written now (the disk is full, the database locked by somebody) is kept and tried again.
import { errorText, isAppError, type Clock, type Log, type Metrics, type Timer } from '../platform/index.js';
import type { Db, RowSet } from '../db/index.js';
import type { CallRecord } from './call-record.js';

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;
/** Half an hour: a disk that is full has been seen to by then. What still fails then is no matter of waiting. */
const MOST_RETRIES = 60;

export interface RecordWriterOptions {
  db: Db;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

export class RecordWriter {
  readonly #options: RecordWriterOptions;
  /** records that are being written */
  readonly #writing = new Map<CallRecord, Promise<void>>();
  readonly #committing = new Set<Promise<void>>();
  /** records whose last writing failed, and how often it was tried again */
  readonly #unsaved = new Map<CallRecord, number>();
  #retry: Timer | undefined;
  #retryMs = FIRST_RETRY_MS;

  constructor(options: RecordWriterOptions) {
    this.#options = options;
    options.metrics.counter('call_records_delayed_total', 'Writings of call records that failed and are tried again');
  }

  /** Writes what has changed, soon. Never rejects and never throws. */
  save(record: CallRecord): void {
    if (this.#writing.has(record) || this.#unsaved.has(record)) return;
    this.#keep(record, Infinity, true).catch((error: unknown) => this.#failed(record, error));
  }

  /**
   * Resolves when all that the record holds now is on the disk. Rejects with what the database said, or with database_busy
   * when somebody else has locked it for `lockWaitMs`.
   */
  commit(record: CallRecord, lockWaitMs: number): Promise<void> {
    return this.#keep(record, lockWaitMs, false);
  }

  #keep(record: CallRecord, lockWaitMs: number, soon: boolean): Promise<void> {
    const committing = this.#commit(record, lockWaitMs, soon).finally(() => this.#committing.delete(committing));
    this.#committing.add(committing);
    return committing;
  }

  async #commit(record: CallRecord, lockWaitMs: number, soon: boolean): Promise<void> {
    while (record.dirty) {
      // One who waits does not wait for what may lie for a while.
      const before = soon ? this.#writing.get(record) : undefined;
      if (before === undefined) await this.#write(record, lockWaitMs, soon);
      else await before.catch(() => undefined);
    }
  }

  /** Waits for what is being written and tries what failed once more. Resolves with the number of calls that stay unsaved. */
  async flush(): Promise<number> {
    // What changed while it was written is written after it: the last of these is waited for, too.
    while (this.#committing.size > 0) await Promise.allSettled(this.#committing);
    this.#retry?.cancel();
    this.#retry = undefined;
    await Promise.allSettled([...this.#unsaved.keys()].map((record) => this.#again(record, FIRST_RETRY_MS)));
    return this.#unsaved.size;
  }

  #write(record: CallRecord, lockWaitMs: number, soon: boolean): Promise<void> {
    let confirm: (() => void) | undefined;
    const changes = (): RowSet => {
      const taken = record.changes();
      confirm = taken.confirm;
      return taken.rows;
    };
    const writing: Promise<void> = this.#options.db
      .put(changes, { lockWaitMs, soon })
      .then(() => confirm?.())
      .finally(() => this.#writing.get(record) === writing && this.#writing.delete(record));
    this.#writing.set(record, writing);
    return writing;
  }

  #failed(record: CallRecord, error: unknown): void {
    const { log, metrics, clock } = this.#options;
    metrics.counter('call_records_delayed_total', '').inc();
    log.error(
      { callId: record.row.id, err: error },
      `a call record is kept until it can be written: ${errorText(error)}`,
    );
    this.#unsaved.set(record, 0);
    if (isAppError(error, 'database_closed')) return;
    this.#retry ??= clock.after(this.#retryMs, () => void this.#retryAll());
  }

  async #retryAll(): Promise<void> {
    await Promise.allSettled(
      [...this.#unsaved].map(([record, retries]) =>
        this.#again(record, Infinity).catch((error: unknown) => this.#stillFails(record, retries + 1, error)),
      ),
    );
    const failed = this.#unsaved.size > 0;
    this.#retryMs = failed ? Math.min(this.#retryMs * 2, LONGEST_RETRY_MS) : FIRST_RETRY_MS;
    this.#retry = failed ? this.#options.clock.after(this.#retryMs, () => void this.#retryAll()) : undefined;
  }

  /** The log is the last place where a record can be kept. */
  #stillFails(record: CallRecord, retries: number, error: unknown): void {
    if (retries < MOST_RETRIES) {
      this.#unsaved.set(record, retries);
      return;
    }
    this.#unsaved.delete(record);
    const rows = record.dump();
    this.#options.log.fatal({ callId: record.row.id, err: error, ...rows }, 'a call record is given up; here it is');
  }

  async #again(record: CallRecord, lockWaitMs: number): Promise<void> {
    await this.commit(record, lockWaitMs);
    this.#unsaved.delete(record);
    // What changed after the last look was left to this attempt by save().
    if (record.dirty) this.save(record);
  }
}
