// The exchange simulator: the far end of every virtual cable, as the pages, the command line and the tests drive it.
import type { CallControl } from '../calls/index.js';
import type {
  ExchangeCall,
  ExchangeCallCreate,
  ExchangePhone,
  PhoneBehaviour,
  PhonePlay,
  SpanAlarmRequest,
  SpanDchannelRequest,
  SpanRestartRequest,
} from '../contract/index.js';
import { exchangeSpan, isBoxSpan, isRefusal, type EngineClient, type EngineCommands } from '../engine/index.js';
import { AppError, type Clock, type Log } from '../platform/index.js';
import { ExchangeAudio } from './exchange-audio.js';
import { ExchangeCalls } from './exchange-calls.js';
import { ExchangeLines } from './exchange-lines.js';
import { ExchangePhones } from './exchange-phones.js';
import { ExchangeSubscribers } from './exchange-subscribers.js';
import { Playing } from './playing.js';

export interface ExchangeOptions {
  engine: EngineClient;
  calls: CallControl;
  /** the file of a clip or prompt by its name; undefined when there is none */
  findClip: (name: string) => Promise<string | undefined>;
  clock: Clock;
  log: Log;
}

export class Exchange {
  /** callers */
  readonly callers: ExchangeCalls;
  readonly telephones: ExchangePhones;
  /** those whom the box calls */
  readonly subscribers: ExchangeSubscribers;
  /** the far ends of the box's analog lines */
  readonly lines: ExchangeLines;
  /** who listens to all these */
  readonly audio: ExchangeAudio;
  readonly #options: ExchangeOptions;
  readonly #playing: Playing;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    const { engine, calls, clock, log } = options;
    const playing = new Playing(engine, log);
    this.#playing = playing;
    this.callers = new ExchangeCalls({ engine, calls, playing, clock, log });
    this.telephones = new ExchangePhones({ engine, playing, clock, log });
    this.subscribers = new ExchangeSubscribers({ engine, playing, clock, log });
    this.lines = new ExchangeLines({ engine, subscribers: this.subscribers, clock, log });
    this.audio = new ExchangeAudio({ engine, telephones: this.telephones, callers: this.callers, log });
  }

  async start(): Promise<void> {
    this.callers.start();
    this.subscribers.start();
    this.lines.start();
    this.audio.start();
    await this.telephones.start();
  }

  stop(): void {
    this.audio.stop();
    this.callers.stop();
    this.telephones.stop();
    this.subscribers.stop();
    this.lines.stop();
    this.#playing.stop();
  }

  /** span_not_found, span_busy, clip_not_found, engine_refused */
  async place({ play, ...plan }: ExchangeCallCreate): Promise<ExchangeCall> {
    const playFile = play === undefined ? undefined : await this.#clip(play);
    return this.callers.place({ ...plan, playFile });
  }

  calls(): ExchangeCall[] {
    return this.callers.list();
  }

  find(id: string): ExchangeCall | undefined {
    return this.callers.find(id);
  }

  hangUp(id: string): Promise<ExchangeCall> {
    return this.callers.hangUp(id);
  }

  sendDigits(id: string, digits: string): Promise<void> {
    return this.callers.sendDigits(id, digits);
  }

  phones(): ExchangePhone[] {
    return this.telephones.list();
  }

  lift(station: number): Promise<ExchangePhone> {
    return this.telephones.lift(station);
  }

  hangUpPhone(station: number): Promise<ExchangePhone> {
    return this.telephones.hangUp(station);
  }

  flash(station: number): Promise<ExchangePhone> {
    return this.telephones.flash(station);
  }

  dial(station: number, digits: string): Promise<ExchangePhone> {
    return this.telephones.dial(station, digits);
  }

  async play(station: number, { play }: PhonePlay): Promise<ExchangePhone> {
    this.telephones.find(station);
    return this.telephones.play(station, await this.#clip(play));
  }

  async setBehaviour(station: number, behaviour: PhoneBehaviour): Promise<ExchangePhone> {
    this.telephones.find(station);
    const playFile = behaviour.play === null ? undefined : await this.#clip(behaviour.play);
    return this.telephones.setPlan(station, { ...behaviour, playFile });
  }

  /** The box sees the alarm. span_not_found */
  async setAlarm(span: number, { alarm, active }: SpanAlarmRequest): Promise<void> {
    await this.#onSpan(span, 'virtual.setAlarm', { span, alarm, active });
  }

  /** Every frame of timeslot 16 is lost, both ways. span_not_found */
  async cutDchannel(span: number, { cut }: SpanDchannelRequest): Promise<void> {
    await this.#onSpan(span, 'virtual.cutDchannel', { span, cut });
  }

  /** The exchange sends RESTART for a timeslot (Q.931 5.5). span_not_found */
  async restart(span: number, { timeslot }: SpanRestartRequest): Promise<void> {
    await this.#onSpan(span, 'span.restart', { span: exchangeSpan(span), timeslot });
  }

  async #onSpan<C extends keyof EngineCommands>(
    span: number,
    command: C,
    params: EngineCommands[C]['params'],
  ): Promise<void> {
    if (!isBoxSpan(span)) throw new AppError('span_not_found', { span });
    await this.#options.engine.command(command, params).catch((error: unknown) => {
      if (isRefusal(error, 'not_found')) throw new AppError('span_not_found', { span });
      throw error;
    });
  }

  async #clip(name: string): Promise<string> {
    const file = await this.#options.findClip(name);
    if (file === undefined) throw new AppError('clip_not_found', { name });
    return file;
  }
}
