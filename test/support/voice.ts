// People who speak and press keys in dialogues with the box: each waits until the box has said what he answers to.
import { join } from 'node:path';
import type { JsonObject } from '../../daemon/src/contract/index.js';
import type { Box } from '../../daemon/src/main.js';
import { callIn, phase, waitFor } from './box.js';

/** What the box says in a call, in order; each `hears` goes on behind the one before. */
interface Said {
  callId: string;
  prompts: string[];
  ended: boolean;
}

export class Listener {
  readonly #box: Box;
  readonly #callId: () => string | undefined;
  readonly #all = new Map<string, Said>();
  #at = 0;

  constructor(box: Box, callId: () => string | undefined) {
    this.#box = box;
    this.#callId = callId;
    box.live.on('call.segment', ({ id, callId: of, kind, data, endedAt }) => {
      if (kind !== 'prompt') return;
      const { prompts } = data as JsonObject;
      const names = Array.isArray(prompts) ? prompts.map(String) : [];
      this.#all.set(id, { callId: of, prompts: names, ended: endedAt !== null });
    });
  }

  /** Resolves when it is begun, or with `toItsEnd` when it has been heard. */
  async hears(prompt: string, { toItsEnd = false } = {}): Promise<void> {
    const find = (): number =>
      this.#said().findIndex(
        ({ prompts, ended }, i) => i >= this.#at && prompts.includes(prompt) && (ended || !toItsEnd),
      );
    await waitFor(this.#box.live, 'call.segment', () => find() >= 0, 30_000).catch((error: unknown) => {
      throw new Error(`${prompt} was not said; said was ${this.said().join(' ')}`, { cause: error });
    });
    this.#at = find() + 1;
  }

  said(): string[] {
    return this.#said().flatMap(({ prompts }) => prompts);
  }

  #said(): Said[] {
    const id = this.#callId();
    return [...this.#all.values()].filter(({ callId }) => callId === id);
  }
}

/** Somebody who calls in over the first E1. */
export class Outsider extends Listener {
  callId = '';
  exchangeId = '';
  readonly #of: Box;
  #timeslot = 0;
  /** what he has heard is whole on the disk */
  #closed = (): Promise<void> => Promise.resolve();

  private constructor(box: Box) {
    super(box, () => this.callId);
    this.#of = box;
  }

  static async calls(box: Box, calledNumber: string, callingNumber = '13800138000'): Promise<Outsider> {
    const outsider = new Outsider(box);
    const { callId, exchangeId, timeslot } = await callIn(box, { calledNumber, callingNumber });
    Object.assign(outsider, { callId, exchangeId });
    outsider.#timeslot = timeslot;
    return outsider;
  }

  async answered(): Promise<this> {
    await phase(this.#of, this.callId, 'inFlow');
    return this;
  }

  async port(): Promise<number> {
    const { legs } = await this.#of.engine.command('engine.snapshot', {});
    const leg = legs.find(({ span, timeslot }) => span === 101 && timeslot === this.#timeslot);
    if (leg === undefined) throw new Error('the caller has gone');
    return leg.port;
  }

  /** Records what he hears (left) and says (right). */
  async recordsWhatHeHears(path: string): Promise<string> {
    const { engine } = this.#of;
    const { recording } = await engine.command('recording.start', { port: await this.port(), path });
    let over = false;
    engine.events.on('recording.ended', (ended) => void (over ||= ended.recording === recording));
    this.#closed = () => waitFor(engine.events, 'recording.ended', () => over);
    return path;
  }

  /** Resolves when all of it has been said. */
  async says(file: string): Promise<void> {
    await speak(this.#of, await this.port(), file);
  }

  press(keys: string): Promise<void> {
    return this.#of.exchange.callers.sendDigits(this.exchangeId, keys);
  }

  async hangsUp(): Promise<void> {
    await this.#of.exchange.hangUp(this.exchangeId);
    await waitFor(this.#of.live, 'call.removed', () => this.#of.calls.find(this.callId) === undefined);
    await this.#closed();
  }

  async gone(): Promise<void> {
    await waitFor(this.#of.live, 'call.removed', () => this.#of.calls.find(this.callId) === undefined, 30_000);
    await this.#closed();
  }
}

/** Somebody at an analog telephone, who dials. */
export class Insider extends Listener {
  readonly #of: Box;
  readonly station: number;
  readonly #call: { id: string | undefined };

  private constructor(box: Box, station: number, call: { id: string | undefined }) {
    super(box, () => call.id);
    this.#of = box;
    this.station = station;
    this.#call = call;
  }

  get callId(): string {
    if (this.#call.id === undefined) throw new Error(`telephone ${this.station} is in no call`);
    return this.#call.id;
  }

  static async lifts(box: Box, station: number, dials: string): Promise<Insider> {
    const call: { id: string | undefined } = { id: undefined };
    const insider = new Insider(box, station, call);
    const off = box.calls.events.on('call.arrived', ({ call: { id, callingNumber } }) => {
      if (callingNumber === String(station)) call.id = id;
    });
    await box.exchange.lift(station);
    await box.exchange.dial(station, dials);
    await waitFor(box.calls.events, 'call.arrived', () => call.id !== undefined);
    off();
    return insider;
  }

  async recordsWhatHeHears(path: string): Promise<string> {
    await this.#of.exchange.telephones.record(this.station, path);
    return path;
  }

  async says(file: string): Promise<void> {
    const { legs } = await this.#of.engine.command('engine.snapshot', {});
    const leg = legs.find(({ kind, analog }) => kind === 'line' && analog === 10_000 + this.station);
    if (leg === undefined) throw new Error('the telephone is in no call');
    await speak(this.#of, leg.port, file);
  }

  async press(keys: string): Promise<void> {
    await this.#of.exchange.dial(this.station, keys);
  }

  async hangsUp(): Promise<void> {
    await this.#of.exchange.hangUpPhone(this.station);
    await waitFor(this.#of.live, 'call.removed', () => this.#of.calls.find(this.callId) === undefined);
  }

  async gone(): Promise<void> {
    await waitFor(this.#of.live, 'call.removed', () => this.#of.calls.find(this.callId) === undefined, 30_000);
  }
}

export async function speak(box: Box, port: number, file: string): Promise<void> {
  let playing = -1;
  const over = new Set<number>();
  const off = box.engine.events.on('play.ended', ({ play }) => void over.add(play));
  ({ play: playing } = await box.engine.command('play.start', { port, files: [file] }));
  await waitFor(box.engine.events, 'play.ended', () => over.has(playing), 30_000);
  off();
}

export const heardFile = (box: Box, name: string): string => join(box.config.home, `${name}.wav`);
