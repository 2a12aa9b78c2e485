// The rows of one call, and which of them the database does not have yet.
import type { JsonObject, Segment, SegmentKind } from '../contract/index.js';
import type { CallRow, RecordingRow, SegmentRow, StreamRow, Writes } from '../db/index.js';

type Kept = 'absent' | 'stale' | 'saved';

interface KeptSegment {
  row: SegmentRow;
  kept: Kept;
  /** grows with every change, so that one made while it is being written is not taken for written */
  revision: number;
}

export class CallRecord {
  readonly row: CallRow;
  readonly #segments = new Map<string, KeptSegment>();
  #recordings: RecordingRow[] = [];
  #streams: StreamRow[] = [];
  #kept: Kept = 'absent';
  #revision = 0;

  constructor(row: CallRow) {
    this.row = row;
  }

  get dirty(): boolean {
    if (this.#kept !== 'saved') return true;
    for (const segment of this.#segments.values()) if (segment.kept !== 'saved') return true;
    return false;
  }

  update(patch: Partial<Omit<CallRow, 'id'>>): void {
    Object.assign(this.row, patch);
    this.#revision += 1;
    if (this.#kept === 'saved') this.#kept = 'stale';
  }

  /** A recording's row is written in the same transaction as the call's, and belongs to recording/ afterwards. */
  addRecording(row: RecordingRow): void {
    this.#recordings.push(row);
    this.#revision += 1;
    if (this.#kept === 'saved') this.#kept = 'stale';
  }

  addStream(row: StreamRow): void {
    this.#streams.push(row);
    this.#revision += 1;
    if (this.#kept === 'saved') this.#kept = 'stale';
  }

  open(id: string, kind: SegmentKind, startedAt: number, data: JsonObject, endedAt: number | null): Segment {
    const row: SegmentRow = { id, callId: this.row.id, kind, startedAt, endedAt, data };
    this.#segments.set(id, { row, kept: 'absent', revision: 0 });
    return { ...row };
  }

  /** undefined when it has been closed before. */
  close(id: string, endedAt: number, data: JsonObject): Segment | undefined {
    const segment = this.#segments.get(id);
    if (segment === undefined || segment.row.endedAt !== null) return undefined;
    segment.row.endedAt = Math.max(endedAt, segment.row.startedAt);
    segment.row.data = { ...segment.row.data, ...data };
    segment.revision += 1;
    if (segment.kept === 'saved') segment.kept = 'stale';
    return { ...segment.row };
  }

  openIds(): string[] {
    return [...this.#segments.values()].filter(({ row }) => row.endedAt === null).map(({ row }) => row.id);
  }

  /** All of it, for the log. */
  dump(): { call: CallRow; segments: SegmentRow[] } {
    return { call: this.row, segments: [...this.#segments.values()].map(({ row }) => row) };
  }

  /**
   * Writes what the database does not have. Call the function it resolves with once that is committed; an attempt that
   * was undone is made again as it was.
   */
  async write(tx: Writes): Promise<() => void> {
    const confirmations: (() => void)[] = [];
    if (this.#kept !== 'saved') {
      const revision = this.#revision;
      const recordings = [...this.#recordings];
      const streams = [...this.#streams];
      if (this.#kept === 'absent') await tx.calls.insert({ ...this.row });
      else await tx.calls.update(this.row.id, withoutId(this.row));
      for (const recording of recordings) await tx.recordings.insert(recording);
      for (const stream of streams) await tx.streams.insert(stream);
      confirmations.push(() => {
        this.#kept = revision === this.#revision ? 'saved' : 'stale';
        this.#recordings = this.#recordings.filter((recording) => !recordings.includes(recording));
        this.#streams = this.#streams.filter((stream) => !streams.includes(stream));
      });
    }
    for (const segment of this.#segments.values()) {
      if (segment.kept === 'saved') continue;
      const revision = segment.revision;
      const row = { ...segment.row };
      if (segment.kept === 'absent') await tx.segments.insert(row);
      else await tx.segments.update(row.id, { endedAt: row.endedAt, data: row.data });
      confirmations.push(() => (segment.kept = revision === segment.revision ? 'saved' : 'stale'));
    }
    return () => {
      for (const confirm of confirmations) confirm();
    };
  }
}

function withoutId({ id: _id, ...rest }: CallRow): Omit<CallRow, 'id'> {
  return rest;
}
