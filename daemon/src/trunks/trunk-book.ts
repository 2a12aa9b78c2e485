// The box's own E1: alarms and D-channel as the engine tells them, begun with its snapshot, and which timeslots are taken by
// legs, whoever began them.
import type { LiveEvents, SignallingLink, Span } from '../contract/index.js';
import {
  isBoxSpan,
  type EngineClient,
  type EngineEvents,
  type LegMetered,
  type LinkChanged,
  type SnapshotLinkSet,
  type SnapshotSpan,
  type SpanBlocked,
} from '../engine/index.js';
import type { LegPlace, Lines } from '../lines/index.js';
import type { LineBook } from './line-book.js';
import { AppError, type Log, type TypedEmitter, type Unsubscribe } from '../platform/index.js';

export interface TrunkBookOptions {
  engine: EngineClient;
  lines: Lines;
  /** of exchange lines, which it starts and stops */
  lineBook: LineBook;
  live: TypedEmitter<LiveEvents>;
  log: Log;
}

interface KnownSpan {
  span: Span;
  /** legs by timeslot */
  legs: Map<number, number>;
}

export class TrunkBook {
  /** exchange lines on FXO ports */
  readonly lines: LineBook;
  readonly #engine: EngineClient;
  readonly #lines: Lines;
  readonly #live: TypedEmitter<LiveEvents>;
  readonly #log: Log;
  readonly #spans = new Map<number, KnownSpan>();
  readonly #whereIsLeg = new Map<number, { span: number; timeslot: number }>();
  #offs: Unsubscribe[] = [];

  constructor(options: TrunkBookOptions) {
    this.#engine = options.engine;
    this.#lines = options.lines;
    this.lines = options.lineBook;
    this.#live = options.live;
    this.#log = options.log;
  }

  /** Listens at once, then reads the spans. Rejects when the engine does not answer. */
  async start(): Promise<void> {
    const [{ events: engine }, { events: lines }] = [this.#engine, this.#lines];
    this.lines.start();
    this.#offs = [
      engine.on('span.alarmed', ({ span, alarms }) => this.#alarmed(span, alarms)),
      engine.on('span.dchannel', ({ span, up }) => this.#dchannel(span, up)),
      engine.on('span.blocked', (ends) => this.#blocked(ends)),
      engine.on('link.changed', (link) => this.#link(link)),
      engine.on('leg.metered', (metered) => this.#metered(metered)),
      engine.on('leg.tariffs', (told) => this.#tariffs(told)),
      lines.on('leg.offered', ({ leg, origin }) => this.#taken(leg, origin, null)),
      lines.on('leg.seized', ({ leg, place }) => this.#taken(leg, place, null)),
      lines.on('leg.moved', ({ leg, place }) => this.#moved(leg, place)),
      lines.on('leg.released', ({ leg }) => this.#freed(leg)),
    ];
    const snapshot = await this.#engine.command('engine.snapshot', {});
    for (const span of snapshot.spans) if (isBoxSpan(span.span)) this.#read(span, snapshot.linkSets);
  }

  stop(): void {
    for (const off of this.#offs) off();
    this.#offs = [];
    this.lines.stop();
  }

  /** By number. */
  list(): Span[] {
    return [...this.#spans.values()].map(({ span }) => structuredClone(span)).sort((a, b) => a.span - b.span);
  }

  find(span: number): Span | undefined {
    const known = this.#spans.get(span);
    return known === undefined ? undefined : structuredClone(known.span);
  }

  /**
   * Whether a timeslot takes calls, whatever the E1 is signalled by; a call that is there goes on, and R2 tells the far end when it
   * has ended. Resolves with the E1 as it is then. span_not_found, timeslot_not_found, engine_refused.
   */
  async block(span: number, timeslot: number, blocked: boolean): Promise<Span> {
    const known = this.#spans.get(span);
    if (known === undefined) throw new AppError('span_not_found', { span });
    if (this.#slot({ span, timeslot }) === undefined) throw new AppError('timeslot_not_found', { span, timeslot });
    await this.#engine.command('span.block', { span, timeslot, blocked });
    return structuredClone(known.span);
  }

  /**
   * Tells the far end of a call in that it costs a unit more: R2 by a pulse, ISDN as the network side by advice of charge.
   * span_not_found, timeslot_not_found, timeslot_no_call, engine_refused.
   */
  async meter(span: number, timeslot: number): Promise<void> {
    const known = this.#spans.get(span);
    if (known === undefined) throw new AppError('span_not_found', { span });
    if (this.#slot({ span, timeslot }) === undefined) throw new AppError('timeslot_not_found', { span, timeslot });
    const leg = known.legs.get(timeslot);
    if (leg === undefined) throw new AppError('timeslot_no_call', { span, timeslot });
    await this.#engine.command('leg.meter', { leg });
  }

  /** Says which call a leg belongs to; null when it has ended. A leg that is on none of the spans is nothing to us. */
  setCall(leg: number, callId: string | null): void {
    this.lines.setCall(leg, callId);
    const where = this.#whereIsLeg.get(leg);
    const slot = where === undefined ? undefined : this.#slot(where);
    if (where === undefined || slot === undefined || slot.callId === callId) return;
    slot.callId = callId;
    this.#changed(where.span);
  }

  #read(now: SnapshotSpan, linkSets: readonly SnapshotLinkSet[]): void {
    const before = this.#spans.get(now.span);
    const legs = new Map<number, number>();
    for (const { timeslot, leg } of now.timeslots) {
      if (leg === 0) continue;
      legs.set(timeslot, leg);
      this.#whereIsLeg.set(leg, { span: now.span, timeslot });
    }
    const callIds = new Map(before?.span.timeslots.map(({ timeslot, callId }) => [timeslot, callId]));
    const span: Span = {
      span: now.span,
      name: now.name,
      side: now.side,
      signalling: now.signalling,
      alarms: [...now.alarms],
      dchannelUp: now.dchannelUp,
      pri: now.pri === undefined ? null : priOf(now.pri),
      timeslots: now.timeslots.map(({ timeslot, blockedHere, blockedThere }) => ({
        timeslot,
        busy: legs.has(timeslot),
        callId: callIds.get(timeslot) ?? null,
        blocked: blockedEnds(blockedHere, blockedThere),
      })),
    };
    if (now.signalling === 'ss7') span.links = linksOf(now.span, linkSets);
    this.#spans.set(now.span, { span, legs });
  }

  #alarmed(span: number, alarms: Span['alarms']): void {
    const known = this.#spans.get(span);
    if (known === undefined) return;
    known.span.alarms = [...alarms];
    if (alarms.length > 0) this.#log.warn({ span, alarms }, 'the span has an alarm');
    else this.#log.info({ span }, 'the span has no alarm any more');
    this.#changed(span);
  }

  #dchannel(span: number, up: boolean): void {
    const known = this.#spans.get(span);
    if (known === undefined) return;
    known.span.dchannelUp = up;
    const what = known.span.signalling === 'pri' ? 'D-channel' : 'far end';
    if (up) this.#log.info({ span }, `${what} is up`);
    else this.#log.warn({ span }, `${what} is down`);
    this.#changed(span);
  }

  #link({ span: carrier, timeslot, state }: LinkChanged): void {
    for (const { span } of this.#spans.values()) {
      const link = span.links?.find((at) => at.span === carrier && at.timeslot === timeslot);
      if (link === undefined || link.state === state) continue;
      link.state = state;
      this.#changed(span.span);
    }
    if (isBoxSpan(carrier)) this.#log.info({ span: carrier, timeslot, state }, 'a signalling link has changed');
  }

  #blocked({ span, timeslot, here, there }: SpanBlocked): void {
    const slot = this.#slot({ span, timeslot });
    const blocked = blockedEnds(here, there);
    if (slot === undefined || slot.blocked === blocked) return;
    slot.blocked = blocked;
    this.#changed(span);
  }

  #metered({ leg, ...cost }: LegMetered): void {
    const where = this.#whereIsLeg.get(leg);
    const callId = where === undefined ? null : (this.#slot(where)?.callId ?? null);
    if (where === undefined || callId === null) return;
    this.#log.debug({ ...where, callId, ...cost }, 'the exchange tells what a call costs');
    this.#live.emit('call.metered', { callId, ...where, ...cost });
  }

  #tariffs({ leg, tariffs }: EngineEvents['leg.tariffs']): void {
    const where = this.#whereIsLeg.get(leg);
    const callId = where === undefined ? null : (this.#slot(where)?.callId ?? null);
    if (where === undefined || callId === null) return;
    this.#log.debug({ ...where, callId, tariffs }, 'the exchange tells what a call will cost');
    const told = tariffs.map(({ item, free = false, currency = '', amount = 0, perMs = 0 }) => ({
      ...{ item, free, currency, amount, perMs },
    }));
    this.#live.emit('call.tariffs', { callId, ...where, tariffs: told });
  }

  #taken(leg: number, place: LegPlace, callId: string | null): void {
    if (place.kind !== 'trunk') return;
    const { span, timeslot } = place;
    const known = this.#spans.get(span);
    if (known === undefined) return;
    known.legs.set(timeslot, leg);
    this.#whereIsLeg.set(leg, { span, timeslot });
    this.#show(known, timeslot, callId);
  }

  #moved(leg: number, place: LegPlace): void {
    const before = this.#whereIsLeg.get(leg);
    const callId = before === undefined ? null : (this.#slot(before)?.callId ?? null);
    this.#freed(leg);
    this.#taken(leg, place, callId);
  }

  #freed(leg: number): void {
    const where = this.#whereIsLeg.get(leg);
    if (where === undefined) return;
    this.#whereIsLeg.delete(leg);
    const known = this.#spans.get(where.span);
    if (known === undefined || known.legs.get(where.timeslot) !== leg) return;
    known.legs.delete(where.timeslot);
    this.#show(known, where.timeslot, null);
  }

  #show(known: KnownSpan, timeslot: number, callId: string | null): void {
    const slot = known.span.timeslots.find((one) => one.timeslot === timeslot);
    if (slot === undefined) return;
    slot.busy = known.legs.has(timeslot);
    slot.callId = callId;
    this.#changed(known.span.span);
  }

  #slot({ span, timeslot }: { span: number; timeslot: number }): Span['timeslots'][number] | undefined {
    return this.#spans.get(span)?.span.timeslots.find((one) => one.timeslot === timeslot);
  }

  #changed(span: number): void {
    const now = this.find(span);
    if (now !== undefined) this.#live.emit('span.updated', now);
  }
}

function priOf({ protocol, overlap, dchannelOf, dchannelHere }: NonNullable<SnapshotSpan['pri']>): Span['pri'] {
  return { protocol, overlap, dchannelOf, dchannelHere };
}

function blockedEnds(here: boolean, there: boolean): Span['timeslots'][number]['blocked'] {
  if (here) return there ? 'both' : 'here';
  return there ? 'there' : 'no';
}

/** The signalling links by which the calls of an E1 come, wherever they are. */
function linksOf(span: number, linkSets: readonly SnapshotLinkSet[]): SignallingLink[] {
  return linkSets
    .filter(({ spans }) => spans.includes(span))
    .flatMap(({ name, links }) =>
      links.map(({ span: carrier, timeslot, code, state }) => ({
        linkSet: name,
        span: carrier,
        timeslot,
        code,
        state,
      })),
    );
}
