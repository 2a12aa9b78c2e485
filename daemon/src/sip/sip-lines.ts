// SIP telephones and trunks as lines: signalling by the stack's thread, media by a stream of the engine, joined here into legs
// that call control cannot tell from others.
//
//   call.offered ─> stream.open ─> call.media ─> leg.offered        call.mediaChanged ─> stream.update
//   seize ─> stream.open ─> call.dial                               call.released ─> leg.release ─> leg.released
import { isRefusal, type EngineClient, type EngineEvents } from '../engine/index.js';
import {
  SeizeRefusal,
  type LegKeys,
  type LegPlace,
  type LegReleased,
  type LineEvents,
  type LineProvider,
  type LineTarget,
  type Referring,
  type SeizeRequest,
  type SeizedLeg,
  type StationLine,
  type TransferOutcome,
} from '../lines/index.js';
import {
  AppError,
  TypedEmitter,
  errorText,
  word,
  type EventSource,
  type Log,
  type Unsubscribe,
} from '../platform/index.js';
import { legOfLamp } from './lamps.js';
import type { WatchedLeg } from './line-watch.js';
import {
  StackRefusal,
  type CallOrigin,
  type RemoteMedia,
  type StackCommands,
  type StackEvents,
} from './stack/index.js';

/** The stack, wherever it runs. */
export interface Stack {
  readonly events: EventSource<StackEvents>;
  /** Rejects with a StackRefusal, or when the stack is gone. */
  command<C extends keyof StackCommands>(
    command: C,
    params: StackCommands[C]['params'],
  ): Promise<StackCommands[C]['reply']>;
}

export interface SipLinesOptions {
  engine: EngineClient;
  stack: Stack;
  log: Log;
}

interface SipLeg {
  leg: number;
  port: number;
  /** of the stack; undefined: it is not on its way yet */
  call: string | undefined;
  place: LegPlace;
  /** as last agreed upon; undefined: nothing yet */
  media: (Omit<RemoteMedia, 'receive'> & { info: boolean }) | undefined;
  /** told by the stack, or decided here: what leg.released will say */
  end: Omit<LegReleased, 'leg'> | undefined;
}

/** Q.850 */
const NO_CHANNEL = 34;
const TEMPORARY_FAILURE = 41;
const NO_ROUTE = 3;
const UNREACHABLE = 20; // subscriber absent
const BUSY = 17;
const TIMER_EXPIRED = 102;
const WRONG_STATE = 101;

/** no leg */
const NOBODY = -1;

const NETWORK_OUT_OF_ORDER = 38;

/** RFC 3551 4.2 */
const DEFAULT_PTIME_MS = 20;

/** as a person presses a key */
const DIGIT_MS = 100;

const seizeCauses: Record<StackRefusal['code'], number> = {
  invalid: 28,
  not_found: NO_ROUTE,
  busy: BUSY,
  unreachable: UNREACHABLE,
  io: TEMPORARY_FAILURE,
};
/** Of a trunk: nobody has asked the called party yet, so the next trunk is tried. */
const trunkCauses: Record<StackRefusal['code'], number> = {
  ...seizeCauses,
  busy: NO_CHANNEL,
  unreachable: NETWORK_OUT_OF_ORDER,
};

export class SipLines implements LineProvider {
  readonly #engine: EngineClient;
  readonly #stack: Stack;
  readonly #log: Log;
  readonly #events: TypedEmitter<LineEvents>;
  readonly #legs = new Map<number, SipLeg>();
  readonly #byCall = new Map<string, SipLeg>();
  /** calls that were offered and wait for their stream; false: over before it came */
  readonly #opening = new Map<string, boolean>();
  readonly #stations = new Map<number, StationLine>();
  readonly #trunks = new Map<string, boolean>();
  #offs: Unsubscribe[] = [];

  constructor({ engine, stack, log }: SipLinesOptions) {
    this.#engine = engine;
    this.#stack = stack;
    this.#log = log;
    this.#events = new TypedEmitter<LineEvents>(log);
  }

  get events(): EventSource<LineEvents> {
    return this.#events;
  }

  start(): void {
    const { events } = this.#stack;
    const engine = this.#engine.events;
    this.#offs = [
      events.on('call.offered', (offered) => this.#offered(offered)),
      events.on('call.progressed', ({ call, progress }) =>
        this.#ofCall(call, ({ leg, port }) => this.#events.emit('leg.progressed', { leg, port, progress })),
      ),
      events.on('call.answered', ({ call }) => this.#ofCall(call, (leg) => this.#answered(leg))),
      events.on('call.mediaChanged', ({ call, media, info = false }) =>
        this.#ofCall(call, (leg) => this.#update(leg, media, info)),
      ),
      events.on('call.held', ({ call }) => this.#ofCall(call, ({ leg }) => this.#events.emit('leg.held', { leg }))),
      events.on('call.retrieved', ({ call }) =>
        this.#ofCall(call, ({ leg }) => this.#events.emit('leg.retrieved', { leg })),
      ),
      events.on('call.digit', ({ call, digit }) =>
        this.#ofCall(call, ({ leg }) => this.#events.emit('leg.digit', { leg, digit, source: 'info' })),
      ),
      events.on('call.transferAsked', (asked) => this.#ofCall(asked.call, (leg) => this.#transferAsked(leg, asked.to))),
      events.on('call.released', ({ call, ...end }) => this.#callReleased(call, end)),
      engine.on('leg.digit', ({ leg, digit, source }) =>
        this.#legs.has(leg) ? this.#events.emit('leg.digit', { leg, digit, source }) : undefined,
      ),
      engine.on('stream.timeout', ({ leg }) => this.#silent(leg)),
      engine.on('stream.lost', (lost) => this.#lost(lost)),
      engine.on('stream.ended', (ended) => this.#measured(ended)),
      engine.on('leg.released', (released) => this.#streamGone(released)),
    ];
  }

  stop(): void {
    for (const off of this.#offs) off();
    this.#offs = [];
  }

  stations(): readonly StationLine[] {
    return [...this.#stations.values()];
  }

  /** A telephone there is, and whether it is registered. */
  setStation(station: number, name: string, reachable: boolean): void {
    const known = this.#stations.get(station);
    if (known?.name === name && known.reachable === reachable) return;
    const line: StationLine = { station, name, reachable, offHook: false };
    this.#stations.set(station, line);
    this.#events.emit('station.changed', line);
  }

  /** Of a station that is known. */
  setReachable(station: number, reachable: boolean): void {
    const known = this.#stations.get(station);
    if (known !== undefined) this.setStation(station, known.name, reachable);
  }

  removeStation(station: number): void {
    if (this.#stations.delete(station)) this.#events.emit('station.removed', { station });
  }

  /** `refers`: its carrier may be handed calls. */
  setTrunk(trunk: string, refers = false): void {
    this.#trunks.set(trunk, refers);
  }

  removeTrunk(trunk: string): void {
    this.#trunks.delete(trunk);
  }

  readonly referring: Referring = {
    may: (leg) => {
      const { place, call, end } = this.#legs.get(leg) ?? {};
      if (place?.kind !== 'trunk' || call === undefined || end !== undefined) return false;
      return place.trunk !== null && this.#trunks.get(place.trunk) === true;
    },
    refer: (leg, to) => this.#refer(leg, to),
  };

  /** Telephones that sound has been agreed upon with. */
  heard(): WatchedLeg[] {
    return [...this.#legs.values()].flatMap(({ leg, place, media, end }) => {
      if (place.kind !== 'station' || media === undefined || end !== undefined) return [];
      const { codec, direction = 'sendrecv', webrtc } = media;
      return {
        ...{ leg, station: place.station, codec: codec.name, ptimeMs: codec.ptimeMs ?? DEFAULT_PTIME_MS },
        browser: webrtc !== undefined,
        sends: direction === 'sendrecv' || direction === 'recvonly',
      };
    });
  }

  serves(target: LineTarget): boolean {
    if (target.kind === 'station') return this.#stations.has(target.station);
    return target.kind === 'trunk' && this.#trunks.has(target.trunk);
  }

  async seize(request: SeizeRequest): Promise<SeizedLeg> {
    const { target, calledNumber, callingNumber, callingName, privacy = false } = request;
    const { emergency, divertedFrom, privateHistory, forwards } = request;
    if (target.kind === 'span' || !this.serves(target)) throw new SeizeRefusal(target, NO_ROUTE, word('not_found'));
    if (target.kind === 'station' && this.#stations.get(target.station)?.reachable !== true)
      throw new SeizeRefusal(target, UNREACHABLE, word('unavailable'));
    const { leg, port, rtpPort, rtcpPort, webrtcPort } = await this.#engine
      .command('stream.open', { incoming: false })
      .catch((error: unknown) => {
        throw isRefusal(error) ? new SeizeRefusal(target, NO_CHANNEL, word(error.engineCode), error) : error;
      });
    const place: LegPlace =
      target.kind === 'station' ? target : { kind: 'trunk', trunk: target.trunk, span: 0, timeslot: 0 };
    const seized: SipLeg = { leg, port, call: undefined, place, media: undefined, end: undefined };
    this.#legs.set(leg, seized);
    try {
      const { call } = await this.#stack.command('call.dial', {
        target: target.kind === 'station' ? target : { ...target, number: calledNumber },
        ...{ callingNumber, callingName, anonymous: privacy, emergency, divertedFrom, privateHistory, forwards },
        media: { rtpPort, rtcpPort, webrtcPort },
      });
      seized.call = call;
      this.#byCall.set(call, seized);
      this.#events.emit('leg.seized', { leg, port, place, kind: 'sip', callingNumber: privacy ? '' : callingNumber });
      return { leg, port, place };
    } catch (error) {
      // Nobody has heard of the leg: it goes without a word.
      this.#legs.delete(leg);
      await this.#closeStream(leg, TEMPORARY_FAILURE);
      if (!(error instanceof StackRefusal)) throw error;
      const causes = target.kind === 'trunk' ? trunkCauses : seizeCauses;
      throw new SeizeRefusal(target, causes[error.code], { en: error.message, zh: error.message }, error);
    }
  }

  async alert(number: number, { early = false }: { early?: boolean } = {}): Promise<void> {
    const { call } = this.#leg(number);
    if (call === undefined) return;
    await this.#stack.command('call.alert', { call, early });
    await this.#engine.command('leg.alert', { leg: number });
  }

  async answer(number: number): Promise<void> {
    const { call } = this.#leg(number);
    if (call === undefined) return;
    await this.#stack.command('call.answer', { call });
    await this.#engine.command('leg.answer', { leg: number });
  }

  keys(number: number): LegKeys {
    const media = this.#legs.get(number)?.media;
    const events = media?.telephoneEvent !== undefined;
    return { takesBeside: events || media?.info === true, givesEvents: events };
  }

  async sendDigit(number: number, digit: string): Promise<boolean> {
    const { call } = this.#leg(number);
    if (call === undefined) return false;
    return (await this.#stack.command('call.digit', { call, digit, durationMs: DIGIT_MS })).taken;
  }

  async release(number: number, cause: number, text?: string): Promise<void> {
    const leg = this.#leg(number);
    if (leg.end !== undefined) return;
    leg.end = { cause, by: 'local' };
    await this.#release(leg, text);
  }

  /** The stack is gone and its calls with it: every leg ends. */
  async failed(): Promise<void> {
    const legs = [...this.#legs.values()];
    for (const leg of legs) leg.end ??= { cause: TEMPORARY_FAILURE, by: 'fault' };
    await Promise.all(legs.map(({ leg }) => this.#closeStream(leg, TEMPORARY_FAILURE)));
  }

  async #release({ leg, call, end }: SipLeg, text?: string): Promise<void> {
    const cause = end?.cause ?? TEMPORARY_FAILURE;
    try {
      if (call !== undefined)
        await this.#stack.command('call.release', { call, cause, ...(text === undefined ? {} : { text }) });
    } catch (error) {
      // It knows the call no more, or is gone: there will be no call.released.
      this.#log.debug({ err: error, leg }, 'the stack had ended the call');
      await this.#closeStream(leg, cause);
    }
  }

  async #offered(offered: StackEvents['call.offered']): Promise<void> {
    const { call, origin, remote, signallingAddress, calledNumber, callingNumber, callingName, anonymous } = offered;
    const replaces = offered.replaces === undefined ? undefined : this.#replaced(offered.replaces);
    if (replaces === NOBODY) return this.#tell('call.release', { call, cause: WRONG_STATE });
    this.#opening.set(call, true);
    try {
      const { leg, port, rtpPort, rtcpPort, webrtcPort } = await this.#engine.command('stream.open', {
        incoming: true,
        ...(remote === undefined ? {} : { remoteAddress: remote.address, remotePort: remote.port }),
        latchAddress: signallingAddress,
      });
      if (this.#opening.get(call) !== true) return await this.#closeStream(leg, TEMPORARY_FAILURE);
      const known: SipLeg = { leg, port, call, place: placeOf(origin), media: undefined, end: undefined };
      this.#legs.set(leg, known);
      this.#byCall.set(call, known);
      // Told before call control hears of it: what it says about the call comes to the stack after this.
      this.#tell('call.media', { call, media: { rtpPort, rtcpPort, webrtcPort } });
      this.#events.emit('leg.offered', {
        ...{ leg, port, kind: 'sip', origin: known.place, complete: true },
        ...{
          calledNumber,
          callingNumber,
          callingName,
          privacy: anonymous,
          replaces,
          divertedFrom: offered.divertedFrom,
          privateHistory: offered.privateHistory,
        },
      });
    } catch (error) {
      this.#log.warn({ err: error, call }, `a SIP call is turned away: ${errorText(error)}`);
      this.#tell('call.release', { call, cause: isRefusal(error, 'busy') ? NO_CHANNEL : TEMPORARY_FAILURE });
    } finally {
      this.#opening.delete(call);
    }
  }

  async #refer(leg: number, to: { number: string } | { leg: number }): Promise<{ done: boolean; cause: number }> {
    const call = this.#legs.get(leg)?.call;
    const other = 'leg' in to ? this.#legs.get(to.leg)?.call : undefined;
    if (call === undefined || ('leg' in to && other === undefined)) return { done: false, cause: WRONG_STATE };
    try {
      return await this.#stack.command('call.refer', {
        call,
        to: 'leg' in to ? { call: other ?? '' } : to,
      });
    } catch (error) {
      this.#log.debug({ err: error, leg }, 'the far end takes no REFER');
      return { done: false, cause: error instanceof StackRefusal ? seizeCauses[error.code] : TEMPORARY_FAILURE };
    }
  }

  /** The leg that is meant; of a lamp's call that may be any line's. */
  #replaced(replaces: NonNullable<StackEvents['call.offered']['replaces']>): number {
    if ('call' in replaces) return this.#byCall.get(replaces.call)?.leg ?? NOBODY;
    return legOfLamp(replaces.lamp) ?? NOBODY;
  }

  #answered({ leg, port }: SipLeg): void {
    this.#tellEngine('leg.answer', { leg });
    this.#events.emit('leg.answered', { leg, port });
  }

  async #update(known: SipLeg, media: RemoteMedia, info: boolean): Promise<void> {
    const { leg, call } = known;
    known.media = { ...media, info };
    try {
      const { conflict } = await this.#engine.command('stream.update', { ...media, leg });
      if (conflict === undefined || call === undefined) return;
      this.#tell('call.media', { call, media: { rtpPort: conflict, rtcpPort: conflict + 1 } });
    } catch (error) {
      if (known.end !== undefined || isRefusal(error, 'not_found')) return;
      this.#log.error({ err: error, leg }, `the media of a SIP call cannot be set: ${errorText(error)}`);
      known.end = { cause: TEMPORARY_FAILURE, by: 'fault' };
      await this.#release(known);
    }
  }

  #transferAsked({ leg }: SipLeg, to: StackEvents['call.transferAsked']['to']): void {
    const call = this.#legs.get(leg)?.call;
    if (call === undefined) return;
    const reply = (outcome: TransferOutcome): void =>
      this.#tell('call.transfer', {
        call,
        state: outcome.state,
        cause: outcome.state === 'failed' ? outcome.cause : 0,
      });
    if ('number' in to) return this.#events.emit('leg.transferAsked', { leg, to, reply });
    const other = this.#byCall.get(to.call);
    if (other === undefined) return reply({ state: 'failed', cause: NO_ROUTE });
    this.#events.emit('leg.transferAsked', { leg, to: { leg: other.leg }, reply });
  }

  /** The other side sends nothing although it should: its line is dead, whatever its signalling says. */
  async #silent(number: number): Promise<void> {
    const leg = this.#legs.get(number);
    if (leg === undefined || leg.end !== undefined) return;
    this.#log.warn({ leg: number }, 'no sound has come from a SIP call for so long that it is given up');
    leg.end = { cause: TIMER_EXPIRED, by: 'fault' };
    await this.#release(leg);
  }

  /** A browser whose page is loaded anew closes its session, and takes the call up again: it may be silent for a while. */
  async #lost({ leg: number, reason, text }: EngineEvents['stream.lost']): Promise<void> {
    const leg = this.#legs.get(number);
    if (leg === undefined || leg.end !== undefined || reason === 'closed') return;
    this.#log.warn({ leg: number, reason, text }, 'the sound of a browser has come to an end, and so does its call');
    leg.end = { cause: reason === 'consent' ? TIMER_EXPIRED : TEMPORARY_FAILURE, by: 'fault' };
    await this.#release(leg);
  }

  #callReleased(call: string, end: NonNullable<SipLeg['end']>): void {
    if (this.#opening.has(call)) this.#opening.set(call, false);
    const leg = this.#byCall.get(call);
    if (leg === undefined) return;
    this.#byCall.delete(call);
    leg.end ??= end;
    void this.#closeStream(leg.leg, leg.end.cause);
  }

  /** Never rejects. leg.released of the engine follows, and is handed on with the cause that SIP has. */
  async #closeStream(leg: number, cause: number): Promise<void> {
    try {
      await this.#engine.command('leg.release', { leg, cause });
    } catch (error) {
      if (!isRefusal(error, 'not_found')) this.#log.debug({ err: error, leg }, 'a stream was not closed');
    }
  }

  #measured({ leg, packetsSent, packetsReceived, lost, late, remote, ...ended }: EngineEvents['stream.ended']): void {
    const media = this.#legs.get(leg)?.media;
    if (media === undefined || packetsSent + packetsReceived === 0) return;
    const { jitterMs, bufferMs, concealedMs, roundTripMs, mosReceived, mosSent } = ended;
    this.#events.emit('leg.measured', {
      leg,
      quality: {
        codec: media.codec.name,
        encrypted: media.srtp !== undefined || media.webrtc !== undefined,
        ...{ packetsSent, packetsReceived, lost, late, jitterMs, bufferMs, concealedMs, roundTripMs },
        remoteLost: remote?.lost,
        remoteJitterMs: remote?.jitterMs,
        ...{ mosReceived, mosSent },
      },
    });
  }

  #streamGone({ leg: number, cause, by }: EngineEvents['leg.released']): void {
    const leg = this.#legs.get(number);
    if (leg === undefined) return;
    this.#legs.delete(number);
    if (leg.call !== undefined && this.#byCall.delete(leg.call))
      this.#tell('call.release', { call: leg.call, cause: leg.end?.cause ?? cause });
    this.#events.emit('leg.released', { leg: number, ...(leg.end ?? { cause, by }) });
  }

  #ofCall(call: string, then: (leg: SipLeg) => unknown): void {
    const leg = this.#byCall.get(call);
    if (leg !== undefined) void then(leg);
  }

  #leg(number: number): SipLeg {
    const leg = this.#legs.get(number);
    if (leg === undefined) throw new AppError('leg_not_found', { leg: number });
    return leg;
  }

  /** What needs no answer; that the call is over by now is nothing to speak of. */
  #tell<C extends keyof StackCommands>(command: C, params: StackCommands[C]['params']): void {
    this.#stack
      .command(command, params)
      .catch((error: unknown) => this.#log.debug({ err: error }, `the stack did not take ${command}`));
  }

  #tellEngine(command: 'leg.answer', params: { leg: number }): void {
    this.#engine
      .command(command, params)
      .catch((error: unknown) => this.#log.debug({ err: error }, `the engine did not take ${command}`));
  }
}

function placeOf(origin: CallOrigin): LegPlace {
  return origin.kind === 'station'
    ? { kind: 'station', station: origin.station }
    : { kind: 'trunk', trunk: origin.trunk, span: 0, timeslot: 0 };
}
