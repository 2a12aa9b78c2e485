// Calls from the box's E1, from the offered leg to the last row. The way of a call:
//
//   leg.offered → route → rows committed → recording.start → leg.answer → flow → queue → offer → talk → leg.released
//
// Everything that fails under way ends in the release of the caller's leg with a cause; the call is over when the engine
// says leg.released (or has not said so for RELEASE_GUARD_MS), and only then are its rows closed.
import type { Call, LiveEvents, ReleasedBy } from '../contract/index.js';
import type { Db } from '../db/index.js';
import { isBoxSpan, type EngineClient, type LegOffered, type LegReleased } from '../engine/index.js';
import {
  TypedEmitter,
  errorText,
  type Clock,
  type EventSource,
  type Log,
  type Metrics,
  type Unsubscribe,
} from '../platform/index.js';
import type { TrunkBook } from '../trunks/index.js';
import { cause, type CallContext } from './call-context.js';
import type { CallEvents } from './call-events.js';
import type { CallRecorder } from './call-recorder.js';
import { CallSession } from './call-session.js';
import { CallEndedError, type FlowRunner, type PreparedFlow } from './flow-session.js';
import { Leg } from './leg.js';
import { LiveCall, type OfferOutcome } from './live-call.js';
import { cleanName, cleanNumber } from './numbers.js';
import { findRoute } from './overlap.js';
import { Playbacks } from './playbacks.js';
import {
  connect,
  leaveAgent,
  offer,
  overflow,
  requeue,
  setBackground,
  type Background,
  type OfferTarget,
} from './queueing.js';
import { RecordWriter } from './record-writer.js';

/** A caller hears nothing while his call's row is not on the disk; longer than this he had better call again. */
const COMMIT_LIMIT_MS = 4000;
/** Q.931 T308 (4 s) twice, and a little: by then the engine must have said that a released leg is gone. */
const RELEASE_GUARD_MS = 10_000;
/** How long a stop waits for the calls it releases. */
const STOP_LIMIT_MS = 3000;
/** of the digits column */
const MOST_DIGITS_KEPT = 200;

export interface CallControlOptions {
  engine: EngineClient;
  db: Db;
  trunks: TrunkBook;
  flows: FlowRunner;
  recorder: CallRecorder;
  live: TypedEmitter<LiveEvents>;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

export class CallControl {
  readonly #db: Db;
  readonly #trunks: TrunkBook;
  readonly #flows: FlowRunner;
  readonly #recorder: CallRecorder;
  readonly #metrics: Metrics;
  readonly #context: CallContext;
  readonly #calls = new Map<string, LiveCall>();
  readonly #byCallerLeg = new Map<number, LiveCall>();
  readonly #byAgentLeg = new Map<number, { call: LiveCall; leg: Leg }>();
  #offs: Unsubscribe[] = [];
  #stopping = false;
  #allGone: (() => void) | undefined;

  constructor(options: CallControlOptions) {
    this.#db = options.db;
    this.#trunks = options.trunks;
    this.#flows = options.flows;
    this.#recorder = options.recorder;
    this.#metrics = options.metrics;
    const { engine, clock, log, metrics, live } = options;
    this.#context = {
      engine,
      clock,
      log,
      metrics,
      live,
      events: new TypedEmitter<CallEvents>(log),
      playbacks: new Playbacks(engine, log),
      writer: new RecordWriter({ db: options.db, clock, log, metrics }),
      changed: (call) => this.#changed(call),
      release: (call, why, by) => this.#release(call, why, by),
    };
    metrics.counter('calls_offered_total', 'Calls that came in over the spans');
    metrics.counter('calls_released_total', 'Calls that ended', ['by', 'cause']);
  }

  get events(): EventSource<CallEvents> {
    return this.#context.events;
  }

  start(): void {
    const { events } = this.#context.engine;
    this.#offs = [
      events.on('leg.offered', (leg) => (leg.kind === 'isdn' && isBoxSpan(leg.span) ? this.#arrive(leg) : undefined)),
      events.on('leg.progressed', ({ leg, port }) => this.#agentProgressed(leg, port)),
      events.on('leg.answered', ({ leg, port }) => this.#agentAnswered(leg, port)),
      events.on('leg.digit', ({ leg, digit, source }) => this.#digit(leg, digit, source === 'overlap')),
      events.on('leg.released', (released) => this.#legReleased(released)),
    ];
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

  /** Rings an agent's telephone for a waiting call; resolves with what came of it. Never rejects. */
  offer(callId: string, target: OfferTarget): Promise<OfferOutcome> {
    const call = this.#calls.get(callId);
    if (call === undefined) return Promise.resolve('callEnded');
    return offer(call, this.#context, target, {
      add: (leg) => this.#byAgentLeg.set(leg.leg, { call, leg }),
      remove: (leg) => this.#byAgentLeg.delete(leg),
    });
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
      .map(
        (call) =>
          `call ${call.id} E1 ${call.leg.span}/${call.leg.timeslot} leg ${call.leg.leg}: ${call.machine.describe()}`,
      )
      .join('\n');
  }

  async #arrive(offered: LegOffered): Promise<void> {
    const { engine, clock, log, metrics, writer, events } = this.#context;
    const { leg: number, port, span, timeslot } = offered;
    const leg = new Leg({ leg: number, port, span, timeslot, initial: 'offered', engine, clock, log, metrics });
    const call: LiveCall = new LiveCall({
      leg,
      callingNumber: cleanNumber(offered.callingNumber),
      callingName: cleanName(offered.callingName),
      calledNumber: offered.calledNumber.slice(0, 24),
      clock,
      log,
      metrics,
      segmentChanged: (segment) => {
        events.emit('call.segment', segment);
        this.#context.live.emit('call.segment', segment);
        // The first rows are written before the answer, and waited for.
        if (call.phase !== 'arriving' || call.ending !== undefined) writer.save(call.record);
      },
    });
    this.#calls.set(call.id, call);
    this.#byCallerLeg.set(number, call);
    metrics.counter('calls_offered_total', '').inc();
    this.#trunks.setCall(span, timeslot, call.id);
    const seized = call.segment('seized', { span, timeslot });
    call.log.info({ calledNumber: call.row.calledNumber, callingNumber: call.row.callingNumber }, 'call arrived');
    events.emit('call.arrived', { call: call.toDto() });
    this.#context.live.emit('call.updated', call.toDto());
    if (this.#stopping) return this.#release(call, cause.temporaryFailure, 'system');
    try {
      const flow = await this.#route(call, offered.complete);
      if (flow === undefined || call.ending !== undefined) return;
      await this.#answer(call);
      if (call.ending !== undefined) return;
      seized.end();
      await this.#runFlow(call, flow);
    } catch (error) {
      // A commit that failed after the call had ended leaves its last rows to be written.
      if (call.ending !== undefined) return writer.save(call.record);
      call.log.error({ err: error }, `the call fails: ${errorText(error)}`);
      this.#release(call, cause.temporaryFailure, 'fault');
    }
  }

  /** Finds the flow; a call that has none is released. */
  async #route(call: LiveCall, complete: boolean): Promise<PreparedFlow | undefined> {
    const route = await findRoute(call, this.#db.routes, complete);
    if (call.ending !== undefined) return undefined;
    if (route === null) {
      call.log.info({ calledNumber: call.row.calledNumber }, 'nobody has this number');
      this.#release(call, cause.unallocatedNumber, 'system');
      return undefined;
    }
    const flow = this.#flows.prepare(route.flowId);
    if (flow === undefined) {
      call.log.error({ flow: route.flowId }, 'the route leads to a flow that is not there');
      this.#release(call, cause.temporaryFailure, 'fault');
      return undefined;
    }
    call.language = route.language;
    call.record.update({ flowId: flow.flowId });
    return flow;
  }

  /** Rows on the disk, recording under way, then the answer. */
  async #answer(call: LiveCall): Promise<void> {
    const { engine, writer, events } = this.#context;
    const row = this.#recorder.plan(call.id, call.row.startedAt);
    call.record.addRecording(row);
    await writer.commit(call.record, COMMIT_LIMIT_MS);
    if (call.ending !== undefined) return;
    const recording = await this.#recorder.start(row, call.leg.port);
    if (recording !== undefined) {
      const segment = call.segment('recording', { recordingId: row.id });
      void recording.ended.then(({ durationMs, lostMs, state }) => segment.end({ durationMs, lostMs, state }));
    }
    if (call.ending !== undefined) return;
    await call.leg.answer();
    if (call.ending !== undefined || !call.machine.fire('answer')) return;
    call.digits.clear();
    call.record.update({ answeredAt: call.nowMs() });
    this.#changed(call);
    events.emit('call.answered', { call: call.toDto() });
    await engine.command('detector.set', { port: call.leg.port, dtmf: true });
  }

  async #runFlow(call: LiveCall, flow: PreparedFlow): Promise<void> {
    const segment = call.segment('flow', { flowId: flow.flowId, version: flow.version });
    try {
      await flow.run(new CallSession(call, this.#context));
    } catch (error) {
      if (error instanceof CallEndedError || call.ending !== undefined) return;
      throw error;
    } finally {
      segment.end();
    }
    if (call.ending === undefined) this.#release(call, cause.normalClearing, 'system');
  }

  #agentProgressed(number: number, port: number): void {
    const agent = this.#byAgentLeg.get(number);
    if (agent === undefined) return;
    agent.leg.port = port;
    agent.leg.machine.fire('alert');
  }

  #agentAnswered(number: number, port: number): void {
    const agent = this.#byAgentLeg.get(number);
    if (agent === undefined) return;
    agent.leg.port = port;
    agent.leg.machine.fire('answer');
    if (agent.leg.machine.state === 'answered') connect(agent.call, this.#context);
  }

  #digit(number: number, digit: string, overlap: boolean): void {
    const call = this.#byCallerLeg.get(number);
    if (call === undefined || call.ending !== undefined || call.phase === 'talking') return;
    // Before the answer, digits are part of the number; those that come after it is complete mean nothing.
    if (overlap) return call.phase === 'arriving' ? call.digits.push(digit) : undefined;
    call.happened('digit', { digit });
    if (call.row.digits.length < MOST_DIGITS_KEPT) call.record.update({ digits: call.row.digits + digit });
    if (call.phase === 'inFlow') call.digits.push(digit);
    this.#changed(call);
    this.#context.events.emit('call.digit', { call: call.toDto(), digit });
  }

  #legReleased(released: LegReleased): void {
    const agent = this.#byAgentLeg.get(released.leg);
    if (agent !== undefined) return this.#agentLegReleased(agent.call, agent.leg, released);
    const call = this.#byCallerLeg.get(released.leg);
    if (call === undefined) return;
    if (call.leg.machine.can('end')) call.leg.machine.fire('end');
    const by: ReleasedBy = { remote: 'caller', fault: 'fault', local: 'system' }[released.by] as ReleasedBy;
    call.ending ??= { cause: released.cause, by };
    this.#finish(call);
  }

  #agentLegReleased(call: LiveCall, leg: Leg, released: LegReleased): void {
    this.#byAgentLeg.delete(leg.leg);
    leg.machine.fire('end');
    if (call.ending !== undefined || call.offer?.leg !== leg) return;
    if (call.phase === 'talking') {
      const by: ReleasedBy = released.by === 'remote' ? 'agent' : 'fault';
      call.log.info({ station: call.offer.station, agentId: call.offer.agentId, by }, 'the agent has left the call');
      this.#release(call, cause.normalClearing, by);
    } else {
      requeue(call, this.#context, 'stationFailed');
    }
  }

  #release(call: LiveCall, why: number, by: ReleasedBy): void {
    if (call.ending !== undefined) return;
    call.ending = { cause: why, by };
    call.abort();
    leaveAgent(call);
    call.releaseGuard = this.#context.clock.after(RELEASE_GUARD_MS, () => {
      call.log.error({ leg: call.leg.leg }, 'the engine did not say that the leg was released');
      this.#finish(call);
    });
    void call.leg.release(why).then((waiting) => (waiting ? undefined : this.#finish(call)));
  }

  /** The caller's leg has gone: closes everything. Idempotent. */
  #finish(call: LiveCall): void {
    if (!this.#calls.delete(call.id)) return;
    this.#byCallerLeg.delete(call.leg.leg);
    call.releaseGuard?.cancel();
    const ending = call.ending ?? { cause: cause.temporaryFailure, by: 'fault' as const };
    call.ending = ending;
    call.abort();
    leaveAgent(call);
    call.talk?.end({ releasedBy: ending.by });
    const phase = call.phase;
    call.machine.fire('release');
    call.happened('released', { cause: ending.cause, by: ending.by });
    call.closeSegments();
    call.record.update({ state: 'ended', endedAt: call.nowMs(), cause: ending.cause, releasedBy: ending.by });
    this.#context.writer.save(call.record);
    this.#trunks.setCall(call.leg.span, call.leg.timeslot, null);
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
