// Those who are called over the exchange simulator: the box calls out over a virtual E1, and somebody at the far end answers,
// is busy, or is not at home.
import { isBoxSpan, isRefusal, type EngineClient, type LegOffered } from '../engine/index.js';
import {
  TypedEmitter,
  type Clock,
  type EventSource,
  type Log,
  type Timer,
  type Unsubscribe,
} from '../platform/index.js';
import type { Playing } from './playing.js';

/** What a subscriber does when he is called; files are absolute. */
export interface SubscriberPlan {
  /** Q.850 cause with which the call is cleared at once: busy, no such number; left out: it rings */
  refuseCause?: number | undefined;
  /** after it began to ring; left out: nobody is at home */
  answerAfterMs?: number | undefined;
  /** said after the answer */
  playFile?: string | undefined;
  /** after the answer; left out: never */
  hangUpAfterMs?: number | undefined;
}

/** Who is called over an analog line: what an exchange tells there it tells by tones. */
export interface CalledOverLine {
  leg: number;
  port: number;
  calledNumber: string;
}

export interface SubscriberCall {
  leg: number;
  port: number;
  calledNumber: string;
  callingNumber: string;
  state: 'ringing' | 'answered' | 'released';
}

export interface SubscriberEvents {
  'call.changed': SubscriberCall;
}

export interface ExchangeSubscribersOptions {
  engine: EngineClient;
  playing: Playing;
  clock: Clock;
  log: Log;
}

const CAUSE_NORMAL = 16;
/** of an analog line, by Q.850 cause; others: busy */
const TONES: Readonly<Record<number, string>> = { 1: 'unobtainable', 34: 'congestion', 42: 'congestion' };
const ANSWERS: SubscriberPlan = { answerAfterMs: 2000 };

interface Subscriber {
  call: SubscriberCall;
  plan: SubscriberPlan;
  timers: Timer[];
  /** the tone that the caller hears, over an analog line */
  tone?: Promise<number>;
  analog: boolean;
}

export class ExchangeSubscribers {
  readonly #options: ExchangeSubscribersOptions;
  readonly #events: TypedEmitter<SubscriberEvents>;
  readonly #plans = new Map<string, SubscriberPlan>();
  readonly #called = new Map<number, Subscriber>();
  #offs: Unsubscribe[] = [];

  constructor(options: ExchangeSubscribersOptions) {
    this.#options = options;
    this.#events = new TypedEmitter(options.log);
  }

  get events(): EventSource<SubscriberEvents> {
    return this.#events;
  }

  start(): void {
    const { events } = this.#options.engine;
    this.#offs = [
      events.on('leg.offered', (offered) => {
        if (offered.kind === 'timeslot' && !isBoxSpan(offered.span)) this.#rings(offered);
      }),
      events.on('leg.released', ({ leg }) => this.#released(leg)),
      // The box hands two calls over: the exchange joins them, and both timeslots are free.
      events.on('leg.transferAsked', ({ leg }) => this.#options.playing.guard(this.#join(leg))),
    ];
  }

  stop(): void {
    for (const off of this.#offs) off();
    for (const subscriber of this.#called.values()) cancelTimers(subscriber);
  }

  /** What the subscriber of this number does from now on; others answer after two seconds. */
  setPlan(number: string, plan: SubscriberPlan): void {
    this.#plans.set(number, { ...plan });
  }

  /** Calls to subscribers, those under way. */
  list(): SubscriberCall[] {
    return [...this.#called.values()].map(({ call }) => ({ ...call }));
  }

  /** Hangs up; false: there is no such call (any more). */
  async hangUp(leg: number): Promise<boolean> {
    if (!this.#called.has(leg)) return false;
    await this.#release(leg, CAUSE_NORMAL);
    return true;
  }

  /** The exchange has a number that was dialled on an analog line. */
  ringsOverLine({ leg, port, calledNumber }: CalledOverLine): void {
    this.#rings({ leg, port, calledNumber, callingNumber: '' }, true);
  }

  #rings(
    { leg, port, calledNumber, callingNumber }: Pick<LegOffered, keyof CalledOverLine | 'callingNumber'>,
    analog = false,
  ): void {
    const plan = this.#plans.get(calledNumber) ?? ANSWERS;
    const call: SubscriberCall = { leg, port, calledNumber, callingNumber, state: 'ringing' };
    const subscriber: Subscriber = { call, plan, timers: [], analog };
    this.#called.set(leg, subscriber);
    const { refuseCause, answerAfterMs } = plan;
    if (refuseCause !== undefined && analog) return this.#tone(subscriber, TONES[refuseCause] ?? 'busy');
    if (refuseCause !== undefined) return this.#options.playing.guard(this.#release(leg, refuseCause));
    this.#changed(subscriber);
    if (analog) this.#tone(subscriber, 'ringback');
    this.#options.playing.guard(this.#alert(leg));
    if (answerAfterMs !== undefined) this.#after(subscriber, answerAfterMs, () => this.#answer(subscriber));
  }

  async #alert(leg: number): Promise<void> {
    await this.#options.engine.command('leg.alert', { leg }).catch(ignoreGone);
  }

  async #answer(subscriber: Subscriber): Promise<void> {
    const { call, plan } = subscriber;
    await this.#silence(subscriber);
    await this.#options.engine.command('leg.answer', { leg: call.leg });
    if (!this.#called.has(call.leg)) return;
    call.state = 'answered';
    this.#changed(subscriber);
    const { playFile, hangUpAfterMs } = plan;
    if (hangUpAfterMs !== undefined)
      this.#after(subscriber, hangUpAfterMs, () => this.#release(call.leg, CAUSE_NORMAL));
    if (playFile !== undefined) await this.#options.playing.file(call.port, playFile);
  }

  async #join(leg: number): Promise<void> {
    await this.#options.engine.command('leg.allowTransfer', { leg, allowed: true }).catch(ignoreGone);
  }

  #tone(subscriber: Subscriber, tone: string): void {
    const { port } = subscriber.call;
    subscriber.tone = this.#options.engine.command('tone.start', { port, tone }).then(({ play }) => play);
    this.#options.playing.guard(subscriber.tone.then(() => undefined, ignoreGone));
  }

  async #silence({ tone }: Subscriber): Promise<void> {
    if (tone === undefined) return;
    await this.#options.engine.command('play.stop', { play: await tone }).catch(ignoreGone);
  }

  async #release(leg: number, cause: number): Promise<void> {
    await this.#options.engine.command('leg.release', { leg, cause }).catch(ignoreGone);
  }

  #released(leg: number): void {
    const subscriber = this.#called.get(leg);
    if (subscriber === undefined) return;
    this.#called.delete(leg);
    cancelTimers(subscriber);
    subscriber.call.state = 'released';
    this.#changed(subscriber);
  }

  #after({ timers }: Subscriber, delayMs: number, work: () => Promise<void>): void {
    timers.push(this.#options.clock.after(delayMs, () => this.#options.playing.guard(work())));
  }

  #changed({ call }: Subscriber): void {
    this.#events.emit('call.changed', { ...call });
  }
}

/** The box was quicker: leg.released is on its way, or was here. */
function ignoreGone(error: unknown): void {
  if (!isRefusal(error, 'not_found') && !isRefusal(error, 'wrong_state')) throw error;
}

function cancelTimers({ timers }: Subscriber): void {
  for (const timer of timers) timer.cancel();
}
