// What the parts of call control share.
import type { Language, LiveEvents, ReleasedBy } from '../contract/index.js';
import type { EngineClient } from '../engine/index.js';
import type { DialPlan, DialResolution, LegOffered, Lines } from '../lines/index.js';
import type { Clock, Log, Metrics, TypedEmitter } from '../platform/index.js';
import type { TrunkBook } from '../trunks/index.js';
import type { AfterTalk } from './after-talk.js';
import type { CallEvents } from './call-events.js';
import type { CallRecorder } from './call-recorder.js';
import type { FlowRunner, OpenSegment } from './flow-session.js';
import type { Leg } from './leg.js';
import type { LegTable } from './leg-table.js';
import type { LiveCall } from './live-call.js';
import type { ParkingLot } from './parking.js';
import type { Playbacks } from './playbacks.js';
import type { RecordWriter } from './record-writer.js';

export interface CallContext {
  readonly engine: EngineClient;
  readonly lines: Lines;
  readonly plan: DialPlan;
  readonly flows: FlowRunner;
  readonly trunks: TrunkBook;
  readonly recorder: CallRecorder;
  /** what one who is put on hold hears; undefined: nothing */
  readonly holdMusic: () => Promise<string[] | undefined>;
  /** the agent who is signed in at a telephone and can have a call there; null: nobody */
  readonly agentAt: (station: number) => string | null;
  /** undefined: a call is over when one of the two hangs up */
  readonly afterTalk?: AfterTalk | undefined;
  /** the program that takes calls which nobody takes at a telephone; undefined: there is none */
  readonly answering?: ((station: number) => { flowId: string; language: Language } | undefined) | undefined;
  /** a telephone may not dial a number: told to whoever wants to know; the file that says why, undefined: there is none */
  readonly refused?:
    | ((
        station: number,
        number: string,
        found: Extract<DialResolution, { kind: 'refused' }>,
      ) => Promise<string | undefined>)
    | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: TypedEmitter<CallEvents>;
  readonly live: TypedEmitter<LiveEvents>;
  readonly playbacks: Playbacks;
  readonly writer: RecordWriter;
  readonly legs: LegTable;
  readonly parking: ParkingLot;
  /** Tells the pages how the call stands, and has its rows written. */
  changed(call: LiveCall): void;
  /** A call that hangs on this leg; `id`: it was given one before. */
  begin(
    leg: Leg,
    number: string,
    from?: Partial<LegOffered> & { id?: string },
  ): { call: LiveCall; seized: OpenSegment };
  /** Ends a call; returns at once. Asking twice is asking once. */
  /** `text`: why, in ASCII, for the caller's display */
  release(call: LiveCall, cause: number, by: ReleasedBy, text?: string): void;
}

/** Q.850 causes that call control uses. */
export const cause = {
  unallocatedNumber: 1,
  noRoute: 3,
  normalClearing: 16,
  userBusy: 17,
  noAnswer: 19,
  callRejected: 21,
  /** it goes in a circle */
  routingError: 25,
  /** somebody else has answered */
  nonSelectedUser: 26,
  invalidNumber: 28,
  temporaryFailure: 41,
  /** what is asked for does not fit the state of the call */
  wrongState: 101,
} as const;
