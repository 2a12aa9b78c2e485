import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../daemon/src/db/index.js';
import { newUlid } from '../../daemon/src/platform/index.js';
import { T0, agentRow, callRow, recordingRow, segmentRow } from '../support/db-rows.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { testDatabase } from '../support/test-database.js';

test('what a killed daemon left is set right, with times that are known', async () => {
  const file = join(temporaryFolder(), 'box.sqlite');
  const db = await openDatabase({ file });
  onTestFinished(() => db.close());
  const talking = callRow({ answeredAt: T0 + 1000 });
  const fresh = callRow({ startedAt: T0 + 200 });
  const ended = callRow({ state: 'ended', endedAt: T0 + 50 });
  const talk = segmentRow(talking.id, { kind: 'talk', startedAt: T0 + 7000, endedAt: null });
  const flow = segmentRow(talking.id, { kind: 'flow', startedAt: T0 + 1000, endedAt: T0 + 7000 });
  const stray = segmentRow(ended.id, { kind: 'queued', startedAt: T0 + 10, endedAt: null });
  const [open, whole] = [recordingRow(talking.id), recordingRow(ended.id, { state: 'complete', endedAt: T0 + 50 })];
  const agentSegment = {
    id: newUlid(),
    agentId: '2001',
    state: 'talking' as const,
    reason: null,
    station: 1,
    startedAt: T0 + 6000,
    endedAt: null,
    changedBy: null,
    forced: false,
  };
  await db.write(async (tx) => {
    for (const call of [talking, fresh, ended]) await tx.calls.insert(call);
    for (const segment of [flow, talk, stray]) await tx.segments.insert(segment);
    for (const recording of [open, whole]) await tx.recordings.insert(recording);
    await tx.agents.insert(agentRow());
    await tx.agentSegments.insert(agentSegment);
  });

  const recovery = await db.recoverAtStart(T0 + 60_000);
  expect(recovery).toEqual({ calls: 2, segments: 3, recordings: [open] });
  expect(await db.calls.find(talking.id)).toMatchObject({ state: 'broken', endedAt: T0 + 7000, releasedBy: 'fault' });
  expect(await db.calls.find(fresh.id)).toMatchObject({ state: 'broken', endedAt: T0 + 200 });
  expect(await db.calls.find(ended.id)).toEqual(ended);
  expect((await db.segments.listByCall(talking.id)).map(({ endedAt }) => endedAt)).toEqual([T0 + 7000, T0 + 7000]);
  expect((await db.segments.listByCall(ended.id))[0]?.endedAt).toBe(T0 + 50);
  expect(await db.agentSegments.list({ agentId: '2001' })).toEqual([{ ...agentSegment, endedAt: T0 + 7000 }]);
  expect(await db.recoverAtStart(T0 + 70_000)).toMatchObject({ calls: 0, segments: 0 });
});

test('no time is later than now, even when the clock was set back', async () => {
  const db = await openDatabase({ file: join(temporaryFolder(), 'box.sqlite') });
  onTestFinished(() => db.close());
  const call = callRow({ answeredAt: T0 + 5000 });
  await db.write((tx) => tx.calls.insert(call));
  await db.recoverAtStart(T0 + 100);
  expect(await db.calls.find(call.id)).toMatchObject({ state: 'broken', endedAt: T0 + 100 });
});

test('what it asks for is found by an index, however many calls are stored', async () => {
  const db = await testDatabase();
  const plan = async (sql: string) =>
    (await db.long.ask<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)).map(({ detail }) => detail).join('; ');
  // a partial index of what is open may be read from end to end
  const byIndex = /SEARCH \w+ USING INDEX|USING INDEX segments_open/;
  for (const table of ['segments', 'agentSegments'])
    expect(await plan(`SELECT * FROM "${table}" WHERE "endedAt" IS NULL`)).toMatch(byIndex);
  expect(await plan('SELECT MAX("endedAt") FROM "calls" WHERE "endedAt" IS NOT NULL')).toContain('SEARCH calls USING');
  expect(await plan(`SELECT * FROM "calls" WHERE "state" = 'live'`)).toContain('SEARCH calls USING INDEX');
  expect(await plan(`SELECT * FROM "recordings" WHERE "state" = 'recording'`)).toContain(
    'SEARCH recordings USING INDEX',
  );
});
