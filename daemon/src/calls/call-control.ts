// Calls, from the first leg to the last row, whatever carries the legs. The way of a call:
//
//   leg offered, or a number dialled → dial plan → rows committed → recording under way →
//        flow: answered → flow → queue → offer → talk → released
//        telephones, trunks: dialling → answered → talk → released
//
// Everything that fails under way ends in the release of the caller's leg with a cause; the call is over when its line says
// leg.released (or has not said so for RELEASE_GUARD_MS), and only then are its rows closed.
//
// long because: what may be done with a call stands in one place, a few lines each; the work is done in the files beside it
import type {
  Call,
  CallPhase,
  CallAction,
  JsonObject,
  LiveEvents,
  QueueEntry,
  RecordingAction,
  RecordingCondition,
  ReleasedBy,
  Segment,
  SuperviseAction,
} from '../contract/index.js';
import type { Db } from '../db/index.js';
import type { EngineClient } from '../engine/index.js';
import {
  placeText,
  type DialPlan,
  type LegOffered,
  type LegPlace,
  type LegReleased,
  type LineEvents,
  type Lines,
} from '../lines/index.js';
import {
  AppError,
  TypedEmitter,
  type Clock,
  type EventSource,
  type Log,
  type Metrics,
  type Unsubscribe,
} from '../platform/index.js';
import type { TrunkBook } from '../trunks/index.js';
import { TalkKeys, followsTalk, sendAfterTalk, type AfterTalk } from './after-talk.js';
import { takeCall } from './arrival.js';
import { act, supervise } from './call-actions.js';
import { cause, type CallContext } from './call-context.js';
import { callOut, endOf, type CallOut, type CalledOut } from './call-out.js';
import { callBack, type CallBackOutcome, type CallBackPlan } from './calling-back.js';
import type { CallEvents } from './call-events.js';
import type { CallRecorder } from './call-recorder.js';
import {
  COMMIT_LIMIT_MS,
  controlRecording,
  endPausedRecordings,
  recordingState,
  reviewRecording,
} from './call-recording.js';
import type { FlowRunner, PreparedFlow, QueueLeft } from './flow-session.js';
import { Leg } from './leg.js';
import { streamRow } from './leg-quality.js';
import { goesOn, letGo } from './leaving.js';
import { LegTable, type CallLeg } from './leg-table.js';
import { LiveCall, type OfferOutcome } from './live-call.js';
import { monitorAnswered } from './monitor.js';
import { cleanCalled, cleanCaller, cleanName, cleanNumber } from './numbers.js';
import { originate } from './originate.js';
import { keyPressed } from './pressed-keys.js';
import { forgetHold, hold, retrieve } from './parties.js';
import { pickerAnswered, pickUpAt } from './picking-up.js';
import { ParkingLot, takeParked, takeParkedAt, takerAnswered } from './parking.js';
import { Playbacks } from './playbacks.js';
import {
  moveToQueue,
  offer,
  offerAnswered,
  offeredLegReleased,
  overflow,
  setBackground,
  type OfferTarget,
} from './queueing.js';
import { RecordWriter } from './record-writer.js';
import { oldestRinging, replace } from './replace.js';
import type { Background } from './sounds.js';
import { referrerGone, transfer } from './transfer.js';

/** Q.931 T308 (4 s) twice, and a little: by then the line must have said that a released leg is gone. */
const RELEASE_GUARD_MS = 10_000;
/** How long a stop waits for the calls it releases. */
const STOP_LIMIT_MS = 3000;

const WAITED_TOO_LONG: QueueLeft = { why: 'overflow', target: { to: 'flow', node: null }, key: null };

export interface CallControlOptions {
  engine: EngineClient;
  lines: Lines;
  plan: DialPlan;
  db: Db;
  trunks: TrunkBook;
  flows: FlowRunner;
  recorder: CallRecorder;
  /** what one who is put on hold hears; undefined: nothing */
  holdMusic: () => Promise<string[] | undefined>;
  /** the agent who is signed in at a telephone and can have a call there; null: nobody */
  agentAt: (station: number) => string | null;
  /** what callers are led through when their agent has hung up; undefined: nothing */
  afterTalk?: AfterTalk | undefined;
  /** the program that takes calls which nobody takes at a telephone */
  answering?: CallContext['answering'];
  /** how long a call stays parked; left out: two minutes */
  parkedMs?: (() => number) | undefined;
  /** as in CallContext; left out: nobody is told */
  refused?: CallContext['refused'];
  live: TypedEmitter<LiveEvents>;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

export class CallControl {
  readonly #metrics: Metrics;
  readonly #context: CallContext;
  readonly #calls = new Map<string, LiveCall>();
  readonly #talkKeys = new TalkKeys();
  #offs: Unsubscribe[] = [];
  #stopping = false;
  #allGone: (() => void) | undefined;

  constructor(options: CallControlOptions) {
    const { db, parkedMs, ...shared } = options;
    const { engine, clock, log, metrics } = shared;
    this.#metrics = metrics;
    this.#context = {
      ...shared,
      events: new TypedEmitter<CallEvents>(log),
      playbacks: new Playbacks(engine, log),
      writer: new RecordWriter({ db, clock, log, metrics }),
      legs: new LegTable(),
      parking: new ParkingLot(parkedMs),
      changed: (call) => this.#changed(call),
      begin: (leg, number, from) => this.#begin(leg, number, from),
      release: (call, why, by, text) => this.#release(call, why, by, text),
    };
    metrics.counter('calls_offered_total', 'Calls that began', ['direction']);
    metrics.counter('calls_released_total', 'Calls that ended', ['by', 'cause']);
  }

  get events(): EventSource<CallEvents> {
    return this.#context.events;
  }

  start(): void {
    const { lines, legs, clock, writer } = this.#context;
    const { events } = lines;
    /** Legs that are nobody's here (a telephone that dials a service code) are none of our business. */
    const on = <E extends keyof LineEvents>(event: E, work: (of: CallLeg, data: LineEvents[E]) => void): Unsubscribe =>
      events.on(event, (data) => {
        const of = 'leg' in data ? legs.find(data.leg) : undefined;
        if (of !== undefined) work(of, data);
      });
    this.#offs = [
      // What a telephone dials comes through dial().
      events.on('leg.offered', (leg) => {
        if (leg.replaces !== undefined) void replace(this.#context, leg, leg.replaces);
        else if (leg.origin.kind === 'trunk') this.#arrive(leg, leg.calledNumber);
      }),
      on('leg.moved', ({ leg }, { port, place }) => Object.assign(leg, { port, place })),
      on('leg.progressed', ({ call, leg }, { progress }) => {
        if (progress === 'alerting') leg.machine.fire('alert');
        call.dialling?.progressed(leg, progress);
      }),
      on('leg.answered', ({ call, leg }) => this.#answered(call, leg)),
      on('leg.digit', (of, key) => keyPressed(this.#context, of, key, this.#talkKeys)),
      on('leg.party', ({ call, leg }, { number, name }) => {
        leg.party = { number, name };
        this.#context.changed(call);
      }),
      on('leg.held', ({ call, leg }) => hold(call, leg, this.#context)),
      on('leg.retrieved', ({ call, leg }) => retrieve(call, leg, this.#context)),
      on('leg.flashed', ({ call, leg }) => this.#flashed(call, leg)),
      events.on('leg.transferAsked', (asked) => void transfer(this.#context, asked)),
      on('leg.measured', ({ call, leg }, { quality }) => {
        call.record.addStream(streamRow(call.id, leg, quality, leg.startedAt, clock.wallMs()));
        if (call.phase !== 'arriving' || call.ending !== undefined) writer.save(call.record);
      }),
      on('leg.released', ({ call, leg }, released) => this.#legReleased(call, leg, released)),
      ...(['call.queued', 'call.connected'] as const).map((event) =>
        this.events.on(event, ({ call: { id } }) => {
          const call = this.#calls.get(id);
          if (call !== undefined) reviewRecording(call, this.#context);
        }),
      ),
    ];
  }

  /** Takes a leg over on which a telephone has dialled a number. */
  dial(offered: LegOffered, number: string): void {
    this.#arrive({ ...offered, complete: true }, number);
  }

  /**
   * Calls a number for a telephone, which rings first and calls when it is lifted, with the rights that it has, and shows `shown` if it may. Resolves when it rings.
   * Rejects with number_leads_nowhere, or with what the line says.
   */
  async originate(station: number, number: string, shown?: string): Promise<Call> {
    if (this.#stopping) throw new AppError('number_leads_nowhere', { number, reason: '-' });
    return originate(this.#context, station, number, shown);
  }

  /** Calls a customer back for a queue, with one of these agents. Never rejects; resolves when they talk, or nothing comes of it. */
  async callBack(plan: CallBackPlan, targets: readonly OfferTarget[]): Promise<CallBackOutcome> {
    if (this.#stopping) return { offers: targets.map(() => 'withdrawn'), result: null };
    return callBack(this.#context, plan, targets);
  }

  /** Calls a number for a service; who answers comes into its flow. Rejects with number_leads_nowhere, or with what the line says. */
  async callOut(wanted: CallOut): Promise<Call> {
    return (await this.#callOut(wanted)).toDto();
  }

  /** The same; resolves when the call has ended. `begun`: it rings, or will at once. */
  async callOutToEnd(wanted: CallOut, begun?: (callId: string) => void): Promise<CalledOut> {
    const call = await this.#callOut(wanted);
    begun?.(call.id);
    return endOf(call);
  }

  #callOut(wanted: CallOut): Promise<LiveCall> {
    if (this.#stopping) return Promise.reject(new AppError('engine_closed'));
    return callOut(this.#context, (leg, number) => this.#begin(leg, number), wanted);
  }

  /** Gives a leg on which a telephone has dialled for it a call that rings at one of these; false: there is none. */
  pickUp(offered: LegOffered, stations: readonly number[]): boolean {
    const ringing = oldestRinging(this.#context, offered.origin, stations);
    if (ringing !== undefined) void replace(this.#context, offered, ringing.leg.leg);
    return ringing !== undefined;
  }

  /** Rings a telephone that is to have the call which rings longest at these. Rejects with nothing_rings, or with what the line says. */
  async pickUpAt(station: number, from: readonly number[]): Promise<Call> {
    return (await pickUpAt(this.#context, station, from)).toDto();
  }

  /** Gives a leg on which a telephone has dialled for it the call that is parked at this place; false: there is none. */
  takeParked(offered: LegOffered, slot: number): boolean {
    return takeParked(this.#context, offered, slot);
  }

  /** Rings a telephone that is to have a parked call. Rejects with call_not_found, call_wrong_state, or with what the line says. */
  async takeParkedAt(callId: string, station: number): Promise<Call> {
    const call = this.#get(callId);
    await takeParkedAt(call, this.#context, station);
    return call.toDto();
  }

  /** Releases every call with cause 41, waits a moment for them to go, and writes what is not written. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const call of this.#calls.values()) this.#release(call, cause.temporaryFailure, 'system');
    if (this.#calls.size > 0) {
      const gone = new Promise<void>((resolve) => (this.#allGone = resolve));
      const limit = this.#context.clock.after(STOP_LIMIT_MS, () => this.#allGone?.());
      await gone;
      limit.cancel();
    }
    for (const call of this.#calls.values()) this.#finish(call);
    for (const off of this.#offs) off();
    this.#context.playbacks.close();
    const unsaved = await this.#context.writer.flush();
    if (unsaved > 0)
      this.#context.log.error({ calls: unsaved }, 'records of calls could not be written before the stop');
  }

  /** Every live call, oldest first. */
  live(): Call[] {
    return [...this.#calls.values()].map((call) => call.toDto());
  }

  /** Shows of every call as much as it takes to count them. */
  eachPhase(show: (queueId: string | null, phase: CallPhase) => void): void {
    for (const { row, phase } of this.#calls.values()) if (row.state === 'live') show(row.queueId, phase);
  }

  find(id: string): Call | undefined {
    return this.#calls.get(id)?.toDto();
  }

  /** Resolves when what a live call has come to is on the disk; database_busy. */
  async stored(id: string): Promise<void> {
    const record = this.#calls.get(id)?.record;
    if (record) await this.#context.writer.commit(record, COMMIT_LIMIT_MS);
  }

  /** AppError call_not_found, recording_wrong_state, recording_not_stopped, recording_not_started. */
  async record(callId: string, action: RecordingAction, by: string): Promise<RecordingCondition> {
    const call = this.#calls.get(callId);
    if (call === undefined) throw new AppError('call_not_found', { id: callId });
    return controlRecording(call, this.#context, action, by);
  }

  /** undefined: there is no such live call */
  recordingOf(callId: string): RecordingCondition | undefined {
    const call = this.#calls.get(callId);
    return call === undefined ? undefined : { callId, state: recordingState(call) };
  }

  /** Rings an agent's telephone for a waiting call; resolves with what came of it. Never rejects. */
  async offer(callId: string, target: OfferTarget): Promise<OfferOutcome> {
    return (await this.offerAll(callId, [target]))[0] ?? 'callEnded';
  }

  /** The same of several at once: the first who lifts has the call. Resolves with what came of each, in their order. */
  offerAll(callId: string, targets: readonly OfferTarget[]): Promise<OfferOutcome[]> {
    const call = this.#calls.get(callId);
    if (call === undefined) return Promise.resolve(targets.map(() => 'callEnded'));
    return offer(call, this.#context, targets);
  }

  /** Sends a waiting call back into its flow; false when it is not waiting. */
  overflow(callId: string, how: QueueLeft = WAITED_TOO_LONG): boolean {
    const call = this.#calls.get(callId);
    return call !== undefined && overflow(call, this.#context, how);
  }

  /** Takes a waiting call to another queue, behind those who wait there; false when it is not waiting. */
  moveToQueue(callId: string, queueId: string, entry: QueueEntry): boolean {
    const call = this.#calls.get(callId);
    return call !== undefined && moveToQueue(call, this.#context, queueId, entry);
  }

  /** Plays a tone or files in a loop to a call that waits. */
  setBackground(callId: string, background: Background): void {
    const call = this.#calls.get(callId);
    if (call !== undefined) setBackground(call, this.#context, background);
  }

  /**
   * What one of those in talk, at this telephone, asks for. Rejects with call_not_found, not_in_call, call_wrong_state,
   * number_leads_nowhere, flow_not_found.
   */
  async act(callId: string, station: number, wanted: CallAction): Promise<Call> {
    const call = this.#get(callId);
    await act(call, this.#context, station, wanted);
    return call.toDto();
  }

  /** What a supervisor asks for; `by`: his name. Rejects with call_not_found, not_in_call, call_wrong_state. */
  async supervise(callId: string, wanted: SuperviseAction, by: string): Promise<Call> {
    const call = this.#get(callId);
    await supervise(call, this.#context, wanted, by);
    return call.toDto();
  }

  /** One in talk, at this telephone, leaves, and his partner is in a flow. Rejects with call_not_found, not_in_call, call_wrong_state. */
  sendAfterTalk(callId: string, station: number, flow: PreparedFlow): Call {
    const call = this.#get(callId);
    sendAfterTalk(this.#context, call, station, flow);
    return call.toDto();
  }

  #get(callId: string): LiveCall {
    const call = this.#calls.get(callId);
    if (call === undefined) throw new AppError('call_not_found', { id: callId });
    return call;
  }

  /** Ends a call with a Q.850 cause; false when there is no such call. */
  release(callId: string, why: number, by: ReleasedBy = 'system'): boolean {
    const call = this.#calls.get(callId);
    if (call !== undefined) this.#release(call, why, by);
    return call !== undefined;
  }

  /** For the dump: one line a call, with its history. */
  dump(): string {
    return [...this.#calls.values()]
      .map((call) => `call ${call.id} ${placeText(call.leg.place)} leg ${call.leg.leg}: ${call.machine.describe()}`)
      .join('\n');
  }

  #arrive(offered: LegOffered, number: string): void {
    const { port, origin: place } = offered;
    const leg = new Leg({ ...this.#context, leg: offered.leg, port, place, role: 'caller', initial: 'offered' });
    const { call, seized } = this.#begin(leg, number, offered);
    if (this.#stopping) return this.#release(call, cause.temporaryFailure, 'system');
    void takeCall(call, this.#context, offered.complete, seized);
  }

  #begin(
    leg: Leg,
    number: string,
    from: Partial<LegOffered> & { id?: string } = {},
  ): { call: LiveCall; seized: ReturnType<LiveCall['segment']> } {
    const { clock, log, metrics, live, events, legs, trunks, plan } = this.#context;
    const { place } = leg;
    const caller = cleanCaller(from.callingNumber ?? '');
    const direction = place.kind === 'trunk' ? 'in' : 'internal';
    const call: LiveCall = new LiveCall({
      ...{ leg, direction, clock, log, metrics, id: from.id },
      // A telephone is who it is, whatever it says.
      callingNumber: place.kind === 'station' ? String(place.station) : plan.callerFrom(caller, place.trunk),
      callingName: cleanName(from.callingName ?? ''),
      calledNumber: cleanCalled(number),
      privacy: from.privacy ?? false,
      privateHistory: from.privateHistory ?? false,
      segmentChanged: (segment) => this.#segmentChanged(call, segment),
    });
    this.#calls.set(call.id, call);
    legs.put(call, leg);
    metrics.counter('calls_offered_total', '', ['direction']).inc({ direction });
    trunks.setCall(leg.leg, call.id);
    const seized = call.segment('seized', seizedData(place, from.divertedFrom));
    call.log.info({ calledNumber: call.row.calledNumber, callingNumber: call.row.callingNumber }, 'call arrived');
    events.emit('call.arrived', { call: call.toDto() });
    live.emit('call.updated', call.toDto());
    return { call, seized };
  }

  #segmentChanged(call: LiveCall, segment: Segment): void {
    const { events, live, writer } = this.#context;
    events.emit('call.segment', segment);
    live.emit('call.segment', segment);
    // The first rows are written before the answer, and waited for.
    if (call.phase !== 'arriving' || call.ending !== undefined) writer.save(call.record);
  }

  #answered(call: LiveCall, leg: Leg): void {
    if (!leg.machine.fire('answer') || !leg.answered) return;
    if (leg === call.leg) call.toBegin?.lifted();
    else if (
      !pickerAnswered(call, this.#context, leg) &&
      !offerAnswered(call, this.#context, leg) &&
      !monitorAnswered(call, this.#context, leg) &&
      !takerAnswered(call, this.#context, leg)
    )
      call.dialling?.answered(leg);
  }

  /** The key of an analog telephone puts the other one on hold, and takes him back. */
  #flashed(call: LiveCall, leg: Leg): void {
    if (call.phase !== 'talking' || call.partnerOf(leg) === undefined) return;
    if (call.holds.has(leg)) retrieve(call, leg, this.#context);
    else hold(call, leg, this.#context);
  }

  #legReleased(call: LiveCall, leg: Leg, released: LegReleased): void {
    this.#context.legs.remove(leg.leg);
    if (leg.machine.can('end')) leg.machine.fire('end');
    if (call.ending === undefined && goesOn(call, this.#context, leg)) return;
    if (followsTalk(this.#context, call, leg, released.by)) return;
    if (call.ending === undefined && call.toBegin?.failed?.(leg, released) === true) return;
    if (leg === call.leg) {
      const by: ReleasedBy = { remote: leg.role, fault: 'fault', local: 'system' }[released.by] as ReleasedBy;
      call.ending ??= { cause: released.cause, by };
      return this.#finish(call);
    }
    if (call.ending !== undefined || referrerGone(call, this.#context, leg, released)) return;
    if (offeredLegReleased(call, this.#context, leg, released)) return;
    if (leg !== call.peer?.leg) return call.dialling?.released(leg, released);
    forgetHold(call, leg);
    const by: ReleasedBy = released.by === 'remote' ? leg.role : 'fault';
    call.log.info({ place: leg.place, by }, 'one of the two has left the call');
    this.#release(call, cause.normalClearing, by);
  }

  #release(call: LiveCall, why: number, by: ReleasedBy, text?: string): void {
    if (call.ending !== undefined) return;
    call.ending = { cause: why, by };
    letGo(call, this.#context, why);
    call.releaseGuard = this.#context.clock.after(RELEASE_GUARD_MS, () => {
      call.log.error({ leg: call.leg.leg }, 'the line did not say that the leg was released');
      this.#finish(call);
    });
    void call.leg.release(why, text).then((waiting) => (waiting ? undefined : this.#finish(call)));
  }

  /** The caller's leg has gone: closes everything. Idempotent. */
  #finish(call: LiveCall): void {
    if (!this.#calls.delete(call.id)) return;
    this.#context.legs.remove(call.leg.leg);
    call.releaseGuard?.cancel();
    const ending = call.ending ?? { cause: cause.temporaryFailure, by: 'fault' as const };
    call.ending = ending;
    letGo(call, this.#context, ending.cause);
    call.talk?.end({ releasedBy: ending.by });
    endPausedRecordings(call);
    const phase = call.phase;
    call.machine.fire('release');
    call.happened('released', { cause: ending.cause, by: ending.by });
    call.closeSegments();
    call.record.update({ state: 'ended', endedAt: call.nowMs(), cause: ending.cause, releasedBy: ending.by });
    this.#context.writer.save(call.record);
    this.#context.trunks.setCall(call.leg.leg, null);
    this.#metrics
      .counter('calls_released_total', '', ['by', 'cause'])
      .inc({ by: ending.by, cause: String(ending.cause) });
    call.log.info({ cause: ending.cause, by: ending.by, phase }, 'call released');
    const last = call.toDto();
    this.#context.live.emit('call.updated', last);
    this.#context.live.emit('call.removed', { id: call.id });
    this.#context.events.emit('call.released', { call: last, phase });
    if (this.#calls.size === 0) this.#allGone?.();
  }

  #changed(call: LiveCall): void {
    this.#context.writer.save(call.record);
    this.#context.live.emit('call.updated', call.toDto());
  }
}

function seizedData(place: LegPlace, diverted = ''): JsonObject {
  const divertedFrom = cleanNumber(diverted);
  const from: JsonObject = divertedFrom === '' ? {} : { divertedFrom };
  if (place.kind === 'station') return { station: place.station };
  const { span, timeslot, trunk, line } = place;
  return {
    ...(span > 0 ? { span, timeslot } : {}),
    ...(line === undefined ? {} : { line }),
    ...(trunk === null ? {} : { trunk }),
    ...from,
  };
}
