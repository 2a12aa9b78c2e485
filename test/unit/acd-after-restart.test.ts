// What is known of agents and queues after a restart: read from what is stored. And what lists and numbers say of a caller.
import { expect, it } from 'vitest';
import { HandlingTimes } from '../../daemon/src/acd/handling-times.js';
import { Misses } from '../../daemon/src/acd/misses.js';
import { withFacts } from '../../daemon/src/calls/caller-facts.js';
import { reasonText } from '../../daemon/src/acd/index.js';
import { QueueEntry } from '../../daemon/src/contract/index.js';
import { newUlid } from '../../daemon/src/platform/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { T0, agentRow, callRow, segmentRow } from '../support/db-rows.js';
import { testDatabase } from '../support/test-database.js';

async function stored() {
  const db = await testDatabase();
  const call = callRow();
  let at = T0 - 3_600_000;
  await db.write(async (tx) => {
    await tx.calls.insert(call);
    for (const id of ['2001', '2002']) await tx.agents.insert(agentRow({ id, queues: [] }));
  });
  const segment = (kind: 'offer' | 'talk', data: Record<string, string>, ms: number) => {
    const startedAt = (at += 100_000);
    const row = segmentRow(call.id, { id: newUlid(), kind, startedAt, endedAt: startedAt + ms, data });
    return db.write((tx) => tx.segments.insert(row)).then(() => startedAt + ms);
  };
  const agentSegment = (agentId: string, state: 'wrapUp' | 'notReady', startedAt: number, ms: number) => {
    const reason = state === 'notReady' ? 'no_answer' : null;
    const row = { id: newUlid(), agentId, state, reason, station: 1, startedAt, endedAt: startedAt + ms };
    const by = { changedBy: null, forced: false };
    return db.write((tx) => tx.agentSegments.insert({ ...row, ...by }));
  };
  return { db, segment, agentSegment };
}

it('misses in a row go on being counted, from the last answer, or the last time that he was put aside', async () => {
  const { db, segment, agentSegment } = await stored();
  const offer = (agentId: string, outcome: string) => segment('offer', { agentId, queueId: 'sales', outcome }, 10_000);
  await offer('2001', 'noAnswer');
  await offer('2001', 'answered');
  await offer('2001', 'noAnswer');
  await offer('2001', 'withdrawn');
  await offer('2001', 'noAnswer');
  await offer('2002', 'noAnswer');
  await agentSegment('2002', 'notReady', await offer('2002', 'noAnswer'), 1000);
  await offer('2002', 'noAnswer');
  const misses = new Misses();
  await misses.read(db, T0);
  expect(misses.missed('2001')).toBe(3);
  expect(misses.missed('2002')).toBe(2);
  misses.forgive('2001');
  expect(misses.missed('2001')).toBe(1);
});

it('handling times are those of the last day, with the paperwork that followed', async () => {
  const { db, segment, agentSegment } = await stored();
  await agentSegment('2001', 'wrapUp', await segment('talk', { agentId: '2001', queueId: 'sales' }, 60_000), 30_000);
  await segment('talk', { agentId: '2002', queueId: 'sales' }, 40_000);
  await segment('talk', { agentId: '2002', queueId: 'help' }, 50_000);
  await segment('talk', { station: '5' }, 70_000);
  const handling = new HandlingTimes(new FakeClock(T0));
  await handling.read(db, T0);
  expect(handling.of('sales')).toEqual({ count: 2, totalMs: 130_000, priorMs: 50_000 });
});

it('what lists and numbers say of a caller fills in what his flow does not', () => {
  const asked = QueueEntry.parse({});
  const province = { zh: '北京', en: 'Beijing' };
  const origin = { country: 'CN', province, city: null, carrier: null };
  const treatment = { lists: ['vip'], vipLevel: 4, priority: 8, agentId: '2002' };
  expect(withFacts(asked, { origin, treatment })).toMatchObject({
    ...{ vip: true, region: '北京', customerLevel: '4', preferredAgent: { agentId: '2002' } },
  });
  expect(withFacts({ ...asked, region: 'south', customerLevel: 'gold' }, { origin, treatment })).toMatchObject({
    ...{ region: 'south', customerLevel: 'gold' },
  });
  expect(withFacts(asked, { origin: null, treatment: null })).toEqual(asked);
});

it('the reason of an offer is told in both languages', () => {
  const passedOver = [
    { agentId: '2002', why: { code: 'ranked_lower', by: 'longest_idle' } },
    { agentId: '2003', why: { code: 'skill_too_low', skill: 'tax', level: 1, minLevel: 3 } },
    { agentId: '2004', why: { code: 'of another version' } },
  ];
  const reason = { code: 'longest_idle', agentId: '2001', passedOver };
  expect(reasonText(reason, 'en')).toBe(
    '2001: he has been idle longest. Passed over: 2002 (idle longest), 2003 (with a skill that is too low).',
  );
  expect(reasonText(reason, 'zh-CN')).toBe('2001：空闲时间最长。未选：2002（空闲最久）、2003（技能等级不足）。');
  expect(reasonText('picked by hand', 'en')).toBeUndefined();
});
