// What the parts of call control share.
import type { LiveEvents, ReleasedBy } from '../contract/index.js';
import type { EngineClient } from '../engine/index.js';
import type { Clock, Log, Metrics, TypedEmitter } from '../platform/index.js';
import type { CallEvents } from './call-events.js';
import type { LiveCall } from './live-call.js';
import type { Playbacks } from './playbacks.js';
import type { RecordWriter } from './record-writer.js';

export interface CallContext {
  readonly engine: EngineClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: TypedEmitter<CallEvents>;
  readonly live: TypedEmitter<LiveEvents>;
  readonly playbacks: Playbacks;
  readonly writer: RecordWriter;
  /** Tells the pages how the call stands, and has its rows written. */
  changed(call: LiveCall): void;
  /** Ends a call; returns at once. Asking twice is asking once. */
  release(call: LiveCall, cause: number, by: ReleasedBy): void;
}

/** Q.850 causes that call control uses. */
export const cause = {
  unallocatedNumber: 1,
  normalClearing: 16,
  noAnswer: 19,
  temporaryFailure: 41,
} as const;
