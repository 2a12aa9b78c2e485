// How the floor was at an earlier time, and when a queue's figures ask for attention, over HTTP.
import { beforeEach, describe, expect, it } from 'vitest';
import type { FloorHistory, FloorMoment, QueueThresholds } from '../../daemon/src/contract/index.js';
import { newUlid } from '../../daemon/src/platform/index.js';
import { T0, agentRow, callRow, queueRow } from '../support/db-rows.js';
import { httpBox, type Answer, type HttpBox } from '../support/http-box.js';

const MINUTE = 60_000;
/** a full minute; ends an hour ago */
const NOON = Math.ceil(T0 / MINUTE) * MINUTE;

let box: HttpBox;
let token: string;
beforeEach(async () => {
  box = await httpBox();
  await box.clock.advance(NOON + 60 * MINUTE - box.clock.wallMs());
  token = (await box.signIn('supervisor')).token;
});

const ask = (method: string, path: string, body?: unknown, by = token): Promise<Answer> =>
  box.ask(method, `/api/v1${path}`, { token: by, body });

async function state(agentId: string, is: 'ready' | 'talking' | 'notReady', from: number, to: number | null) {
  await box.db.write((tx) =>
    tx.agentSegments.insert({
      ...{ id: newUlid(), agentId, state: is, reason: is === 'notReady' ? '2' : null, station: 7 },
      ...{ startedAt: from, endedAt: to, changedBy: null, forced: false },
    }),
  );
}

async function call(segments: { kind: 'queued' | 'offer' | 'talk'; from: number; to: number | null; data: object }[]) {
  const row = callRow();
  await box.db.write(async (tx) => {
    await tx.calls.insert(row);
    for (const { kind, from, to, data } of segments)
      await tx.segments.insert({
        ...{ id: newUlid(), callId: row.id, kind, startedAt: from, endedAt: to, data: { ...data } },
      });
  });
  return row.id;
}

describe('the floor as it was', () => {
  it('counts the most who waited and the fewest who were ready in each minute', async () => {
    await state('2001', 'ready', NOON - 5 * MINUTE, NOON + 2.5 * MINUTE);
    await state('2002', 'ready', NOON + 1 * MINUTE + 1, null);
    await state('2003', 'talking', NOON - MINUTE, null);
    await call([{ kind: 'queued', from: NOON + 65_000, to: NOON + 95_000, data: { queueId: 'sales' } }]);
    await call([{ kind: 'queued', from: NOON + 75_000, to: null, data: { queueId: 'sales' } }]);
    const answer = await ask('GET', `/floor/history?from=${NOON}&to=${NOON + 4 * MINUTE}`);
    expect(answer.json as FloorHistory).toEqual({
      ...{ from: NOON, to: NOON + 4 * MINUTE },
      minutes: [
        { at: NOON, waiting: 0, ready: 1 },
        { at: NOON + MINUTE, waiting: 2, ready: 1 },
        { at: NOON + 2 * MINUTE, waiting: 1, ready: 1 },
        { at: NOON + 3 * MINUTE, waiting: 1, ready: 1 },
      ],
    });
  });

  it('is given for an hour when nothing is said, and for no more than four', async () => {
    const hour = (await ask('GET', '/floor/history')).json as FloorHistory;
    expect([hour.to - hour.from, hour.minutes.length]).toEqual([60 * MINUTE, 60]);
    const day = (await ask('GET', '/floor/history?from=0')).json as FloorHistory;
    expect(day.minutes).toHaveLength(240);
    const backwards = (await ask('GET', `/floor/history?from=${NOON}&to=${NOON - MINUTE}`)).json as FloorHistory;
    expect(backwards.minutes).toEqual([]);
  });

  it('shows each agent in the state of the moment, with his caller, and who waited in which queue', async () => {
    await box.db.write(async (tx) => {
      await tx.queues.insert(queueRow({ id: 'sales', name: 'Sales' }));
      for (const id of ['2011', '2012', '2013']) await tx.agents.insert(agentRow({ id, queues: ['sales'] }));
    });
    await state('2011', 'ready', NOON - MINUTE, NOON);
    await state('2011', 'talking', NOON, NOON + 5 * MINUTE);
    await state('2011', 'ready', NOON + 5 * MINUTE, null);
    await state('2012', 'notReady', NOON - MINUTE, null);
    const data = { agentId: '2011', queueId: 'sales' };
    const id = await call([
      { kind: 'queued', from: NOON - 30_000, to: NOON, data: { queueId: 'sales' } },
      { kind: 'offer', from: NOON - 10_000, to: NOON, data },
      { kind: 'talk', from: NOON, to: NOON + 5 * MINUTE, data },
    ]);
    await call([{ kind: 'queued', from: NOON - 20_000, to: NOON + 90_000, data: { queueId: 'sales' } }]);
    const { agents, queues } = (await ask('GET', `/floor/moment?at=${NOON + MINUTE}`)).json as FloorMoment;
    expect(agents.filter(({ queues: of }) => of.includes('sales'))).toMatchObject([
      { id: '2011', state: 'talking', since: NOON, call: { id, callingNumber: '13800138000', queueId: 'sales' } },
      { id: '2012', state: 'notReady', reason: '2', station: 7, call: null },
      { id: '2013', state: 'signedOut', call: null },
    ]);
    expect(queues).toEqual([
      {
        ...{ id: 'sales', name: 'Sales', waiting: 1, longestWaitSince: NOON - 20_000 },
        ...{ agentsSignedIn: 2, agentsReady: 0, talking: 1 },
      },
    ]);
  });

  it('is not for agents', async () => {
    const agent = (await box.signIn('agent')).token;
    for (const path of ['/floor/history', '/floor/moment?at=1', '/queue-thresholds'])
      expect((await ask('GET', path, undefined, agent)).status).toBe(403);
  });
});

describe('thresholds of a queue', () => {
  const own = {
    ...{ waitingAmber: 3, waitingRed: 6, longestAmberMs: null, longestRedMs: 60_000 },
    ...{ serviceLevelAmber: 0.8, serviceLevelRed: 0.6 },
  };

  it('follow from its settings until somebody sets them, and again when they are taken away', async () => {
    const admin = (await box.signIn('admin')).token;
    await box.db.write((tx) => tx.queues.insert(queueRow({ id: 'sales', serviceLevelMs: 20_000, maxWaitMs: 600_000 })));
    const read = async () => (await ask('GET', '/queue-thresholds')).json as QueueThresholds[];
    const followed = { queueId: 'sales', own: false, longestAmberMs: 20_000, longestRedMs: 300_000 };
    expect(await read()).toMatchObject([followed]);
    expect((await ask('PUT', '/queues/sales/thresholds', own)).status).toBe(403);
    for (const body of [own, { ...own, waitingAmber: 4 }])
      expect((await ask('PUT', '/queues/sales/thresholds', body, admin)).status).toBe(200);
    expect(await read()).toEqual([{ queueId: 'sales', own: true, ...own, waitingAmber: 4 }]);
    const { entries } = (await ask('GET', '/audit?objectKind=queueThresholds', undefined, admin)).json as {
      entries: unknown[];
    };
    expect(entries).toMatchObject([
      { before: own, after: { waitingAmber: 4 } },
      { before: null, after: own },
    ]);
    expect((await ask('DELETE', '/queues/sales/thresholds', undefined, admin)).status).toBe(204);
    expect(await read()).toMatchObject([followed]);
  });

  it.each([
    ['a share of more than one', { ...own, serviceLevelAmber: 80 }],
    ['no callers', { ...own, waitingAmber: 0 }],
    ['a field left out', { waitingAmber: 1 }],
  ])('are refused with %s', async (_, body) => {
    const admin = (await box.signIn('admin')).token;
    await box.db.write((tx) => tx.queues.insert(queueRow({ id: 'sales' })));
    expect((await ask('PUT', '/queues/sales/thresholds', body, admin)).status).toBe(400);
    expect((await ask('PUT', '/queues/none/thresholds', own, admin)).status).toBe(404);
  });
});
