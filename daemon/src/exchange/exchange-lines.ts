// The exchange's ends of the box's virtual analog lines: dial tone when a line is lifted, digits by tones or pulses, and then
// the subscriber who was called.
//
//   lifted ── dial tone (or none) ──> digits ── none more for a while ──> subscriber: rings, answers, is busy, …
import {
  exchangePort,
  isStation,
  lineOfExchange,
  isRefusal,
  type EngineClient,
  type LegOffered,
} from '../engine/index.js';
import { type Clock, type Log, type Timer, type Unsubscribe } from '../platform/index.js';
import type { ExchangeSubscribers } from './exchange-subscribers.js';

export interface ExchangeLinesOptions {
  engine: EngineClient;
  subscribers: ExchangeSubscribers;
  clock: Clock;
  log: Log;
}

/** What an exchange does otherwise at the end of a line. */
export interface LinePlan {
  /** false: whoever lifts it hears the tone of congestion at once */
  dialTone?: boolean | undefined;
  /** it is a private exchange: this digit gives dial tone once more, so many ms later */
  outside?: { digit: string; afterMs: number } | undefined;
}

/** No digit for so long, and the number is whole. */
const WHOLE_MS = 1500;

interface Lifted {
  line: number;
  leg: number;
  port: number;
  digits: string;
  /** the tone that is played to it */
  tone: Promise<number> | undefined;
  timer: Timer | undefined;
}

export class ExchangeLines {
  readonly #options: ExchangeLinesOptions;
  readonly #plans = new Map<number, LinePlan>();
  readonly #lifted = new Map<number, Lifted>();
  #offs: Unsubscribe[] = [];

  constructor(options: ExchangeLinesOptions) {
    this.#options = options;
  }

  start(): void {
    const { events } = this.#options.engine;
    this.#offs = [
      events.on('leg.offered', (offered) => {
        if (offered.kind === 'station' && !isStation(offered.analog)) this.#lift(offered);
      }),
      events.on('leg.digit', ({ leg, digit }) => this.#digit(leg, digit)),
      events.on('leg.released', ({ leg }) => this.#forget(leg)),
    ];
  }

  stop(): void {
    for (const off of this.#offs) off();
    for (const leg of [...this.#lifted.keys()]) this.#forget(leg);
  }

  /** From now on, by the number of the box's port. */
  setPlan(line: number, plan: LinePlan): void {
    this.#plans.set(line, plan);
  }

  /** Both wires of its cable; the line has no voltage then. */
  async cut(line: number, cut: boolean): Promise<void> {
    await this.#options.engine.command('virtual.cutLine', { analog: exchangePort(line), cut });
  }

  #lift({ leg, port, analog }: LegOffered): void {
    const lifted: Lifted = { line: lineOfExchange(analog), leg, port, digits: '', tone: undefined, timer: undefined };
    this.#lifted.set(leg, lifted);
    if (this.#plans.get(lifted.line)?.dialTone === false) this.#tone(lifted, 'congestion');
  }

  #digit(leg: number, digit: string): void {
    const lifted = this.#lifted.get(leg);
    if (lifted === undefined) return;
    const outside = this.#plans.get(lifted.line)?.outside;
    lifted.timer?.cancel();
    const { clock } = this.#options;
    if (outside !== undefined && lifted.digits === '' && digit === outside.digit) {
      lifted.digits = digit;
      lifted.timer = clock.after(outside.afterMs, () => this.#tone(lifted, 'dial'));
      return;
    }
    this.#silence(lifted);
    lifted.digits += digit;
    lifted.timer = clock.after(WHOLE_MS, () => this.#whole(lifted));
  }

  #whole({ leg, port, digits }: Lifted): void {
    this.#forget(leg);
    this.#options.subscribers.ringsOverLine({ leg, port, calledNumber: digits });
  }

  #tone(lifted: Lifted, tone: string): void {
    lifted.tone = this.#options.engine.command('tone.start', { port: lifted.port, tone }).then(({ play }) => play);
    lifted.tone.catch((error: unknown) => this.#failed(error));
  }

  #silence(lifted: Lifted): void {
    const { tone } = lifted;
    lifted.tone = undefined;
    tone
      ?.then((play) => this.#options.engine.command('play.stop', { play }))
      .catch((error: unknown) => this.#failed(error));
  }

  /** Whoever was to hear it has put the line down. */
  #failed(error: unknown): void {
    if (!isRefusal(error)) this.#options.log.warn({ err: error }, 'the exchange simulator could not play a tone');
  }

  #forget(leg: number): void {
    this.#lifted.get(leg)?.timer?.cancel();
    this.#lifted.delete(leg);
  }
}
