// Every call's recording: where its file is, its row, and what is done when the disk fails. The row is committed before the
// call is answered; nothing that goes wrong here ever ends a call.
//
//   plan → (row committed with the call's) → start → recording.ended → row complete | failed
//   paused: the engine's recording is ended, and another one begun when it goes on: a part, joined with the first on reading
//   after a crash: repair → row broken
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type {
  CallRecorder,
  RecordingFacts,
  RecordingOutcome,
  RecordingWish,
  StartedRecording,
} from '../calls/index.js';
import type { Db, RecordingMarkRow, RecordingRow, Work } from '../db/index.js';
import { isRefusal, type EngineClient, type RecordingDisk, type RecordingEnded } from '../engine/index.js';
import {
  AppError,
  elapsedMs,
  errorText,
  newUlid,
  type Clock,
  type Log,
  type Metrics,
  type Unsubscribe,
} from '../platform/index.js';
import { ActiveRecording } from './active-recording.js';
import { repairWav } from './wav-repair.js';

export interface RecordingServiceOptions {
  engine: EngineClient;
  db: Db;
  /** absolute */
  folder: string;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** undefined: every call is recorded */
  rules?: RecordingRules | undefined;
}

export interface RecordingRules {
  wish(facts: RecordingFacts): RecordingWish;
  /** Removes one that should not have been made. */
  discard(row: RecordingRow): Promise<void>;
}

/** ms */
const FOLDER_MS = 1000;

export class RecordingService implements CallRecorder {
  readonly #options: RecordingServiceOptions;
  readonly #running = new Map<number, ActiveRecording>();
  readonly #paused = new Set<ActiveRecording>();
  readonly #writing = new Set<Promise<void>>();
  readonly #off: Unsubscribe[];
  #made = { folder: '', atMs: 0 };
  #disk: RecordingDisk = { state: 'good', detail: '', freeBytes: 0 };

  constructor(options: RecordingServiceOptions) {
    this.#options = options;
    options.metrics.counter(
      'recordings_failed_total',
      'Recordings that could not begin, or ended because the disk failed',
    );
    options.metrics.gauge('recordings_disk_good', '1 while the disk takes recordings as fast as they come').set(1);
    this.#off = [
      options.engine.events.on('recording.ended', (ended) => this.#ended(ended)),
      options.engine.events.on('recording.disk', (disk) => this.#diskChanged(disk)),
      options.engine.events.on('recording.recovered', ({ path, failure }) => {
        if (failure !== '')
          options.log.error({ path }, `a recording of the last run is kept in the journal: ${failure}`);
      }),
    ];
  }

  plan(callId: string, startedAt: number, part: number): RecordingRow {
    const day = new Date(startedAt).toISOString().slice(0, 10).replaceAll('-', '/');
    return {
      id: newUlid(),
      callId,
      path: `${day}/${callId}${part === 1 ? '' : `-${part}`}.wav`,
      startedAt,
      endedAt: null,
      durationMs: 0,
      bytes: 0,
      lostMs: 0,
      state: 'recording',
    };
  }

  wish(facts: RecordingFacts): RecordingWish {
    return this.#options.rules?.wish(facts) ?? { record: true, rule: null };
  }

  async start(row: RecordingRow, port: number): Promise<StartedRecording | undefined> {
    const active = new ActiveRecording(row, this.#options.clock.moment());
    try {
      await this.#begin(active, row.path, port);
    } catch (error) {
      this.#alarm(row, `it could not begin: ${errorText(error)}`);
      this.#update(row, { state: 'failed', endedAt: this.#options.clock.wallMs() });
      return undefined;
    }
    const stop = (): void => void active.inTurn(() => this.#stop(active));
    return {
      ended: active.ended,
      stop,
      discard: () => {
        active.discarded = true;
        stop();
      },
      get paused() {
        return active.paused;
      },
      pause: (by) => active.inTurn(() => this.#pause(active, by)),
      resume: (onPort) => active.inTurn(() => this.#resume(active, onPort)),
    };
  }

  async #begin(active: ActiveRecording, relative: string, port: number): Promise<void> {
    const path = join(this.#options.folder, relative);
    await this.#makeFolder(dirname(path));
    const { recording } = await this.#options.engine.command('recording.start', { port, path });
    active.engineId = recording;
    this.#running.set(recording, active);
  }

  /** Ends the part that is being recorded: no later byte is on the disk. */
  async #pause(active: ActiveRecording, by: string): Promise<void> {
    if (active.over || active.paused) return;
    active.paused = true;
    try {
      await this.#stopPart(active);
    } catch (error) {
      active.paused = false;
      const params = { id: active.row.callId, reason: errorText(error) };
      throw new AppError('recording_not_stopped', params, { cause: error });
    }
    this.#paused.add(active);
    const mark: RecordingMarkRow = {
      ...{ id: newUlid(), recordingId: active.row.id, kind: 'pause', by },
      ...{ fromMs: active.lengthMs, toMs: null },
    };
    active.mark = mark;
    await this.#written(active.row, (tx) => tx.recordingArchive.addMark(mark));
  }

  async #resume(active: ActiveRecording, port: number): Promise<boolean> {
    if (active.over || !active.paused) return !active.over;
    const offsetMs = Math.max(active.lengthMs, elapsedMs(this.#options.clock, active.started));
    const part = active.nextPart(offsetMs);
    // Its row first: a file that no row names would not be repaired after a crash.
    if (!(await this.#written(active.row, (tx) => tx.recordingArchive.addPart(part)))) return false;
    try {
      active.part = part;
      await this.#begin(active, part.path, port);
    } catch (error) {
      this.#alarm(active.row, `it could not go on: ${errorText(error)}`);
      await this.#written(active.row, (tx) => tx.recordingArchive.updatePart(part.id, { state: 'failed' }));
      return false;
    }
    active.paused = false;
    this.#paused.delete(active);
    const { mark } = active;
    if (mark !== undefined)
      await this.#written(active.row, (tx) => tx.recordingArchive.updateMark(mark.id, { toMs: offsetMs }));
    return true;
  }

  /** A folder that was made is taken to be there for a moment: in a rush a hundred recordings a second begin in it. */
  async #makeFolder(folder: string): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    if (folder === this.#made.folder && nowMs - this.#made.atMs < FOLDER_MS) return;
    await mkdir(folder, { recursive: true });
    this.#made = { folder, atMs: nowMs };
  }

  /**
   * Makes the recordings playable that a crash has cut off, and closes their rows. One that cannot be repaired is logged
   * and marked failed. Never rejects for the sake of a file.
   */
  async repair(rows: readonly RecordingRow[]): Promise<void> {
    for (const row of rows) {
      const path = join(this.#options.folder, row.path);
      try {
        const { bytes, durationMs } = await repairWav(path);
        this.#options.log.info({ callId: row.callId, recording: row.id, durationMs }, 'recording repaired');
        this.#update(row, { state: 'broken', bytes, durationMs, endedAt: row.startedAt + durationMs });
        await this.#callLastedAsLong(row);
      } catch (error) {
        this.#alarm(row, `it could not be repaired: ${errorText(error)}`);
        this.#update(row, { state: 'failed', endedAt: row.startedAt });
      }
    }
    await this.#repairParts();
    await this.flush();
  }

  /** How the disk does that recordings are written to. */
  get disk(): RecordingDisk {
    return this.#disk;
  }

  /** Waits until the rows of ended recordings are written. */
  async flush(): Promise<void> {
    while (this.#writing.size > 0) await Promise.all(this.#writing);
  }

  /** Call it when the engine is closed: no recording ends any more. */
  async stop(): Promise<void> {
    for (const off of this.#off) off();
    for (const active of this.#running.values()) {
      const { callId, id } = active.row;
      this.#options.log.warn({ callId, recording: id }, 'the engine did not say that a recording ended');
      active.end('failed');
    }
    this.#running.clear();
    for (const active of [...this.#paused]) this.#finish(active, 'complete');
    await this.flush();
  }

  async #stop(active: ActiveRecording): Promise<void> {
    if (active.over) return;
    if (active.paused) return this.#finish(active, 'complete');
    // One that the engine does not know has its event.
    await this.#stopPart(active).catch(() => undefined);
  }

  /** The engine answers the command in place of an event; one that ends at this moment has its event. */
  async #stopPart(active: ActiveRecording): Promise<void> {
    const recording = active.engineId;
    if (recording === undefined) return;
    try {
      const result = await this.#options.engine.command('recording.stop', { recording });
      this.#ended({ ...result, port: 0, reason: 'stopped', detail: '' });
    } catch (error) {
      if (isRefusal(error, 'io')) {
        const none = { durationMs: 0, bytes: 0, lostMs: 0 };
        this.#ended({ ...none, recording, port: 0, reason: 'failed', detail: errorText(error) });
      } else if (this.#running.has(recording)) throw error;
    }
  }

  #ended({ recording, reason, detail, durationMs, bytes, lostMs }: RecordingEnded): void {
    const active = this.#running.get(recording);
    if (active === undefined) return;
    this.#running.delete(recording);
    const { row, part } = active;
    const state = reason === 'failed' ? 'failed' : 'complete';
    if (state === 'failed') this.#alarm(row, `it ended early: ${detail}`);
    else if (lostMs > 0)
      this.#options.log.warn({ callId: row.callId, lostMs }, 'the disk was too slow for a recording');
    const length = Math.round(durationMs);
    active.engineId = undefined;
    active.lostMs += Math.round(lostMs);
    active.lengthMs = (part?.offsetMs ?? 0) + length;
    const patch = { durationMs: active.lengthMs, lostMs: active.lostMs, endedAt: row.startedAt + active.lengthMs };
    if (part === undefined) this.#update(row, { ...patch, state, bytes });
    else {
      const ended = { durationMs: length, bytes, state } as const;
      void this.#written(row, (tx) => tx.recordingArchive.updatePart(part.id, ended));
      this.#update(row, { ...patch, bytes: row.bytes + bytes });
    }
    if (!active.paused) this.#finish(active, state);
  }

  #finish(active: ActiveRecording, state: RecordingOutcome['state']): void {
    this.#paused.delete(active);
    active.end(state);
    if (active.discarded) void this.#discard(active.row);
  }

  async #discard(row: RecordingRow): Promise<void> {
    try {
      await this.flush();
      await this.#options.rules?.discard(row);
    } catch (error) {
      this.#options.log.error({ callId: row.callId, err: error }, 'a recording that no rule wants was not removed');
    }
  }

  async #repairParts(): Promise<void> {
    const { db, folder, log } = this.#options;
    for (const part of await db.recordingArchive.partsRecording()) {
      const row = await db.recordings.find(part.recordingId);
      const patch = await repairWav(join(folder, part.path)).then(
        ({ bytes, durationMs }) => ({ bytes, durationMs, state: 'broken' as const }),
        (error: unknown) => {
          log.error({ path: part.path }, `a part of a recording could not be repaired: ${errorText(error)}`);
          return { state: 'failed' as const };
        },
      );
      await db.write(async (tx) => {
        await tx.recordingArchive.updatePart(part.id, patch);
        if (row === null || !('durationMs' in patch)) return;
        const durationMs = Math.max(row.durationMs, part.offsetMs + patch.durationMs);
        await tx.recordings.update(row.id, { durationMs, endedAt: row.startedAt + durationMs });
      });
    }
  }

  /** Calls go on whatever the disk does; people must hear of it. */
  #diskChanged(disk: RecordingDisk): void {
    this.#disk = disk;
    const { state, detail, freeBytes } = disk;
    this.#options.metrics.gauge('recordings_disk_good', '').set(state === 'good' ? 1 : 0);
    if (state === 'good') this.#options.log.info({ freeBytes }, 'recordings can be written again');
    else this.#options.log.error({ state, freeBytes }, `recordings are in danger: ${detail}`);
  }

  /** What was recorded happened: the call that a crash ended lasted at least as long as its recording. */
  async #callLastedAsLong({ callId, endedAt }: RecordingRow): Promise<void> {
    await this.#options.db.write(async (tx) => {
      const call = await tx.calls.find(callId);
      if (call?.endedAt == null || endedAt === null || call.endedAt >= endedAt) return;
      await tx.calls.update(callId, { endedAt });
    });
  }

  #alarm(row: RecordingRow, why: string): void {
    this.#options.metrics.counter('recordings_failed_total', '').inc();
    this.#options.log.error({ callId: row.callId, recording: row.id, path: row.path }, `recording failed: ${why}`);
  }

  /** A lock of the database is waited for: the call has its own ways and does not wait for this. */
  #update(row: RecordingRow, patch: Partial<Omit<RecordingRow, 'id'>>): void {
    Object.assign(row, patch);
    const writing: Promise<void> = this.#options.db
      .put(() => ({ recordings: [row] }), { lockWaitMs: Infinity })
      .catch((error: unknown) =>
        this.#options.log.error({ callId: row.callId, err: error, patch }, 'the row of a recording was not written'),
      )
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  /** False when it could not be written; that is logged, and the call goes on. */
  async #written(row: RecordingRow, work: Work<unknown>): Promise<boolean> {
    const writing: Promise<boolean> = this.#options.db.write(work, { lockWaitMs: Infinity }).then(
      () => true,
      (error: unknown) => {
        this.#options.log.error({ callId: row.callId, err: error }, 'the pause of a recording was not written');
        return false;
      },
    );
    const kept: Promise<void> = writing.then(() => void this.#writing.delete(kept));
    this.#writing.add(kept);
    return writing;
  }
}
