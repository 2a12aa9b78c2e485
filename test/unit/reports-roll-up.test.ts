// Figures that are rolled up say the same as counting call by call, however late calls end and wherever the work is cut off.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ZoneClock } from '../../daemon/src/calendar/index.js';
import type { Db, Work } from '../../daemon/src/db/index.js';
import { Metrics, silentLog } from '../../daemon/src/platform/index.js';
import { ReportReader, RollUp } from '../../daemon/src/reports/index.js';
import { FakeClock } from '../support/clock-fake.js';
import {
  AGENTS,
  FIRST_DAY,
  QUEUES,
  agentByHand,
  happened,
  people,
  queueByHand,
  rowsOf,
  stateRow,
  stated,
  type Happened,
  type Stated,
} from '../support/report-history.js';
import { testDatabase } from '../support/test-database.js';

const DAY_MS = 86_400_000;
const QUARTER_MS = 900_000;
const SECOND_MONTH = Date.UTC(2026, 10, 1);

function service(db: Db, zone = 'Asia/Shanghai') {
  const clock = new ZoneClock(zone);
  const rollUp = new RollUp({
    db,
    zone: clock,
    clock: new FakeClock(FIRST_DAY),
    log: silentLog,
    metrics: new Metrics(),
  });
  return { rollUp, reader: new ReportReader({ db, zone: clock }) };
}

async function put(db: Db, calls: readonly Happened[], states: readonly Stated[]): Promise<void> {
  const rows = calls.map(rowsOf);
  await db.put(() => ({ calls: rows.map(({ call }) => call), segments: rows.flatMap(({ segments }) => segments) }));
  await db.write(async (tx) => {
    for (const { wrapUp } of rows) if (wrapUp !== null) await tx.agentSegments.insert(wrapUp);
    for (const one of states) await tx.agentSegments.insert(stateRow(one));
  });
}

/** Every range is asked for in three ways; each must say what counting by hand says. */
async function check(db: Db, calls: readonly Happened[], states: readonly Stated[], zone?: string): Promise<void> {
  const { reader } = service(db, zone);
  const ranges = [
    [FIRST_DAY, FIRST_DAY + 5 * DAY_MS],
    [FIRST_DAY + DAY_MS, FIRST_DAY + 2 * DAY_MS],
    [FIRST_DAY + 11 * QUARTER_MS, FIRST_DAY + 2 * DAY_MS + 3 * QUARTER_MS],
  ] as const;
  for (const [from, to] of ranges) {
    const report = await reader.read({ report: 'queues', from, to, filters: {} });
    for (const queue of QUEUES) {
      const row = report.rows.find(({ keys }) => keys['queueId'] === queue);
      const expected = queueByHand(calls, queue, from, to);
      if (row === undefined) expect(expected).toMatchObject({ offered: 0, handled: 0 });
      else expect(row.figures).toMatchObject(expected);
    }
    const agents = await reader.read({ report: 'agents', from, to, filters: {} });
    for (const agent of AGENTS) {
      const row = agents.rows.find(({ keys }) => keys['agentId'] === agent);
      const expected = agentByHand(calls, states, agent, from, to);
      if (row === undefined) expect(expected).toMatchObject({ agentOffered: 0, handled: 0, signedIn: 0 });
      else expect(row.figures).toMatchObject(expected);
    }
    // of the wall: the second month begins within the first of the ranges and in the middle of the third
    const zoned = new ZoneClock(zone ?? 'Asia/Shanghai');
    const turn = zoned.instantsOf(SECOND_MONTH)[0]!;
    const months = await reader.read({ report: 'queues', from, to, by: 'month', filters: { queues: ['sales'] } });
    for (const { at, figures } of months.rows) {
      const [begins, ends] = (at as number) < turn ? [from, Math.min(to, turn)] : [Math.max(from, turn), to];
      expect(figures).toMatchObject(queueByHand(calls, 'sales', begins, ends));
    }
    expect(months.totals).toMatchObject(queueByHand(calls, 'sales', from, to));
    const hours = await reader.read({ report: 'intervals', from, to, by: 'hour', filters: { queues: ['sales'] } });
    expect(hours.totals).toMatchObject(queueByHand(calls, 'sales', from, to));
    for (const { at, figures } of hours.rows)
      expect(figures).toMatchObject(
        queueByHand(calls, 'sales', Math.max(from, at as number), Math.min(to, (at as number) + 4 * QUARTER_MS)),
      );
  }
}

/** One try of a box that may be killed in it; there are as many as there are writes to be cut off, and one that ends. */
const killed = (rollUp: RollUp): Promise<boolean> =>
  rollUp.catchUp().then(
    () => false,
    (error: Error) => {
      if (error.message !== 'killed') throw error;
      return true;
    },
  );

/** What is drawn is left off, not failed, when a machine is too busy for all of it. */
const bounded = (numRuns: number) => ({ numRuns, interruptAfterTimeLimit: 8000, endOnFailure: false });

const history = fc.tuple(fc.array(happened, { maxLength: 25 }), fc.array(stated, { maxLength: 12 }));

describe('figures that are rolled up', () => {
  it('say what counting call by call says', async () => {
    await fc.assert(
      fc.asyncProperty(history, async ([calls, states]) => {
        const db = await testDatabase();
        await people(db);
        await put(db, calls, states);
        await service(db).rollUp.catchUp();
        await check(db, calls, states);
      }),
      bounded(10),
    );
  });

  it('are the same in pieces, cut off at any write, and done twice', async () => {
    await fc.assert(
      fc.asyncProperty(history, history, fc.array(fc.boolean(), { maxLength: 20 }), async (first, second, fails) => {
        const db = await testDatabase();
        await people(db);
        // What a crash leaves: the work was done, and never committed.
        const cut = Object.assign(Object.create(db) as Db, {
          write: <T>(work: Work<T>) =>
            db.write(async (tx) => {
              const result = await work(tx);
              if (fails.pop() === true) throw new Error('killed');
              return result;
            }),
        });
        for (const [calls, states] of [first, second]) {
          await put(db, calls, states);
          while (await killed(service(cut).rollUp)) continue;
          await service(cut).rollUp.catchUp();
          await service(cut).rollUp.catchUp();
        }
        await check(db, [...first[0], ...second[0]], [...first[1], ...second[1]]);
      }),
      bounded(8),
    );
  });

  it('are the same after they were forgotten, and by the days of another zone', async () => {
    const [calls, states] = fc.sample(history, { numRuns: 1, seed: 7 })[0]!;
    const db = await testDatabase();
    await people(db);
    await put(db, calls, states);
    const { rollUp } = service(db);
    await rollUp.catchUp();
    await rollUp.rebuild();
    await rollUp.catchUp();
    await check(db, calls, states);
    await service(db, 'Australia/Lord_Howe').rollUp.catchUp();
    await check(db, calls, states, 'Australia/Lord_Howe');
  });

  it('have what was handled when the wrap-up is over, however long it lasts', async () => {
    const db = await testDatabase();
    await people(db);
    const [one] = fc.sample(happened, { numRuns: 1, seed: 3 });
    const call: Happened = {
      ...one!,
      outcome: 'answered',
      waitMs: 1000,
      talkMs: 60_000,
      wrapUpMs: 7_200_000,
      holdMs: 0,
    };
    const { call: row, segments, wrapUp } = rowsOf(call);
    const open = { ...wrapUp!, endedAt: null };
    await db.put(() => ({ calls: [row], segments }));
    await db.write((tx) => tx.agentSegments.insert(open));
    const { rollUp, reader } = service(db);
    const totals = async () =>
      (await reader.read({ report: 'queues', from: FIRST_DAY, to: FIRST_DAY + 5 * DAY_MS, filters: {} })).totals;
    await rollUp.catchUp();
    expect(await totals()).toMatchObject({ offered: 1, answered: 1, handled: 0, aht: null });
    await db.write((tx) => tx.agentSegments.closeOpen(open.agentId, wrapUp!.endedAt!));
    await rollUp.catchUp();
    expect(await totals()).toMatchObject({ offered: 1, answered: 1, handled: 1, aht: 7_260_000 });
    const from = Math.floor(wrapUp!.endedAt! / QUARTER_MS) * QUARTER_MS;
    const last = await reader.read({ report: 'queues', from, to: from + QUARTER_MS, filters: {} });
    expect(last.totals).toMatchObject({ offered: 0, handled: 1 });
  });
});
