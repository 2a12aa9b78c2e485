// The lines that the engine signals by itself: ISDN on E1 and analog telephones. What is peculiar to them stays here: which
// ends of the virtual cables are the box's, tones that a telephone needs from us, hook switches, timeslots that move.
import {
  isBoxSpan,
  isRefusal,
  isStation,
  type EngineClient,
  type EngineEvents,
  type ErrorCode,
} from '../engine/index.js';
import {
  AppError,
  TypedEmitter,
  word,
  type Clock,
  type EventSource,
  type Log,
  type Unsubscribe,
} from '../platform/index.js';
import { AnalogStations } from './analog-stations.js';
import type {
  LegKeys,
  LegKind,
  LegPlace,
  LineEvents,
  LineProvider,
  LineTarget,
  SeizeRequest,
  SeizedLeg,
  StationLine,
} from './lines.js';
import { SeizeRefusal } from './refusal.js';

/** Which E1 make up a trunk. */
export interface E1Trunks {
  /** in the order in which they are tried; undefined: no trunk of this name */
  spansOf(trunk: string): readonly number[] | undefined;
  trunkOf(span: number): string | null;
  /** calls that it may have at a time; left out: as many as it has timeslots */
  maxCallsOf?(trunk: string): number;
}

export interface EngineLinesOptions {
  engine: EngineClient;
  trunks: E1Trunks;
  clock: Clock;
  log: Log;
}

interface EngineLeg {
  leg: number;
  kind: LegKind;
  port: number;
  place: LegPlace;
  alerted: boolean;
  answered: boolean;
  /** the ringing tone that a telephone which calls is given */
  ringback: Promise<number | undefined> | undefined;
}

type EngineOffered = EngineEvents['leg.offered'];

/** of a name, as FSK carries it to a telephone */
const LONGEST_NAME = 40;

/** Q.850, by what the engine refuses with. */
const stationCauses: Partial<Record<ErrorCode, number>> = { busy: 17, unavailable: 27, invalid: 28, not_found: 27 };
const spanCauses: Partial<Record<ErrorCode, number>> = { busy: 34, unavailable: 38, invalid: 28, not_found: 38 };
const TEMPORARY_FAILURE = 41;

export class EngineLines implements LineProvider {
  readonly #engine: EngineClient;
  readonly #trunks: E1Trunks;
  readonly #log: Log;
  readonly #events: TypedEmitter<LineEvents>;
  readonly #legs = new Map<number, EngineLeg>();
  /** calls out that the engine has not answered for yet, by trunk */
  readonly #seizing = new Map<string, number>();
  readonly #stations: AnalogStations;
  /** timeslots of the box's spans, by port */
  readonly #slots = new Map<number, { span: number; timeslot: number }>();
  #offs: Unsubscribe[] = [];

  constructor({ engine, trunks, clock, log }: EngineLinesOptions) {
    this.#engine = engine;
    this.#trunks = trunks;
    this.#log = log;
    this.#events = new TypedEmitter<LineEvents>(log);
    this.#stations = new AnalogStations(clock, (line) => this.#events.emit('station.changed', line));
  }

  get events(): EventSource<LineEvents> {
    return this.#events;
  }

  /** Listens at once, then reads which lines there are. Rejects when the engine does not answer. */
  async start(): Promise<void> {
    const { events } = this.#engine;
    this.#offs = [
      events.on('leg.offered', (offered) => this.#offered(offered)),
      events.on('leg.progressed', ({ leg, port, progress }) =>
        this.#onPort(leg, port, () => this.#events.emit('leg.progressed', { leg, port, progress })),
      ),
      events.on('leg.answered', ({ leg, port }) => this.#onPort(leg, port, (known) => this.#answered(known))),
      events.on('leg.digit', (digit) =>
        this.#legs.has(digit.leg) ? this.#events.emit('leg.digit', digit) : undefined,
      ),
      events.on('leg.flashed', ({ leg }) =>
        this.#legs.has(leg) ? this.#events.emit('leg.flashed', { leg }) : undefined,
      ),
      events.on('leg.released', (released) => this.#released(released)),
      events.on('station.hook', ({ analog, offHook }) => this.#stations.hook(analog, offHook)),
    ];
    const { spans, analogs } = await this.#engine.command('engine.snapshot', {});
    for (const { span, timeslots } of spans)
      if (isBoxSpan(span)) for (const { port, timeslot } of timeslots) this.#slots.set(port, { span, timeslot });
    for (const { analog, name, kind, offHook } of analogs)
      if (kind === 'fxs' && isStation(analog)) this.#stations.add(analog, name, offHook);
  }

  stop(): void {
    for (const off of this.#offs) off();
    this.#offs = [];
    this.#stations.stop();
  }

  /** Lights the message lamp of an analog telephone whose port has one; SIP telephones have their own way. */
  lamp(station: number, on: boolean): void {
    if (!this.#stations.has(station)) return;
    this.#engine
      .command('station.lamp', { analog: station, on })
      .catch((error: unknown) => this.#log.debug({ err: error, station }, 'a telephone has no message lamp'));
  }

  stations(): readonly StationLine[] {
    return this.#stations.list();
  }

  serves(target: LineTarget): boolean {
    if (target.kind === 'span') return isBoxSpan(target.span);
    if (target.kind === 'station') return this.#stations.has(target.station);
    return this.#trunks.spansOf(target.trunk) !== undefined;
  }

  seize(request: SeizeRequest): Promise<SeizedLeg> {
    const { target } = request;
    if (target.kind === 'station') return this.#ring(request, target.station);
    if (target.kind === 'span') return this.#callOut(request, target.span, target.timeslot ?? 0, null);
    return this.#overTrunk(request, target.trunk);
  }

  async alert(number: number, { early = false }: { early?: boolean } = {}): Promise<void> {
    const leg = this.#leg(number);
    if (!leg.alerted) {
      leg.alerted = true;
      await this.#engine.command('leg.alert', { leg: number });
    }
    // An exchange makes the tone itself. A telephone hears what we play it.
    // One who has been answered meanwhile hears no ringing under the talk.
    if (leg.kind !== 'station' || leg.answered || !this.#legs.has(number)) return;
    if (early) this.#stopRingback(leg);
    else leg.ringback ??= this.#startRingback(leg);
  }

  async answer(number: number): Promise<void> {
    const leg = this.#leg(number);
    leg.answered = true;
    this.#stopRingback(leg);
    await this.#engine.command('leg.answer', { leg: number });
  }

  /** Tones, all of them. */
  keys(): LegKeys {
    return { takesBeside: false, givesEvents: false };
  }

  sendDigit(number: number): Promise<boolean> {
    this.#leg(number);
    return Promise.resolve(false);
  }

  async release(number: number, cause: number): Promise<void> {
    this.#leg(number);
    try {
      await this.#engine.command('leg.release', { leg: number, cause });
    } catch (error) {
      // It is being released already, and will say so.
      if (isRefusal(error, 'wrong_state')) return;
      if (!isRefusal(error, 'not_found')) throw error;
      this.#legs.delete(number);
      throw new AppError('leg_not_found', { leg: number }, { cause: error });
    }
  }

  async #ring(request: SeizeRequest, station: number): Promise<SeizedLeg> {
    const { target, calledNumber, callingNumber, callingName, privacy = false } = request;
    const { leg, port } = await this.#engine
      .command('leg.seize', {
        analog: station,
        calledNumber: digits(calledNumber),
        callingNumber: privacy ? '' : digits(callingNumber),
        callingName: privacy ? '' : nameForDisplay(callingName),
      })
      .catch((error: unknown) => {
        throw refused(target, error, stationCauses);
      });
    const place: LegPlace = { kind: 'station', station };
    return this.#seized({ leg, port, kind: 'station', place, callingNumber: privacy ? '' : callingNumber });
  }

  /** Rejects as congested when the trunk has all the calls that it may have. */
  async #overTrunk(request: SeizeRequest, trunk: string): Promise<SeizedLeg> {
    if (request.emergency !== true && this.#isFull(trunk)) throw new SeizeRefusal(request.target, 34, word('busy'));
    this.#seizing.set(trunk, (this.#seizing.get(trunk) ?? 0) + 1);
    try {
      return await this.#search(request, trunk);
    } finally {
      this.#seizing.set(trunk, (this.#seizing.get(trunk) ?? 1) - 1);
    }
  }

  /** Calls that came in count, too. */
  #isFull(trunk: string): boolean {
    const most = this.#trunks.maxCallsOf?.(trunk) ?? Infinity;
    if (most === Infinity) return false;
    const up = [...this.#legs.values()].filter(({ place }) => place.kind === 'trunk' && place.trunk === trunk).length;
    return up + (this.#seizing.get(trunk) ?? 0) >= most;
  }

  /** Glare and full spans are refusals as busy: the next one is tried. */
  async #search(request: SeizeRequest, trunk: string): Promise<SeizedLeg> {
    let refusal: SeizeRefusal | undefined;
    for (const span of this.#trunks.spansOf(trunk) ?? []) {
      try {
        return await this.#callOut(request, span, 0, trunk);
      } catch (error) {
        if (!(error instanceof SeizeRefusal)) throw error;
        this.#log.debug({ trunk, span, err: error }, 'an E1 of the trunk takes no call');
        // What one span cannot take for now says more about the trunk than that another is out of order.
        if (refusal === undefined || error.q850 === spanCauses.busy) refusal = error;
      }
    }
    throw refusal ?? new SeizeRefusal(request.target, 34, word('unavailable'));
  }

  async #callOut(request: SeizeRequest, span: number, asked: number, trunk: string | null): Promise<SeizedLeg> {
    const { target, calledNumber, callingNumber, callingName, privacy = false } = request;
    const { leg, port, timeslot } = await this.#engine
      .command('leg.seize', {
        span,
        timeslot: asked,
        calledNumber: digits(calledNumber),
        callingNumber: privacy ? '' : digits(callingNumber),
        callingName: privacy ? '' : nameForDisplay(callingName),
      })
      .catch((error: unknown) => {
        throw refused(target, error, spanCauses);
      });
    const named = trunk ?? this.#trunks.trunkOf(span);
    return this.#seized({ leg, port, kind: 'timeslot', place: { kind: 'trunk', trunk: named, span, timeslot } });
  }

  #seized(seized: LineEvents['leg.seized']): SeizedLeg {
    const { leg, port, kind, place } = seized;
    this.#legs.set(leg, { leg, kind, port, place, alerted: true, answered: false, ringback: undefined });
    this.#events.emit('leg.seized', seized);
    return { leg, port, place };
  }

  #offered(offered: EngineOffered): void {
    const origin = this.#originOf(offered);
    if (origin === undefined) return;
    const { leg, port, kind, calledNumber, callingNumber, callingName, complete } = offered;
    this.#legs.set(leg, { leg, kind, port, place: origin, alerted: false, answered: false, ringback: undefined });
    if (origin.kind === 'station') this.#stations.lifted(origin.station);
    this.#events.emit('leg.offered', {
      ...{ leg, port, kind, origin, complete },
      ...{ calledNumber, callingNumber, callingName },
    });
  }

  /** undefined: it is the exchange simulator's, or of a kind that somebody else looks after. */
  #originOf({ kind, span, timeslot, analog }: EngineOffered): LegPlace | undefined {
    if (kind === 'timeslot')
      return isBoxSpan(span) ? { kind: 'trunk', trunk: this.#trunks.trunkOf(span), span, timeslot } : undefined;
    if (!isStation(analog)) return undefined;
    if (kind === 'station') return { kind: 'station', station: analog };
    return kind === 'line' ? { kind: 'trunk', trunk: null, span: 0, timeslot: 0 } : undefined;
  }

  /** The leg's port may be another one from now on. */
  #onPort(number: number, port: number, then: (leg: EngineLeg) => void): void {
    const leg = this.#legs.get(number);
    if (leg === undefined) return;
    if (leg.port !== port) {
      leg.port = port;
      const slot = this.#slots.get(port);
      if (leg.place.kind === 'trunk' && slot !== undefined) leg.place = { ...leg.place, ...slot };
      this.#events.emit('leg.moved', { leg: number, port, place: leg.place });
    }
    then(leg);
  }

  #answered({ leg, port, place }: EngineLeg): void {
    if (place.kind === 'station') this.#stations.lifted(place.station);
    this.#events.emit('leg.answered', { leg, port });
  }

  #released({ leg: number, cause, by }: EngineEvents['leg.released']): void {
    const leg = this.#legs.get(number);
    if (leg === undefined) return;
    this.#legs.delete(number);
    if (leg.place.kind === 'station') this.#stations.released(leg.place.station, by === 'remote');
    this.#events.emit('leg.released', { leg: number, cause, by });
  }

  #startRingback({ leg, port }: EngineLeg): Promise<number | undefined> {
    return this.#engine.command('tone.start', { port, tone: 'ringback' }).then(
      ({ play }) => play,
      (error: unknown) => {
        // It was put down at this moment.
        this.#log.debug({ err: error, leg }, 'the ringing tone did not begin');
        return undefined;
      },
    );
  }

  #stopRingback(leg: EngineLeg): void {
    const { ringback } = leg;
    leg.ringback = undefined;
    void ringback?.then(async (play) => {
      if (play === undefined) return;
      await this.#engine
        .command('play.stop', { play })
        .catch((error: unknown) => this.#log.debug({ err: error, leg: leg.leg }, 'the ringing tone had ended'));
    });
  }

  #leg(number: number): EngineLeg {
    const leg = this.#legs.get(number);
    if (leg === undefined) throw new AppError('leg_not_found', { leg: number });
    return leg;
  }
}

function refused(target: LineTarget, error: unknown, causes: Partial<Record<ErrorCode, number>>): unknown {
  if (!isRefusal(error)) return error;
  const { engineCode } = error;
  return new SeizeRefusal(target, causes[engineCode] ?? TEMPORARY_FAILURE, word(engineCode), error);
}

/** The plus sign of an international number is none of Q.931 4.5.8; access codes are a matter of the dial plan. */
function digits(number: string): string {
  return number.replace(/^\+/, '');
}

/** Printable ASCII, which is all that caller identification by FSK carries. */
function nameForDisplay(name: string): string {
  return name
    .replace(/[^\x20-\x7e]/g, '')
    .trim()
    .slice(0, LONGEST_NAME);
}
