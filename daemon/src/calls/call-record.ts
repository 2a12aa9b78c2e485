// The rows of one call, and which of them the database does not have yet.
import type { JsonObject, Segment, SegmentKind } from '../contract/index.js';
import type { CallRow, RecordingRow, RowSet, SegmentRow, StreamRow } from '../db/index.js';

interface KeptSegment {
  row: SegmentRow;
  /** grows with every change, so that one made while it is being written is not taken for written */
  revision: number;
}

export class CallRecord {
  readonly row: CallRow;
  readonly #segments = new Map<string, KeptSegment>();
  readonly #unsaved = new Set<KeptSegment>();
  #recordings: RecordingRow[] = [];
  #streams: StreamRow[] = [];
  #saved = false;
  #revision = 0;

  constructor(row: CallRow) {
    this.row = row;
  }

  get dirty(): boolean {
    return !this.#saved || this.#unsaved.size > 0;
  }

  update(patch: Partial<Omit<CallRow, 'id'>>): void {
    Object.assign(this.row, patch);
    this.#revision += 1;
    this.#saved = false;
  }

  /** A recording's row is written in the same transaction as the call's, and belongs to recording/ afterwards. */
  addRecording(row: RecordingRow): void {
    this.#recordings.push(row);
    this.#revision += 1;
    this.#saved = false;
  }

  addStream(row: StreamRow): void {
    this.#streams.push(row);
    this.#revision += 1;
    this.#saved = false;
  }

  open(id: string, kind: SegmentKind, startedAt: number, data: JsonObject, endedAt: number | null): Segment {
    const row: SegmentRow = { id, callId: this.row.id, kind, startedAt, endedAt, data };
    const segment = { row, revision: 0 };
    this.#segments.set(id, segment);
    this.#unsaved.add(segment);
    return { ...row };
  }

  /** undefined when it has been closed before. */
  close(id: string, endedAt: number, data: JsonObject): Segment | undefined {
    const segment = this.#segments.get(id);
    if (segment === undefined || segment.row.endedAt !== null) return undefined;
    segment.row.endedAt = Math.max(endedAt, segment.row.startedAt);
    segment.row.data = { ...segment.row.data, ...data };
    segment.revision += 1;
    this.#unsaved.add(segment);
    return { ...segment.row };
  }

  openIds(): string[] {
    return [...this.#segments.values()].filter(({ row }) => row.endedAt === null).map(({ row }) => row.id);
  }

  /** All of it, for the log. */
  dump(): { call: CallRow; segments: SegmentRow[] } {
    return { call: this.row, segments: [...this.#segments.values()].map(({ row }) => row) };
  }

  /** What the database does not have. Call `confirm` once that is on the disk; else it is told again. */
  changes(): { rows: RowSet; confirm: () => void } {
    const revision = this.#revision;
    const call = !this.#saved;
    const [recordings, streams] = [[...this.#recordings], [...this.#streams]];
    const segments = [...this.#unsaved].map((segment) => ({ segment, revision: segment.revision }));
    return {
      rows: {
        ...(call ? { calls: [{ ...this.row }], recordings, streams } : {}),
        segments: segments.map(({ segment }) => ({ ...segment.row })),
      },
      confirm: () => {
        if (call) {
          this.#saved = revision === this.#revision;
          this.#recordings = this.#recordings.filter((recording) => !recordings.includes(recording));
          this.#streams = this.#streams.filter((stream) => !streams.includes(stream));
        }
        for (const { segment, revision } of segments) if (revision === segment.revision) this.#unsaved.delete(segment);
      },
    };
  }
}
