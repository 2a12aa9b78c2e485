// What call control needs of recording (recording/). A recording never ends a call: whatever goes wrong with the disk is
// dealt with and reported behind this interface.
import type { CallDirection } from '../contract/index.js';
import type { RecordingRow } from '../db/index.js';

export interface RecordingOutcome {
  durationMs: number;
  lostMs: number;
  state: 'complete' | 'failed';
}

export interface StartedRecording {
  /** Resolves when the file is closed; never rejects. */
  ended: Promise<RecordingOutcome>;
  /** Ends it; without this it ends with the leg, unless it is paused then. */
  stop(): void;
  /** Ends it and has it removed: it should not have been made. */
  discard(): void;
  readonly paused: boolean;
  /**
   * Resolves when nothing is recorded any more. Rejects with recording_not_stopped when it goes on: who wants to say something
   * secret must know.
   */
  pause(by: string): Promise<void>;
  /** Goes on in the same recording; false when it cannot. */
  resume(port: number): Promise<boolean>;
}

/** What the rules of recording ask of a call. */
export interface RecordingFacts {
  callId: string;
  direction: CallDirection;
  queueId: string | null;
  agentId: string | null;
  trunkId: string | null;
  callingNumber: string;
  calledNumber: string;
}

export interface RecordingWish {
  record: boolean;
  /** that said so; null: none did */
  rule: string | null;
}

export interface CallRecorder {
  /** Whether a call is to be recorded, by what is known of it now. */
  wish(facts: RecordingFacts): RecordingWish;
  /**
   * The row that is committed with the call's, before it is answered; makes no file. `part`: from 1; a call has another one
   * when the party that was recorded has put his partner through.
   */
  plan(callId: string, startedAt: number, part: number): RecordingRow;
  /** Starts to record what a port says (left) and hears (right). Resolves with undefined when it cannot; never rejects. */
  start(row: RecordingRow, port: number): Promise<StartedRecording | undefined>;
}
