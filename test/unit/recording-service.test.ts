// The rows of recordings, from the plan to the last byte, and what a failing disk does: nothing to the call.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Metrics, silentLog } from '../../daemon/src/platform/index.js';
import { RecordingService, alawHeader } from '../../daemon/src/recording/index.js';
import { testDatabase } from '../support/test-database.js';
import { FakeClock } from '../support/clock-fake.js';
import { T0, callRow, recordingRow } from '../support/db-rows.js';
import { ScriptedEngine } from '../support/scripted-engine.js';
import { temporaryFolder } from '../support/temporary-folder.js';

async function service() {
  const engine = new ScriptedEngine();
  const db = await testDatabase();
  const folder = temporaryFolder();
  const clock = new FakeClock(T0);
  const recordings = new RecordingService({
    engine: engine.client,
    db,
    folder,
    clock,
    log: silentLog,
    metrics: new Metrics(),
  });
  /** A row that is in the database, as call control leaves it there. */
  const planned = async () => {
    const call = callRow();
    const row = recordings.plan(call.id, T0, 1);
    await db.write(async (tx) => {
      await tx.calls.insert(call);
      await tx.recordings.insert(row);
    });
    return row;
  };
  return { engine, db, clock, folder, recordings, planned };
}

describe('a recording', () => {
  it('lies under the day of its call', async () => {
    const { recordings } = await service();
    expect(recordings.plan('01JD7Q4Y5ZK8M3N9P2R6S7T8VW', T0, 1)).toMatchObject({
      path: '2024/11/21/01JD7Q4Y5ZK8M3N9P2R6S7T8VW.wav',
      state: 'recording',
      startedAt: T0,
    });
    expect(recordings.plan('01JD7Q4Y5ZK8M3N9P2R6S7T8VW', T0, 2).path).toBe(
      '2024/11/21/01JD7Q4Y5ZK8M3N9P2R6S7T8VW-2.wav',
    );
  });

  it('is complete when its leg is released', async () => {
    const { engine, db, folder, recordings, planned } = await service();
    const row = await planned();
    const leg = engine.offer();
    const { port } = engine.legs.get(leg)!;
    const started = await recordings.start(row, port);
    expect(engine.sent('recording.start')).toEqual([{ port, path: join(folder, row.path) }]);
    expect(existsSync(join(folder, '2024/11/21'))).toBe(true);
    engine.hangUp(leg);
    expect(await started!.ended).toEqual({ durationMs: 1000, lostMs: 0, state: 'complete' });
    await recordings.flush();
    expect(await db.recordings.find(row.id)).toMatchObject({
      state: 'complete',
      durationMs: 1000,
      bytes: 16_058,
      endedAt: T0 + 1000,
    });
  });

  it('is complete when it is ended before its leg, and once only', async () => {
    const { engine, db, recordings, planned } = await service();
    const row = await planned();
    const leg = engine.offer();
    const started = await recordings.start(row, engine.legs.get(leg)!.port);
    started!.stop();
    expect(await started!.ended).toEqual({ durationMs: 700, lostMs: 0, state: 'complete' });
    started!.stop();
    engine.hangUp(leg);
    await recordings.flush();
    expect(await db.recordings.find(row.id)).toMatchObject({ state: 'complete', durationMs: 700, endedAt: T0 + 700 });
  });

  it('that the disk fails while it is ended is failed', async () => {
    const { engine, db, recordings, planned } = await service();
    const row = await planned();
    const started = await recordings.start(row, 1);
    engine.refuse('recording.stop', 'io', 'no space left on device');
    started!.stop();
    expect(await started!.ended).toMatchObject({ state: 'failed' });
    await recordings.flush();
    expect((await db.recordings.find(row.id))?.state).toBe('failed');
  });

  it('that cannot begin is failed, and nobody is told but the log', async () => {
    const { engine, db, recordings, planned } = await service();
    engine.refuse('recording.start', 'io', 'no space left on device');
    const row = await planned();
    expect(await recordings.start(row, 1)).toBeUndefined();
    await recordings.flush();
    expect((await db.recordings.find(row.id))?.state).toBe('failed');
  });

  it('that the disk ends is failed, with what there is of it', async () => {
    const { engine, db, recordings, planned } = await service();
    const row = await planned();
    const started = await recordings.start(row, 1);
    const [recording] = engine.recordings.keys();
    const data = { recording: recording!, port: 1, detail: 'no space', durationMs: 400, bytes: 6458, lostMs: 20 };
    engine.emit('recording.ended', { ...data, reason: 'failed' });
    expect(await started!.ended).toMatchObject({ state: 'failed', lostMs: 20 });
    await recordings.flush();
    expect(await db.recordings.find(row.id)).toMatchObject({ state: 'failed', durationMs: 400, bytes: 6458 });
  });

  it('whose end the engine never tells ends with the service', async () => {
    const { recordings, planned } = await service();
    const started = await recordings.start(await planned(), 1);
    await recordings.stop();
    expect(await started!.ended).toMatchObject({ state: 'failed' });
  });
});

describe('recordings that a crash has cut off', () => {
  it('are repaired, and their call lasted at least as long', async () => {
    const { db, folder, recordings } = await service();
    const call = callRow({ state: 'broken', endedAt: T0 + 500 });
    const row = recordingRow(call.id, { path: 'a.wav' });
    const lost = recordingRow(call.id, { path: 'gone.wav' });
    await db.write(async (tx) => {
      await tx.calls.insert(call);
      await tx.recordings.insert(row);
      await tx.recordings.insert(lost);
    });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'a.wav'), Buffer.concat([alawHeader(), Buffer.alloc(32_000)]));
    await recordings.repair([row, lost]);
    expect(await db.recordings.find(row.id)).toMatchObject({ state: 'broken', durationMs: 2000, endedAt: T0 + 2000 });
    expect((await db.recordings.find(lost.id))?.state).toBe('failed');
    expect((await db.calls.find(call.id))?.endedAt).toBe(T0 + 2000);
  });
});

describe('a pause', () => {
  it('ends what is written, is marked, and goes on in another part of the same recording', async () => {
    const { engine, db, clock, folder, recordings, planned } = await service();
    const row = await planned();
    const leg = engine.offer();
    const { port } = engine.legs.get(leg)!;
    const started = (await recordings.start(row, port))!;
    let ended = false;
    void started.ended.then(() => (ended = true));
    await clock.advance(700);
    await started.pause('2001');
    expect(started.paused).toBe(true);
    expect(engine.recordings.size).toBe(0);
    expect(await db.recordingArchive.marks(row.id)).toMatchObject([
      { kind: 'pause', fromMs: 700, toMs: null, by: '2001' },
    ]);
    await clock.advance(4300);
    // Somebody sets the clock meanwhile.
    clock.setWall(T0 - 3_600_000);
    expect(await started.resume(port)).toBe(true);
    expect(engine.sent('recording.start').map(({ path }) => path)).toEqual([
      join(folder, row.path),
      join(folder, row.path.replace('.wav', '.p2.wav')),
    ]);
    expect(await db.recordingArchive.marks(row.id)).toMatchObject([{ fromMs: 700, toMs: 5000 }]);
    expect(ended).toBe(false);
    engine.hangUp(leg);
    expect(await started.ended).toEqual({ durationMs: 6000, lostMs: 0, state: 'complete' });
    await recordings.flush();
    expect(await db.recordingArchive.parts(row.id)).toMatchObject([
      { offsetMs: 5000, durationMs: 1000, state: 'complete' },
    ]);
    expect(await db.recordings.find(row.id)).toMatchObject({ state: 'complete', durationMs: 6000, endedAt: T0 + 6000 });
  });

  it('that the engine refuses is told: what is said goes on to the disk', async () => {
    const { engine, db, recordings, planned } = await service();
    const row = await planned();
    const leg = engine.offer();
    const started = (await recordings.start(row, engine.legs.get(leg)!.port))!;
    engine.refuse('recording.stop', 'wrong_state', 'not now');
    await expect(started.pause('2001')).rejects.toMatchObject({ code: 'recording_not_stopped' });
    expect(started.paused).toBe(false);
    expect(await db.recordingArchive.marks(row.id)).toEqual([]);
  });

  it('ends with the recording when nobody ends it', async () => {
    const { engine, db, recordings, planned } = await service();
    const row = await planned();
    const leg = engine.offer();
    const started = (await recordings.start(row, engine.legs.get(leg)!.port))!;
    await started.pause('2001');
    engine.hangUp(leg);
    started.stop();
    expect(await started.ended).toEqual({ durationMs: 700, lostMs: 0, state: 'complete' });
    expect(await started.resume(1)).toBe(false);
    await recordings.flush();
    expect(await db.recordings.find(row.id)).toMatchObject({ state: 'complete', durationMs: 700 });
  });
});

it('a crash after a pause: the part that was being made is repaired, and the recording lasts to its end', async () => {
  const { db, clock, folder, engine, recordings, planned } = await service();
  const row = await planned();
  const leg = engine.offer();
  const { port } = engine.legs.get(leg)!;
  const started = (await recordings.start(row, port))!;
  await clock.advance(1000);
  await started.pause('2001');
  await clock.advance(2000);
  await started.resume(port);
  await recordings.flush();
  const [part] = await db.recordingArchive.parts(row.id);
  writeFileSync(join(folder, part!.path), Buffer.concat([alawHeader(0), Buffer.alloc(16 * 400)]));
  // The next run knows the tables and the files alone.
  const next = new RecordingService({
    ...{ engine: new ScriptedEngine().client, db, folder, clock, log: silentLog, metrics: new Metrics() },
  });
  await next.repair([]);
  expect(await db.recordingArchive.parts(row.id)).toMatchObject([{ offsetMs: 3000, durationMs: 400, state: 'broken' }]);
  expect(await db.recordings.find(row.id)).toMatchObject({ durationMs: 3400, endedAt: T0 + 3400 });
});
