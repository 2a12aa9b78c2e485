// Who hears whom in a call. Two who talk are connected; three and more, and two whom somebody listens to, sit in a conference of
// the engine, which is made when it is needed and closed when it is not. What is wanted is said as a whole; the engine is told
// what is different from before.
import type { EngineClient } from '../engine/index.js';
import type { Log } from '../platform/index.js';
import type { Leg } from './leg.js';

/** talk: heard by all; listen: heard by nobody; whisperTo: heard by one. Everybody hears those who talk. */
export type Voice = 'talk' | 'listen' | { whisperTo: Leg };

export interface Seat {
  leg: Leg;
  voice: Voice;
}

export interface MixOptions {
  engine: EngineClient;
  log: Log;
  /** those who should hear each other do not */
  failed: (error: unknown) => void;
}

export class Mix {
  readonly #options: MixOptions;
  #wanted: readonly Seat[] = [];
  #working = false;
  #closed = false;
  /** the two that are connected, in both ways or one */
  #pair: readonly Leg[] = [];
  #conference: number | undefined;
  /** who sits in it, and how */
  readonly #seated = new Map<Leg, Voice>();

  constructor(options: MixOptions) {
    this.#options = options;
  }

  /** From the next tick on these hear each other, and nobody else of this call hears anybody. */
  arrange(seats: readonly Seat[]): void {
    this.#wanted = seats;
    if (!this.#working) void this.#work();
  }

  /** The call is over: ports go with their legs, the conference goes here. */
  close(): void {
    this.#closed = true;
    this.#dissolve();
  }

  /** Never rejects. Two are connected in this turn where there is no conference to be waited for. */
  async #work(): Promise<void> {
    this.#working = true;
    for (let done: readonly Seat[] | undefined; done !== this.#wanted && !this.#closed;) {
      done = this.#wanted;
      if (done.length > 2 || done.some(({ voice }) => typeof voice === 'object')) await this.#confer(done);
      else this.#connect(done);
    }
    this.#working = false;
  }

  #connect(seats: readonly Seat[]): void {
    const [one, other] = seats;
    const before = this.#pair;
    const together = one !== undefined && other !== undefined;
    this.#pair = together ? [one.leg, other.leg] : [];
    // Connecting takes both out of the conference in the same tick: nobody hears silence in between.
    if (together && one.voice === 'talk' && other.voice === 'talk') {
      this.#do(this.#options.engine.command('bus.connect', { a: one.leg.port, b: other.leg.port }));
      this.#dissolve();
      return;
    }
    this.#dissolve();
    const left = before.find((leg) => leg.lives);
    if (left !== undefined) this.#quietly(this.#options.engine.command('bus.disconnect', { port: left.port }));
    if (!together) return;
    for (const [hears, heard] of [
      [one, other],
      [other, one],
    ] as const) {
      if (heard.voice !== 'talk') continue;
      this.#do(this.#options.engine.command('bus.listen', { listener: hears.leg.port, source: heard.leg.port }));
    }
  }

  async #confer(seats: readonly Seat[]): Promise<void> {
    const { engine } = this.#options;
    try {
      this.#conference ??= (await engine.command('conference.create', {})).conference;
    } catch (error) {
      if (!this.#closed) this.#options.failed(error);
      return;
    }
    // Somebody may have gone meanwhile, or wanted something else.
    if (this.#closed) return this.#dissolve();
    if (seats !== this.#wanted) return;
    this.#pair = [];
    for (const leg of [...this.#seated.keys()]) {
      if (seats.some((seat) => seat.leg === leg)) continue;
      this.#seated.delete(leg);
      if (leg.lives) this.#quietly(engine.command('conference.leave', { port: leg.port }));
    }
    // Whoever is whispered to must sit there first.
    const order = [...seats].sort((a, b) => Number(typeof a.voice === 'object') - Number(typeof b.voice === 'object'));
    for (const { leg, voice } of order) {
      const before = this.#seated.get(leg);
      if (before !== undefined && sameVoice(before, voice)) continue;
      this.#seated.set(leg, voice);
      const how =
        typeof voice === 'string' ? { role: voice } : { role: 'whisper' as const, whisperTo: voice.whisperTo.port };
      this.#do(engine.command('conference.join', { conference: this.#conference, port: leg.port, ...how }), leg);
    }
  }

  #dissolve(): void {
    this.#seated.clear();
    const conference = this.#conference;
    this.#conference = undefined;
    if (conference !== undefined) this.#quietly(this.#options.engine.command('conference.close', { conference }));
  }

  /** What a leg that has gone cannot do is no fault. */
  #do(done: Promise<unknown>, leg?: Leg): void {
    const legs = leg === undefined ? this.#pair : [leg];
    done.catch((error: unknown) => {
      if (!this.#closed && legs.every(({ lives }) => lives)) this.#options.failed(error);
    });
  }

  #quietly(done: Promise<unknown>): void {
    done.catch((error: unknown) => this.#options.log.debug({ err: error }, 'they did not hear each other any more'));
  }
}

function sameVoice(a: Voice, b: Voice): boolean {
  return typeof a === 'object' && typeof b === 'object' ? a.whisperTo === b.whisperTo : a === b;
}
