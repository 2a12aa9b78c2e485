// Some days of a call centre that has just been set up, for pages that show figures.
import type { CallRow, Db, SegmentRow } from '../../daemon/dist/db/index.js';

const HOUR_MS = 3_600_000;

/** A few hundred calls of the last days, of the queues and agents that there are. */
export async function putDays(db: Db, now: number): Promise<void> {
  const [queues, agents] = await Promise.all([db.queues.list(), db.agents.list()]);
  const calls: CallRow[] = [];
  const segments: SegmentRow[] = [];
  let made = 0;
  const idAt = (at: number): string => {
    let rest = at;
    let text = '';
    for (let i = 0; i < 10; i += 1) {
      text = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.charAt(rest % 32) + text;
      rest = Math.floor(rest / 32);
    }
    return text + String((made += 1)).padStart(16, '0');
  };
  for (let n = 0; n < 400; n += 1) {
    const startedAt = now - 2 * HOUR_MS - Math.floor((n * 5 * 24 * HOUR_MS) / 400);
    const queueId = queues[n % queues.length]!.id;
    const agentId = agents[n % agents.length]!.id;
    const waitMs = 3000 + ((n * 7919) % 40_000);
    const answered = n % 6 !== 0;
    const talkMs = answered ? 30_000 + ((n * 104_729) % 300_000) : 0;
    const entered = startedAt + 6000;
    const id = idAt(startedAt);
    calls.push({
      ...{ id, direction: 'in' as const, state: 'ended' as const, startedAt, answeredAt: startedAt + 500 },
      ...{ endedAt: entered + waitMs + talkMs, callingNumber: `139${String(10_000_000 + n * 7)}`, callingName: '' },
      ...{
        calledNumber: '95001',
        origin: null,
        treatment: null,
        span: 1,
        timeslot: (n % 30) + 1,
        flowId: 'main',
        queueId,
      },
      ...{ agentId: answered ? agentId : null, digits: '1', cause: 16, releasedBy: 'caller' as const },
    });
    const piece = (
      kind: 'seized' | 'flow' | 'menu' | 'queued' | 'offer' | 'talk',
      from: number,
      to: number,
      data: Record<string, string | number>,
    ) => segments.push({ id: idAt(from), callId: id, kind, startedAt: from, endedAt: to, data });
    piece('seized', startedAt, startedAt, { span: 1, timeslot: (n % 30) + 1 });
    piece('flow', startedAt, entered, { flowId: 'main', version: 1 });
    piece('menu', startedAt + 600, entered, { node: 'menu', digit: String((n % 2) + 1) });
    piece('queued', entered, entered + waitMs, { queueId, outcome: answered ? 'answered' : 'abandoned', waitMs });
    if (n % 9 === 0) piece('offer', entered, entered + 1000, { queueId, agentId, outcome: 'noAnswer' });
    if (answered) {
      piece('offer', entered + 1000, entered + waitMs, { queueId, agentId, outcome: 'answered' });
      piece('talk', entered + waitMs, entered + waitMs + talkMs, { queueId, agentId, station: 1 });
    }
  }
  await db.put(() => ({ calls, segments }));
  const state = (
    agentId: string,
    name: 'ready' | 'notReady' | 'talking',
    from: number,
    ms: number,
    reason: string | null,
  ) => ({
    ...{ id: idAt(from), agentId, state: name, reason, station: 1, startedAt: from, endedAt: from + ms },
    ...{ changedBy: null, forced: false },
  });
  await db.write(async (tx) => {
    for (const [index, { id }] of agents.entries()) {
      const from = now - 30 * HOUR_MS + index * 60_000;
      await tx.agentSegments.insert(state(id, 'ready', from, 4 * HOUR_MS, null));
      await tx.agentSegments.insert(state(id, 'talking', from + 4 * HOUR_MS, 2 * HOUR_MS, null));
      await tx.agentSegments.insert(state(id, 'notReady', from + 6 * HOUR_MS, HOUR_MS, '1'));
    }
  });
}
