// Recordings after they were made: the rules, encryption at rest, reading, keeping and removing. What only a timer does
// (`start`) is done by hand as well.
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  ExportFormat,
  KeyRotation,
  LiveEvents,
  RecordingAccess,
  RecordingAlarm,
  RecordingKey,
  RecordingPeaks,
  RetentionRun,
  Verification,
} from '../contract/index.js';
import type { RecordingFacts, RecordingWish } from '../calls/index.js';
import type { Db, FoundRecording, RecordingRow, RecordingRuleRow } from '../db/index.js';
import {
  AppError,
  errorText,
  newUlid,
  type Clock,
  type Log,
  type Metrics,
  type Timer,
  type TypedEmitter,
  type Unsubscribe,
} from '../platform/index.js';
import { appendLink } from './chain.js';
import { Exporter, type Exported } from './export.js';
import { openJoined } from './joined-wav.js';
import { KeyFile } from './key-file.js';
import { peaksOf } from './peaks.js';
import { openPlain, pathWithin, type PlainSource } from './plain-source.js';
import type { RecordingRules } from './recording-service.js';
import { runRetention } from './retention.js';
import { wishOf } from './rules.js';
import { keyIdOfFile, openSealed, rewrapFile, type SealingKeys } from './sealed-file.js';
import { Sealer, type SealStep } from './sealer.js';
import { verifyRecordings } from './verify.js';

export interface RecordingArchiveOptions {
  db: Db;
  /** of the recordings, absolute */
  folder: string;
  keyFile: string;
  /** false: recordings stay as they were made; those that are encrypted are read all the same */
  encrypt: boolean;
  /** how long after its end a recording is encrypted */
  sealAfterMs: number;
  /** below so many bytes free an alarm is raised; 0: never */
  lowBytes: number;
  /** then, the oldest recordings that are not held are given up */
  giveUpOldest: boolean;
  live: TypedEmitter<LiveEvents>;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** other encrypted files, absolute, that need the same keys */
  alsoSealed?: (() => Promise<string[]>) | undefined;
  /** default the file system's */
  freeBytes?: (folder: string) => Promise<number>;
  /** tests end the process there */
  step?: ((step: SealStep) => void | Promise<void>) | undefined;
}

const SEAL_EVERY_MS = 10_000;
const WATCH_EVERY_MS = 60_000;
const RETENTION_EVERY_MS = 3_600_000;
/** The wall clock and the monotonic one may differ by so much from one run to the next: more, and somebody has set it. */
const CLOCK_JUMP_MS = 600_000;
/** A box may be off for so long; after more, its clock is to be looked at before it removes anything. */
const LONGEST_ABSENCE_MS = 14 * 86_400_000;
const LAST_RETENTION = 'retention.lastRunAt';

export interface Reader {
  by: string;
  from: string;
}

export class RecordingArchive implements RecordingRules {
  readonly #options: RecordingArchiveOptions;
  readonly #exporter = new Exporter();
  readonly #abort = new AbortController();
  #keys: KeyFile | undefined;
  #sealer: Sealer | undefined;
  #rules: RecordingRuleRow[] = [];
  #timers: Timer[] = [];
  #off: Unsubscribe | undefined;
  /** One at a time: sealing, removing, changing keys. */
  #last: Promise<unknown> = Promise.resolve();
  #lastRun: { wallMs: number; monotonicMs: number } | undefined;
  #alarms = new Map<RecordingAlarm['kind'], RecordingAlarm>();

  constructor(options: RecordingArchiveOptions) {
    this.#options = options;
    options.metrics.gauge('recordings_free_bytes', 'Free on the disk of the recordings');
    options.metrics.counter('recordings_removed_total', 'Recordings that were removed', ['reason']);
  }

  /** Reads keys and rules; ends what a power cut has left half done. Rejects when the key file cannot be used. */
  async open(): Promise<void> {
    const { db, keyFile, clock } = this.#options;
    this.#keys = await KeyFile.open(keyFile, clock.wallMs());
    this.#sealer = new Sealer({ ...this.#options, keys: this.#keys });
    await this.#readRules();
    this.#off = db.events.on('recordingRules.changed', () => this.#rulesChanged());
    await this.#sealer.removeLeftovers();
  }

  /** From now on it works by itself. */
  start(): void {
    const { clock, encrypt } = this.#options;
    const guarded = (work: () => Promise<unknown>) => (): void => {
      void work().catch((error: unknown) => {
        if (!this.#abort.signal.aborted) this.#options.log.error({ err: error }, `recordings: ${errorText(error)}`);
      });
    };
    const watch = guarded(() => this.watchSpace());
    if (encrypt)
      this.#timers.push(
        clock.every(
          SEAL_EVERY_MS,
          guarded(() => this.sealDue()),
        ),
      );
    this.#timers.push(clock.every(WATCH_EVERY_MS, watch));
    this.#timers.push(
      clock.every(
        RETENTION_EVERY_MS,
        guarded(() => this.retainByItself()),
      ),
    );
    watch();
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('the box stops'));
    for (const timer of this.#timers) timer.cancel();
    this.#off?.();
    await this.#last.catch(() => undefined);
  }

  wish(facts: RecordingFacts): RecordingWish {
    return wishOf(this.#rules, facts);
  }

  /** AppError recording_not_found. */
  async find(id: string): Promise<FoundRecording> {
    const [found] = await this.#options.db.recordingArchive.search({ ids: [id], limit: 1 });
    if (found === undefined) throw new AppError('recording_not_found', { id });
    return found;
  }

  /** Its audio as a WAV, wherever it lies. AppError recording_not_found, recording_damaged, recording_key_missing. */
  async read({ recording }: FoundRecording): Promise<PlainSource> {
    const { db, folder } = this.#options;
    // Again: it may have been encrypted since it was found.
    const stored = await db.recordingArchive.stored(recording.id);
    try {
      if (stored !== null) return await openSealed(await pathWithin(folder, stored.path), this.#made().keys);
      const parts = (await db.recordingArchive.parts(recording.id)).filter(({ state }) => state !== 'failed');
      if (parts.length === 0) return await openPlain(await pathWithin(folder, recording.path));
      return await openJoined(folder, [{ path: recording.path, offsetMs: 0 }, ...parts]);
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError('recording_not_found', { id: recording.id }, { cause: error });
    }
  }

  async peaks(found: FoundRecording): Promise<RecordingPeaks> {
    const { db } = this.#options;
    const { stored, recording } = found;
    if (stored?.peaks != null) return JSON.parse(stored.peaks) as RecordingPeaks;
    const peaks = await peaksOf(await this.read(found));
    if (stored !== null) await db.write((tx) => tx.recordingArchive.setPeaks(recording.id, JSON.stringify(peaks)));
    return peaks;
  }

  /** AppError as of `read`; export_busy, export_failed. */
  async export(found: FoundRecording, format: Exclude<ExportFormat, 'wav'>): Promise<Exported> {
    return this.#exporter.convert(await this.read(found), format);
  }

  /** Who touched it; nothing of it is told before that is on the disk. */
  async note(recordingId: string, what: RecordingAccess['what'], { by, from }: Reader, detail = ''): Promise<void> {
    const row = { id: newUlid(), recordingId, at: this.#options.clock.wallMs(), by, from, what, detail };
    await this.#options.db.write((tx) => tx.recordingArchive.addAccess(row));
  }

  async setHold(found: FoundRecording, held: boolean, reason: string, reader: Reader): Promise<void> {
    const { id } = found.recording;
    const at = this.#options.clock.wallMs();
    await this.#inTurn(() =>
      this.#options.db.write(async (tx) => {
        if (held) await tx.recordingArchive.putHold({ id, reason, by: reader.by, at });
        else await tx.recordingArchive.removeHold(id);
      }),
    );
    await this.note(id, held ? 'held' : 'released', reader, reason);
  }

  /** AppError recording_held, recording_in_progress. */
  async remove(id: string, reason: string, reader: Reader): Promise<void> {
    await this.#inTurn(async () => {
      const found = await this.find(id);
      // That of a conference may outlive the call that it hangs on.
      if (found.call.state === 'live' || found.recording.state === 'recording')
        throw new AppError('recording_in_progress', { id });
      if (found.hold !== null) throw new AppError('recording_held', { id, reason: found.hold.reason });
      await this.#remove(found, reason, reader.by);
    });
    await this.note(id, 'removed', reader, reason);
  }

  async discard(row: RecordingRow): Promise<void> {
    await this.#inTurn(async () => this.#remove(await this.find(row.id), 'rule', 'system'));
  }

  /** Row, log and link of the chain together; then the files. */
  async #remove({ recording, stored }: FoundRecording, reason: string, by: string): Promise<void> {
    const { db, clock, log, metrics } = this.#options;
    const { keys, sealer } = this.#made();
    const { id, callId, startedAt, durationMs } = recording;
    const at = clock.wallMs();
    await db.write(async (tx) => {
      const parts = await tx.recordingArchive.parts(id);
      const paths = stored === null ? [recording.path, ...parts.map(({ path }) => path)] : [stored.path];
      const bytes = stored?.bytes ?? recording.bytes;
      const { path, digest } = stored ?? { path: recording.path, digest: '' };
      if (stored !== null) await appendLink(tx, keys.chainKey, { at, kind: 'removed', recordingId: id, path, digest });
      await tx.recordingArchive.addDeletion({
        ...{ id: newUlid(), recordingId: id, callId, startedAt, durationMs, bytes, at, by, reason },
      });
      await tx.recordingArchive.addLeftovers(paths);
      await tx.recordingArchive.removeRecording(id);
    });
    await sealer.removeLeftovers();
    metrics.counter('recordings_removed_total', '', ['reason']).inc({
      reason: ['age', 'quota', 'space', 'rule'].includes(reason) ? reason : 'person',
    });
    log.info({ callId, recording: id, by, reason }, 'recording removed');
  }

  /** Encrypts what is due; returns how many. */
  sealDue(): Promise<number> {
    const { clock, sealAfterMs } = this.#options;
    return this.#inTurn(() => this.#made().sealer.sealDue(clock.wallMs() - sealAfterMs, this.#abort.signal));
  }

  retain(dryRun: boolean, by = 'system', giveUpBytes = 0): Promise<RetentionRun> {
    const { db, clock } = this.#options;
    return this.#inTurn(async () => {
      const moment = clock.moment();
      const run = await runRetention({
        ...{ db, dryRun, giveUpBytes, nowMs: moment.wallMs, signal: this.#abort.signal },
        remove: async (found, reason) => {
          await this.#remove(found, reason, by);
          return true;
        },
      });
      if (!dryRun) {
        this.#lastRun = moment;
        this.#clear('clock');
        await db.write((tx) => tx.meta.set(LAST_RETENTION, String(moment.wallMs)));
      }
      return run;
    });
  }

  /**
   * The rules, unless the clock was set: a year that is wrong would remove everything. A person who runs them says by that that
   * the clock is right.
   */
  async retainByItself(): Promise<RetentionRun | undefined> {
    const { db, clock } = this.#options;
    const now = clock.moment();
    const last = this.#lastRun;
    const lastWallMs = Number((await db.meta.get(LAST_RETENTION)) ?? now.wallMs);
    const jumped =
      last === undefined
        ? now.wallMs < lastWallMs - CLOCK_JUMP_MS || now.wallMs > lastWallMs + LONGEST_ABSENCE_MS
        : Math.abs(now.wallMs - last.wallMs - (now.monotonicMs - last.monotonicMs)) > CLOCK_JUMP_MS;
    if (!jumped) return this.retain(false);
    this.#raise({
      kind: 'clock',
      detail: `the clock was set since ${new Date(lastWallMs).toISOString()}`,
      freeBytes: 0,
    });
    return undefined;
  }

  /** First an alarm; then, where the settings say so, the oldest that are not held, until there is enough again. */
  async watchSpace(): Promise<void> {
    const { folder, lowBytes, giveUpOldest, metrics, freeBytes = freeOf } = this.#options;
    if (lowBytes === 0) return;
    const free = await freeBytes(folder);
    metrics.gauge('recordings_free_bytes', '').set(free);
    if (free >= lowBytes) return this.#clear('space');
    this.#raise({ kind: 'space', detail: `${free} bytes are free of at least ${lowBytes}`, freeBytes: free });
    if (giveUpOldest) await this.retain(false, 'system', lowBytes - free);
  }

  alarms(): RecordingAlarm[] {
    return [...this.#alarms.values()];
  }

  verify(): Promise<Verification> {
    const { db, folder } = this.#options;
    const { chainKey } = this.#made().keys;
    return this.#inTurn(() => verifyRecordings({ db, folder, chainKey, signal: this.#abort.signal }));
  }

  keys(): RecordingKey[] {
    return this.#made().keys.list();
  }

  /** A new key, every file's data key wrapped with it, and the keys forgotten that no file needs any more. */
  rotateKeys(): Promise<KeyRotation> {
    const { db, folder, clock, log, alsoSealed } = this.#options;
    const { keys } = this.#made();
    return this.#inTurn(async () => {
      const key = await keys.rotate(clock.wallMs());
      const result: KeyRotation = { key, rewrapped: 0, failed: 0, forgotten: [] };
      const needed = new Set<string>();
      const rewrap = async (path: string): Promise<void> => {
        this.#abort.signal.throwIfAborted();
        try {
          if (await rewrapFile(path, keys)) result.rewrapped += 1;
        } catch (error) {
          result.failed += 1;
          log.error({ path, err: error }, `a recording keeps its key: ${errorText(error)}`);
          needed.add(await keyIdOfFile(path).catch(() => ''));
        }
      };
      for (let after: string | undefined; ;) {
        const page = await db.recordingArchive.search({ sealed: true, order: 'oldest', limit: 200, after });
        for (const { stored } of page) if (stored !== null) await rewrap(join(folder, stored.path));
        if (page.length < 200) break;
        after = page.at(-1)?.recording.id;
      }
      for (const path of (await alsoSealed?.()) ?? []) await rewrap(path);
      // A file that cannot be read now may come back from a back-up: its key is kept, and so is every other one then.
      if (!needed.has(''))
        for (const { id, current } of keys.list())
          if (!current && !needed.has(id) && (await keys.forget(id))) result.forgotten.push(id);
      return result;
    });
  }

  async #readRules(): Promise<void> {
    this.#rules = await this.#options.db.recordingRules.list();
  }

  /** The rules of before hold on where the new ones cannot be read. */
  async #rulesChanged(): Promise<void> {
    try {
      await this.#readRules();
    } catch (error) {
      this.#options.log.error({ err: error }, 'the rules of what is recorded were changed and could not be read');
    }
  }

  /** For other files that are encrypted with the same keys. */
  get sealingKeys(): SealingKeys {
    return this.#made().keys;
  }

  #made(): { keys: KeyFile; sealer: Sealer } {
    if (this.#keys === undefined || this.#sealer === undefined) throw new Error('the archive is not open');
    return { keys: this.#keys, sealer: this.#sealer };
  }

  #raise(alarm: RecordingAlarm): void {
    const known = this.#alarms.has(alarm.kind);
    this.#alarms.set(alarm.kind, alarm);
    if (known) return;
    this.#options.log.error({ alarm: alarm.kind }, `recordings: ${alarm.detail}`);
    this.#options.live.emit('recording.alarm', { ...alarm, active: true });
  }

  #clear(kind: RecordingAlarm['kind']): void {
    const alarm = this.#alarms.get(kind);
    if (alarm === undefined) return;
    this.#alarms.delete(kind);
    this.#options.live.emit('recording.alarm', { ...alarm, active: false });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

async function freeOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
