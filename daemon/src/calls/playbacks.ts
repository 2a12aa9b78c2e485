// Which playback belongs to whom: the engine says by number that one has ended.
import type { EngineClient } from '../engine/index.js';
import type { Log, Unsubscribe } from '../platform/index.js';
import type { Playback } from './flow-session.js';

export class Playbacks {
  readonly #engine: EngineClient;
  readonly #log: Log;
  readonly #ending = new Map<number, (finished: boolean, playedMs: number) => void>();
  readonly #off: Unsubscribe;

  constructor(engine: EngineClient, log: Log) {
    this.#engine = engine;
    this.#log = log;
    this.#off = engine.events.on('play.ended', ({ play, reason, playedMs }) => {
      this.#ending.get(play)?.(reason === 'finished', playedMs);
      this.#ending.delete(play);
    });
  }

  /** Plays files one after the other to a port, from `startMs` on. Rejects with an EngineRefusal: bad_file, not_found, … */
  async files(port: number, files: string[], loop = false, startMs = 0): Promise<Playback> {
    const from = startMs > 0 ? { startMs } : {};
    const { play } = await this.#engine.command('play.start', { port, files, loop, ...from });
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
    for (const end of this.#ending.values()) end(false, 0);
    this.#ending.clear();
  }

  #playback(play: number): Playback {
    let heardMs = 0;
    const ended = new Promise<boolean>((resolve) =>
      this.#ending.set(play, (finished, playedMs) => {
        heardMs = playedMs;
        resolve(finished);
      }),
    );
    return {
      ended,
      get playedMs() {
        return heardMs;
      },
      stop: () => this.#stop(play),
    };
  }

  #stop(play: number): void {
    if (!this.#ending.has(play)) return;
    // It may have ended by itself at this moment, or gone with its leg.
    this.#engine
      .command('play.stop', { play })
      .catch((error: unknown) => this.#log.debug({ err: error, play }, 'a playback had ended before it was stopped'));
  }
}
