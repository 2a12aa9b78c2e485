// Who is called back when, and what comes of it; the queue and the calls are made up, the database and the clock's order are real.
import { expect, it } from 'vitest';
import { CallbackService, type CallbackServiceOptions } from '../../daemon/src/callback/index.js';
import type { CallBackOutcome, CallBackPlan, CallEvents, QueueParty } from '../../daemon/src/calls/index.js';
import { CallbackRulePut, QueueEntry, type Callback, type LiveEvents } from '../../daemon/src/contract/index.js';
import { AppError, TypedEmitter, newUlid, silentLog } from '../../daemon/src/platform/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { T0, queueRow } from '../support/db-rows.js';
import { testDatabase } from '../support/test-database.js';
import { until } from '../support/turns.js';

const OUT = { kind: 'out', attempts: [{ trunk: 'a', number: '1', callingNumber: '' }] } as const;
const ENTRY = QueueEntry.parse({ priority: 7 });

async function desk(rule: Partial<CallbackRulePut> = {}) {
  const db = await testDatabase();
  const clock = new FakeClock(T0);
  const live = new TypedEmitter<LiveEvents>();
  await db.write(async (tx) => {
    await tx.queues.insert(queueRow({ id: 'sales' }));
    await tx.callbacks.putRule({ queueId: 'sales', ...CallbackRulePut.parse(rule) });
  });
  const placed = new Map<string, { party: QueueParty; enteredAt: number }>();
  const plans: CallBackPlan[] = [];
  const events = new TypedEmitter<CallEvents>();
  const world = {
    outcome: { offers: ['connected'], result: 'talked' } as CallBackOutcome,
    barred: new Set<string>(),
    open: true,
    until: null as number | null,
  };
  const options: CallbackServiceOptions = {
    ...{ db, clock, live, log: silentLog },
    calls: {
      ...{ events, find: () => undefined },
      async callBack(plan) {
        plans.push(plan);
        if (world.outcome.result !== 'agent_no_answer') await plan.beforeCustomer();
        return world.outcome;
      },
    },
    places: {
      put: (party, enteredAt) => void placed.set(party.id, { party, enteredAt }),
      remove: (id) => void placed.delete(id),
      placeLeft: () => undefined,
    },
    resolve: (number) => Promise.resolve(number.startsWith('00') ? { en: 'too dear', zh: '费用过高' } : OUT),
    isBarred: (number) => Promise.resolve(world.barred.has(number)),
    isOpen: () => ({ open: world.open, until: world.until }),
    agentLanguage: () => 'en',
    words: (names) => Promise.resolve(names.map((name) => `/${name}.wav`)),
  };
  const service = new CallbackService(options);
  await service.start();
  const take = (over: object = {}) =>
    service.book.take({
      ...{ queueId: 'sales', number: '13800138000', language: 'en', source: 'queue', entry: ENTRY },
      ...{ enteredAt: T0 - 60_000, at: null, originalCallId: newUlid() },
      ...over,
    });
  const target = { agentId: '2001', station: 1, ringTimeoutMs: 1000, why: 'test' };
  const ring = async (id: string) => placed.get(id)!.party.ring([target]);
  /** Once it is written. */
  const stored = async (id: string, wanted: Callback['state']): Promise<Callback> => {
    for (;;) {
      const row = await db.callbacks.find(id);
      if (row?.state === wanted) return row;
    }
  };
  return { db, clock, live, placed, plans, events, world, options, service, take, ring, stored };
}

const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'taken',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );

it('waits at the place that was kept, with what was asked for, and is done when they have talked', async () => {
  const { take, placed, ring, plans, events, stored, service } = await desk();
  const { id } = await take();
  expect(placed.get(id)).toMatchObject({ enteredAt: T0 - 60_000, party: { entry: { priority: 7 }, mostAgents: 1 } });
  const { callId } = placed.get(id)!.party;
  const rung = ring(id);
  expect(await rung).toEqual(['connected']);
  expect(plans[0]).toMatchObject({ callId, order: 'agentFirst', number: '13800138000', waitedMs: 60_000 });
  expect(await stored(id, 'dialling')).toMatchObject({ tries: 1, agentId: '2001', callId });
  const call = { id: callId, callingNumber: '', direction: 'out', releasedBy: 'callee' } as never;
  events.emit('call.connected', { call, agentId: '2001', queueId: 'sales', station: 1, waitMs: 0 });
  await until(() => service.book.find(id)?.state === 'talking', 'they talk');
  events.emit('call.released', { call, phase: 'talking' });
  await until(() => service.book.find(id) === undefined, 'it is over');
  expect(await stored(id, 'done')).toMatchObject({ lastResult: 'talked' });
});

it('is tried again after the pause of what it came to, and fails after the last try', async () => {
  const { take, placed, ring, world, clock, stored, service } = await desk({ tries: 2, busyPauseMs: 60_000 });
  world.outcome = { offers: ['withdrawn'], result: 'busy' };
  const { id } = await take();
  expect(await ring(id)).toEqual(['withdrawn']);
  expect(placed.has(id), 'not at his place meanwhile').toBe(false);
  await until(() => service.book.find(id)?.nextAt != null, 'the pause is waited for');
  expect(await stored(id, 'waiting')).toMatchObject({ lastResult: 'busy', tries: 1, nextAt: T0 + 60_000 });
  await clock.advance(59_000);
  expect(placed.has(id)).toBe(false);
  await clock.advance(1000);
  await until(() => placed.has(id), 'he is at his place again');
  expect(placed.get(id)!.enteredAt, 'which is the same').toBe(T0 - 60_000);
  await ring(id);
  expect(await stored(id, 'failed')).toMatchObject({ lastResult: 'busy', tries: 2 });
});

it('an agent who does not lift costs the customer neither his place nor a try', async () => {
  const { take, placed, ring, world, stored } = await desk();
  world.outcome = { offers: ['noAnswer'], result: 'agent_no_answer' };
  const { id } = await take();
  expect(await ring(id)).toEqual(['noAnswer']);
  expect(placed.has(id)).toBe(true);
  expect(await stored(id, 'waiting')).toMatchObject({ tries: 0, nextAt: null });
});

it('takes one a number and queue, no number that may not be called, and not more than the rule says', async () => {
  const { take, world, service } = await desk({ mostOpen: 2 });
  world.barred.add('666');
  await take();
  expect(await Promise.all([code(take()), code(take({ number: '0044' })), code(take({ number: '666' }))])).toEqual([
    'callback_exists',
    'callback_number_refused',
    'callback_number_refused',
  ]);
  const [one, other] = await Promise.all([code(take({ number: '222' })), code(take({ number: '333' }))]);
  expect([one, other].sort()).toEqual(['callback_queue_full', 'taken']);
  expect(await code(take({ queueId: 'none', number: '444' }))).toBe('callback_not_offered');
  expect(await code(take({ number: '555', at: T0 + 100 * 86_400_000 }))).toBe('callback_time_refused');
  const [{ id }] = service.book.open() as [Callback];
  await service.book.cancel(id);
  expect(await code(take())).toBe('taken');
  expect(await code(service.book.cancel(id))).toBe('callback_over');
});

it('is called at its time, while the calendar is open, and expires when it never was', async () => {
  const rule = { expiresAfterMs: 3_600_000, calendarId: 'office' };
  const { take, placed, clock, world, stored, db, service } = await desk();
  await db.write(async (tx) => {
    await tx.calendars.insert({ id: 'office', name: 'Office', weekly: [], specialDays: [], override: null } as never);
    await tx.callbacks.putRule({ queueId: 'sales', ...CallbackRulePut.parse(rule) });
  });
  await until(() => service.book.rule('sales')?.calendarId === 'office', 'the rule is read');
  world.open = false;
  world.until = T0 + 1_200_000;
  const { id } = await take({ at: T0 + 600_000, enteredAt: null });
  await clock.advance(900_000);
  expect(placed.has(id), 'closed').toBe(false);
  world.open = true;
  await clock.advance(300_000);
  expect(placed.get(id)?.enteredAt, 'he has come when it was his time').toBe(T0 + 600_000);
  await clock.advance(3_600_000);
  await until(() => !placed.has(id), 'it is given up');
  expect(await stored(id, 'expired')).toBeDefined();
});

it('a restart keeps places, and takes up what was under way without counting the try', async () => {
  const { take, db, options, placed, clock, stored, service } = await desk();
  const { id } = await take();
  const { id: talked } = await take({ number: '222' });
  await service.book.change(id, { state: 'dialling', tries: 1, callId: newUlid() });
  await service.book.change(talked, { state: 'talking' });
  service.stop();
  placed.clear();
  const again = new CallbackService({ ...options, db });
  await again.start();
  expect(await stored(id, 'waiting')).toMatchObject({ tries: 0, enteredAt: T0 - 60_000 });
  expect(await stored(talked, 'done')).toMatchObject({ lastResult: 'interrupted' });
  expect(placed.has(id), 'the line may still be busy with him').toBe(false);
  await clock.advance(5000);
  await until(() => placed.has(id), 'he is at his place');
  expect(placed.get(id)!.enteredAt).toBe(T0 - 60_000);
  again.stop();
});

it('calls those back who hung up after so long a wait', async () => {
  const { events, service } = await desk({ abandonedAfterMs: 30_000 });
  const hangsUp = (callId: string, callingNumber: string, waitMs: number): void => {
    const data = { queueId: 'sales', outcome: 'abandoned', waitMs };
    events.emit('call.segment', { id: newUlid(), callId, kind: 'queued', startedAt: T0, endedAt: T0, data });
    events.emit('call.released', { call: { id: callId, callingNumber } as never, phase: 'queued' });
  };
  hangsUp(newUlid(), '111', 29_000);
  hangsUp(newUlid(), '', 40_000);
  const callId = newUlid();
  hangsUp(callId, '222', 31_000);
  await until(() => service.book.open().length > 0, 'one is taken');
  expect(service.book.open()).toMatchObject([{ number: '222', source: 'abandoned', originalCallId: callId }]);
});
