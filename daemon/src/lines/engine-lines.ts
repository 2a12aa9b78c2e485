// The lines that the engine signals by itself: those of E1s, analog telephones and analog exchange lines. What is peculiar to them stays here: which
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
import type { LineHunt } from '../contract/index.js';
import { AnalogLines } from './analog-lines.js';
import { AnalogStations } from './analog-stations.js';
import type {
  LegKeys,
  LegKind,
  LegPlace,
  LineEvents,
  LineProvider,
  LineTarget,
  Referring,
  SeizeRequest,
  SeizedLeg,
  StationLine,
} from './lines.js';
import { SeizeRefusal } from './refusal.js';

/** Analog lines that make up a trunk. */
export interface LineGroup {
  lines: readonly number[];
  hunt: LineHunt;
  /** dialled before each number */
  dialPrefix: string;
  /** called number of those who call in; '': nobody can */
  lineNumber: string;
}

/** Which E1s and lines make up a trunk. */
export interface E1Trunks {
  /** in the order in which they are tried; undefined: no trunk of this name */
  spansOf(trunk: string): readonly number[] | undefined;
  trunkOf(span: number): string | null;
  /** calls that it may have at a time; left out: as many as it has timeslots */
  maxCallsOf?(trunk: string): number;
  /** its exchange is to be asked to join calls; left out: it is not */
  mayJoin?(trunk: string): boolean;
  /** undefined: no trunk of this name, or none of analog lines */
  linesOf?(trunk: string): LineGroup | undefined;
  trunkOfLine?(line: number): string | null;
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
const lineCauses: Partial<Record<ErrorCode, number>> = { busy: 34, unavailable: 38, invalid: 28, not_found: 38 };
const TEMPORARY_FAILURE = 41;
const NORMAL_CLEARING = 16;
/** Q.850: facility rejected */
const NOT_DONE = { done: false, cause: 29 } as const;

export class EngineLines implements LineProvider {
  readonly #engine: EngineClient;
  readonly #trunks: E1Trunks;
  readonly #log: Log;
  readonly #events: TypedEmitter<LineEvents>;
  readonly #legs = new Map<number, EngineLeg>();
  /** calls out that the engine has not answered for yet, by trunk */
  readonly #seizing = new Map<string, number>();
  readonly #stations: AnalogStations;
  readonly #lines: AnalogLines;
  /** timeslots of the box's spans, by port */
  readonly #slots = new Map<number, { span: number; timeslot: number }>();
  /** what the exchange was asked to join, by the first leg */
  readonly #joining = new Map<number, (done: boolean) => void>();
  readonly #lampsRefused = new Set<number>();
  #offs: Unsubscribe[] = [];

  constructor({ engine, trunks, clock, log }: EngineLinesOptions) {
    this.#engine = engine;
    this.#trunks = trunks;
    this.#log = log;
    this.#events = new TypedEmitter<LineEvents>(log);
    this.#stations = new AnalogStations(clock, (line) => this.#events.emit('station.changed', line));
    this.#lines = new AnalogLines(clock, (line) => this.#events.emit('line.changed', { line }));
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
        this.#onPort(leg, port, ({ place }) => {
          if (place.kind === 'trunk' && place.line !== undefined) this.#lines.dialled(place.line);
          this.#events.emit('leg.progressed', { leg, port, progress });
        }),
      ),
      events.on('leg.answered', ({ leg, port }) => this.#onPort(leg, port, (known) => this.#answered(known))),
      events.on('leg.digit', (digit) =>
        this.#legs.has(digit.leg) ? this.#events.emit('leg.digit', digit) : undefined,
      ),
      events.on('leg.flashed', ({ leg }) =>
        this.#legs.has(leg) ? this.#events.emit('leg.flashed', { leg }) : undefined,
      ),
      events.on('leg.released', (released) => this.#released(released)),
      events.on('leg.party', ({ leg, number, name }) =>
        this.#legs.has(leg) ? this.#events.emit('leg.party', { leg, number, name }) : undefined,
      ),
      events.on('leg.transferred', ({ leg, done }) => this.#joined(leg, done)),
      events.on('line.battery', ({ analog, on }) => this.#lines.voltage(analog, on)),
      events.on('station.hook', ({ analog, offHook }) => this.#stations.hook(analog, offHook)),
    ];
    const { spans, analogs } = await this.#engine.command('engine.snapshot', {});
    for (const { span, timeslots } of spans)
      if (isBoxSpan(span)) for (const { port, timeslot } of timeslots) this.#slots.set(port, { span, timeslot });
    for (const { analog, name, kind, offHook, battery } of analogs) {
      if (!isStation(analog)) continue;
      if (kind === 'fxs') this.#stations.add(analog, name, offHook);
      else this.#lines.add(analog, name, battery);
    }
  }

  /** Exchange lines on FXO ports. */
  get analogLines(): AnalogLines {
    return this.#lines;
  }

  stop(): void {
    for (const off of this.#offs) off();
    this.#offs = [];
    this.#stations.stop();
  }

  /** Lights the message lamp of an analog telephone whose port has one; SIP telephones have their own way. */
  lamp(station: number, on: boolean): void {
    if (!this.#stations.has(station)) return;
    this.#engine.command('station.lamp', { analog: station, on }).then(
      () => this.#lampsRefused.delete(station),
      (error: unknown) => {
        if (!isRefusal(error, 'unavailable'))
          return this.#log.debug({ err: error, station }, 'a telephone has no message lamp');
        if (!this.#lampsRefused.has(station)) this.#log.warn({ err: error, station }, 'a board lights no message lamp');
        this.#lampsRefused.add(station);
      },
    );
  }

  /** Telephones whose boards have refused to light their lamps. */
  get lampsRefused(): ReadonlySet<number> {
    return this.#lampsRefused;
  }

  readonly referring: Referring = {
    may: (number, to) => {
      const place = this.#legs.get(number)?.place;
      if (to !== 'leg' || place?.kind !== 'trunk' || place.trunk === null) return false;
      return place.span !== 0 && (this.#trunks.mayJoin?.(place.trunk) ?? false);
    },
    refer: (number, to) => ('leg' in to ? this.#join(number, to.leg) : Promise.resolve(NOT_DONE)),
  };

  stations(): readonly StationLine[] {
    return this.#stations.list();
  }

  serves(target: LineTarget): boolean {
    if (target.kind === 'span') return isBoxSpan(target.span);
    if (target.kind === 'station') return this.#stations.has(target.station);
    return (this.#trunks.spansOf(target.trunk) ?? this.#trunks.linesOf?.(target.trunk)) !== undefined;
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
      const group = this.#trunks.linesOf?.(trunk);
      return await (group === undefined ? this.#search(request, trunk) : this.#searchLines(request, trunk, group));
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

  /** Somebody who calls in at this moment (glare) has the line; the next one is tried. */
  async #searchLines(request: SeizeRequest, trunk: string, group: LineGroup): Promise<SeizedLeg> {
    let refusal: SeizeRefusal | undefined;
    for (const line of this.#lines.hunt(group.lines, group.hunt, request.exceptLines)) {
      try {
        return await this.#overLine(request, trunk, line, group.dialPrefix);
      } catch (error) {
        if (!(error instanceof SeizeRefusal)) throw error;
        this.#log.debug({ trunk, line, err: error }, 'a line of the trunk takes no call');
        if (refusal === undefined || error.q850 === lineCauses.busy) refusal = error;
      }
    }
    const cause = this.#lines.causeOf(group.lines);
    throw refusal ?? new SeizeRefusal(request.target, cause, word(cause === 34 ? 'busy' : 'unavailable'));
  }

  async #overLine(request: SeizeRequest, trunk: string, line: number, prefix: string): Promise<SeizedLeg> {
    const { target, calledNumber } = request;
    const { leg, port } = await this.#engine
      .command('leg.seize', { analog: line, calledNumber: `${prefix}${digits(calledNumber)}` })
      .catch((error: unknown) => {
        throw refused(target, error, lineCauses);
      });
    this.#lines.taken(line, leg, 'out');
    return this.#seized({ leg, port, kind: 'line', place: { kind: 'trunk', trunk, span: 0, timeslot: 0, line } });
  }

  async #callOut(request: SeizeRequest, span: number, asked: number, trunk: string | null): Promise<SeizedLeg> {
    const { target, calledNumber, callingNumber, callingName, privacy = false } = request;
    const { divertedFrom = '', privateHistory = false } = request;
    const { leg, port, timeslot } = await this.#engine
      .command('leg.seize', {
        span,
        timeslot: asked,
        calledNumber: digits(calledNumber),
        callingNumber: digits(callingNumber),
        callingName: privacy ? '' : nameForDisplay(callingName),
        restricted: privacy,
        redirectingNumber: privateHistory ? '' : digits(divertedFrom),
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
    const { leg, port, kind, callingNumber, callingName, complete, restricted } = offered;
    const divertedFrom = offered.redirectingNumber || offered.originalCalledNumber;
    const line = origin.kind === 'trunk' ? origin.line : undefined;
    // Nobody lifts: the caller hears ringing tone until he gives up.
    if (line !== undefined && (this.#lines.isBlocked(line) || this.#numberOf(line) === '')) {
      this.#log.info({ line }, 'a line rings that takes no calls in');
      return;
    }
    if (line !== undefined) this.#lines.taken(line, leg, 'in');
    const calledNumber = line === undefined ? offered.calledNumber : this.#numberOf(line);
    this.#legs.set(leg, { leg, kind, port, place: origin, alerted: false, answered: false, ringback: undefined });
    if (origin.kind === 'station') this.#stations.lifted(origin.station);
    this.#events.emit('leg.offered', {
      ...{ leg, port, kind, origin, complete },
      ...{ calledNumber, callingNumber, callingName },
      ...(restricted ? { privacy: true } : {}),
      ...(divertedFrom === '' ? {} : { divertedFrom }),
    });
  }

  /** undefined: it is the exchange simulator's, or of a kind that somebody else looks after. */
  #originOf({ kind, span, timeslot, analog }: EngineOffered): LegPlace | undefined {
    if (kind === 'timeslot')
      return isBoxSpan(span) ? { kind: 'trunk', trunk: this.#trunks.trunkOf(span), span, timeslot } : undefined;
    if (!isStation(analog)) return undefined;
    if (kind === 'station') return { kind: 'station', station: analog };
    if (kind !== 'line') return undefined;
    return { kind: 'trunk', trunk: this.#trunks.trunkOfLine?.(analog) ?? null, span: 0, timeslot: 0, line: analog };
  }

  /** What those have called who call in over a line, which tells no number. */
  #numberOf(line: number): string {
    const trunk = this.#trunks.trunkOfLine?.(line) ?? null;
    return trunk === null ? '' : (this.#trunks.linesOf?.(trunk)?.lineNumber ?? '');
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

  #answered(known: EngineLeg): void {
    const { leg, port, place } = known;
    known.answered = true;
    if (place.kind === 'station') this.#stations.lifted(place.station);
    this.#events.emit('leg.answered', { leg, port });
  }

  #released({ leg: number, cause, by }: EngineEvents['leg.released']): void {
    const leg = this.#legs.get(number);
    if (leg === undefined) return;
    this.#legs.delete(number);
    this.#joined(number, false);
    const { place } = leg;
    if (place.kind === 'trunk' && place.line !== undefined) this.#lines.released(place.line, cause, by, leg.answered);
    if (leg.place.kind === 'station') this.#stations.released(leg.place.station, by === 'remote');
    this.#events.emit('leg.released', { leg: number, cause, by });
  }

  /** The engine tells what has come of it, once, and before the legs end when it is done. */
  #join(leg: number, other: number): Promise<{ done: boolean; cause: number }> {
    if (!this.#legs.has(leg) || !this.#legs.has(other) || this.#joining.has(leg)) return Promise.resolve(NOT_DONE);
    return new Promise((resolve) => {
      this.#joining.set(leg, (done) => resolve(done ? { done, cause: NORMAL_CLEARING } : NOT_DONE));
      this.#engine.command('leg.transfer', { leg, other }).catch((error: unknown) => {
        this.#log.debug({ err: error, leg, other }, 'the exchange cannot be asked to join two calls');
        this.#joined(leg, false);
      });
    });
  }

  #joined(leg: number, done: boolean): void {
    const settle = this.#joining.get(leg);
    this.#joining.delete(leg);
    settle?.(done);
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
