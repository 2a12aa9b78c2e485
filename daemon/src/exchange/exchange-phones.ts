// The telephones of the exchange simulator: one at the far end of every station's cable.
import type { ExchangePhone, PhoneBehaviour } from '../contract/index.js';
import {
  isRefusal,
  isStation,
  phonePort,
  stationOfPhone,
  type EngineClient,
  type EngineCommands,
  type LegOffered,
} from '../engine/index.js';
import {
  AppError,
  TypedEmitter,
  type Clock,
  type EventSource,
  type Log,
  type Timer,
  type Unsubscribe,
  word,
  type Words,
} from '../platform/index.js';
import type { Playing } from './playing.js';

export interface PhoneEvents {
  'phone.changed': ExchangePhone;
}

/** What a telephone does by itself; the file is absolute. */
export interface PhonePlan extends PhoneBehaviour {
  playFile?: string | undefined;
}

interface Phone {
  station: number;
  name: string;
  /** 0: on the hook and silent */
  leg: number;
  port: number;
  state: 'idle' | 'ringing' | 'lifted';
  plan: PhonePlan;
  timers: Timer[];
}

export interface ExchangePhonesOptions {
  engine: EngineClient;
  playing: Playing;
  clock: Clock;
  log: Log;
}

const CAUSE_NORMAL = 16;
const NOBODY_HOME: PhonePlan = {
  answer: false,
  answerAfterMs: 1000,
  play: null,
  hangUpAfterMs: null,
  hangUpOnTone: true,
};

export class ExchangePhones {
  readonly #options: ExchangePhonesOptions;
  readonly #events: TypedEmitter<PhoneEvents>;
  readonly #phones = new Map<number, Phone>();
  readonly #byLeg = new Map<number, Phone>();
  /** the box's ends of the cables */
  readonly #stationByPort = new Map<number, number>();
  #offs: Unsubscribe[] = [];

  constructor(options: ExchangePhonesOptions) {
    this.#options = options;
    this.#events = new TypedEmitter(options.log);
  }

  get events(): EventSource<PhoneEvents> {
    return this.#events;
  }

  /** Finds the telephones there are. Rejects when the engine does not answer. */
  async start(): Promise<void> {
    const { events } = this.#options.engine;
    this.#offs = [
      events.on('leg.offered', (offered) => (offered.kind === 'line' ? this.#rings(offered) : undefined)),
      events.on('leg.progressed', ({ port, progress }) => (progress === 'alerting' ? this.#rungAnew(port) : undefined)),
      events.on('leg.released', ({ leg, by }) => this.#released(leg, by === 'remote')),
    ];
    const { analogs } = await this.#options.engine.command('engine.snapshot', {});
    for (const { analog, kind, name, port } of analogs) {
      if (kind === 'fxs' && isStation(analog)) this.#stationByPort.set(port, analog);
      if (kind !== 'fxo' || isStation(analog)) continue;
      const station = stationOfPhone(analog);
      const phone: Phone = { station, name, leg: 0, port, state: 'idle', plan: { ...NOBODY_HOME }, timers: [] };
      this.#phones.set(station, phone);
    }
  }

  stop(): void {
    for (const off of this.#offs) off();
    for (const phone of this.#phones.values()) cancelTimers(phone);
  }

  /** By station. */
  list(): ExchangePhone[] {
    return [...this.#phones.values()].map(toDto).sort((a, b) => a.station - b.station);
  }

  /** station_not_found */
  find(station: number): ExchangePhone {
    return toDto(this.#get(station));
  }

  /** For those who listen; undefined: it is on the hook. station_not_found */
  portInHand(station: number): number | undefined {
    const { state, port } = this.#get(station);
    return state === 'lifted' ? port : undefined;
  }

  /** Lifts: answers when it rings, else hears dial tone. phone_wrong_state when it is lifted. */
  async lift(station: number): Promise<ExchangePhone> {
    const phone = this.#get(station);
    if (phone.state === 'lifted') throw wrongState(station, OFF_HOOK);
    if (phone.state === 'ringing') await this.#answer(phone);
    else {
      const { leg, port } = await this.#command(station, 'leg.seize', { analog: phonePort(station) });
      this.#lifted(phone, leg, port);
    }
    return toDto(phone);
  }

  async hangUp(station: number): Promise<ExchangePhone> {
    const phone = this.#get(station);
    if (phone.state !== 'lifted') throw wrongState(station, ON_HOOK);
    await this.#hangUp(phone);
    return toDto(phone);
  }

  async flash(station: number): Promise<ExchangePhone> {
    const phone = this.#inHand(station);
    await this.#command(station, 'leg.flash', { leg: phone.leg });
    return toDto(phone);
  }

  /** Resolves when the last key has been sent. */
  async dial(station: number, digits: string): Promise<ExchangePhone> {
    const phone = this.#inHand(station);
    await this.#options.playing.digits(phone.port, digits);
    return toDto(phone);
  }

  /** Starts to speak. */
  play(station: number, file: string): ExchangePhone {
    const phone = this.#inHand(station);
    this.#options.playing.guard(this.#options.playing.file(phone.port, file));
    return toDto(phone);
  }

  setPlan(station: number, plan: PhonePlan): ExchangePhone {
    const phone = this.#get(station);
    phone.plan = { ...plan };
    this.#changed(phone);
    return toDto(phone);
  }

  /**
   * Records to a stereo A-law WAV: left what the telephone hears, right what it says. It has to be lifted; the recording ends
   * when it is put down. Resolves when it has begun.
   */
  async record(station: number, path: string): Promise<void> {
    const phone = this.#inHand(station);
    await this.#command(station, 'recording.start', { port: phone.port, path });
  }

  #rings({ leg, port, analog }: LegOffered): void {
    const phone = this.#phones.get(stationOfPhone(analog));
    if (phone === undefined) return;
    Object.assign(phone, { leg, port, state: 'ringing' });
    this.#byLeg.set(leg, phone);
    this.#changed(phone);
    this.#answerLater(phone);
  }

  /** Another call rings it before it knows that the last one has given up: for the telephone the ringing just goes on. */
  #rungAnew(port: number): void {
    const phone = this.#phones.get(this.#stationByPort.get(port) ?? 0);
    if (phone?.state === 'ringing') this.#answerLater(phone);
  }

  #answerLater(phone: Phone): void {
    const { leg, plan } = phone;
    if (plan.answer) this.#after(phone, plan.answerAfterMs, () => this.#answerByItself(phone, leg));
  }

  async #answerByItself(phone: Phone, leg: number): Promise<void> {
    // A telephone knows only after a pause of the cadence that nobody rings it any more; a person hears it.
    const { analogs } = await this.#options.engine.command('engine.snapshot', {});
    const rings = analogs.some(({ analog, kind, ringing }) => analog === phone.station && kind === 'fxs' && ringing);
    if (rings && phone.leg === leg && phone.state === 'ringing') await this.#answer(phone);
  }

  async #answer(phone: Phone): Promise<void> {
    await this.#command(phone.station, 'leg.answer', { leg: phone.leg });
    this.#lifted(phone, phone.leg, phone.port);
    const { playFile, hangUpAfterMs } = phone.plan;
    if (playFile !== undefined) this.#options.playing.guard(this.#options.playing.file(phone.port, playFile));
    if (hangUpAfterMs !== null) this.#after(phone, hangUpAfterMs, () => this.#hangUp(phone));
  }

  #lifted(phone: Phone, leg: number, port: number): void {
    Object.assign(phone, { leg, port, state: 'lifted' });
    this.#byLeg.set(leg, phone);
    this.#changed(phone);
  }

  async #hangUp(phone: Phone): Promise<void> {
    if (phone.leg === 0) return;
    await this.#options.engine
      .command('leg.release', { leg: phone.leg, cause: CAUSE_NORMAL })
      .catch((error: unknown) => {
        // The box took the battery away at this moment.
        if (!isRefusal(error, 'not_found')) throw error;
      });
  }

  #released(leg: number, byBox: boolean): void {
    const phone = this.#byLeg.get(leg);
    if (phone === undefined) return;
    this.#byLeg.delete(leg);
    cancelTimers(phone);
    const forgotten = byBox && phone.state === 'lifted' && !phone.plan.hangUpOnTone;
    Object.assign(phone, { leg: 0, state: 'idle' });
    this.#changed(phone);
    // The simulated line puts the receiver down when the box takes the battery away: who forgets to, lifts it again.
    if (forgotten) this.#options.playing.guard(this.lift(phone.station).then(() => undefined));
  }

  #after(phone: Phone, delayMs: number, work: () => Promise<void>): void {
    phone.timers.push(this.#options.clock.after(delayMs, () => this.#options.playing.guard(work())));
  }

  #get(station: number): Phone {
    const phone = this.#phones.get(station);
    if (phone === undefined) throw new AppError('station_not_found', { station });
    return phone;
  }

  #inHand(station: number): Phone {
    const phone = this.#get(station);
    if (phone.state !== 'lifted') throw wrongState(station, ON_HOOK);
    return phone;
  }

  async #command<C extends keyof EngineCommands>(
    station: number,
    command: C,
    params: EngineCommands[C]['params'],
  ): Promise<EngineCommands[C]['reply']> {
    try {
      return await this.#options.engine.command(command, params);
    } catch (error) {
      if (isRefusal(error)) throw wrongState(station, word(error.engineCode));
      throw error;
    }
  }

  #changed(phone: Phone): void {
    this.#events.emit('phone.changed', toDto(phone));
  }
}

const OFF_HOOK: Words = { en: 'it is off the hook already', zh: '已经摘机' };
const ON_HOOK: Words = { en: 'it is on the hook', zh: '处于挂机状态' };

function wrongState(station: number, reason: Words): AppError<'phone_wrong_state'> {
  return new AppError('phone_wrong_state', { station, reason });
}

function cancelTimers(phone: Phone): void {
  for (const timer of phone.timers) timer.cancel();
  phone.timers = [];
}

function toDto({ station, name, state, plan }: Phone): ExchangePhone {
  const { playFile: _playFile, ...behaviour } = plan;
  return { station, name, offHook: state === 'lifted', ringing: state === 'ringing', behaviour };
}
