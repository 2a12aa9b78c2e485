import type { EventSource } from '../platform/index.js';
import type { CallRow, RecordingRow, SegmentRow, SipDialogRow, StreamRow } from './rows.js';
import type { LongReads } from './long-reads.js';
import type { Reads, Writes } from './repositories.js';

/** After COMMIT, for those who keep something of it in memory. `removed`: the row is gone. */
export interface DbEvents {
  'user.changed': { id: string; removed: boolean };
  'session.removed': { ids: string[] };
  'role.changed': { id: string; removed: boolean };
  'signInRules.changed': Record<string, never>;
  'flow.changed': { id: string; removed: boolean };
  'flowDraft.changed': { id: string; removed: boolean };
  'announcement.changed': { id: string; removed: boolean };
  'route.changed': { id: string; removed: boolean };
  'queue.changed': { id: string; removed: boolean };
  'agent.changed': { id: string; removed: boolean };
  'sipStation.changed': { number: number; removed: boolean };
  'trunk.changed': { id: string; removed: boolean };
  'outboundRoute.changed': { id: string; removed: boolean };
  'ringGroup.changed': { number: number; removed: boolean };
  'calendar.changed': { id: string; removed: boolean };
  'dutyGroup.changed': { id: string; removed: boolean };
  'numberList.changed': { id: string; removed: boolean };
  /** numbers: whose entries were put or removed; null: many */
  'numberListEntries.changed': { id: string; numbers: string[] | null };
  'dialRight.changed': { subject: string; removed: boolean };
  'conferenceRoom.changed': { id: string; removed: boolean };
  'phone.changed': { mac: string; removed: boolean };
  'sipBan.changed': { address: string; removed: boolean };
  'callbackRule.changed': { id: string; removed: boolean };
  'voicemailBox.changed': { id: string; removed: boolean };
  'reasons.changed': Record<string, never>;
  'recordingRules.changed': Record<string, never>;
  /** another program holds the lock; writes wait */
  'database.locked': { waiting: number; waitedMs: number };
  'database.unlocked': { waitedMs: number };
  /** the disk is full; reserveUsed: what was laid by keeps the database going */
  'database.full': { reserveUsed: boolean };
  /** a group of writes was lost: its promises were rejected */
  'database.failed': { error: unknown; lost: number };
  /** pages of the file do not agree, or cannot be read: found beside the running box */
  'database.damaged': { error: Error };
}

export interface WriteOptions {
  /** Refused with database_busy when another program has held the lock for so long; default 10,000. Infinity: waits. */
  lockWaitMs?: number | undefined;
  /** Undone when it has taken so long, ms; default 10,000. Infinity: takes its time. */
  limitMs?: number | undefined;
  /** Nobody waits for it: it may lie for a moment, so that what comes meanwhile shares the way to the disk. */
  soon?: boolean | undefined;
}

/** Whole rows of the tables that every call writes; each takes the place of the one with its id, if there is one. */
export interface RowSet {
  calls?: readonly CallRow[];
  segments?: readonly SegmentRow[];
  recordings?: readonly RecordingRow[];
  streams?: readonly StreamRow[];
  sipDialogs?: readonly SipDialogRow[];
  /** ids of dialogs that are no more */
  sipDialogsGone?: readonly string[];
}

export interface Recovery {
  /** calls that were live and are broken now */
  calls: number;
  /** segments of calls and agents that were open and are closed now */
  segments: number;
  /** recordings that were being made: repair each file, then set its length and the state broken */
  recordings: RecordingRow[];
}

/** One item of work; it is handed what it may write with until its promise settles. */
export type Work<T> = (tx: Writes) => Promise<T>;

export interface Db extends Reads {
  /** questions that may take long: on connections of their own, so that nobody else waits for them */
  readonly long: LongReads;
  readonly events: EventSource<DbEvents>;
  /**
   * Runs `work` when its turn comes, in the order of the calls; resolves with its result once that is on the disk (COMMIT,
   * synchronous=FULL). When it throws, its changes alone are undone and the promise rejects with what it threw. It must do
   * nothing but read and write: others wait, and when the disk was full it is run once more. It must not call db.write.
   */
  write<T>(work: Work<T>, options?: WriteOptions): Promise<T>;
  /**
   * The same for rows alone, which needs no work: sets that wait together become one statement a table, however many they
   * are. `rows` is asked when its turn comes, so that what changed meanwhile goes with it, and again should it be done again.
   */
  put(rows: () => RowSet, options?: WriteOptions): Promise<void>;
  /** At start, before calls are taken: marks live calls broken, closes open segments, tells which recordings to repair. */
  recoverAtStart(nowMs: number): Promise<Recovery>;
  /** Writes what waits, then closes; idempotent. */
  close(): Promise<void>;
}
