// Temporary announcements (an outage, a holiday): on or off, from the page or by telephone, at once for everybody who comes by.
import type { AnnouncementRow, Db } from '../db/index.js';
import type { Clock, Log, Unsubscribe } from '../platform/index.js';
import type { AnnouncementsPort } from './flow-ports.js';

export class AnnouncementBook implements AnnouncementsPort {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #log: Log;
  #rows = new Map<string, AnnouncementRow>();
  #off: Unsubscribe | undefined;

  constructor({ db, clock, log }: { db: Db; clock: Clock; log: Log }) {
    this.#db = db;
    this.#clock = clock;
    this.#log = log;
  }

  async start(): Promise<void> {
    this.#off = this.#db.events.on('announcement.changed', ({ id, removed }) =>
      removed ? void this.#rows.delete(id) : this.#reload(id),
    );
    this.#rows = new Map((await this.#db.announcements.list()).map((row) => [row.id, row]));
  }

  stop(): void {
    this.#off?.();
  }

  ids(): ReadonlySet<string> {
    return new Set(this.#rows.keys());
  }

  playing(id: string): readonly string[] | undefined {
    const row = this.#rows.get(id);
    if (row === undefined || !row.active || row.prompts.length === 0) return undefined;
    return row.until === null || row.until > this.#clock.wallMs() ? row.prompts : undefined;
  }

  async #reload(id: string): Promise<void> {
    try {
      const row = await this.#db.announcements.find(id);
      if (row !== null) this.#rows.set(id, row);
    } catch (error) {
      this.#log.error({ err: error, announcement: id }, 'an announcement could not be read; it stays as it was');
    }
  }
}
