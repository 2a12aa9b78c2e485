// Sounds of the simulator's callers and telephones, waited for until they end.
import type { EngineClient } from '../engine/index.js';
import { isAppError, type Log, type Unsubscribe } from '../platform/index.js';

export class Playing {
  readonly #engine: EngineClient;
  readonly #log: Log;
  readonly #ending = new Map<number, () => void>();
  readonly #off: Unsubscribe;

  constructor(engine: EngineClient, log: Log) {
    this.#engine = engine;
    this.#log = log;
    this.#off = engine.events.on('play.ended', ({ play }) => {
      this.#ending.get(play)?.();
      this.#ending.delete(play);
    });
  }

  /** Sends keys as tones. Resolves when the last has been sent, or was cut off. Rejects with what the engine says. */
  async digits(port: number, digits: string): Promise<void> {
    await this.#ended((await this.#engine.command('digits.send', { port, digits })).play);
  }

  /** Plays a file. Resolves when it has ended, or was cut off. */
  async file(port: number, path: string): Promise<void> {
    await this.#ended((await this.#engine.command('play.start', { port, files: [path] })).play);
  }

  /** For what nobody waits for: a call that ends under it is nothing to speak of, the rest is logged. */
  guard(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (isAppError(error, 'engine_closed')) return;
      this.#log.warn({ err: error }, 'the exchange simulator could not play');
    });
  }

  stop(): void {
    this.#off();
    for (const end of this.#ending.values()) end();
    this.#ending.clear();
  }

  #ended(play: number): Promise<void> {
    return new Promise((resolve) => this.#ending.set(play, resolve));
  }
}
