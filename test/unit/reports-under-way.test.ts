// What agents are doing now counts in the reports of today as far as it has lasted, quarter by quarter, and once alone when it is over.
import { expect, it } from 'vitest';
import { ZoneClock } from '../../daemon/src/calendar/index.js';
import { Metrics, newUlid, silentLog } from '../../daemon/src/platform/index.js';
import { ReportReader, RollUp } from '../../daemon/src/reports/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { FIRST_DAY, people } from '../support/report-history.js';
import { testDatabase } from '../support/test-database.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

it('a state that is under way counts up to now', async () => {
  const db = await testDatabase();
  await people(db);
  const clock = new FakeClock(FIRST_DAY + 2 * HOUR_MS);
  const zone = new ZoneClock('Asia/Shanghai');
  const reader = new ReportReader({ db, zone, clock });
  const rollUp = new RollUp({ db, zone, clock, log: silentLog, metrics: new Metrics() });
  const row = (agentId: string, state: 'ready' | 'notReady', startedAt: number, endedAt: number | null) => ({
    ...{ id: newUlid(), agentId, state, station: 1, startedAt, endedAt, changedBy: null, forced: false, callId: null },
    reason: state === 'notReady' ? '2' : null,
  });
  await db.write(async (tx) => {
    await tx.agentSegments.insert(row('2001', 'ready', FIRST_DAY, FIRST_DAY + HOUR_MS));
    await tx.agentSegments.insert(row('2001', 'ready', FIRST_DAY + HOUR_MS + 10 * MINUTE_MS, null));
    await tx.agentSegments.insert(row('2002', 'notReady', FIRST_DAY + HOUR_MS, null));
  });
  await rollUp.catchUp();
  const today = { from: FIRST_DAY, to: FIRST_DAY + 24 * HOUR_MS, filters: {} };
  const readyOf = async (what: object): Promise<unknown> =>
    (await reader.read({ report: 'agents', ...today, ...what })).rows
      .filter(({ keys }) => keys['agentId'] === '2001')
      .map(({ at, figures }) => [
        at === null ? null : (at - FIRST_DAY) / MINUTE_MS,
        (figures['ready'] ?? 0) / MINUTE_MS,
      ]);
  expect(await readyOf({})).toEqual([[null, 110]]);
  expect(await readyOf({ by: 'hour', from: FIRST_DAY + HOUR_MS })).toEqual([[60, 50]]);
  // Of the quarters of an hour that are asked for, and of the agents.
  expect(await readyOf({ to: FIRST_DAY + HOUR_MS + 15 * MINUTE_MS })).toEqual([[null, 65]]);
  expect(await readyOf({ filters: { agents: ['2002'] } })).toEqual([]);
  const reasons = await reader.read({ report: 'reasons', ...today });
  expect(reasons.rows.map(({ keys }) => keys)).toEqual([{ reason: '2', agentId: '2002' }]);
  expect(reasons.totals).toMatchObject({ times: 1, total: HOUR_MS });

  await clock.advance(10 * MINUTE_MS);
  expect(await readyOf({})).toEqual([[null, 120]]);
  await db.write((tx) => tx.agentSegments.closeOpen('2001', FIRST_DAY + 2 * HOUR_MS + 5 * MINUTE_MS));
  await rollUp.catchUp();
  expect(await readyOf({})).toEqual([[null, 115]]);
});
