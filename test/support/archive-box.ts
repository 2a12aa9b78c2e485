// An archive of recordings with a folder, a database and a clock of its own.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { LiveEvents } from '../../daemon/src/contract/index.js';
import type { CallRow, OpenedDb, RecordingRow } from '../../daemon/src/db/index.js';
import { Metrics, TypedEmitter, silentLog } from '../../daemon/src/platform/index.js';
import { RecordingArchive, alawHeader, type RecordingArchiveOptions } from '../../daemon/src/recording/index.js';
import { FakeClock } from './clock-fake.js';
import { T0, callRow, recordingRow } from './db-rows.js';
import { temporaryFolder } from './temporary-folder.js';
import { testDatabase } from './test-database.js';

export interface ArchiveBox {
  home: string;
  folder: string;
  db: OpenedDb;
  clock: FakeClock;
  live: TypedEmitter<LiveEvents>;
  archive: RecordingArchive;
  /** A recording of a call that has ended, on the disk and in the tables. */
  recorded(over?: { call?: Partial<CallRow>; row?: Partial<RecordingRow>; wav?: Buffer }): Promise<RecordingRow>;
}

/** Stereo A-law of so many ms, with the octets of a counter: no two places are alike nearby. */
export function wavOf(durationMs: number, first = 0): Buffer {
  const audio = Buffer.from(Uint8Array.from({ length: durationMs * 16 }, (_, i) => (first + i + (i >> 8)) & 255));
  return Buffer.concat([alawHeader(audio.length / 2), audio]);
}

export async function archiveBox(
  over: Partial<RecordingArchiveOptions> = {},
  home = temporaryFolder(),
): Promise<ArchiveBox> {
  const folder = join(home, 'recordings');
  mkdirSync(folder, { recursive: true });
  const db = await testDatabase(home);
  const clock = new FakeClock(T0 + 3_600_000);
  const live = new TypedEmitter<LiveEvents>();
  const archive = new RecordingArchive({
    ...{ db, clock, live, folder, log: silentLog, metrics: new Metrics() },
    ...{ keyFile: join(home, 'keys/recordings.json'), encrypt: true, sealAfterMs: 60_000, lowBytes: 0 },
    giveUpOldest: false,
    ...over,
  });
  await archive.open();
  onTestFinished(() => archive.stop());
  return {
    ...{ home, folder, db, clock, live, archive },
    async recorded({ call: ofCall, row: ofRow, wav = wavOf(1000) } = {}) {
      const call = callRow({ state: 'ended', endedAt: T0 + 1000, ...ofCall });
      const row = recordingRow(call.id, {
        ...{ state: 'complete', endedAt: T0 + 1000, durationMs: 1000, bytes: wav.length },
        ...ofRow,
      });
      await db.write(async (tx) => {
        await tx.calls.insert(call);
        await tx.recordings.insert(row);
      });
      mkdirSync(dirname(join(folder, row.path)), { recursive: true });
      writeFileSync(join(folder, row.path), wav);
      return row;
    },
  };
}

export async function audioOf({ archive }: Pick<ArchiveBox, 'archive'>, id: string): Promise<Buffer> {
  const source = await archive.read(await archive.find(id));
  try {
    return await source.read(0, source.bytes);
  } finally {
    await source.close();
  }
}

/** What a promise came to: done, or the code of the refusal. */
export const outcome = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );
