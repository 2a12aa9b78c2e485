// Random days of a call centre, for reports: what happened is drawn first, rows and the expected figures follow from it.
import fc from 'fast-check';
import type { AgentSegmentRow, CallRow, Db, SegmentRow } from '../../daemon/src/db/index.js';
import { newUlid } from '../../daemon/src/platform/index.js';
import { agentRow, callRow, queueRow, segmentRow } from './db-rows.js';

export const QUEUES = ['sales', 'service'] as const;
export const AGENTS = ['2001', '2002', '2003'] as const;
export const SERVICE_LEVEL_MS = 20_000;
export const SHORT_MS = 5000;
/** a Friday, midnight in Shanghai; the day after the next is the first of a month */
export const FIRST_DAY = Date.UTC(2026, 9, 29, 16);

export interface Happened {
  /** after FIRST_DAY */
  atMs: number;
  queue: (typeof QUEUES)[number];
  waitMs: number;
  outcome: 'answered' | 'abandoned' | 'overflow';
  missedBefore: (typeof AGENTS)[number] | null;
  agent: (typeof AGENTS)[number];
  talkMs: number;
  holdMs: number;
  wrapUpMs: number;
  transferred: boolean;
  broken: boolean;
}

export const happened: fc.Arbitrary<Happened> = fc.record({
  atMs: fc.integer({ min: 0, max: 3 * 86_400_000 }),
  queue: fc.constantFrom(...QUEUES),
  waitMs: fc.oneof(fc.integer({ min: 0, max: 60_000 }), fc.constantFrom(0, 4999, 5000, 20_000, 20_001)),
  outcome: fc.constantFrom('answered', 'answered', 'abandoned', 'overflow'),
  missedBefore: fc.option(fc.constantFrom(...AGENTS), { nil: null }),
  agent: fc.constantFrom(...AGENTS),
  talkMs: fc.integer({ min: 1, max: 2_000_000 }),
  holdMs: fc.integer({ min: 0, max: 600_000 }),
  wrapUpMs: fc.integer({ min: 0, max: 900_000 }),
  transferred: fc.boolean(),
  broken: fc.boolean(),
});

export interface Stated {
  atMs: number;
  agent: (typeof AGENTS)[number];
  state: 'ready' | 'ringing' | 'talking' | 'notReady';
  ms: number;
  reason: string | null;
}

export const stated: fc.Arbitrary<Stated> = fc.record({
  atMs: fc.integer({ min: 0, max: 3 * 86_400_000 }),
  agent: fc.constantFrom(...AGENTS),
  state: fc.constantFrom('ready', 'ringing', 'talking', 'notReady'),
  ms: fc.integer({ min: 0, max: 20_000_000 }),
  reason: fc.constantFrom(null, 'lunch', '3'),
});

export async function people(db: Db): Promise<void> {
  await db.write(async (tx) => {
    for (const id of QUEUES)
      await tx.queues.insert(queueRow({ id, name: id, serviceLevelMs: SERVICE_LEVEL_MS, shortAbandonMs: SHORT_MS }));
    for (const id of AGENTS) await tx.agents.insert(agentRow({ id, name: `Agent ${id}` }));
  });
}

/** The rows of one call as they stand when it is over, wrap-up and all. */
export function rowsOf(one: Happened): { call: CallRow; segments: SegmentRow[]; wrapUp: AgentSegmentRow | null } {
  const startedAt = FIRST_DAY + one.atMs;
  const answered = one.outcome === 'answered';
  const left = startedAt + one.waitMs;
  const holdMs = Math.min(one.holdMs, one.talkMs);
  const endedAt = answered ? left + one.talkMs : left;
  const call = callRow({
    ...{ startedAt, endedAt, state: one.broken ? 'broken' : 'ended', queueId: one.queue },
    ...{ agentId: answered ? one.agent : null, answeredAt: startedAt, flowId: 'main' },
  });
  const piece = (kind: SegmentRow['kind'], from: number, to: number, data: SegmentRow['data']): SegmentRow =>
    segmentRow(call.id, { kind, startedAt: from, endedAt: to, data });
  const segments = [
    piece('seized', startedAt, startedAt, { span: 1, timeslot: 1 }),
    piece('flow', startedAt, endedAt, { flowId: 'main', version: 1 }),
    piece('queued', startedAt, left, { queueId: one.queue, outcome: one.outcome, waitMs: one.waitMs }),
  ];
  if (one.missedBefore !== null)
    segments.push(
      piece('offer', startedAt, left, { agentId: one.missedBefore, queueId: one.queue, outcome: 'noAnswer' }),
    );
  if (answered) {
    segments.push(piece('offer', startedAt, left, { agentId: one.agent, queueId: one.queue, outcome: 'answered' }));
    segments.push(piece('talk', left, endedAt, { agentId: one.agent, queueId: one.queue, station: 1 }));
    if (holdMs > 0) segments.push(piece('held', left, left + holdMs, { by: 'agent' }));
    if (one.transferred) segments.push(piece('transferred', endedAt, endedAt, { by: 1, to: '1002' }));
  }
  const wrapUp: AgentSegmentRow | null =
    answered && one.wrapUpMs > 0
      ? {
          ...{ id: newUlid(), agentId: one.agent, state: 'wrapUp', reason: null, station: 1, callId: call.id },
          ...{ startedAt: endedAt, endedAt: endedAt + one.wrapUpMs, changedBy: null, forced: false },
        }
      : null;
  return { call, segments, wrapUp };
}

export function stateRow({ agent, state, atMs, ms, reason }: Stated): AgentSegmentRow {
  const startedAt = FIRST_DAY + atMs;
  return {
    ...{ id: newUlid(), agentId: agent, state, station: 1, startedAt, endedAt: startedAt + ms },
    ...{ reason: state === 'notReady' ? reason : null, changedBy: null, forced: false },
  };
}

/** By the definitions, call by call and with nothing kept: what the report of a queue has to say of a time. */
export function queueByHand(calls: readonly Happened[], queue: string, from: number, to: number) {
  const entered = calls.filter((one) => one.queue === queue && within(FIRST_DAY + one.atMs, from, to));
  const answered = entered.filter(({ outcome }) => outcome === 'answered');
  const gaveUp = entered.filter(({ outcome }) => outcome === 'abandoned');
  const abandoned = gaveUp.filter(({ waitMs }) => waitMs >= SHORT_MS);
  const inTime = answered.filter(({ waitMs }) => waitMs <= SERVICE_LEVEL_MS);
  const late = abandoned.filter(({ waitMs }) => waitMs > SERVICE_LEVEL_MS);
  const offered = entered.length - (gaveUp.length - abandoned.length);
  const handled = calls.filter(
    (one) => one.queue === queue && one.outcome === 'answered' && within(handledAt(one), from, to),
  );
  const total = (of: (one: Happened) => number): number => handled.reduce((sum, one) => sum + of(one), 0);
  return {
    ...{ offered, answered: answered.length, abandoned: abandoned.length },
    shortAbandoned: gaveUp.length - abandoned.length,
    serviceLevel: share(inTime.length, answered.length + late.length),
    serviceLevelAnswered: share(inTime.length, answered.length),
    serviceLevelAll: share(inTime.length + (abandoned.length - late.length), answered.length + abandoned.length),
    answerRate: share(answered.length, offered),
    abandonmentRate: share(abandoned.length, offered),
    asa: share(
      answered.reduce((sum, { waitMs }) => sum + waitMs, 0),
      answered.length,
    ),
    handled: handled.length,
    averageTalk: share(
      total((one) => one.talkMs - Math.min(one.holdMs, one.talkMs)),
      handled.length,
    ),
    aht: share(
      total((one) => one.talkMs + one.wrapUpMs),
      handled.length,
    ),
    transferRate: share(
      total((one) => (one.transferred ? 1 : 0)),
      handled.length,
    ),
  };
}

export function agentByHand(
  calls: readonly Happened[],
  states: readonly Stated[],
  agent: string,
  from: number,
  to: number,
) {
  const rung = calls.filter((one) => within(FIRST_DAY + one.atMs, from, to));
  const answered = rung.filter((one) => one.agent === agent && one.outcome === 'answered').length;
  const missed = rung.filter((one) => one.missedBefore === agent).length;
  const handled = calls.filter(
    (one) => one.agent === agent && one.outcome === 'answered' && within(handledAt(one), from, to),
  );
  const rows = [...states.map(stateRow), ...calls.flatMap((one) => rowsOf(one).wrapUp ?? [])].filter(
    ({ agentId }) => agentId === agent,
  );
  const spent = (...wanted: string[]): number =>
    rows
      .filter(({ state }) => wanted.includes(state))
      .reduce((sum, row) => sum + Math.max(0, Math.min(row.endedAt ?? 0, to) - Math.max(row.startedAt, from)), 0);
  const busy = spent('talking', 'ringing', 'wrapUp');
  const signedIn = busy + spent('ready', 'notReady');
  return {
    ...{ agentOffered: answered + missed, agentAnswered: answered, missed, handled: handled.length },
    ...{ signedIn, ready: spent('ready'), notReady: spent('notReady') },
    occupancy: share(busy, busy + spent('ready')),
    utilisation: share(spent('talking', 'wrapUp'), signedIn),
  };
}

const within = (at: number, from: number, to: number): boolean => at >= from && at < to;
const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
const handledAt = (one: Happened): number => FIRST_DAY + one.atMs + one.waitMs + one.talkMs + one.wrapUpMs;
