// Calls, from the first leg to the last row, whatever carries the legs. The way of a call:
//
//   leg offered, or a number dialled → dial plan → rows committed → recording under way →
//        flow: answered → flow → queue → offer → talk → released
//        telephones, trunks: dialling → answered → talk → released
//
// Everything that fails under way ends in the release of the caller's leg with a cause; the call is over when its line says
// leg.released (or has not said so for RELEASE_GUARD_MS), and only then are its rows closed.
import type {
  Call,
  JsonObject,
  LiveEvents,
  RecordingAction,
  RecordingCondition,
  ReleasedBy,
  Segment,
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
import { takeCall } from './arrival.js';
import { cause, type CallContext } from './call-context.js';
import type { CallEvents } from './call-events.js';
import type { CallRecorder } from './call-recorder.js';
import { controlRecording, endPausedRecordings, recordingState, reviewRecording } from './call-recording.js';
import { DigitRelay } from './digit-relay.js';
import type { FlowRunner } from './flow-session.js';
import { Leg } from './leg.js';
import { streamRow } from './leg-quality.js';
import { LegTable, type CallLeg } from './leg-table.js';
import { LiveCall, type OfferOutcome } from './live-call.js';
import { cleanCalled, cleanCaller, cleanName, cleanNumber } from './numbers.js';
import { forgetHold, hold, retrieve } from './parties.js';
import { Playbacks } from './playbacks.js';
import { connect, leaveAgent, offer, overflow, requeue, setBackground, type OfferTarget } from './queueing.js';
import { RecordWriter } from './record-writer.js';
import { replace, ringingAt } from './replace.js';
import type { Background } from './sounds.js';
import { endTransfer, referrerGone, transfer } from './transfer.js';

/** Q.931 T308 (4 s) twice, and a little: by then the line must have said that a released leg is gone. */
const RELEASE_GUARD_MS = 10_000;
/** How long a stop waits for the calls it releases. */
const STOP_LIMIT_MS = 3000;
/** of the digits column */
const MOST_DIGITS_KEPT = 200;

export interface CallControlOptions {
  engine: EngineClient;
  lines: Lines;
  plan: DialPlan;
  db: Db;
  trunks: TrunkBook;
  flows: FlowRunner;
  recorder: CallRecorder;
  /** what one who is put on hold hears; undefined: nothing */
  holdMusic: () => Promise<string | undefined>;
  /** the agent who is signed in at a telephone and can have a call there; null: nobody */
  agentAt: (station: number) => string | null;
  live: TypedEmitter<LiveEvents>;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

export class CallControl {
  readonly #metrics: Metrics;
  readonly #context: CallContext;
  readonly #calls = new Map<string, LiveCall>();
  #offs: Unsubscribe[] = [];
  #stopping = false;
  #allGone: (() => void) | undefined;

  constructor(options: CallControlOptions) {
    const { db, ...shared } = options;
    const { engine, clock, log, metrics } = shared;
    this.#metrics = metrics;
    this.#context = {
      ...shared,
      events: new TypedEmitter<CallEvents>(log),
      playbacks: new Playbacks(engine, log),
      writer: new RecordWriter({ db, clock, log, metrics }),
      legs: new LegTable(),
      changed: (call) => this.#changed(call),
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
      on('leg.digit', ({ call, leg }, { digit, source }) => this.#digit(call, leg, digit, source)),
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

  /** Gives a leg on which a telephone has dialled for it a call that rings at one of these; false: there is none. */
  pickUp(offered: LegOffered, stations: readonly number[]): boolean {
    const ringing = ringingAt(this.#context, offered, stations);
    if (ringing !== undefined) void replace(this.#context, offered, ringing);
    return ringing !== undefined;
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

  find(id: string): Call | undefined {
    return this.#calls.get(id)?.toDto();
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
  offer(callId: string, target: OfferTarget): Promise<OfferOutcome> {
    const call = this.#calls.get(callId);
    if (call === undefined) return Promise.resolve('callEnded');
    return offer(call, this.#context, target);
  }

  /** Sends a waiting call back into its flow; false when it is not waiting. */
  overflow(callId: string): boolean {
    const call = this.#calls.get(callId);
    return call !== undefined && overflow(call, this.#context);
  }

  /** Plays a tone or files in a loop to a call that waits. */
  setBackground(callId: string, background: Background): void {
    const call = this.#calls.get(callId);
    if (call !== undefined) setBackground(call, this.#context, background);
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
    const { clock, log, metrics, live, events, legs, trunks, plan } = this.#context;
    const { port, origin: place } = offered;
    const caller = cleanCaller(offered.callingNumber);
    const leg = new Leg({ ...this.#context, leg: offered.leg, port, place, role: 'caller', initial: 'offered' });
    const direction = place.kind === 'trunk' ? 'in' : 'internal';
    const call: LiveCall = new LiveCall({
      ...{ leg, direction, clock, log, metrics },
      // A telephone is who it is, whatever it says.
      callingNumber: place.kind === 'station' ? String(place.station) : plan.callerFrom(caller, place.trunk),
      callingName: cleanName(offered.callingName),
      calledNumber: cleanCalled(number),
      privacy: offered.privacy ?? false,
      privateHistory: offered.privateHistory ?? false,
      segmentChanged: (segment) => this.#segmentChanged(call, segment),
    });
    this.#calls.set(call.id, call);
    legs.put(call, leg);
    metrics.counter('calls_offered_total', '', ['direction']).inc({ direction });
    trunks.setCall(leg.leg, call.id);
    const seized = call.segment('seized', seizedData(place, offered.divertedFrom));
    call.log.info({ calledNumber: call.row.calledNumber, callingNumber: call.row.callingNumber }, 'call arrived');
    events.emit('call.arrived', { call: call.toDto() });
    live.emit('call.updated', call.toDto());
    if (this.#stopping) return this.#release(call, cause.temporaryFailure, 'system');
    void takeCall(call, this.#context, offered.complete, seized);
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
    if (call.offer?.leg === leg) connect(call, this.#context);
    else call.dialling?.answered(leg);
  }

  #digit(call: LiveCall, leg: Leg, digit: string, source: LineEvents['leg.digit']['source']): void {
    if (call.ending !== undefined) return;
    if (call.phase === 'talking') {
      const partner = call.partnerOf(leg);
      // A tone is in the audio; one who takes his keys beside it gets it there, too.
      const heard = source === 'tone' && partner !== undefined && !this.#context.lines.keys(partner.leg).takesBeside;
      if (partner === undefined || heard || source === 'overlap') return;
      call.relay ??= new DigitRelay(this.#context);
      return call.relay.send(partner, digit);
    }
    if (leg !== call.leg || call.phase === 'dialling') return;
    // Before the answer, digits are part of the number; those that come after it is complete mean nothing.
    if (source === 'overlap') return call.phase === 'arriving' ? call.digits.push(digit) : undefined;
    call.happened('digit', { digit });
    if (call.row.digits.length < MOST_DIGITS_KEPT) call.record.update({ digits: call.row.digits + digit });
    if (call.phase === 'inFlow') call.digits.push(digit);
    this.#changed(call);
    this.#context.events.emit('call.digit', { call: call.toDto(), digit });
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
    if (leg === call.leg) {
      const by: ReleasedBy = { remote: leg.role, fault: 'fault', local: 'system' }[released.by] as ReleasedBy;
      call.ending ??= { cause: released.cause, by };
      return this.#finish(call);
    }
    if (call.ending !== undefined || referrerGone(call, this.#context, leg, released)) return;
    if (leg === call.offer?.leg) return requeue(call, this.#context, 'stationFailed');
    if (leg !== call.peer?.leg) return call.dialling?.released(leg, released);
    forgetHold(call, leg);
    const by: ReleasedBy = released.by === 'remote' ? leg.role : 'fault';
    call.log.info({ place: leg.place, by }, 'one of the two has left the call');
    this.#release(call, cause.normalClearing, by);
  }

  #release(call: LiveCall, why: number, by: ReleasedBy, text?: string): void {
    if (call.ending !== undefined) return;
    call.ending = { cause: why, by };
    this.#letGo(call, why);
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
    this.#letGo(call, ending.cause);
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

  /** Stops everything that goes on for the call but the leg it hangs on. */
  #letGo(call: LiveCall, why: number): void {
    call.abort();
    leaveAgent(call);
    endTransfer(call, why);
    call.dialling?.abort();
    void call.peer?.leg.release(cause.normalClearing);
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
  const { span, timeslot, trunk } = place;
  return { ...(span > 0 ? { span, timeslot } : {}), ...(trunk === null ? {} : { trunk }), ...from };
}
