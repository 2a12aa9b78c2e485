import { beforeEach, describe, expect, test } from 'vitest';
import { type Db, type DbEvents } from '../../daemon/src/db/index.js';
import { newUlid } from '../../daemon/src/platform/index.js';
import { T0, agentRow, callRow, queueRow, recordingRow, segmentRow, userRow } from '../support/db-rows.js';
import { testDatabase } from '../support/test-database.js';

let db: Db;
beforeEach(async () => {
  db = await testDatabase();
});

const definition = (queue: string) => ({
  start: 'a',
  nodes: { a: { type: 'queue' as const, queue, overflow: 'b' }, b: { type: 'hangup' as const, cause: 16 } },
});
const flow = (id: string, queue = 'sales') => ({ id, name: id, definition: definition(queue), updatedAt: T0 });

describe('rows', () => {
  test('come back as they went in, JSON, null and text in every script', async () => {
    const call = callRow({ callingName: "李娜'); DROP TABLE calls; -- 😀", digits: '12#' });
    const segment = segmentRow(call.id, { kind: 'menu', endedAt: null, data: { choice: '1', deep: [{ a: null }] } });
    const recording = recordingRow(call.id);
    const agent = agentRow({ queues: ['help', 'sales'] });
    const user = userRow({ agentId: '2001', role: 'agent' });
    const state = { agentId: '2001', state: 'notReady' as const, reason: '3', station: 4, since: T0 };
    await db.write(async (tx) => {
      await tx.calls.insert(call);
      await tx.segments.insert(segment);
      await tx.recordings.insert(recording);
      await tx.agents.insert(agent);
      await tx.users.insert(user);
      await tx.agentStates.put(state);
      await tx.agentStates.put({ ...state, since: T0 + 1 });
      await tx.flows.put(flow('main'));
    });
    expect(await db.calls.find(call.id)).toEqual(call);
    expect(await db.segments.listByCall(call.id)).toEqual([segment]);
    expect(await db.recordings.findByCall(call.id)).toEqual(recording);
    expect(await db.agents.find('2001')).toEqual(agent);
    expect(await db.users.findByUsername(user.username)).toEqual(user);
    expect(await db.agentStates.list()).toEqual([{ ...state, since: T0 + 1, detail: null }]);
    expect(await db.flows.find('main')).toEqual({ ...flow('main'), version: 1 });
  });

  test('of calls come in pages, newest first', async () => {
    const calls = Array.from({ length: 5 }, (_, index) =>
      callRow({ startedAt: T0 + index, agentId: index % 2 ? '2001' : null }),
    );
    await Promise.all(calls.map((call) => db.write((tx) => tx.calls.insert(call))));
    const newest = [...calls].reverse();
    expect(await db.calls.list({ limit: 2 })).toEqual(newest.slice(0, 2));
    expect(await db.calls.list({ limit: 2, before: newest[1]!.id })).toEqual(newest.slice(2, 4));
    expect(await db.calls.list({ agentId: '2001' })).toEqual([calls[3], calls[1]]);
    expect(await db.calls.count({ fromMs: T0 + 1, toMs: T0 + 3 })).toBe(2);
  });
});

describe('what the tables refuse', () => {
  test.each([
    [
      'a segment of no call',
      (t: Db) => t.write((tx) => tx.segments.insert(segmentRow(newUlid()))),
      'reference_missing',
    ],
    [
      'a state of no agent',
      (t: Db) =>
        t.write((tx) => tx.agentStates.put({ agentId: '9', state: 'ready', reason: null, station: 1, since: T0 })),
      'reference_missing',
    ],
    [
      'a route to no flow',
      (t: Db) => t.write((tx) => tx.routes.insert({ id: newUlid(), calledNumber: '1', flowId: 'no', language: 'en' })),
      'reference_missing',
    ],
  ])('%s', async (_what, work, code) => {
    await expect(work(db)).rejects.toMatchObject({ code });
  });

  test.each([
    ['a call that ended without an end', callRow({ state: 'ended' })],
    ['a live call with an end', callRow({ endedAt: T0 })],
    ['an end before the start', callRow({ state: 'ended', endedAt: T0 - 1 })],
    ['a cause of 200', callRow({ state: 'ended', endedAt: T0, cause: 200 })],
    ['a state that does not exist', callRow({ state: 'asleep' as 'live' })],
  ])('%s', async (_what, row) => {
    await expect(db.write((tx) => tx.calls.insert(row))).rejects.toThrow(/CHECK constraint failed/);
    expect(await db.calls.count({})).toBe(0);
  });

  test('a call with a recording is not removed from under it, two rows of one name, two agents at one station', async () => {
    const user = userRow();
    const route = { id: newUlid(), calledNumber: '4001', flowId: 'main', language: 'en' as const };
    await db.write(async (tx) => {
      await tx.users.insert(user);
      await tx.queues.insert(queueRow());
      await tx.agents.insert(agentRow());
      await tx.agents.insert(agentRow({ id: '2002' }));
      await tx.flows.put(flow('main'));
      await tx.routes.insert(route);
      await tx.agentStates.put({ agentId: '2001', state: 'ready', reason: null, station: 1, since: T0 });
    });
    const codes = await Promise.all(
      [
        db.write((tx) => tx.users.insert(userRow({ username: user.username }))),
        db.write((tx) => tx.queues.insert(queueRow())),
        db.write((tx) => tx.agents.insert(agentRow())),
        db.write((tx) => tx.routes.insert({ ...route, id: newUlid() })),
        db.write((tx) => tx.flows.remove('main')),
        db.write((tx) => tx.queues.remove('sales')),
        db.write((tx) => tx.agentStates.put({ agentId: '2002', state: 'ready', reason: null, station: 1, since: T0 })),
      ].map((done) =>
        done.then(
          () => 'taken',
          (error: { code?: string; name: string }) => error.code ?? error.name,
        ),
      ),
    );
    expect(codes).toEqual([
      'user_exists',
      'queue_exists',
      'agent_exists',
      'route_exists',
      'flow_in_use',
      'queue_in_use',
      'SequelizeUniqueConstraintError',
    ]);
  });
});

test('a flow counts its versions', async () => {
  await db.write((tx) => tx.flows.put(flow('main')));
  const again = await db.write((tx) => tx.flows.put({ ...flow('main'), name: 'Main' }));
  expect(again.version).toBe(2);
  expect(await db.flows.list()).toEqual([again]);
});

test('changes are told after COMMIT, and those of a work that failed never', async () => {
  const heard: [string, unknown][] = [];
  for (const event of ['queue.changed', 'session.removed', 'user.changed'] as (keyof DbEvents)[]) {
    db.events.on(event, (data) => void heard.push([event, data]));
  }
  await db.write((tx) => tx.queues.insert(queueRow()));
  await db
    .write(async (tx) => {
      await tx.queues.update('sales', { name: 'Other' });
      throw new Error('no');
    })
    .catch(() => undefined);
  expect(await db.write((tx) => tx.queues.update('nothing', { name: 'x' }))).toBe(false);
  expect(heard).toEqual([['queue.changed', { id: 'sales', removed: false }]]);
  expect((await db.queues.find('sales'))?.name).toBe('Sales');
});

test('sessions go with their user, and those that have expired are cleared away', async () => {
  const user = userRow();
  const session = (expiresAt: number) => ({
    id: newUlid(),
    tokenHash: newUlid(),
    userId: user.id,
    createdAt: T0,
    expiresAt,
  });
  const [old, young] = [session(T0 + 10), session(T0 + 1000)];
  await db.write(async (tx) => {
    await tx.users.insert(user);
    await tx.sessions.insert(old);
    await tx.sessions.insert(young);
  });
  expect(await db.write((tx) => tx.sessions.removeExpired(T0 + 10))).toEqual([old.id]);
  expect(await db.sessions.findByTokenHash(young.tokenHash)).toMatchObject(young);
  await db.write((tx) => tx.users.remove(user.id));
  expect(await db.sessions.find(young.id)).toBeNull();
});

test('open segments end, and one that began later ends when it began', async () => {
  const call = callRow();
  const first = segmentRow(call.id, { kind: 'flow', endedAt: null });
  const late = segmentRow(call.id, { kind: 'talk', startedAt: T0 + 500, endedAt: null });
  const done = segmentRow(call.id, { kind: 'seized' });
  await db.write(async (tx) => {
    await tx.calls.insert(call);
    for (const segment of [first, late, done]) await tx.segments.insert(segment);
  });
  expect(await db.write((tx) => tx.segments.closeOpen(call.id, T0 + 100))).toBe(2);
  expect((await db.segments.listByCall(call.id)).map(({ kind, endedAt }) => [kind, endedAt])).toEqual([
    ['flow', T0 + 100],
    ['seized', T0],
    ['talk', T0 + 500],
  ]);
});
