// What an agent did today, and what he missed: computed from stored segments each time it is asked for.
import type { AgentToday, MissedCall } from '../contract/index.js';
import type { AgentSegmentRow, Db, NotReadyReasonRow, SegmentRow } from '../db/index.js';

const MOST_SEGMENTS_OF_A_DAY = 100_000;

type Reads = Pick<Db, 'agentSegments' | 'segments' | 'calls' | 'desk'>;

/** By the box's clock. */
export function midnight(nowMs: number): number {
  const day = new Date(nowMs);
  day.setHours(0, 0, 0, 0);
  return day.getTime();
}

export async function agentToday(db: Reads, agentId: string, nowMs: number): Promise<AgentToday> {
  const from = midnight(nowMs);
  const [states, offers, reasons, dialled] = await Promise.all([
    db.agentSegments.list({ agentId, fromMs: from, limit: MOST_SEGMENTS_OF_A_DAY }),
    db.segments.ofAgent('offer', agentId, from, MOST_SEGMENTS_OF_A_DAY),
    db.desk.reasons(),
    db.desk.countDialled(agentId, from),
  ]);
  return { agentId, from, dialled, ...figures(states, offers, reasons, from, nowMs) };
}

/** As KPI: of states by their times within the day, of calls by the offers that began in it. */
export function figures(
  states: readonly AgentSegmentRow[],
  offers: readonly SegmentRow[],
  reasons: readonly NotReadyReasonRow[],
  from: number,
  to: number,
): Omit<AgentToday, 'agentId' | 'from' | 'dialled'> {
  const lasted = ({ startedAt, endedAt }: AgentSegmentRow): number =>
    Math.max(0, Math.min(endedAt ?? to, to) - Math.max(startedAt, from));
  const sum = (state: string): number =>
    states.filter((one) => one.state === state).reduce((total, one) => total + lasted(one), 0);
  const [readyMs, ringingMs, talkingMs, wrapUpMs] = [sum('ready'), sum('ringing'), sum('talking'), sum('wrapUp')];
  const notReadyMs = sum('notReady');
  const signedInMs = readyMs + ringingMs + talkingMs + wrapUpMs + notReadyMs;
  const byReason = new Map<string | null, number>();
  for (const one of states)
    if (one.state === 'notReady') byReason.set(one.reason, (byReason.get(one.reason) ?? 0) + lasted(one));
  const answered = offers.filter(({ data }) => data['outcome'] === 'answered').length;
  const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
  const mean = (total: number): number | null => (answered === 0 ? null : Math.round(total / answered));
  return {
    firstSignedInAt: states.length === 0 ? null : Math.max(from, Math.min(...states.map(({ startedAt }) => startedAt))),
    ...{ signedInMs, readyMs, ringingMs, talkingMs, wrapUpMs, notReadyMs },
    notReady: [...byReason].map(([reason, totalMs]) => ({
      ...{ reason, totalMs },
      // What no table says is counted as work.
      paid: reasons.find(({ code }) => code === reason)?.paid ?? true,
    })),
    offered: offers.length,
    answered,
    missed: offers.filter(({ data }) => isMissed(data['outcome'])).length,
    averageTalkMs: mean(talkingMs),
    averageHandleMs: mean(talkingMs + wrapUpMs),
    occupancy: share(talkingMs + ringingMs + wrapUpMs, talkingMs + ringingMs + wrapUpMs + readyMs),
    utilisation: share(talkingMs + wrapUpMs, signedInMs),
  };
}

/** Not those that were withdrawn because somebody else had them. */
function isMissed(outcome: unknown): boolean {
  return outcome === 'noAnswer' || outcome === 'callerGone' || outcome === 'stationFailed';
}

/** Newest first. */
export async function missedCalls(db: Reads, agentId: string, fromMs: number, limit: number): Promise<MissedCall[]> {
  const offers = await db.segments.ofAgent('offer', agentId, fromMs, MOST_SEGMENTS_OF_A_DAY);
  const missed = offers.filter(({ data, endedAt }) => endedAt !== null && isMissed(data['outcome']));
  const last = missed.slice(-limit).reverse();
  const done = await db.desk.missedDone(agentId);
  return Promise.all(
    last.map(async ({ callId, startedAt, endedAt, data }) => ({
      ...{ callId, at: startedAt, ringMs: (endedAt ?? startedAt) - startedAt },
      callingNumber: (await db.calls.find(callId))?.callingNumber ?? '',
      queueId: typeof data['queueId'] === 'string' ? data['queueId'] : null,
      ...{ outcome: String(data['outcome']), done: done.has(callId) },
    })),
  );
}
