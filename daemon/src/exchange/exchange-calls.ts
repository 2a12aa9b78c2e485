// Callers of the exchange simulator: each calls the box over a virtual E1, presses keys as tones, speaks and hangs up.
//
//   place → seized on span 100+n → answered → keys → (speaks at once, or once an agent is there) → hangs up
import type { CallControl } from '../calls/index.js';
import type { ExchangeCall } from '../contract/index.js';
import {
  exchangePort,
  exchangeSpan,
  isBoxSpan,
  isRefusal,
  type EngineClient,
  type LegReleased,
} from '../engine/index.js';
import {
  AppError,
  TypedEmitter,
  newUlid,
  type Clock,
  type EventSource,
  type Log,
  type Timer,
  type Unsubscribe,
} from '../platform/index.js';
import type { Playing } from './playing.js';

/** What a caller does. Files are absolute; times in ms. */
export interface CallPlan {
  calledNumber: string;
  callingNumber?: string | undefined;
  callingName?: string | undefined;
  /** the box's E1; default 1 */
  span?: number | undefined;
  timeslot?: number | undefined;
  /** one of its virtual analog lines, in place of an E1; such a line tells no called number */
  line?: number | undefined;
  digits?: string | undefined;
  /** after the answer; default 800 */
  digitsAfterMs?: number | undefined;
  playFile?: string | undefined;
  /** after the box has connected him to an agent; then he hangs up, and speaks only from that moment */
  talkMs?: number | undefined;
  /** after the answer */
  hangUpAfterMs?: number | undefined;
}

export interface ExchangeCallEvents {
  'call.changed': ExchangeCall;
}

/** An answering machine or a person is ready to listen by then. */
const DIGITS_AFTER_MS = 800;
const CAUSE_NORMAL = 16;
/** Calls that have ended are shown for a while, so that whoever placed one can read what came of it. */
const ENDED_CALLS_KEPT = 200;
/** of the engine's name */
const LONGEST_NAME_BYTES = 64;

interface Caller {
  call: ExchangeCall;
  plan: CallPlan;
  leg: number;
  port: number;
  /** the box's id of the call */
  boxCallId: string | undefined;
  timers: Timer[];
  /** somebody has answered him: the time of the talk runs, also when he is put through to somebody else */
  talks: boolean;
  hungUpByCaller: boolean;
}

export interface ExchangeCallsOptions {
  engine: EngineClient;
  calls: CallControl;
  playing: Playing;
  clock: Clock;
  log: Log;
}

export class ExchangeCalls {
  readonly #options: ExchangeCallsOptions;
  readonly #events: TypedEmitter<ExchangeCallEvents>;
  readonly #callers = new Map<string, Caller>();
  readonly #byLeg = new Map<number, Caller>();
  #offs: Unsubscribe[] = [];

  constructor(options: ExchangeCallsOptions) {
    this.#options = options;
    this.#events = new TypedEmitter(options.log);
  }

  get events(): EventSource<ExchangeCallEvents> {
    return this.#events;
  }

  start(): void {
    const { engine, calls } = this.#options;
    this.#offs = [
      engine.events.on('leg.progressed', ({ leg, port, progress }) => this.#progressed(leg, port, progress)),
      engine.events.on('leg.answered', ({ leg, port }) => this.#answered(leg, port)),
      engine.events.on('leg.released', (released) => this.#released(released)),
      calls.events.on('call.arrived', ({ call }) => this.#arrived(call.id, call.span, call.timeslot)),
      calls.events.on('call.connected', ({ call }) => this.#connected(call.id)),
    ];
  }

  stop(): void {
    for (const off of this.#offs) off();
    for (const { timers } of this.#callers.values()) for (const timer of timers) timer.cancel();
  }

  /** Newest first. */
  list(): ExchangeCall[] {
    return [...this.#callers.values()].map(({ call }) => ({ ...call })).reverse();
  }

  find(id: string): ExchangeCall | undefined {
    const caller = this.#callers.get(id);
    return caller === undefined ? undefined : { ...caller.call };
  }

  /** For those who listen. exchange_call_not_found, also when it has ended */
  portOf(id: string): number {
    const { call, port } = this.#get(id);
    if (call.state === 'released') throw new AppError('exchange_call_not_found', { id });
    return port;
  }

  /** Sends the SETUP. span_not_found, span_busy, or engine_refused with the reason (the D-channel is down, …). */
  async place(plan: CallPlan): Promise<ExchangeCall> {
    const span = plan.span ?? 1;
    if (!isBoxSpan(span)) throw new AppError('span_not_found', { span });
    const { line } = plan;
    const where =
      line === undefined ? { span: exchangeSpan(span), timeslot: plan.timeslot ?? 0 } : { analog: exchangePort(line) };
    const seized = await this.#options.engine
      .command('leg.seize', {
        ...where,
        calledNumber: plan.calledNumber,
        callingNumber: plan.callingNumber ?? '',
        callingName: atMostBytes(plan.callingName ?? '', LONGEST_NAME_BYTES),
      })
      .catch((error: unknown) => {
        if (line !== undefined && isRefusal(error, 'not_found')) throw new AppError('analog_line_not_found', { line });
        if (line !== undefined && isRefusal(error, 'busy')) throw new AppError('exchange_line_busy', { line });
        if (isRefusal(error, 'not_found')) throw new AppError('span_not_found', { span });
        if (isRefusal(error, 'busy')) throw new AppError('span_busy', { span });
        throw error;
      });
    const call: ExchangeCall = {
      id: newUlid(),
      span: line === undefined ? span : 0,
      timeslot: seized.timeslot,
      line: line ?? null,
      calledNumber: plan.calledNumber,
      callingNumber: plan.callingNumber ?? '',
      callingName: plan.callingName ?? '',
      state: 'calling',
      placedAt: this.#options.clock.wallMs(),
      answeredAt: null,
      releasedAt: null,
      cause: null,
      releasedBy: null,
    };
    const { leg, port } = seized;
    const caller: Caller = {
      call,
      plan,
      leg,
      port,
      boxCallId: undefined,
      timers: [],
      talks: false,
      hungUpByCaller: false,
    };
    this.#callers.set(call.id, caller);
    this.#byLeg.set(leg, caller);
    this.#forgetOldest();
    this.#changed(caller);
    return { ...call };
  }

  /** exchange_call_not_found; hanging up twice is hanging up once. */
  async hangUp(id: string): Promise<ExchangeCall> {
    const caller = this.#get(id);
    if (caller.call.state !== 'released') await this.#hangUp(caller);
    return { ...caller.call };
  }

  /** Presses keys. Resolves when the last one has been sent. exchange_call_not_found */
  async sendDigits(id: string, digits: string): Promise<void> {
    const caller = this.#get(id);
    if (caller.call.state === 'released') throw new AppError('exchange_call_not_found', { id });
    await this.#options.playing.digits(caller.port, digits);
  }

  #progressed(leg: number, port: number, progress: 'proceeding' | 'alerting' | 'inband'): void {
    const caller = this.#byLeg.get(leg);
    if (caller === undefined) return;
    caller.port = port;
    if (progress === 'inband' || caller.call.state === 'answered') return;
    caller.call.state = progress;
    this.#changed(caller);
  }

  #answered(leg: number, port: number): void {
    const caller = this.#byLeg.get(leg);
    if (caller === undefined) return;
    caller.port = port;
    caller.call.state = 'answered';
    caller.call.answeredAt = this.#options.clock.wallMs();
    this.#changed(caller);
    const { hangUpAfterMs } = caller.plan;
    if (hangUpAfterMs !== undefined) this.#after(caller, hangUpAfterMs, () => void this.#hangUp(caller));
    this.#options.playing.guard(this.#keysThenSpeech(caller));
  }

  async #keysThenSpeech(caller: Caller): Promise<void> {
    const { digits, digitsAfterMs = DIGITS_AFTER_MS, talkMs } = caller.plan;
    if (digits !== undefined) {
      await this.#options.clock.sleep(digitsAfterMs);
      if (caller.call.state !== 'answered') return;
      await this.#options.playing.digits(caller.port, digits);
    }
    if (talkMs === undefined) await this.#speak(caller);
  }

  async #speak({ call, port, plan }: Caller): Promise<void> {
    if (plan.playFile === undefined || call.state !== 'answered') return;
    await this.#options.playing.file(port, plan.playFile);
  }

  /** The box has our SETUP: from now on its call and ours are known to be one. */
  #arrived(boxCallId: string, span: number, timeslot: number): void {
    for (const caller of this.#byLeg.values()) {
      if (caller.call.line === null && caller.call.span === span && caller.call.timeslot === timeslot)
        caller.boxCallId = boxCallId;
    }
  }

  #connected(boxCallId: string): void {
    for (const caller of this.#byLeg.values()) {
      if (caller.boxCallId !== boxCallId || caller.plan.talkMs === undefined || caller.talks) continue;
      caller.talks = true;
      this.#after(caller, caller.plan.talkMs, () => void this.#hangUp(caller));
      this.#options.playing.guard(this.#speak(caller));
    }
  }

  async #hangUp(caller: Caller): Promise<void> {
    caller.hungUpByCaller = true;
    await this.#options.engine
      .command('leg.release', { leg: caller.leg, cause: CAUSE_NORMAL })
      .catch((error: unknown) => {
        // The box was quicker: leg.released is on its way, or was here.
        if (!isRefusal(error, 'not_found') && !isRefusal(error, 'wrong_state')) throw error;
      });
  }

  #released({ leg, cause, by }: LegReleased): void {
    const caller = this.#byLeg.get(leg);
    if (caller === undefined) return;
    this.#byLeg.delete(leg);
    for (const timer of caller.timers) timer.cancel();
    const { call } = caller;
    call.state = 'released';
    call.cause = cause;
    call.releasedAt = this.#options.clock.wallMs();
    if (by === 'fault') call.releasedBy = 'fault';
    else call.releasedBy = by === 'local' || caller.hungUpByCaller ? 'caller' : 'box';
    this.#changed(caller);
  }

  #after(caller: Caller, delayMs: number, work: () => void): void {
    caller.timers.push(this.#options.clock.after(delayMs, work));
  }

  #get(id: string): Caller {
    const caller = this.#callers.get(id);
    if (caller === undefined) throw new AppError('exchange_call_not_found', { id });
    return caller;
  }

  #forgetOldest(): void {
    const ended = [...this.#callers.values()].filter(({ call }) => call.state === 'released');
    for (const { call } of ended.slice(0, Math.max(0, ended.length - ENDED_CALLS_KEPT))) this.#callers.delete(call.id);
  }

  #changed({ call }: Caller): void {
    const { span, timeslot, state, cause } = call;
    this.#options.log.debug({ span, timeslot, state, cause }, 'call of the exchange simulator');
    this.#events.emit('call.changed', { ...call });
  }
}

/** The longest beginning that has no more bytes in UTF-8, whole characters only. */
function atMostBytes(text: string, bytes: number): string {
  let kept = '';
  for (const character of text) {
    if (Buffer.byteLength(kept + character) > bytes) break;
    kept += character;
  }
  return kept;
}
