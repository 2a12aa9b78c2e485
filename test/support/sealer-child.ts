// Encrypts the recordings of a folder, and kills itself at a step. argv: home, step. Says "done" when it gets to its end.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../daemon/src/db/index.js';
import { Metrics, TypedEmitter, silentLog, systemClock } from '../../daemon/src/platform/index.js';
import { RecordingArchive } from '../../daemon/src/recording/archive.js';

const [home, at] = process.argv.slice(2);
if (home === undefined || at === undefined) throw new Error('name the home and the step');
const db = await openDatabase({ file: join(home, 'box.sqlite'), reserveBytes: 0 });
const archive = new RecordingArchive({
  ...{ db, clock: systemClock, log: silentLog, metrics: new Metrics(), live: new TypedEmitter() },
  ...{ folder: join(home, 'recordings'), keyFile: join(home, 'keys/recordings.json') },
  ...{ encrypt: true, sealAfterMs: 0, lowBytes: 0, giveUpOldest: false },
  step: (step) => {
    if (step === at) process.kill(process.pid, 'SIGKILL');
  },
});
await archive.open();
await archive.sealDue();
writeSync(1, 'done');
await db.close();
