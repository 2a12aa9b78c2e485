// The lists in force: on which of them a caller stands, and what that makes of his call.
import type { CallerTreatment, ListAction } from '../contract/index.js';
import type { Db, NumberListEntryRow, NumberListRow } from '../db/index.js';
import { errorText, type Clock, type Log, type Unsubscribe } from '../platform/index.js';
import { ListIndex } from './list-index.js';

export interface CallerVerdict {
  treatment: CallerTreatment | null;
  /** he is to be refused; null: no black list has him, or a white one has */
  refused: { listId: string; reason: string; action: ListAction } | null;
}

/** What call routing asks of lists. */
export interface CallerLists {
  /** Of a number as it is dialled in the country. Never rejects: what cannot be read does not count. */
  verdict(number: string, atMs?: number): Promise<CallerVerdict>;
}

/** So many changes are kept beside the table before it is made anew. */
const MOST_CHANGES = 20_000;
const NOTHING: CallerVerdict = { treatment: null, refused: null };

export class ListBook implements CallerLists {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #index = new ListIndex();
  #lists = new Map<string, NumberListRow>();
  #offs: Unsubscribe[] = [];
  #reading: Promise<void> = Promise.resolve();

  constructor({ db, clock, log }: { db: Db; clock: Clock; log: Log }) {
    this.#db = db;
    this.#clock = clock;
    this.#log = log;
  }

  /** Rejects when the database cannot be read. */
  async start(): Promise<void> {
    this.#offs = [
      this.#db.events.on('numberList.changed', ({ removed }) =>
        this.#then(async () => {
          await this.#readLists();
          if (removed) await this.#load();
        }),
      ),
      this.#db.events.on('numberListEntries.changed', ({ id, numbers }) =>
        this.#then(() => this.#refresh(id, numbers)),
      ),
    ];
    await this.#readLists();
    await this.#load();
  }

  stop(): void {
    for (const off of this.#offs) off();
    this.#offs = [];
  }

  /** Resolves when every change that was committed before is in force. */
  applied(): Promise<void> {
    return this.#reading;
  }

  async verdict(number: string, atMs = this.#clock.wallMs()): Promise<CallerVerdict> {
    if (number === '') return NOTHING;
    const hits = this.#index.find(number, atMs).flatMap(({ entryId, listId }) => {
      const list = this.#lists.get(listId);
      return list === undefined || !list.enabled ? [] : [{ entryId, list }];
    });
    if (hits.length === 0) return NOTHING;
    const found = await Promise.all(
      hits.map(async ({ entryId, list }) => ({ list, entry: await this.#entry(entryId) })),
    );
    const white = found.some(({ list }) => list.kind === 'white');
    const black = white ? undefined : found.find(({ list }) => list.kind === 'black');
    const vips = found.filter(({ list }) => list.kind === 'vip');
    const most = (numbers: number[]): number | null => (numbers.length === 0 ? null : Math.max(...numbers));
    return {
      treatment: {
        lists: [...new Set(found.map(({ list }) => list.id))],
        vipLevel: most(vips.map(({ list, entry }) => entry?.level ?? list.level)),
        priority: most(vips.map(({ list }) => list.priority)),
        agentId: vips.find(({ entry }) => entry?.agentId != null)?.entry?.agentId ?? null,
      },
      refused:
        black === undefined
          ? null
          : { listId: black.list.id, reason: black.entry?.reason ?? '', action: black.list.action },
    };
  }

  async #entry(id: number): Promise<NumberListEntryRow | null> {
    try {
      return await this.#db.numberLists.findEntry(id);
    } catch (error) {
      this.#log.error({ err: error }, `an entry of a list was not read: ${errorText(error)}`);
      return null;
    }
  }

  #then(work: () => Promise<void>): Promise<void> {
    this.#reading = this.#reading
      .then(work)
      .catch((error: unknown) => this.#log.error({ err: error }, `the lists stay as they are: ${errorText(error)}`));
    return this.#reading;
  }

  async #readLists(): Promise<void> {
    this.#lists = new Map((await this.#db.numberLists.list()).map((row) => [row.id, row]));
  }

  async #load(): Promise<void> {
    await this.#index.load(this.#db.numberLists.scan());
  }

  async #refresh(listId: string, numbers: readonly string[] | null): Promise<void> {
    if (numbers === null || this.#index.changes + numbers.length > MOST_CHANGES) return this.#load();
    this.#index.put(listId, numbers, await this.#db.numberLists.entriesByNumber(listId, numbers));
  }
}
