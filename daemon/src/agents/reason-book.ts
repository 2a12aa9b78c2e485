// The reasons for which an agent may be not ready, kept in memory. Where none is laid down, every code is taken.
import type { Db, NotReadyReasonRow } from '../db/index.js';
import { AppError, type Log, type Unsubscribe } from '../platform/index.js';

export class ReasonBook {
  readonly #db: Pick<Db, 'desk' | 'events'>;
  readonly #log: Log;
  readonly #changed: () => void;
  #rows = new Map<string, NotReadyReasonRow>();
  #off: Unsubscribe | undefined;

  /** `changed`: others hold now. */
  constructor(db: Pick<Db, 'desk' | 'events'>, log: Log, changed: () => void) {
    this.#db = db;
    this.#log = log;
    this.#changed = changed;
  }

  async start(): Promise<void> {
    this.#off = this.#db.events.on('reasons.changed', () =>
      this.#read().then(this.#changed, (error: unknown) => this.#log.error({ err: error }, 'reasons were not read')),
    );
    await this.#read();
  }

  stop(): void {
    this.#off?.();
  }

  /** Throws reason_not_found. */
  check(code: string | null): void {
    if (code === null || this.#rows.size === 0 || this.#rows.get(code)?.enabled === true) return;
    throw new AppError('reason_not_found', { code });
  }

  /** How long it may last; undefined: as long as it likes. */
  mostMs(code: string | null): number | undefined {
    const minutes = code === null ? null : (this.#rows.get(code)?.maxMinutes ?? null);
    return minutes === null ? undefined : minutes * 60_000;
  }

  async #read(): Promise<void> {
    this.#rows = new Map((await this.#db.desk.reasons()).map((row) => [row.code, row]));
  }
}
