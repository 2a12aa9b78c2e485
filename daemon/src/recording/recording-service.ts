// Every call's recording: where its file is, its row, and what is done when the disk fails. The row is committed before the
// call is answered; nothing that goes wrong here ever ends a call.
//
//   plan → (row committed with the call's) → start → recording.ended → row complete | failed
//   after a crash: repair → row broken
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CallRecorder, RecordingOutcome, StartedRecording } from '../calls/index.js';
import type { Db, RecordingRow } from '../db/index.js';
import { isRefusal, type EngineClient, type RecordingDisk, type RecordingEnded } from '../engine/index.js';
import { errorText, newUlid, type Clock, type Log, type Metrics, type Unsubscribe } from '../platform/index.js';
import { repairWav } from './wav-repair.js';

export interface RecordingServiceOptions {
  engine: EngineClient;
  db: Db;
  /** absolute */
  folder: string;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

interface Running {
  row: RecordingRow;
  end: (outcome: RecordingOutcome) => void;
}

/** ms */
const FOLDER_MS = 1000;

export class RecordingService implements CallRecorder {
  readonly #options: RecordingServiceOptions;
  readonly #running = new Map<number, Running>();
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

  async start(row: RecordingRow, port: number): Promise<StartedRecording | undefined> {
    const path = join(this.#options.folder, row.path);
    try {
      await this.#makeFolder(dirname(path));
      const { recording } = await this.#options.engine.command('recording.start', { port, path });
      const ended = new Promise<RecordingOutcome>((end) => this.#running.set(recording, { row, end }));
      return { ended, stop: () => void this.#stop(recording) };
    } catch (error) {
      this.#alarm(row, `it could not begin: ${errorText(error)}`);
      this.#update(row, { state: 'failed', endedAt: this.#options.clock.wallMs() });
      return undefined;
    }
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
    for (const { row, end } of this.#running.values()) {
      this.#options.log.warn(
        { callId: row.callId, recording: row.id },
        'the engine did not say that a recording ended',
      );
      end({ durationMs: 0, lostMs: 0, state: 'failed' });
    }
    this.#running.clear();
    await this.flush();
  }

  /** The engine answers the command in place of an event; one that ends at this moment has its event. Never rejects. */
  async #stop(recording: number): Promise<void> {
    try {
      const result = await this.#options.engine.command('recording.stop', { recording });
      this.#ended({ ...result, port: 0, reason: 'stopped', detail: '' });
    } catch (error) {
      if (!isRefusal(error, 'io')) return;
      const none = { durationMs: 0, bytes: 0, lostMs: 0 };
      this.#ended({ ...none, recording, port: 0, reason: 'failed', detail: errorText(error) });
    }
  }

  #ended({ recording, reason, detail, durationMs, bytes, lostMs }: RecordingEnded): void {
    const running = this.#running.get(recording);
    if (running === undefined) return;
    this.#running.delete(recording);
    const { row, end } = running;
    const state = reason === 'failed' ? 'failed' : 'complete';
    if (state === 'failed') this.#alarm(row, `it ended early: ${detail}`);
    else if (lostMs > 0)
      this.#options.log.warn({ callId: row.callId, lostMs }, 'the disk was too slow for a recording');
    const [length, lost] = [Math.round(durationMs), Math.round(lostMs)];
    this.#update(row, { state, durationMs: length, bytes, lostMs: lost, endedAt: row.startedAt + length });
    end({ durationMs: length, lostMs: lost, state });
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
}
