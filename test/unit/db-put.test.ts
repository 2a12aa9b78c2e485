// Rows that every call writes, put in place of those with their ids: many sets with few statements, each for itself when one fails.
import { beforeEach, describe, expect, test } from 'vitest';
import { type Db, type SipDialogRow, type StreamRow } from '../../daemon/src/db/index.js';
import { Writer } from '../../daemon/src/db/writer.js';
import { newUlid } from '../../daemon/src/platform/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { T0, callRow, queueRow, recordingRow, segmentRow } from '../support/db-rows.js';
import { testDatabase } from '../support/test-database.js';
import { fakeConnection } from '../support/writer-connection-fake.js';

let db: Db;
beforeEach(async () => {
  db = await testDatabase();
});

const stream = (callId: string): StreamRow => ({
  ...{ id: newUlid(), callId, role: 'caller', station: null, trunk: "o'neill", codec: 'PCMA', encrypted: true },
  ...{
    startedAt: T0,
    endedAt: T0 + 1,
    packetsSent: 1,
    packetsReceived: 2,
    lost: 0,
    late: 0,
    jitterMs: 1,
    bufferMs: 20,
  },
  ...{ concealedMs: 0, roundTripMs: null, remoteLost: 3, remoteJitterMs: null, mosReceived: 4.37, mosSent: null },
});
const dialog = (id: string, state: SipDialogRow['state'] = { callId: id }): SipDialogRow => ({ id, since: T0, state });

describe('rows that are put', () => {
  test('come back as they went in, text in every script, quotes, flags, fractions and what is nested', async () => {
    const call = callRow({ callingName: "李娜 '😀'; DROP TABLE calls; -- \\ \" \n", calledNumber: '0012' });
    const segment = { ...segmentRow(call.id), data: { text: "it's", nested: { list: [1, '2', null, true] } } };
    const [recording, heard] = [recordingRow(call.id), stream(call.id)];
    await db.put(() => ({ calls: [call], segments: [segment], recordings: [recording], streams: [heard] }));
    expect(await db.calls.find(call.id)).toEqual(call);
    expect(await db.segments.listByCall(call.id)).toEqual([segment]);
    expect(await db.recordings.find(recording.id)).toEqual(recording);
    expect(await db.streams.listByCall(call.id)).toEqual([heard]);
  });

  test('take the place of those with their ids, the last of several', async () => {
    const call = callRow();
    const segment = segmentRow(call.id);
    await db.put(() => ({ calls: [call], segments: [segment] }));
    const ended = { ...call, state: 'ended', endedAt: T0 + 9, digits: '12' } as const;
    const closed = { ...segment, endedAt: T0 + 8, data: { done: true } };
    await Promise.all([
      db.put(() => ({ calls: [{ ...call, digits: '1' }], segments: [closed] })),
      db.put(() => ({ calls: [ended] })),
    ]);
    expect(await db.calls.find(call.id)).toEqual(ended);
    expect(await db.segments.listByCall(call.id)).toEqual([closed]);
  });

  test('and dialogs that go with them: what came last holds', async () => {
    await Promise.all([
      db.put(() => ({ sipDialogs: [dialog('a'), dialog('b')] })),
      db.put(() => ({ sipDialogsGone: ['a', "none'"] })),
      db.put(() => ({ sipDialogs: [dialog('c')], sipDialogsGone: ['b'] })),
      db.put(() => ({ sipDialogs: [dialog('b', { again: 1 })] })),
    ]);
    expect(await db.sipDialogs.list()).toEqual([dialog('b', { again: 1 }), dialog('c')]);
  });

  test('fail alone when they break a rule of the tables, and the sets beside them stay', async () => {
    const [good, other] = [callRow(), callRow()];
    const results = await Promise.allSettled([
      db.put(() => ({ calls: [good] })),
      db.put(() => ({ segments: [segmentRow(newUlid())] })),
      db.put(() => ({ calls: [{ ...callRow(), state: 'ended' }] })),
      db.put(() => ({ calls: [other], segments: [segmentRow(other.id)] })),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect((await db.calls.list({})).map(({ id }) => id).sort()).toEqual([good.id, other.id].sort());
    expect(await db.segments.listByCall(other.id)).toHaveLength(1);
  });

  test('keep their turn among works', async () => {
    const call = callRow();
    const seen = await Promise.all([
      db.put(() => ({ calls: [call] })),
      db.write((tx) => tx.calls.find(call.id)),
      db.put(() => ({ calls: [{ ...call, digits: '7' }] })),
      db.write(async (tx) => (await tx.calls.find(call.id))?.digits),
      db.write((tx) => tx.queues.insert(queueRow())),
    ]);
    expect(seen.slice(0, 4)).toEqual([undefined, call, undefined, '7']);
  });
});

describe('the transactions of rows', () => {
  function fake(fail: (sql: string) => Error | undefined = () => undefined) {
    const { connection, log } = fakeConnection(fail);
    const clock = new FakeClock();
    const rowScript = (sets: readonly { sipDialogsGone?: readonly string[] }[]): string =>
      sets.flatMap(({ sipDialogsGone = [] }) => sipDialogsGone).join(' ');
    return { log, clock, writer: new Writer({ connection, clock, rowScript }) };
  }
  const gone = (id: string) => () => ({ sipDialogsGone: [id] });

  test('are one order, whatever number of sets', async () => {
    const { writer, log } = fake();
    await Promise.all(['a', 'b', 'c'].map((id) => writer.put(gone(id))));
    expect(log).toEqual(['BEGIN IMMEDIATE;a b c;COMMIT']);
  });

  test('wait a moment when nobody waits for them, and go with what somebody waits for', async () => {
    const { writer, log, clock } = fake();
    await writer.put(gone('first'), { soon: true });
    const soon = [writer.put(gone('a'), { soon: true }), writer.put(gone('b'), { soon: true })];
    await clock.advance(49);
    expect(log).toHaveLength(1);
    await clock.advance(1);
    await Promise.all(soon);
    const lies = writer.put(gone('c'), { soon: true });
    await Promise.all([writer.put(gone('d')), lies]);
    expect(log.slice(1)).toEqual(['BEGIN IMMEDIATE;a b;COMMIT', 'BEGIN IMMEDIATE;c d;COMMIT']);
    expect(clock.timers).toBe(0);
  });

  test('that lie are written at the end', async () => {
    const { writer, log, clock } = fake();
    await writer.put(gone('first'));
    const lies = writer.put(gone('last'), { soon: true });
    await writer.close();
    await lies;
    expect(log.at(-1)).toBe('BEGIN IMMEDIATE;last;COMMIT');
    expect(clock.timers).toBe(0);
  });

  test('that do not go well go step by step, asked for their rows anew', async () => {
    const { writer, log } = fake((sql) => (sql.includes('bad') ? new Error('constraint') : undefined));
    let asked = 0;
    const rows = (): { sipDialogsGone: string[] } => ({ sipDialogsGone: [`good${(asked += 1)}`] });
    const results = await Promise.allSettled([writer.put(rows), writer.put(gone('bad'))]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(log).toEqual([
      'BEGIN IMMEDIATE;good1 bad;COMMIT',
      'ROLLBACK',
      'BEGIN IMMEDIATE;SAVEPOINT work',
      'good2 bad',
      'ROLLBACK TO SAVEPOINT work',
      'good3',
      'RELEASE SAVEPOINT work;SAVEPOINT work',
      'bad',
      'ROLLBACK TO SAVEPOINT work',
      'COMMIT',
    ]);
  });
});
