// What call control needs of recording (recording/). A recording never ends a call: whatever goes wrong with the disk is
// dealt with and reported behind this interface.
import type { RecordingRow } from '../db/index.js';

export interface RecordingOutcome {
  durationMs: number;
  lostMs: number;
  state: 'complete' | 'failed';
}

export interface StartedRecording {
  /** Resolves when the file is closed; never rejects. */
  ended: Promise<RecordingOutcome>;
  /** Ends it; without this it ends with the leg. */
  stop(): void;
}

export interface CallRecorder {
  /**
   * The row that is committed with the call's, before it is answered; makes no file. `part`: from 1; a call has another one
   * when the party that was recorded has put his partner through.
   */
  plan(callId: string, startedAt: number, part: number): RecordingRow;
  /** Starts to record what a port says (left) and hears (right). Resolves with undefined when it cannot; never rejects. */
  start(row: RecordingRow, port: number): Promise<StartedRecording | undefined>;
}
