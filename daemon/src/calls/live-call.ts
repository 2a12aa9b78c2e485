// One call while it lives: its state, its legs, its rows, and what has to be stopped when it ends.
import type { Call, CallPhase, JsonObject, Language, ReleasedBy, Segment, SegmentKind } from '../contract/index.js';
import {
  StateMachine,
  elapsedMs,
  newUlid,
  wallSinceMs,
  type Clock,
  type Log,
  type Metrics,
  type Moment,
  type Timer,
} from '../platform/index.js';
import type { CallRow } from '../db/index.js';
import { CallRecord } from './call-record.js';
import { callTable, type CallStep } from './call-states.js';
import { DigitBuffer } from './digit-buffer.js';
import { CallEndedError, type OpenSegment } from './flow-session.js';
import type { Leg } from './leg.js';

/** An agent's telephone that is rung for the call, or talks in it. */
export interface Offer {
  agentId: string;
  station: number;
  queueId: string;
  leg: Leg | undefined;
  ringTimer: Timer | undefined;
  segment: OpenSegment;
  settled: boolean;
  settle: (outcome: OfferOutcome) => void;
}
export type OfferOutcome = 'connected' | 'noAnswer' | 'stationFailed' | 'callEnded';

/** A stay in a queue. */
export interface QueueStay {
  queueId: string;
  since: Moment;
  segment: OpenSegment;
  overflow: () => void;
}

export interface LiveCallOptions {
  leg: Leg;
  callingNumber: string;
  callingName: string;
  calledNumber: string;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** after a segment began or ended */
  segmentChanged: (segment: Segment) => void;
}

export class LiveCall {
  readonly id = newUlid();
  readonly leg: Leg;
  readonly started: Moment;
  readonly record: CallRecord;
  readonly machine: StateMachine<CallPhase, CallStep>;
  readonly digits: DigitBuffer;
  readonly log: Log;
  language: Language = 'zh-CN';
  offer: Offer | undefined;
  stay: QueueStay | undefined;
  talk: OpenSegment | undefined;
  /** music or a tone under a call that waits; resolves with what stops it */
  background: Promise<() => void> | undefined;
  /** set when we have asked for the release, or the leg has gone */
  ending: { cause: number; by: ReleasedBy } | undefined;
  releaseGuard: Timer | undefined;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #segmentChanged: (segment: Segment) => void;

  constructor(options: LiveCallOptions) {
    const { clock, leg } = options;
    this.#clock = clock;
    this.#segmentChanged = options.segmentChanged;
    this.leg = leg;
    this.started = clock.moment();
    this.log = options.log.child({ callId: this.id, span: leg.span, timeslot: leg.timeslot });
    this.digits = new DigitBuffer(clock);
    this.machine = new StateMachine({
      name: 'call',
      table: callTable,
      initial: 'arriving' as CallPhase,
      log: this.log,
      clock,
      metrics: options.metrics,
    });
    this.record = new CallRecord({
      id: this.id,
      state: 'live',
      startedAt: this.started.wallMs,
      answeredAt: null,
      endedAt: null,
      callingNumber: options.callingNumber,
      callingName: options.callingName,
      calledNumber: options.calledNumber,
      span: leg.span,
      timeslot: leg.timeslot,
      flowId: null,
      queueId: null,
      agentId: null,
      digits: '',
      cause: null,
      releasedBy: null,
    });
  }

  get row(): Readonly<CallRow> {
    return this.record.row;
  }

  get phase(): CallPhase {
    return this.machine.state;
  }

  /** Aborted with a CallEndedError as soon as the call is to end, whoever wants it. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Wall time of now, counted from the beginning of the call on the monotonic clock. */
  nowMs(): number {
    return wallSinceMs(this.#clock, this.started);
  }

  sinceMs(moment: Moment): number {
    return elapsedMs(this.#clock, moment);
  }

  /** Stops the flow, and everybody who waits for something of the call. */
  abort(): void {
    if (!this.#abort.signal.aborted) this.#abort.abort(new CallEndedError(this.id));
  }

  /** Begins a segment that is closed by what this returns, or with the call. */
  segment(kind: SegmentKind, data: JsonObject, startedAt = this.nowMs()): OpenSegment {
    const id = newUlid();
    this.#segmentChanged(this.record.open(id, kind, startedAt, data, null));
    return { end: (more = {}) => this.#closeSegment(id, more) };
  }

  /** A segment that is over when it begins. */
  happened(kind: SegmentKind, data: JsonObject): void {
    const now = this.nowMs();
    this.#segmentChanged(this.record.open(newUlid(), kind, now, data, now));
  }

  closeSegments(): void {
    for (const id of this.record.openIds()) this.#closeSegment(id, {});
  }

  #closeSegment(id: string, data: JsonObject): void {
    const closed = this.record.close(id, this.nowMs(), data);
    if (closed !== undefined) this.#segmentChanged(closed);
  }

  /** As the pages see it. */
  toDto(): Call {
    const { row } = this.record;
    const live = row.state === 'live';
    return { ...row, phase: live ? this.phase : null, phaseSince: live ? this.machine.sinceMs : null };
  }
}
