// What one who waits hears: music, and in between his place, how long it will take, words of comfort. All of it is in the
// background: whoever takes the call takes him out of the middle of a sentence, and while a telephone rings nothing is begun.
import type { Language, QueueAnnouncements, WaitEstimate } from '../contract/index.js';
import type { Background } from '../calls/index.js';
import type { Clock, Timer } from '../platform/index.js';

/** What is to be said; whoever says it knows the words of the language. */
export type Announcement =
  | { kind: 'position'; position: number }
  | { kind: 'estimate'; estimate: WaitEstimate }
  | { kind: 'prompt'; name: string }
  | { kind: 'agent'; agentId: string };

/** Files that say it, one after the other; none: it cannot be said. */
export type Sayer = (what: Announcement, language: Language) => Promise<string[]>;

export interface WaitSoundsOptions {
  announcements: QueueAnnouncements;
  language: Language;
  music: () => Promise<string[] | undefined>;
  say: Sayer;
  play: (background: Background) => void;
  /** his place, from 1; undefined: a telephone rings for him */
  position: () => number | undefined;
  estimate: () => WaitEstimate;
  clock: Clock;
}

export class WaitSounds {
  readonly #options: WaitSoundsOptions;
  readonly #timers = new Set<Timer>();
  #music: Background = { tone: 'ringback' };
  #comforts = 0;
  #stopped = false;

  constructor(options: WaitSoundsOptions) {
    this.#options = options;
    const { position, estimate, comfort } = options.announcements;
    void this.#begin();
    if (position !== null) this.#every(position, () => this.#place());
    if (estimate !== null) this.#every(estimate, () => ({ kind: 'estimate', estimate: options.estimate() }));
    if (comfort !== null) {
      this.#every(comfort, () => {
        const name = comfort.prompts[this.#comforts++ % comfort.prompts.length] as string;
        return { kind: 'prompt', name };
      });
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  async #begin(): Promise<void> {
    const files = await this.#options.music();
    if (files !== undefined) this.#music = { files };
    if (!this.#stopped) this.#options.play(this.#music);
  }

  #place(): Announcement | undefined {
    const position = this.#options.position();
    return position === undefined ? undefined : { kind: 'position', position };
  }

  #every(when: { firstAfterMs: number; everyMs: number }, what: () => Announcement | undefined): void {
    const next = (delayMs: number): void => {
      const timer = this.#options.clock.after(delayMs, () => {
        this.#timers.delete(timer);
        void this.#say(what);
        next(when.everyMs);
      });
      this.#timers.add(timer);
    };
    next(when.firstAfterMs);
  }

  async #say(what: () => Announcement | undefined): Promise<void> {
    const { position, say, language, play } = this.#options;
    if (this.#stopped || position() === undefined) return;
    const words = what();
    if (words === undefined || (words.kind === 'estimate' && words.estimate.code === 'unknown')) return;
    const files = await say(words, language).catch(() => []);
    if (files.length > 0 && !this.#stopped && position() !== undefined) play({ files, then: this.#music });
  }
}
