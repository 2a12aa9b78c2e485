// Dialogs that must be ended should the daemon be killed, on the disk. What happens while a write is on its way is written together
// after it, and of a call that began and ended meanwhile nothing is: the more calls, the less of each.
import type { Db, RowSet, SipDialogRow } from '../db/index.js';
import type { JsonObject } from '../contract/index.js';
import { errorText, type Clock, type Log } from '../platform/index.js';
import type { KeptDialog } from './stack/index.js';

/** ms; until what could not be written is tried again */
const RETRY_MS = 5000;

export interface DialogKeeperOptions {
  db: Db;
  clock: Clock;
  log: Log;
}

export class DialogKeeper {
  readonly #options: DialogKeeperOptions;
  /** undefined: it is to be forgotten */
  #waiting = new Map<string, KeptDialog | undefined>();
  readonly #stored = new Set<string>();
  #writing: Promise<void> | undefined;

  constructor(options: DialogKeeperOptions) {
    this.#options = options;
  }

  keep(dialog: KeptDialog): void {
    this.#waiting.set(dialog.id, dialog);
    this.#writing ??= this.#run();
  }

  forget(id: string): void {
    // One that was never written, nor is being written now, leaves nothing.
    if (this.#waiting.get(id) !== undefined && !this.#stored.has(id)) this.#waiting.delete(id);
    else this.#waiting.set(id, undefined);
    if (this.#waiting.size > 0) this.#writing ??= this.#run();
  }

  /** Resolves when all is on the disk, or cannot be put there now. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { db, clock, log } = this.#options;
    // What the stack tells in one turn comes together.
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const batch = this.#waiting;
      this.#waiting = new Map();
      for (const [id, dialog] of batch) if (dialog !== undefined) this.#stored.add(id);
      try {
        await db.put(() => rowsOf(batch), { soon: true });
        for (const [id, dialog] of batch) if (dialog === undefined) this.#stored.delete(id);
      } catch (error) {
        log.error({ err: error }, `calls would not be ended at their peers after a crash: ${errorText(error)}`);
        this.#waiting = new Map([...batch, ...this.#waiting]);
        clock.after(RETRY_MS, () => void (this.#writing ??= this.#run()));
        break;
      }
    }
    this.#writing = undefined;
  }
}

function rowsOf(batch: ReadonlyMap<string, KeptDialog | undefined>): RowSet {
  const sipDialogs: SipDialogRow[] = [];
  const sipDialogsGone: string[] = [];
  for (const [id, dialog] of batch) {
    if (dialog === undefined) sipDialogsGone.push(id);
    else sipDialogs.push({ id, since: dialog.sinceMs, state: dialog as unknown as JsonObject });
  }
  return { sipDialogs, sipDialogsGone };
}
