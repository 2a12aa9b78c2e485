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
const ANSWERS: SubscriberPlan = { answerAfterMs: 2000 };

interface Subscriber {
  call: SubscriberCall;
  plan: SubscriberPlan;
  timers: Timer[];
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

  #rings({ leg, port, calledNumber, callingNumber }: LegOffered): void {
    const plan = this.#plans.get(calledNumber) ?? ANSWERS;
    const call: SubscriberCall = { leg, port, calledNumber, callingNumber, state: 'ringing' };
    const subscriber: Subscriber = { call, plan, timers: [] };
    this.#called.set(leg, subscriber);
    const { refuseCause, answerAfterMs } = plan;
    if (refuseCause !== undefined) return this.#options.playing.guard(this.#release(leg, refuseCause));
    this.#changed(subscriber);
    this.#options.playing.guard(this.#alert(leg));
    if (answerAfterMs !== undefined) this.#after(subscriber, answerAfterMs, () => this.#answer(subscriber));
  }

  async #alert(leg: number): Promise<void> {
    await this.#options.engine.command('leg.alert', { leg }).catch(ignoreGone);
  }

  async #answer(subscriber: Subscriber): Promise<void> {
    const { call, plan } = subscriber;
    await this.#options.engine.command('leg.answer', { leg: call.leg });
    if (!this.#called.has(call.leg)) return;
    call.state = 'answered';
    this.#changed(subscriber);
    const { playFile, hangUpAfterMs } = plan;
    if (hangUpAfterMs !== undefined)
      this.#after(subscriber, hangUpAfterMs, () => this.#release(call.leg, CAUSE_NORMAL));
    if (playFile !== undefined) await this.#options.playing.file(call.port, playFile);
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
