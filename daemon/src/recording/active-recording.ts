// One recording under way: its parts, its pauses, and the order in which it is told to pause, go on and end.
import type { RecordingOutcome } from '../calls/index.js';
import type { RecordingMarkRow, RecordingPartRow, RecordingRow } from '../db/index.js';
import { newUlid, type Moment } from '../platform/index.js';

export class ActiveRecording {
  readonly row: RecordingRow;
  readonly started: Moment;
  readonly ended: Promise<RecordingOutcome>;
  /** the engine's number of the part that is being recorded */
  engineId: number | undefined;
  part: RecordingPartRow | undefined;
  /** from the request on: what ends then is no end of the recording */
  paused = false;
  over = false;
  discarded = false;
  mark: RecordingMarkRow | undefined;
  /** where the last part that has ended ends */
  lengthMs = 0;
  lostMs = 0;
  #parts = 1;
  #end: (outcome: RecordingOutcome) => void = () => undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(row: RecordingRow, started: Moment) {
    this.row = row;
    this.started = started;
    this.ended = new Promise((end) => (this.#end = end));
  }

  /** One thing after the other. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  nextPart(offsetMs: number): RecordingPartRow {
    const path = this.row.path.replace(/(?:\.wav)?$/, `.p${(this.#parts += 1)}.wav`);
    return { id: newUlid(), recordingId: this.row.id, path, offsetMs, durationMs: 0, bytes: 0, state: 'recording' };
  }

  end(state: RecordingOutcome['state']): void {
    this.over = true;
    this.#end({ durationMs: this.lengthMs, lostMs: this.lostMs, state });
  }
}
