// Every box in memory, for those who ask which one a number, a telephone or an agent has.
import type { Db, VoicemailBoxRow } from '../db/index.js';
import type { Log, Unsubscribe } from '../platform/index.js';

export class BoxBook {
  readonly #db: Db;
  readonly #log: Log;
  #rows = new Map<string, VoicemailBoxRow>();
  #off: Unsubscribe | undefined;

  constructor({ db, log }: { db: Db; log: Log }) {
    this.#db = db;
    this.#log = log;
  }

  async start(): Promise<void> {
    this.#off = this.#db.events.on('voicemailBox.changed', ({ id, removed }) =>
      removed ? void this.#rows.delete(id) : this.#reload(id),
    );
    this.#rows = new Map((await this.#db.voicemail.boxes()).map((row) => [row.id, row]));
  }

  stop(): void {
    this.#off?.();
  }

  ids(): ReadonlySet<string> {
    return new Set(this.#rows.keys());
  }

  find(id: string): VoicemailBoxRow | undefined {
    return this.#rows.get(id);
  }

  withNumber(number: string): VoicemailBoxRow | undefined {
    return this.#first((row) => row.number === number);
  }

  /** Of who is signed in at a telephone, else of the telephone. */
  own(station: number, agentId: string | null): VoicemailBoxRow | undefined {
    return (
      (agentId === null
        ? undefined
        : this.#first(({ kind, agents }) => kind === 'agent' && agents.includes(agentId))) ??
      this.#first(({ stations }) => stations.includes(station))
    );
  }

  /** That takes the calls which nobody takes at a telephone. */
  answering(station: number, agentId: string | null): VoicemailBoxRow | undefined {
    const row = this.own(station, agentId);
    return row?.answersStations === true ? row : undefined;
  }

  #first(fits: (row: VoicemailBoxRow) => boolean): VoicemailBoxRow | undefined {
    for (const row of this.#rows.values()) if (fits(row)) return row;
    return undefined;
  }

  async #reload(id: string): Promise<void> {
    try {
      const row = await this.#db.voicemail.box(id);
      if (row !== null) this.#rows.set(id, row);
    } catch (error) {
      this.#log.error({ err: error, box: id }, 'a voicemail box could not be read; it stays as it was');
    }
  }
}
