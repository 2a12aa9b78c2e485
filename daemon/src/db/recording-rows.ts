// Rows of what becomes of recordings after they were made, and what may be asked of them.
import type { ReachFilter } from '../platform/index.js';
import type {
  RecordingAccess,
  RecordingDeletion,
  RecordingMark,
  RecordingRule,
  RetentionRule,
} from '../contract/index.js';
import type { CallRow, RecordingRow } from './rows.js';

export type RecordingRuleRow = RecordingRule;
export type RetentionRuleRow = RetentionRule;
export type RecordingAccessRow = RecordingAccess;
export type RecordingDeletionRow = RecordingDeletion;

/** A recording at rest. */
export interface StoredRecordingRow {
  /** of the recording */
  id: string;
  /** relative to the recordings folder, with / */
  path: string;
  digest: string;
  bytes: number;
  sealedAt: number;
  /** JSON of RecordingPeaks, once somebody has asked for them */
  peaks: string | null;
}

/** What was recorded after a pause. The part before the first pause is the recording's own file. */
export interface RecordingPartRow {
  id: string;
  recordingId: string;
  path: string;
  /** since the recording began, monotonic */
  offsetMs: number;
  durationMs: number;
  bytes: number;
  state: 'recording' | 'complete' | 'broken' | 'failed';
}

export interface RecordingMarkRow extends RecordingMark {
  id: string;
  recordingId: string;
}

export interface RecordingHoldRow {
  /** of the recording */
  id: string;
  reason: string;
  by: string;
  at: number;
}

/** A link of the chain of digests. */
export interface ChainRow {
  seq: number;
  at: number;
  kind: 'stored' | 'removed';
  recordingId: string;
  /** of the file */
  path: string;
  digest: string;
  /** over all this and the link before */
  hash: string;
}

/** A recording with the call that it is of. */
export interface FoundRecording {
  recording: RecordingRow;
  call: Pick<CallRow, 'direction' | 'callingNumber' | 'calledNumber' | 'queueId' | 'agentId' | 'state'>;
  stored: StoredRecordingRow | null;
  hold: RecordingHoldRow | null;
}

export interface RecordingSearch {
  ids?: readonly string[] | undefined;
  fromMs?: number | undefined;
  toMs?: number | undefined;
  number?: string | undefined;
  callingNumber?: string | undefined;
  calledNumber?: string | undefined;
  agentId?: string | undefined;
  queueId?: string | undefined;
  reach?: ReachFilter | undefined;
  direction?: CallRow['direction'] | undefined;
  minDurationMs?: number | undefined;
  maxDurationMs?: number | undefined;
  /** those that are at rest, or that are not */
  sealed?: boolean | undefined;
  /** of calls that have ended, made by nobody any more */
  finished?: boolean | undefined;
  /** older than this one */
  before?: string | undefined;
  /** younger than this one */
  after?: string | undefined;
  order?: 'newest' | 'oldest' | undefined;
  limit: number;
}

type Patch<Row> = { [K in Exclude<keyof Row, 'id'>]?: Row[K] | undefined };

interface Rules<Row> {
  /** by position */
  list(): Promise<Row[]>;
  find(id: string): Promise<Row | null>;
}
interface RulesWrite<Row> extends Rules<Row> {
  insert(row: Row): Promise<void>;
  update(id: string, patch: Patch<Row>): Promise<boolean>;
  remove(id: string): Promise<boolean>;
}

export type RecordingRulesRead = Rules<RecordingRuleRow>;
export type RecordingRulesWrite = RulesWrite<RecordingRuleRow>;
export type RetentionRulesRead = Rules<RetentionRuleRow>;
export type RetentionRulesWrite = RulesWrite<RetentionRuleRow>;

export interface RecordingArchiveRead {
  search(query: RecordingSearch): Promise<FoundRecording[]>;
  stored(id: string): Promise<StoredRecordingRow | null>;
  /** by offset */
  parts(recordingId: string): Promise<RecordingPartRow[]>;
  partsRecording(): Promise<RecordingPartRow[]>;
  /** by time */
  marks(recordingId: string): Promise<RecordingMarkRow[]>;
  hold(id: string): Promise<RecordingHoldRow | null>;
  /** from `afterSeq` on */
  chain(afterSeq: number, limit: number): Promise<ChainRow[]>;
  chainHead(): Promise<ChainRow | null>;
  /** those of `ids` whose removal is in the chain */
  removedOf(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** at rest, and not in the chain */
  unlinked(limit: number): Promise<StoredRecordingRow[]>;
  /** files that are to be removed */
  leftovers(): Promise<string[]>;
  /** newest first */
  accesses(recordingId: string, limit: number): Promise<RecordingAccessRow[]>;
  /** newest first */
  deletions(query: {
    before?: string | undefined;
    recordingId?: string | undefined;
    reach?: ReachFilter | undefined;
    limit: number;
  }): Promise<RecordingDeletionRow[]>;
  /** every path that a row names, of those given */
  known(paths: readonly string[]): Promise<ReadonlySet<string>>;
}
export interface RecordingArchiveWrite extends RecordingArchiveRead {
  store(row: StoredRecordingRow): Promise<void>;
  setPeaks(id: string, peaks: string): Promise<void>;
  addPart(row: RecordingPartRow): Promise<void>;
  updatePart(id: string, patch: Patch<RecordingPartRow>): Promise<boolean>;
  removeParts(recordingId: string): Promise<void>;
  addMark(row: RecordingMarkRow): Promise<void>;
  updateMark(id: string, patch: Patch<RecordingMarkRow>): Promise<boolean>;
  putHold(row: RecordingHoldRow): Promise<void>;
  removeHold(id: string): Promise<boolean>;
  link(row: ChainRow): Promise<void>;
  addLeftovers(paths: readonly string[]): Promise<void>;
  removeLeftovers(paths: readonly string[]): Promise<void>;
  addAccess(row: RecordingAccessRow): Promise<void>;
  addDeletion(row: RecordingDeletionRow): Promise<void>;
  /** the recording's row and all that hangs on it; not its files */
  removeRecording(id: string): Promise<boolean>;
}
