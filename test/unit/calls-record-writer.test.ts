// The rows of a call reach the disk, whatever happens to the database while the call goes on.
import { describe, expect, it } from 'vitest';
import { CallRecord } from '../../daemon/src/calls/call-record.js';
import { RecordWriter } from '../../daemon/src/calls/record-writer.js';
import type { Db } from '../../daemon/src/db/index.js';
import { Metrics, newUlid, silentLog } from '../../daemon/src/platform/index.js';
import { testDatabase } from '../support/test-database.js';
import { FakeClock } from '../support/clock-fake.js';
import { T0, callRow, recordingRow } from '../support/db-rows.js';
import { turn, until } from '../support/turns.js';

/** A database that fails as long as the test wants. */
async function writer() {
  const db = await testDatabase();
  const state = { failing: false, writes: 0 };
  const failing = new Proxy(db, {
    get(target, name, receiver) {
      if (name !== 'put') return Reflect.get(target, name, receiver) as unknown;
      return (async (...args: Parameters<Db['put']>) => {
        state.writes += 1;
        if (state.failing) throw new Error('the disk is full');
        return target.put(...args);
      }) as Db['put'];
    },
  });
  const clock = new FakeClock();
  const metrics = new Metrics();
  return { db, state, clock, metrics, writer: new RecordWriter({ db: failing, clock, log: silentLog, metrics }) };
}

describe('the rows of a call', () => {
  it('are on the disk when commit resolves: call, recording and segments', async () => {
    const { db, writer: w } = await writer();
    const record = new CallRecord(callRow());
    record.addRecording(recordingRow(record.row.id));
    const segment = record.open(newUlid(), 'seized', T0, {}, null);
    await w.commit(record, 1000);
    expect(record.dirty).toBe(false);
    expect(await db.calls.find(record.row.id)).toMatchObject({ state: 'live' });
    expect(await db.recordings.findByCall(record.row.id)).not.toBeNull();
    expect(await db.segments.listByCall(record.row.id)).toEqual([segment]);
  });

  it('are brought up to date by what follows, each change once', async () => {
    const { db, state, writer: w } = await writer();
    const record = new CallRecord(callRow());
    await w.commit(record, 1000);
    const { id } = record.open(newUlid(), 'flow', T0, { flowId: 'main' }, null);
    record.close(id, T0 + 5, { done: true });
    expect(record.close(id, T0 + 9, {})).toBeUndefined();
    record.update({ digits: '1' });
    w.save(record);
    w.save(record);
    await until(() => !record.dirty, 'all is written');
    expect(state.writes).toBe(2);
    expect(await db.calls.find(record.row.id)).toMatchObject({ digits: '1' });
    expect(await db.segments.listByCall(record.row.id)).toMatchObject([
      { endedAt: T0 + 5, data: { flowId: 'main', done: true } },
    ]);
  });

  it('that change while they are written are written again', async () => {
    const { db, writer: w } = await writer();
    const record = new CallRecord(callRow());
    w.save(record);
    await turn(1);
    record.update({ state: 'ended', endedAt: T0 + 1 });
    w.save(record);
    await until(() => !record.dirty, 'all is written');
    expect((await db.calls.find(record.row.id))?.state).toBe('ended');
  });

  it('that cannot be written are kept, counted, and written when the database works again', async () => {
    const { db, state, clock, metrics, writer: w } = await writer();
    const record = new CallRecord(callRow());
    record.addRecording(recordingRow(record.row.id));
    state.failing = true;
    w.save(record);
    await turn();
    record.update({ state: 'ended', endedAt: T0 + 1 });
    w.save(record);
    expect(await metrics.text()).toContain('cordboard_call_records_delayed_total 1');
    await clock.advance(1000);
    state.failing = false;
    await clock.advance(2000);
    await until(() => !record.dirty, 'all is written');
    expect((await db.calls.find(record.row.id))?.state).toBe('ended');
    expect(await db.recordings.findByCall(record.row.id)).not.toBeNull();
    expect(clock.timers).toBe(0);
  });

  it('that the database will never take end in the log, and are not tried for ever', async () => {
    const { state, clock, writer: w } = await writer();
    const record = new CallRecord(callRow());
    state.failing = true;
    w.save(record);
    await clock.advance(3_600_000);
    const { writes } = state;
    await clock.advance(3_600_000);
    expect(state.writes).toBe(writes);
    expect(clock.timers).toBe(0);
  });

  it('whose commit fails are not answered for', async () => {
    const { state, writer: w } = await writer();
    state.failing = true;
    await expect(w.commit(new CallRecord(callRow()), 1000)).rejects.toThrow('the disk is full');
  });

  it('that change while they are written are written when flush resolves', async () => {
    for (let i = 0; i < 20; i += 1) {
      const { db, writer: w } = await writer();
      const record = new CallRecord(callRow());
      w.save(record);
      await turn(i % 4);
      record.update({ state: 'ended', endedAt: T0 + 1 });
      w.save(record);
      expect(await w.flush()).toBe(0);
      expect((await db.calls.find(record.row.id))?.state).toBe('ended');
    }
  });

  it('that are left at the stop are tried once more, and counted', async () => {
    const { state, writer: w } = await writer();
    state.failing = true;
    const record = new CallRecord(callRow());
    w.save(record);
    await turn();
    expect(await w.flush()).toBe(1);
    state.failing = false;
    expect(await w.flush()).toBe(0);
    expect(record.dirty).toBe(false);
  });
});
