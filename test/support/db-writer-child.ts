// Writes calls as fast as it can and says which of them are on the disk, until it is killed. argv: database file.
import { writeSync } from 'node:fs';
import { openDatabase } from '../../daemon/src/db/index.js';
import { callRow, recordingRow, segmentRow } from './db-rows.js';

const file = process.argv[2];
if (file === undefined) throw new Error('name the database');
const db = await openDatabase({ file });
writeSync(1, 'open\n');

async function writer(): Promise<never> {
  for (;;) {
    const call = callRow();
    await db.write(async (tx) => {
      await tx.calls.insert(call);
      await tx.segments.insert(segmentRow(call.id, { endedAt: null }));
      await tx.recordings.insert(recordingRow(call.id));
    });
    writeSync(1, `${call.id}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, writer));
