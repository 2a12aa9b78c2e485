// Keeps bindings over a restart: a telephone registers once an hour, and must be called meanwhile. Changes are saved together, a
// little later; what a crash loses is registered again within the hour at worst.
import { silentLog, type Clock, type Log, type Timer } from '../../platform/index.js';
import type { StoredBinding } from './binding.js';
import { SAVE_DELAY_MS, SAVE_RETRY_MS } from './limits.js';

export interface BindingBatch {
  /** new ones and changed ones, by id */
  put: StoredBinding[];
  /** ids */
  remove: string[];
}

export interface BindingStore {
  load(): Promise<StoredBinding[]>;
  /** All of it or nothing. Called again only when it has settled. */
  save(batch: BindingBatch): Promise<void>;
}

export class BindingWriter {
  readonly #store: BindingStore;
  readonly #clock: Clock;
  readonly #log: Log;
  /** undefined: to be removed */
  #changes = new Map<string, StoredBinding | undefined>();
  #timer: Timer | undefined;
  #saving: Promise<void> | undefined;
  #retryMs = 0;
  #closed = false;

  constructor(store: BindingStore, clock: Clock, log: Log = silentLog) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  put(binding: StoredBinding): void {
    this.#changes.set(binding.id, binding);
    this.#plan();
  }

  remove(id: string): void {
    this.#changes.set(id, undefined);
    this.#plan();
  }

  /** Saves what is left, tries once, and never rejects. Nothing is saved afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#saving;
    if (this.#changes.size > 0) await this.#save();
  }

  #plan(): void {
    if (this.#closed || this.#timer !== undefined || this.#saving !== undefined) return;
    this.#timer = this.#clock.after(Math.max(SAVE_DELAY_MS, this.#retryMs), () => {
      this.#timer = undefined;
      this.#saving = this.#save().finally(() => {
        this.#saving = undefined;
        if (this.#changes.size > 0) this.#plan();
      });
    });
  }

  async #save(): Promise<void> {
    const changes = this.#changes;
    this.#changes = new Map();
    const put = [...changes.values()].filter((binding) => binding !== undefined);
    const remove = [...changes].filter(([, binding]) => binding === undefined).map(([id]) => id);
    try {
      await this.#store.save({ put, remove });
      this.#retryMs = 0;
    } catch (error) {
      // What has changed meanwhile is newer than what could not be saved.
      this.#changes = new Map([...changes, ...this.#changes]);
      this.#retryMs = Math.min(SAVE_RETRY_MS.longest, this.#retryMs * 2 || SAVE_RETRY_MS.first);
      this.#log.error({ err: error, bindings: changes.size }, 'registrations could not be saved');
    }
  }
}
