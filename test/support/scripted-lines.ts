// SIP telephones and trunks as call control sees them, played by a test: it says who is registered, calls, rings and answers,
// and notes what it was told to do.
import type {
  LegKeys,
  LegPlace,
  LineEvents,
  LineProvider,
  LineTarget,
  Referring,
  SeizeRequest,
  SeizedLeg,
  StationLine,
  TransferOutcome,
} from '../../daemon/src/lines/index.js';
import { SeizeRefusal } from '../../daemon/src/lines/index.js';
import { AppError, TypedEmitter, word } from '../../daemon/src/platform/index.js';

/** No leg of the scripted engine has such a number. */
const LEGS_FROM = 5000;
const PORTS_FROM = 20_000;

export interface ScriptedLeg {
  leg: number;
  port: number;
  place: LegPlace;
  /** of one that was seized */
  request: SeizeRequest | undefined;
}

export class ScriptedLines implements LineProvider {
  readonly events = new TypedEmitter<LineEvents>();
  /** those there are now */
  readonly legs = new Map<number, ScriptedLeg>();
  /** what was done to legs, in order: `alert 5001`, `alert 5001 early`, `answer 5001`, `transferred 5001`, `release 5001 16` */
  readonly told: string[] = [];
  /** what releases gave as their reason */
  readonly reasons: (string | undefined)[] = [];
  readonly seized: SeizeRequest[] = [];
  /** what far ends do that are asked to call somebody else; undefined: nobody may ask them */
  referring: Referring | undefined;
  readonly #stations = new Map<number, StationLine>();
  readonly #trunks = new Set<string>();
  readonly #refusals = new Map<string, number>();
  readonly #held: (() => void)[] = [];
  #holding = false;
  #failing = new Set<string>();
  #next = LEGS_FROM;

  // -------------------------------------------------------------------------------------------------- what there is

  register(station: number, over: Partial<StationLine> = {}): void {
    const line = { station, name: `Phone ${station}`, reachable: true, offHook: false, ...over };
    this.#stations.set(station, line);
    this.events.emit('station.changed', line);
  }

  unregister(station: number): void {
    this.register(station, { reachable: false });
  }

  remove(station: number): void {
    this.#stations.delete(station);
    this.events.emit('station.removed', { station });
  }

  addTrunk(trunk: string): void {
    this.#trunks.add(trunk);
  }

  /** Seizures of this target are refused from now on. */
  refuse(target: LineTarget, q850: number): void {
    this.#refusals.set(JSON.stringify(target), q850);
  }

  /** Seizures wait until `go`. */
  hold(): void {
    this.#holding = true;
  }

  go(): void {
    this.#holding = false;
    for (const go of this.#held.splice(0)) go();
  }

  /** answer() of this leg rejects. */
  failAnswer(leg: number): void {
    this.#failing.add(`answer ${leg}`);
  }

  // ----------------------------------------------------------------------------------------------- the other end does

  /** A telephone has dialled. */
  dials(station: number, calledNumber: string, callingName = ''): number {
    return this.#offer({ kind: 'station', station }, calledNumber, 'hostile', callingName);
  }

  /** A telephone or trunk calls to take the place of another leg (RFC 3891). */
  takesOver(from: number | string, replaces: number): number {
    const origin: LegPlace =
      typeof from === 'number'
        ? { kind: 'station', station: from }
        : { kind: 'trunk', trunk: from, span: 0, timeslot: 0 };
    return this.#offer(origin, '', '', '', { replaces });
  }

  /** Somebody calls in over a trunk. */
  callsIn(
    trunk: string,
    calledNumber: string,
    callingNumber = '13800138000',
    more: Pick<LineEvents['leg.offered'], 'privateHistory'> = {},
  ): number {
    return this.#offer({ kind: 'trunk', trunk, span: 0, timeslot: 0 }, calledNumber, callingNumber, '', more);
  }

  /** The leg that was seized there and is not released; the newest. */
  legAt(where: number | string): ScriptedLeg | undefined {
    const at = ({ place }: ScriptedLeg): boolean =>
      place.kind === 'station' ? place.station === where : place.trunk === where;
    return [...this.legs.values()].filter((leg) => leg.request !== undefined && at(leg)).at(-1);
  }

  progress(leg: number, progress: LineEvents['leg.progressed']['progress']): void {
    this.events.emit('leg.progressed', { leg, port: this.#port(leg), progress });
  }

  answers(leg: number): void {
    this.events.emit('leg.answered', { leg, port: this.#port(leg) });
  }

  /** `more`: what else is told of it. */
  hangsUp(leg: number, cause = 16, more: { globalFailure?: boolean } = {}): void {
    if (this.legs.delete(leg)) this.events.emit('leg.released', { leg, cause, by: 'remote', ...more });
  }

  /** A telephone that rings sends its call on. */
  sendsOn(leg: number, ...forwardedTo: string[]): void {
    if (this.legs.delete(leg)) this.events.emit('leg.released', { leg, cause: 17, by: 'remote', forwardedTo });
  }

  presses(leg: number, digit: string, source: LineEvents['leg.digit']['source'] = 'event'): void {
    this.events.emit('leg.digit', { leg, digit, source });
  }

  holds(leg: number): void {
    this.events.emit('leg.held', { leg });
  }

  retrieves(leg: number): void {
    this.events.emit('leg.retrieved', { leg });
  }

  /** Asks for a transfer; what is returned grows with what is told about it. */
  refers(leg: number, to: { number: string } | { leg: number }): TransferOutcome[] {
    const outcomes: TransferOutcome[] = [];
    const reply = (outcome: TransferOutcome): void => {
      outcomes.push(outcome);
      // In the order in which a telephone would hear of it.
      if (outcome.state === 'done') this.told.push(`transferred ${leg}`);
    };
    this.events.emit('leg.transferAsked', { leg, to, reply });
    return outcomes;
  }

  // ----------------------------------------------------------------------------------------------------- LineProvider

  stations(): readonly StationLine[] {
    return [...this.#stations.values()];
  }

  serves(target: LineTarget): boolean {
    if (target.kind === 'station') return this.#stations.has(target.station);
    return target.kind === 'trunk' && this.#trunks.has(target.trunk);
  }

  async seize(request: SeizeRequest): Promise<SeizedLeg> {
    const { target } = request;
    this.seized.push(request);
    if (this.#holding) await new Promise<void>((resolve) => void this.#held.push(resolve));
    const refusal = this.#refusals.get(JSON.stringify(target));
    if (refusal !== undefined) throw new SeizeRefusal(target, refusal, word('busy'));
    if (target.kind === 'station' && this.#stations.get(target.station)?.reachable !== true)
      throw new SeizeRefusal(target, 20, word('unavailable'));
    const leg = (this.#next += 1);
    const place: LegPlace =
      target.kind === 'station'
        ? { kind: 'station', station: target.station }
        : { kind: 'trunk', trunk: target.kind === 'trunk' ? target.trunk : null, span: 0, timeslot: 0 };
    const seized = { leg, port: PORTS_FROM + leg, place };
    this.legs.set(leg, { ...seized, request });
    const callingNumber = request.privacy === true ? '' : request.callingNumber;
    this.events.emit('leg.seized', { ...seized, kind: 'sip', callingNumber });
    return seized;
  }

  alert(leg: number, { early = false }: { early?: boolean } = {}): Promise<void> {
    return this.#tell(leg, `alert ${leg}${early ? ' early' : ''}`);
  }

  answer(leg: number): Promise<void> {
    return this.#tell(leg, `answer ${leg}`);
  }

  /** of legs whose keys go beside the audio */
  readonly legKeys = new Map<number, LegKeys>();
  /** keys that a line has taken itself */
  readonly keysSent: { leg: number; digit: string }[] = [];
  readonly infoLegs = new Set<number>();

  keys(leg: number): LegKeys {
    return this.legKeys.get(leg) ?? { takesBeside: false, givesEvents: false };
  }

  sendDigit(leg: number, digit: string): Promise<boolean> {
    if (this.infoLegs.has(leg)) this.keysSent.push({ leg, digit });
    return Promise.resolve(this.infoLegs.has(leg));
  }

  async release(leg: number, cause: number, text?: string): Promise<void> {
    this.reasons.push(text);
    await this.#tell(leg, `release ${leg} ${cause}`);
    this.legs.delete(leg);
    setImmediate(() => this.events.emit('leg.released', { leg, cause, by: 'local' }));
  }

  #tell(leg: number, what: string): Promise<void> {
    if (!this.legs.has(leg)) return Promise.reject(new AppError('leg_not_found', { leg }));
    this.told.push(what);
    return this.#failing.has(what) ? Promise.reject(new Error(`${what} fails`)) : Promise.resolve();
  }

  #offer(
    origin: LegPlace,
    calledNumber: string,
    callingNumber: string,
    callingName: string,
    more: Partial<LineEvents['leg.offered']> = {},
  ): number {
    const leg = (this.#next += 1);
    const port = PORTS_FROM + leg;
    this.legs.set(leg, { leg, port, place: origin, request: undefined });
    this.events.emit('leg.offered', {
      ...{ leg, port, kind: 'sip', origin, complete: true },
      ...{ calledNumber, callingNumber, callingName, ...more },
    });
    return leg;
  }

  #port(leg: number): number {
    return this.legs.get(leg)?.port ?? PORTS_FROM + leg;
  }
}
