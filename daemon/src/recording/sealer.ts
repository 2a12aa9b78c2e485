// Brings what was recorded into the form in which it is kept:
//
//   encrypted file whole on the disk → row, link of the chain, and what is to be removed, in one transaction → plain files removed
//
// A power cut before the transaction leaves the plain files in force, and the encrypted one is made anew; one after it leaves
// the encrypted file in force, and the plain ones are removed at the next start.
import { join } from 'node:path';
import type { Db, FoundRecording } from '../db/index.js';
import { errorText, ulidFactory, type Clock, type Log, type Metrics } from '../platform/index.js';
import { appendLink } from './chain.js';
import { removeDurable, type DurableStep } from './durable.js';
import { openJoined } from './joined-wav.js';
import type { KeyFile } from './key-file.js';
import { openPlain, type PlainSource } from './plain-source.js';
import { sealFile } from './sealed-file.js';

export type SealStep = DurableStep | 'rowWritten' | 'plainRemoved';

export interface SealerOptions {
  db: Db;
  /** absolute */
  folder: string;
  keys: KeyFile;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** tests end the process there */
  step?: ((step: SealStep) => void | Promise<void>) | undefined;
}

const PAGE = 50;
const DAY_MS = 86_400_000;
const OLDEST_LIMIT_MS = 120_000;
const FRAMES_PER_MS = 8;
const FRAME_BYTES = 2;
const HEADER_BYTES = 58;

const lowestId = (atMs: number): string => ulidFactory({ wallMs: () => atMs }, () => undefined)();

export class Sealer {
  readonly #options: SealerOptions;
  /** that could not be, until the next start */
  readonly #failed = new Set<string>();
  /** Nothing is to be done up to here; a call may last for a day and be older than what was encrypted. */
  #from: string | undefined;

  constructor(options: SealerOptions) {
    this.#options = options;
    options.metrics.counter('recordings_sealed_total', 'Recordings that were encrypted');
    options.metrics.counter('recordings_seal_failed_total', 'Recordings that could not be encrypted and stay plain');
  }

  /** Encrypts what ended before `beforeMs`, oldest first; what a clock set back has put into the future, too. */
  async sealDue(beforeMs: number, signal?: AbortSignal): Promise<number> {
    const { db, clock } = this.#options;
    const aDayAgo = lowestId(clock.wallMs() - DAY_MS);
    let done = 0;
    let after = this.#from ?? (await this.#beforeOldestPlain()) ?? aDayAgo;
    let complete = true;
    for (;;) {
      const page = await db.recordingArchive.search({
        ...{ sealed: false, finished: true, order: 'oldest', limit: PAGE },
        after,
      });
      for (const found of page) {
        if (signal?.aborted === true) return done;
        const { id, endedAt } = found.recording;
        const due = (endedAt ?? 0) <= beforeMs || (endedAt ?? 0) > clock.wallMs();
        const sealed = due && !this.#failed.has(id) && (await this.seal(found));
        if (sealed) done += 1;
        // What cannot be encrypted is tried again by the next run of the box, and need not be looked at by this one.
        complete &&= sealed || this.#failed.has(id);
      }
      if (page.length < PAGE) {
        // What is older has been seen to.
        if (complete) this.#from = aDayAgo;
        return done;
      }
      after = page.at(-1)?.recording.id ?? after;
    }
  }

  /** Among millions it takes a second or two to find it: a question that nobody else's waits behind. */
  async #beforeOldestPlain(): Promise<string | undefined> {
    const [oldest] = await this.#options.db.long.ask<{ id: string }>(
      `SELECT "id" FROM "recordings" WHERE NOT EXISTS
        (SELECT 1 FROM "storedRecordings" s WHERE s."id" = "recordings"."id") ORDER BY "id" LIMIT 1`,
      {},
      { limitMs: OLDEST_LIMIT_MS, background: true },
    );
    // What an id begins with stands before it.
    return oldest?.id.slice(0, -1);
  }

  /** False when it cannot be: it stays as it is. */
  async seal({ recording }: FoundRecording): Promise<boolean> {
    const { log, metrics } = this.#options;
    try {
      await this.#seal(recording);
      metrics.counter('recordings_sealed_total', '').inc();
      return true;
    } catch (error) {
      this.#failed.add(recording.id);
      metrics.counter('recordings_seal_failed_total', '').inc();
      log.error(
        { callId: recording.callId, recording: recording.id, err: error },
        `a recording is not encrypted: ${errorText(error)}`,
      );
      return false;
    }
  }

  async #seal(recording: FoundRecording['recording']): Promise<void> {
    const { db, folder, keys, clock, step } = this.#options;
    const parts = (await db.recordingArchive.parts(recording.id)).filter(({ state }) => state !== 'failed');
    const plain = [recording.path, ...parts.map(({ path }) => path)];
    const source: PlainSource = await (parts.length === 0
      ? openPlain(join(folder, recording.path))
      : openJoined(folder, [{ path: recording.path, offsetMs: 0 }, ...parts]));
    const path = `${recording.path.replace(/\.wav$/, '')}.cbr`;
    const { digest, bytes } = await sealFile(source, join(folder, path), keys, { step }).finally(() => source.close());
    const sealedAt = clock.wallMs();
    await db.write(async (tx) => {
      await appendLink(tx, keys.chainKey, { at: sealedAt, kind: 'stored', recordingId: recording.id, path, digest });
      await tx.recordingArchive.store({ id: recording.id, path, digest, bytes, sealedAt, peaks: null });
      const joinedMs = Math.round((source.bytes - HEADER_BYTES) / FRAME_BYTES / FRAMES_PER_MS);
      if (parts.length > 0) await tx.recordings.update(recording.id, { durationMs: joinedMs, bytes: source.bytes });
      await tx.recordingArchive.removeParts(recording.id);
      await tx.recordingArchive.addLeftovers(plain);
    });
    await step?.('rowWritten');
    await this.removeLeftovers();
    await step?.('plainRemoved');
  }

  /** Removes the files that no row needs any more; at start, those of a run that was cut off. */
  async removeLeftovers(): Promise<void> {
    const { db, folder } = this.#options;
    const paths = await db.recordingArchive.leftovers();
    if (paths.length === 0) return;
    await removeDurable(paths.map((path) => join(folder, path)));
    await db.write((tx) => tx.recordingArchive.removeLeftovers(paths));
  }
}
