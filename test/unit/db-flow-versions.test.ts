// The step that gives flows a history, on a database that has flows.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase, type FlowTraceRow } from '../../daemon/src/db/index.js';
import { migrate } from '../../daemon/src/db/migrate.js';
import { sqliteSequelize } from '../../daemon/src/db/sqlite.js';
import { newUlid, silentLog } from '../../daemon/src/platform/index.js';
import { T0, callRow } from '../support/db-rows.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const definition = { start: 'a', nodes: { a: { type: 'hangup', cause: 16 } } };

test('what is live is the first version that one can go back to; traces go with their calls', async () => {
  const file = join(temporaryFolder(), 'box.sqlite');
  const first = await openDatabase({ file });
  const flow = { id: 'main', name: '主', definition, updatedAt: T0 };
  for (let version = 1; version <= 3; version += 1) await first.write((tx) => tx.flows.put(flow));
  await first.close();
  const sequelize = sqliteSequelize(file);
  await migrate({ sequelize, file, log: silentLog, downTo: '0007-trunk-diversion' });
  await sequelize.close();

  const db = await openDatabase({ file });
  expect(await db.flows.find('main')).toEqual({ ...flow, version: 3 });
  expect(await db.flows.versions('main')).toMatchObject([
    { flowId: 'main', version: 3, name: '主', definition, createdAt: T0 },
  ]);
  await db.write((tx) => tx.flows.put({ ...flow, updatedAt: T0 + 1 }, { by: 'lina', note: 'why' }));
  expect((await db.flows.versions('main')).map(({ version, note }) => [version, note])).toEqual([
    [4, 'why'],
    [3, ''],
  ]);

  const call = callRow({ state: 'ended', endedAt: T0 });
  const trace: FlowTraceRow = {
    ...{ id: newUlid(), callId: call.id, flowId: 'main', version: 0, startedAt: T0, endedAt: T0, dropped: 0 },
    steps: [
      { flowId: 'main', version: 0, node: 'a', type: 'hangup', enteredAt: T0, leftAt: T0, next: null, why: 'hangup' },
    ],
  };
  await expect(db.write((tx) => tx.flowTraces.insert(trace))).rejects.toMatchObject({ code: 'reference_missing' });
  await db.write((tx) => tx.calls.insert(call));
  await db.write((tx) => tx.flowTraces.insert(trace));
  expect(await db.flowTraces.listByCall(call.id)).toEqual([trace]);
  await db.close();
});

test('the newest versions are kept, not all of them', async () => {
  const db = await openDatabase({ file: join(temporaryFolder(), 'box.sqlite') });
  await db.write(async (tx) => {
    for (let i = 0; i < 210; i += 1) await tx.flows.put({ id: 'main', name: 'Main', definition, updatedAt: T0 });
  });
  const versions = await db.flows.versions('main');
  expect([versions.length, versions[0]!.version, versions.at(-1)!.version]).toEqual([200, 210, 11]);
  expect(await db.flows.version('main', 10)).toBeNull();
  await db.close();
});
