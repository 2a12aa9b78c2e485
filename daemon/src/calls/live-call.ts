// One call while it lives: its state, its legs, its rows, and what has to be stopped when it ends.
import type {
  Call,
  CallDirection,
  CallPhase,
  JsonObject,
  Language,
  MonitorMode,
  ReleasedBy,
  Segment,
  SegmentKind,
} from '../contract/index.js';
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
import { placeText, type LegReleased, type TransferOutcome } from '../lines/index.js';
import { CallRecord } from './call-record.js';
import type { StartedRecording } from './call-recorder.js';
import { callTable, type CallStep } from './call-states.js';
import type { Dialling } from './dialling.js';
import { DigitBuffer } from './digit-buffer.js';
import type { DigitRelay } from './digit-relay.js';
import { CallEndedError, type OpenSegment, type QueueLeft } from './flow-session.js';
import type { Leg } from './leg.js';
import type { Mix } from './mix.js';
import { partiesOf } from './party-list.js';
import type { Background } from './sounds.js';

/** An agent's telephone that is rung for the call. */
export interface Rung {
  agentId: string;
  station: number;
  leg: Leg | undefined;
  segment: OpenSegment;
  greeting: Greeting | undefined;
  /** undefined while it rings */
  outcome: OfferOutcome | undefined;
}

/** Files that are heard when an agent has lifted, before the two hear each other. */
export interface Greeting {
  agent: readonly string[];
  caller: readonly string[];
}

/** Telephones that are rung for the call at once; the first who lifts has it. */
export interface Offer {
  queueId: string;
  rung: Rung[];
  /** who has lifted, and is being told something */
  chosen: Rung | undefined;
  /** ends what he and the caller are being told */
  endGreeting: (() => void) | undefined;
  ringTimer: Timer | undefined;
  settled: boolean;
  /** another telephone is to have it; agentId: who is signed in there */
  pickedUp: { station: number; agentId: string | null; leg: Leg } | undefined;
  /** what came of each telephone, in their order */
  settle: (outcomes: OfferOutcome[]) => void;
}
/** pickedUp: somebody else has it; withdrawn: somebody else was to have it, and it waits again */
export type OfferOutcome =
  'connected' | 'pickedUp' | 'noAnswer' | 'stationBusy' | 'stationFailed' | 'withdrawn' | 'callEnded';

/** Who talks with the leg that the call hangs on. */
export interface Peer {
  leg: Leg;
  /** both are there when it is an agent who was offered the call */
  agentId: string | null;
  queueId: string | null;
}

/** One has asked to leave, and the other is being put through. */
export interface Transfer {
  /** who asked; undefined once he has hung up */
  referrer: Peer | undefined;
  /** his telephone: there he is called back */
  station: number;
  reply: (outcome: TransferOutcome) => void;
  segment: OpenSegment;
}

/** An agent talks with somebody else while his partner waits. */
export interface Consult {
  /** whose telephone it is that talks with both in turn */
  self: Leg;
  /** who is consulted, once he has answered */
  leg: Leg | undefined;
  /** with whom `self` talks now */
  turn: 'target' | 'partner';
  number: string;
  segment: OpenSegment;
}

/** A supervisor at his telephone, who is no party of the call. */
export interface Monitor {
  leg: Leg;
  mode: MonitorMode;
  /** whose talk it is */
  of: Leg;
  by: string;
  segment: OpenSegment;
  /** until he lifts */
  ringing: Timer;
}

/** A telephone rings that is to have what rings at another. */
export interface Picking {
  leg: Leg;
  wanted: Leg;
  ringing: Timer;
}

/** Somebody waits at a place where he was parked. */
export interface Parked {
  slot: number;
  /** where he is called back to; null: nowhere */
  station: number | null;
  segment: OpenSegment;
  timer: Timer;
  /** of the talk before */
  queueId: string | null;
  /** a telephone that is to have him */
  taker: { leg: Leg; ringing: Timer | undefined } | undefined;
}

/** A recording under way. */
export interface CallRecording {
  leg: Leg;
  recording: StartedRecording;
}

/** A stay in a queue. */
export interface QueueStay {
  queueId: string;
  since: Moment;
  segment: OpenSegment;
  /** what he hears while he waits */
  background: Background | undefined;
  /** he leaves it unserved */
  left: (how: QueueLeft) => void;
}

export interface LiveCallOptions {
  /** it was given one before; left out: a new one */
  id?: string | undefined;
  leg: Leg;
  direction: CallDirection;
  callingNumber: string;
  callingName: string;
  calledNumber: string;
  /** the caller's number is not to be shown to others */
  privacy: boolean;
  /** nor who has sent the call on */
  privateHistory: boolean;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** after a segment began or ended */
  segmentChanged: (segment: Segment) => void;
}

export class LiveCall {
  readonly id: string;
  /** the leg that the call hangs on: the caller's, until he has put his partner through; it ends with this leg */
  leg: Leg;
  readonly started: Moment;
  readonly privacy: boolean;
  readonly privateHistory: boolean;
  readonly record: CallRecord;
  readonly machine: StateMachine<CallPhase, CallStep>;
  readonly digits: DigitBuffer;
  readonly log: Log;
  language: Language = 'zh-CN';
  /** a PIN is being typed: its keys are not written down */
  keysHidden = false;
  offer: Offer | undefined;
  stay: QueueStay | undefined;
  /** what those outside are to be shown, as somebody has asked for it; undefined: what is laid down */
  shownNumber: string | undefined;
  /** telephones or trunks are being called for it */
  dialling: Dialling | undefined;
  /** in talk */
  peer: Peer | undefined;
  talk: OpenSegment | undefined;
  /** who talks with the two besides */
  readonly members: Peer[] = [];
  readonly monitors: Monitor[] = [];
  consult: Consult | undefined;
  /** those who are not to be heard */
  readonly muted = new Set<Leg>();
  /** those who hear music now */
  waiting: ReadonlySet<Leg> = new Set();
  mix: Mix | undefined;
  transfer: Transfer | undefined;
  /** the legs that have put their partner on hold */
  readonly holds = new Map<Leg, OpenSegment>();
  readonly recordings: CallRecording[] = [];
  /** how many there have been */
  recordingParts = 0;
  /** by the rules, or because somebody has asked for it, which no rule changes any more */
  recordingWish: { record: boolean; asked: boolean } = { record: true, asked: false };
  relay: DigitRelay | undefined;
  parked: Parked | undefined;
  picking: Picking | undefined;
  /** who waits for the one who is in a flow for a while */
  aside: { lender: Peer; segment: OpenSegment } | undefined;
  /** flows that it was sent on to by others, and numbers that led nowhere */
  sentOn = 0;
  sentNowhere = 0;
  /** begins when the telephone it is for has been lifted; undefined: it came from there */
  toBegin: { lifted: () => void; ringing: Timer; failed?: (leg: Leg, released: LegReleased) => boolean } | undefined;
  /** set when we have asked for the release, or the leg has gone */
  ending: { cause: number; by: ReleasedBy } | undefined;
  releaseGuard: Timer | undefined;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #segmentChanged: (segment: Segment) => void;

  constructor(options: LiveCallOptions) {
    const { clock, leg } = options;
    this.id = options.id ?? newUlid();
    this.#clock = clock;
    this.#segmentChanged = options.segmentChanged;
    this.leg = leg;
    this.privacy = options.privacy;
    this.privateHistory = options.privateHistory;
    this.started = clock.moment();
    const { place } = leg;
    const [span, timeslot] = place.kind === 'trunk' ? [place.span, place.timeslot] : [0, 0];
    this.log = options.log.child({ callId: this.id, place: placeText(place) });
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
      direction: options.direction,
      state: 'live',
      startedAt: this.started.wallMs,
      answeredAt: null,
      endedAt: null,
      callingNumber: options.callingNumber,
      callingName: options.callingName,
      calledNumber: options.calledNumber,
      origin: null,
      treatment: null,
      span,
      timeslot,
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

  /** The other one of the two in talk; undefined when it is none of them. */
  partnerOf(leg: Leg): Leg | undefined {
    if (leg === this.leg) return this.peer?.leg;
    return leg === this.peer?.leg ? this.leg : undefined;
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
    if (!this.#abort.signal.aborted) this.#abort.abort(callEnded(this.id));
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
    return {
      ...row,
      phase: live ? this.phase : null,
      phaseSince: live ? this.machine.sinceMs : null,
      parkingSlot: this.parked?.slot ?? null,
      parties: live ? partiesOf(this) : [],
    };
  }
}

/** Every call ends so: no fault, and nobody asks for the stack, which costs more than the rest of the end. */
function callEnded(id: string): CallEndedError {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return new CallEndedError(id);
  } finally {
    Error.stackTraceLimit = limit;
  }
}
