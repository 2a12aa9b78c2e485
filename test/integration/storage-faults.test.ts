// A database that somebody locks and a disk that takes no recordings: calls go on.
import { rmSync, writeFileSync } from 'node:fs';
import sqlite3 from 'sqlite3';
import { expect, it } from 'vitest';
import type { Box } from '../../daemon/src/main.js';
import { callIn, nothingLeaks, phase, startTestBox, storedCall, waitFor } from '../support/box.js';

async function lock(file: string): Promise<() => Promise<void>> {
  const db = new sqlite3.Database(file);
  const run = (sql: string): Promise<void> =>
    new Promise((resolve, reject) => db.exec(sql, (error) => (error === null ? resolve() : reject(error))));
  await run('PRAGMA busy_timeout = 5000; BEGIN EXCLUSIVE');
  return async () => {
    await run('ROLLBACK');
    await new Promise((resolve) => db.close(resolve));
  };
}

async function talkingCall(box: Box): Promise<Awaited<ReturnType<typeof callIn>>> {
  await box.agents.signIn('2001', 1);
  const call = await callIn(box, { digits: '1' });
  await waitFor(box.exchange.telephones.events, 'phone.changed', () => box.exchange.telephones.find(1).ringing);
  await box.exchange.lift(1);
  await phase(box, call.callId, 'talking');
  return call;
}

it('a locked database keeps no call from going on or ending, and has all of it afterwards', async () => {
  const box = await startTestBox();
  const { callId, exchangeId } = await talkingCall(box);
  const unlock = await lock(box.config.databaseFile);
  // Nobody is answered whose row cannot be written.
  const late = await callIn(box);
  await waitFor(box.live, 'call.removed', () => box.calls.find(late.callId) === undefined);
  await waitFor(
    box.exchange.callers.events,
    'call.changed',
    () => box.exchange.find(late.exchangeId)?.state === 'released',
  );
  expect(box.exchange.find(late.exchangeId)).toMatchObject({ answeredAt: null, cause: 41 });

  expect(box.calls.find(callId)?.phase).toBe('talking');
  await box.exchange.hangUp(exchangeId);
  await waitFor(box.live, 'call.removed', () => box.calls.find(callId) === undefined);
  await nothingLeaks(box);
  await unlock();
  const { row, segments } = await storedCall(box, callId);
  expect(row).toMatchObject({ cause: 16, releasedBy: 'caller', agentId: '2001' });
  expect(segments.map(({ kind }) => kind)).toContain('talk');
  expect((await storedCall(box, late.callId)).row).toMatchObject({ cause: 41, releasedBy: 'fault' });
  await waitFor(box.db.events, 'database.unlocked', () => true);
});

it('a disk that takes no recordings ends no call', async () => {
  const box = await startTestBox();
  rmSync(box.config.recordingsFolder, { recursive: true, force: true });
  writeFileSync(box.config.recordingsFolder, 'a file where the folder should be');
  const { callId, exchangeId } = await talkingCall(box);
  await box.exchange.hangUp(exchangeId);
  const { row } = await storedCall(box, callId);
  expect(row).toMatchObject({ cause: 16, releasedBy: 'caller' });
  expect(await box.db.recordings.findByCall(callId)).toMatchObject({ state: 'failed' });
  expect(await box.metrics.text()).toContain('cordboard_recordings_failed_total 1');
});
