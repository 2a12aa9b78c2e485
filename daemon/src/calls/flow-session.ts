// What a flow may do with its caller, and what call control needs of flows. The interpreter (ivr/) knows no more of a call
// than this.
import type {
  CallDirection,
  FlowDefinition,
  JsonObject,
  Language,
  NumberClass,
  QueueEntry,
  QueueTarget,
  RecordingAction,
  SegmentKind,
} from '../contract/index.js';
import type { DigitBuffer } from './digit-buffer.js';

/** Why a flow stops when its call has ended: the reason of the session's signal. */
export class CallEndedError extends Error {
  constructor(callId: string) {
    super(`call ${callId} has ended`);
    this.name = 'CallEndedError';
  }
}

/** A piece of the call's life that is being written down. */
export interface OpenSegment {
  /** Closes it; further calls do nothing. `data` is added to that of the beginning. */
  end(data?: JsonObject): void;
}

export interface Playback {
  /** true when it was heard to its end; false when it was stopped or replaced. */
  ended: Promise<boolean>;
  /** what was heard of it, ms; known when it has ended */
  readonly playedMs?: number;
  stop(): void;
}

/** How a caller has left a queue whom no agent has served: where he is to go, and by which key he asked for it. */
export interface QueueLeft {
  why: 'overflow' | 'full' | 'key';
  target: QueueTarget;
  key: string | null;
  /** the queue that he has left, which need not be the one that he came into first */
  queueId?: string | undefined;
}

/** Whom a flow has its caller put through to. */
export type PutThroughTo =
  /** with the rights that flows have outside */
  | { number: string; allowedClasses: readonly NumberClass[] }
  /** the telephone of somebody who is known to sit there */
  | { station: number };
/** Why he is back; over: the number led to another flow, or a queue, and that is through. */
export type NotReached = 'busy' | 'noAnswer' | 'unknown' | 'failed' | 'over';
export interface PutThroughOptions {
  /** of each who is called */
  ringTimeoutMs: number;
  /** they talk; who: for people */
  reached?: ((who: string) => void) | undefined;
}

/** Where the one is who is in a flow: for services that connect him with others. */
export interface FlowParty {
  leg: number;
  /** of the bus */
  port: number;
  /** the telephone, if it is one */
  station: number | null;
}

export interface CaptureOptions {
  maxMs: number;
  /** of nothing said, also at the beginning */
  silenceMs: number;
  terminator: string;
}
export interface Captured {
  durationMs: number;
  /** without the key or the silence that has ended it */
  saidMs: number;
  /** whether anything was said at all */
  spoke: boolean;
  ended: 'key' | 'silence' | 'limit' | 'hungUp';
}

export interface FlowSession {
  readonly callId: string;
  readonly callingNumber: string;
  readonly calledNumber: string;
  readonly language: Language;
  /** what else is known of the call, by the names that flows use: region, level, queueWaitMs, … */
  readonly attributes?: Readonly<Record<string, string | number>>;
  /** aborted with a CallEndedError when the call ends, whoever ends it */
  readonly signal: AbortSignal;
  readonly digits: DigitBuffer;
  /** undefined: the session is none of a real call */
  readonly party?: FlowParty | undefined;
  /** out: he was called by us, and calledNumber is his */
  readonly direction?: CallDirection | undefined;
  /** Plays files one after the other to the caller. Rejects when a file cannot be played or the call has ended. */
  play(files: string[]): Promise<Playback>;
  segment(kind: SegmentKind, data: JsonObject): OpenSegment;
  /** Puts the caller into a queue. Resolves when he leaves it unserved and the flow goes on; rejects when the call ends. */
  queue(queueId: string, entry?: QueueEntry): Promise<QueueLeft>;
  /**
   * Calls somebody for the caller, who hears ringing meanwhile. Resolves when nobody was reached and he is back; rejects when the call
   * ends, after a talk, too. Left out: nobody can be called.
   */
  putThrough?(to: PutThroughTo, options: PutThroughOptions): Promise<NotReached>;
  /** From now on the caller is spoken to in this language. */
  setLanguage(language: Language): void;
  /** While it is true the keys that he presses are written down nowhere. */
  hideKeys?(hidden: boolean): void;
  /** AppError recording_wrong_state, recording_not_stopped, recording_not_started. */
  record(action: RecordingAction): Promise<void>;
  /**
   * Records what the caller says (left) and hears (right) into a WAV that must not exist, besides the call's recording. Resolves when the
   * file is closed; the end of the call ends it with what there is.
   */
  capture(path: string, options: CaptureOptions): Promise<Captured>;
  /** A tone of the country: the beep before he speaks. */
  tone(name: string, durationMs: number): Promise<void>;
  /** the telephone that he calls from; null: he is outside */
  readonly station: number | null;
  /** Ends the call with a Q.850 cause. */
  release(cause: number): void;
}

/** A flow as it was when the caller came: later changes do not touch him. */
export interface PreparedFlow {
  /** null: it is none that anybody has drawn */
  readonly flowId: string | null;
  readonly version: number;
  /**
   * Resolves when the flow is through, with its results but for secret ones, if it has come to its end; rejects with the signal's reason
   * when the call ended first.
   */
  run(session: FlowSession): Promise<JsonObject | undefined>;
}

export interface FlowRunner {
  /** The flow in force; undefined when there is none of this name. */
  prepare(flowId: string): PreparedFlow | undefined;
  /** A flow that has no name. Left out: there are none. */
  inline?(definition: FlowDefinition): PreparedFlow;
}
