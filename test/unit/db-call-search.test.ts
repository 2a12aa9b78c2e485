// Whatever is asked for, page by page: the calls that a plain look at all of them finds, newest first, however they are spread over years.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CallFilter } from '../../daemon/src/contract/index.js';
import { countCalls, findCalls, trunksOfCalls, type CallRow, type Db } from '../../daemon/src/db/index.js';
import { idAt } from '../../daemon/src/db/call-window.js';
import { callRow } from '../support/db-rows.js';
import { testDatabase } from '../support/test-database.js';

const DAY_MS = 86_400_000;
const FROM = Date.UTC(2024, 0, 1);

const filters: fc.Arbitrary<CallFilter> = fc.record(
  {
    number: fc.constantFrom('13800138000', '138', '0013', '95001', '7'),
    match: fc.constantFrom('is' as const, 'begins' as const, 'contains' as const),
    queueId: fc.constantFrom('sales', 'service'),
    agentId: fc.constantFrom('2001', '2002'),
    trunk: fc.constantFrom('one', 'two'),
    direction: fc.constantFrom('in' as const, 'out' as const, 'internal' as const),
    result: fc.constantFrom('answered' as const, 'fault' as const, 'broken' as const),
    minMs: fc.constantFrom(5000, 60_000),
    from: fc.constantFrom(FROM + 100 * DAY_MS, FROM + 700 * DAY_MS),
    to: fc.constantFrom(FROM + 300 * DAY_MS, FROM + 900 * DAY_MS),
    disposition: fc.constantFrom('sold', 'lost'),
  },
  { requiredKeys: ['match'] },
);

interface Made {
  row: CallRow;
  trunk: string | null;
  disposition: string | null;
}

function made(): Made[] {
  const pick = <T>(values: readonly T[], by: number): T => values[by % values.length] as T;
  return Array.from({ length: 400 }, (_, i) => {
    // Most of the last weeks, some of years ago.
    const startedAt = FROM + Math.round(1000 * DAY_MS * (1 - (1 - i / 400) ** 3)) + i;
    const id = idAt(startedAt).slice(0, 10) + String(i).padStart(16, '0');
    const direction = pick(['in', 'in', 'out', 'in', 'internal'] as const, i);
    const row = callRow({
      ...{
        id,
        startedAt,
        direction,
        answeredAt: startedAt + 10,
        endedAt: startedAt + pick([900, 6000, 90_000], i * 7),
      },
      ...{
        callingNumber: pick(['13800138000', '13900139000', '1001', ''], i),
        calledNumber: pick(['95001', '17'], i * 3),
      },
      ...{ queueId: pick(['sales', 'service', null], i), agentId: pick(['2001', null, '2002', null], i * 3) },
      ...{
        state: pick(['ended', 'ended', 'broken'] as const, i),
        releasedBy: pick(['caller', 'fault', 'agent'] as const, i),
      },
      flowId: 'main',
    });
    return { row, trunk: pick(['one', 'two', null], i), disposition: pick([null, 'sold', 'lost'], i) };
  });
}

async function stored(db: Db, calls: readonly Made[]): Promise<void> {
  await db.put(() => ({ calls: calls.map(({ row }) => row) }));
  await db.write(async (tx) => {
    await tx.reports.book({
      ...{ deltas: [], agentSegments: [] },
      calls: calls.map(({ row, trunk }) => ({ id: row.id, reported: 2, trunk })),
    });
    for (const { row, disposition } of calls)
      if (disposition !== null)
        await tx.desk.putNote({
          ...{ id: row.id, callId: row.id, agentId: '2001', queueId: null, disposition, note: '', followUp: false },
          at: row.startedAt,
        });
  });
}

function fits({ row, trunk, disposition }: Made, filter: CallFilter): boolean {
  const like = (number: string): boolean => {
    const wanted = filter.number ?? '';
    if (filter.match === 'is') return number === wanted;
    return filter.match === 'begins' ? number.startsWith(wanted) : number.includes(wanted);
  };
  const result =
    row.state === 'broken'
      ? 'broken'
      : row.releasedBy === 'fault'
        ? 'fault'
        : row.agentId === null
          ? 'other'
          : 'answered';
  return (
    (filter.number === undefined || like(row.callingNumber) || like(row.calledNumber)) &&
    (filter.queueId ?? row.queueId) === row.queueId &&
    (filter.agentId ?? row.agentId) === row.agentId &&
    (filter.trunk ?? trunk) === trunk &&
    (filter.disposition ?? disposition) === disposition &&
    (filter.direction ?? row.direction) === row.direction &&
    (filter.result ?? result) === result &&
    (row.endedAt ?? 0) - row.startedAt >= (filter.minMs ?? 0) &&
    row.startedAt >= (filter.from ?? 0) &&
    row.startedAt < (filter.to ?? Number.POSITIVE_INFINITY)
  );
}

it('finds and counts what there is, whatever is asked for, in pages of any size', async () => {
  const db = await testDatabase();
  const calls = made();
  await stored(db, calls);
  const all = [...calls].sort((a, b) => (a.row.id < b.row.id ? 1 : -1));
  await fc.assert(
    fc.asyncProperty(filters, fc.constantFrom(3, 50, 500), async (filter, limit) => {
      const expected = all.filter((one) => fits(one, filter)).map(({ row }) => row.id);
      const found: string[] = [];
      let before: string | undefined;
      do {
        const page = await findCalls(db.long, filter, { limit, before });
        found.push(...page.calls.map(({ id }) => id));
        before = page.before ?? undefined;
      } while (before !== undefined);
      expect(found).toEqual(expected);
      expect(await countCalls(db.long, filter)).toEqual({ count: expected.length, more: false });
    }),
    { numRuns: 60, interruptAfterTimeLimit: 8000, endOnFailure: false },
  );
  expect(await trunksOfCalls(db.long)).toEqual(['one', 'two']);
});

it('says from where to look on when a look has lasted long enough', async () => {
  const db = await testDatabase();
  const calls = made();
  await stored(db, calls);
  let nowMs = 0;
  // As if each stretch took half a second.
  const slow = new Proxy(db.long, {
    get: (target, key) => {
      if (key === 'nowMs') return (nowMs += 500);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  const filter = { match: 'is', number: '9', direction: 'in' } as const;
  const first = await findCalls(slow, { match: 'is', queueId: 'nobody' }, { limit: 10 });
  expect(first).toMatchObject({ calls: [] });
  expect(first.before).not.toBeNull();
  expect(first.searchedTo).toBeLessThan(FROM + 1000 * DAY_MS);
  expect(await countCalls(slow, { match: 'is', queueId: 'nobody' })).toEqual({ count: 0, more: true });
  const rest = await findCalls(db.long, { match: 'is', queueId: 'nobody' }, { limit: 10, before: first.before! });
  expect(rest).toEqual({ calls: [], before: null, searchedTo: null });
  expect(await findCalls(db.long, filter, { limit: 10 })).toEqual({ calls: [], before: null, searchedTo: null });
});
