// Which playback belongs to whom: the engine says by number that one has ended.
import type { EngineClient } from '../engine/index.js';
import type { Log, Unsubscribe } from '../platform/index.js';
import type { Playback } from './flow-session.js';

export class Playbacks {
  readonly #engine: EngineClient;
  readonly #log: Log;
  readonly #ending = new Map<number, (finished: boolean) => void>();
  readonly #off: Unsubscribe;

  constructor(engine: EngineClient, log: Log) {
    this.#engine = engine;
    this.#log = log;
    this.#off = engine.events.on('play.ended', ({ play, reason }) => {
      this.#ending.get(play)?.(reason === 'finished');
      this.#ending.delete(play);
    });
  }

  /** Plays files one after the other to a port. Rejects with an EngineRefusal: bad_file, not_found, … */
  async files(port: number, files: string[], loop = false): Promise<Playback> {
    const { play } = await this.#engine.command('play.start', { port, files, loop });
    return this.#playback(play);
  }

  /** A tone of the country, for ever. */
  async tone(port: number, tone: string): Promise<Playback> {
    const { play } = await this.#engine.command('tone.start', { port, tone });
    return this.#playback(play);
  }

  /** Keys, as the line carries them: tones, or events of RFC 4733. */
  async digits(port: number, digits: string): Promise<Playback> {
    const { play } = await this.#engine.command('digits.send', { port, digits });
    return this.#playback(play);
  }

  close(): void {
    this.#off();
    for (const end of this.#ending.values()) end(false);
    this.#ending.clear();
  }

  #playback(play: number): Playback {
    const ended = new Promise<boolean>((resolve) => this.#ending.set(play, resolve));
    return { ended, stop: () => this.#stop(play) };
  }

  #stop(play: number): void {
    if (!this.#ending.has(play)) return;
    // It may have ended by itself at this moment, or gone with its leg.
    this.#engine
      .command('play.stop', { play })
      .catch((error: unknown) => this.#log.debug({ err: error, play }, 'a playback had ended before it was stopped'));
  }
}
