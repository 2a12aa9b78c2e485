// A call may be ended by the one who was called: the step that lets the database say so.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../daemon/src/db/index.js';
import { migrate } from '../../daemon/src/db/migrate.js';
import { sqliteSequelize } from '../../daemon/src/db/sqlite.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import { T0, callRow, recordingRow, segmentRow } from '../support/db-rows.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const over = { state: 'ended', endedAt: T0, cause: 16 } as const;

async function migrated(file: string, downTo?: string): Promise<void> {
  const sequelize = sqliteSequelize(file);
  await migrate({ sequelize, file, log: silentLog, downTo });
  await sequelize.close();
}

test('calls, their segments and recordings stay when the step is taken back and taken again', async () => {
  const file = join(temporaryFolder(), 'box.sqlite');
  const calls = (['caller', 'callee', 'agent', null] as const).map((releasedBy) => callRow({ ...over, releasedBy }));
  const [first, second] = calls;
  const [segment, recording] = [segmentRow(first!.id), recordingRow(first!.id)];
  const db = await openDatabase({ file });
  await db.write(async (tx) => {
    for (const call of calls) await tx.calls.insert(call);
    await tx.segments.insert(segment);
    await tx.recordings.insert(recording);
  });
  await db.close();

  await migrated(file, '0002-lines');
  const before = sqliteSequelize(file);
  const refused = before.getQueryInterface().bulkUpdate('calls', { releasedBy: 'callee' }, { id: second!.id });
  await expect(refused).rejects.toMatchObject({ parent: { message: expect.stringContaining('CHECK') as string } });
  await before.close();

  const again = await openDatabase({ file });
  expect(again.migrated.steps).toEqual([
    '0003-callee',
    '0004-sip-calls',
    '0005-trunk-refer',
    '0006-trunk-callers',
    '0007-trunk-diversion',
    '0008-queue-routing',
    '0009-flow-versions',
    '0010-routing',
    '0011-recordings',
    '0015-desk',
  ]);
  const by = async (id: string): Promise<unknown> => (await again.calls.find(id))?.releasedBy;
  // What the older form could not say became the nearest that it could.
  expect(await Promise.all(calls.map(({ id }) => by(id)))).toEqual(['caller', 'agent', 'agent', null]);
  expect(await again.segments.listByCall(first!.id)).toEqual([segment]);
  expect(await again.recordings.findByCall(first!.id)).toEqual(recording);
  await again.write((tx) => tx.calls.update(second!.id, { releasedBy: 'callee' }));
  await expect(again.write((tx) => tx.calls.update(second!.id, { releasedBy: 'nobody' as never }))).rejects.toThrow(
    /CHECK constraint failed/,
  );
  await again.close();
});
