// What a flow sees of its call.
import { AppError } from '../platform/index.js';
import type { JsonObject, RecordingAction, SegmentKind } from '../contract/index.js';
import type { CallContext } from './call-context.js';
import { controlRecording } from './call-recording.js';
import type { FlowSession, OpenSegment, Playback } from './flow-session.js';
import type { LiveCall } from './live-call.js';
import { enterQueue } from './queueing.js';

export class CallSession implements FlowSession {
  readonly #call: LiveCall;
  readonly #context: CallContext;

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
  get signal(): AbortSignal {
    return this.#call.signal;
  }
  get digits(): FlowSession['digits'] {
    return this.#call.digits;
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

  async queue(queueId: string): Promise<void> {
    this.signal.throwIfAborted();
    const overflowed = enterQueue(this.#call, this.#context, queueId);
    if (overflowed === undefined) throw new AppError('unavailable', { what: `queue ${queueId}` });
    await overflowed;
  }

  async record(action: RecordingAction): Promise<void> {
    await controlRecording(this.#call, this.#context, action, `flow ${this.#call.row.flowId ?? ''}`.trim());
  }

  release(cause: number): void {
    this.#context.release(this.#call, cause, 'system');
  }
}
