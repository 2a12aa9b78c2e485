// What a flow sees of its call.
import { AppError } from '../platform/index.js';
import type { JsonObject, QueueEntry, RecordingAction, SegmentKind } from '../contract/index.js';
import type { CallContext } from './call-context.js';
import { customerLevelOf, regionOf } from './caller-facts.js';
import { controlRecording } from './call-recording.js';
import { capture } from './capture.js';
import type {
  Captured,
  CaptureOptions,
  FlowParty,
  FlowSession,
  NotReached,
  OpenSegment,
  Playback,
  PutThroughOptions,
  PutThroughTo,
  QueueLeft,
} from './flow-session.js';
import { putThrough } from './flow-transfer.js';
import type { LiveCall } from './live-call.js';
import { enterQueue } from './queueing.js';

const NOTHING_ASKED: QueueEntry = {
  ...{ priority: null, vip: false, skills: [], preferredAgent: null, region: null, customerLevel: null },
};

export class CallSession implements FlowSession {
  readonly #call: LiveCall;
  readonly #context: CallContext;
  /** of all queues that he was in since this flow began */
  #queueWaitMs = 0;

  constructor(call: LiveCall, context: CallContext) {
    this.#call = call;
    this.#context = context;
  }

  get callId(): string {
    return this.#call.id;
  }
  get callingNumber(): string {
    return this.#call.row.callingNumber;
  }
  get calledNumber(): string {
    return this.#call.row.calledNumber;
  }
  get language(): FlowSession['language'] {
    return this.#call.language;
  }
  get attributes(): Readonly<Record<string, string | number>> {
    const { row } = this.#call;
    const region = regionOf(row) ?? '';
    const level = customerLevelOf(row) ?? '';
    return { callingName: row.callingName, queueWaitMs: this.#queueWaitMs, region, level };
  }
  get station(): number | null {
    return this.#call.leg.station;
  }
  get signal(): AbortSignal {
    return this.#call.signal;
  }
  get digits(): FlowSession['digits'] {
    return this.#call.digits;
  }

  get party(): FlowParty {
    const { leg, port, station } = this.#call.leg;
    return { leg, port, station };
  }

  get direction(): FlowSession['direction'] {
    return this.#call.row.direction;
  }

  async play(files: string[]): Promise<Playback> {
    this.signal.throwIfAborted();
    const playback = await this.#context.playbacks.files(this.#call.leg.port, files);
    if (this.signal.aborted) playback.stop();
    this.signal.throwIfAborted();
    return playback;
  }

  segment(kind: SegmentKind, data: JsonObject): OpenSegment {
    return this.#call.segment(kind, data);
  }

  setLanguage(language: FlowSession['language']): void {
    this.#call.language = language;
  }

  hideKeys(hidden: boolean): void {
    this.#call.keysHidden = hidden;
  }

  async queue(queueId: string, entry: QueueEntry = NOTHING_ASKED): Promise<QueueLeft> {
    this.signal.throwIfAborted();
    const begun = this.#context.clock.moment();
    const left = enterQueue(this.#call, this.#context, queueId, entry);
    if (left === undefined) throw new AppError('unavailable', { what: `queue ${queueId}` });
    const how = await left;
    this.#queueWaitMs += this.#call.sinceMs(begun);
    return how;
  }

  putThrough(to: PutThroughTo, options: PutThroughOptions): Promise<NotReached> {
    return putThrough(this.#call, this.#context, this, to, options);
  }

  async record(action: RecordingAction): Promise<void> {
    await controlRecording(this.#call, this.#context, action, `flow ${this.#call.row.flowId ?? ''}`.trim());
  }

  capture(path: string, options: CaptureOptions): Promise<Captured> {
    return capture(this.#call, this.#context, path, options);
  }

  async tone(name: string, durationMs: number): Promise<void> {
    this.signal.throwIfAborted();
    const playback = await this.#context.playbacks.tone(this.#call.leg.port, name);
    const timer = this.#context.clock.after(durationMs, () => playback.stop());
    await playback.ended;
    timer.cancel();
    this.signal.throwIfAborted();
  }

  release(cause: number): void {
    // Who was only lent goes back to who has lent him.
    if (this.#call.aside !== undefined) return;
    this.#context.release(this.#call, cause, 'system');
  }
}
