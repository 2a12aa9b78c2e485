// A power cut at any step of the encryption: the recording is there whole, plain or encrypted, and the next run ends the work.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { Metrics, silentLog } from '../../daemon/src/platform/index.js';
import { RecordingArchive } from '../../daemon/src/recording/index.js';
import { archiveBox, audioOf, wavOf, type ArchiveBox } from '../support/archive-box.js';
import { bundleChild } from '../support/bundle-child.js';

let program: string;
beforeAll(async () => {
  program = await bundleChild('sealer-child');
});

test.each(['written', 'synced', 'renamed', 'folderSynced', 'rowWritten', 'plainRemoved', 'never'])(
  'killed at: %s',
  async (step) => {
    const box = await archiveBox();
    const wav = wavOf(20_000);
    const row = await box.recorded({ wav });
    const child = spawn(process.execPath, [program, box.home, step], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (data: Buffer) => (said += data.toString()));
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    expect([code, signal, said]).toEqual(step === 'never' ? [0, null, 'done'] : [null, 'SIGKILL', '']);

    const sealed = (await box.db.recordingArchive.stored(row.id)) !== null;
    expect(sealed).toBe(['rowWritten', 'plainRemoved', 'never'].includes(step));
    expect((await audioOf(box, row.id)).equals(wav)).toBe(true);

    await box.archive.stop();
    const again = await reopened(box);
    expect((await audioOf(again, row.id)).equals(wav)).toBe(true);
    expect(existsSync(join(box.folder, row.path))).toBe(!sealed);
    await again.archive.sealDue();
    expect((await audioOf(again, row.id)).equals(wav)).toBe(true);
    const left = readdirSync(dirname(join(box.folder, row.path)));
    expect(left).toEqual([`${row.id}.cbr`]);
    expect(await again.archive.verify()).toMatchObject({ checked: 1, faults: [] });
  },
);

async function reopened(box: ArchiveBox): Promise<Pick<ArchiveBox, 'archive'>> {
  const archive = new RecordingArchive({
    ...{ db: box.db, clock: box.clock, live: box.live, folder: box.folder, log: silentLog, metrics: new Metrics() },
    ...{ keyFile: join(box.home, 'keys/recordings.json'), encrypt: true, sealAfterMs: 0, lowBytes: 0 },
    giveUpOldest: false,
  });
  await archive.open();
  return { archive };
}
