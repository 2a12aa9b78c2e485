// What one call, or one piece of an agent's day, adds to the figures. Pure: the roll-up reads and writes.
//
//   as it came in:  offered, answered, abandoned … at the moment of entering the queue; trunks; menus
//   as handled:     talk, hold, wrap-up at the moment in which the wrap-up ends (of a call without one: the talk)
import type { ReportAgentSegment, ReportCall, ReportDimension, ReportMeasures, ReportSegment } from '../db/index.js';

export interface Limits {
  serviceLevelMs: number;
  shortAbandonMs: number;
}

export interface BookingContext {
  limitsOf(queueId: string): Limits;
  /** the trunk of an E1, for calls that came in over it */
  trunkOf(span: number): string | null;
}

/** Something to be counted at an instant. */
export interface Booking {
  dimension: ReportDimension;
  at: number;
  keys: string[];
  measures: ReportMeasures;
}

/** causes that say that the trunk had no free channel: Q.850 34, 42, 44 */
const NO_CHANNEL: ReadonlySet<unknown> = new Set([34, 42, 44]);
const MISSED: ReadonlySet<unknown> = new Set(['noAnswer', 'callerGone', 'stationFailed']);
export const SLOT_MS = 900_000;

const text = (segment: ReportSegment, key: string): string => {
  const value = segment.data[key];
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
};
const lasted = ({ startedAt, endedAt }: ReportSegment): number => Math.max(0, endedAt - startedAt);
const overlap = (a: ReportSegment, b: ReportSegment): number =>
  Math.max(0, Math.min(a.endedAt, b.endedAt) - Math.max(a.startedAt, b.startedAt));

export function bookEntry(call: ReportCall, context: BookingContext): { bookings: Booking[]; trunk: string | null } {
  const bookings: Booking[] = [];
  for (const segment of call.segments) {
    if (segment.kind === 'queued') bookings.push(...queued(segment, context));
    else if (segment.kind === 'callback' && text(segment, 'outcome') === 'taken')
      bookings.push(queue(segment.startedAt, text(segment, 'queueId'), { callbacks: 1 }));
    else if (segment.kind === 'offer') bookings.push(offered(segment));
  }
  const { bookings: trunks, trunk } = bookTrunks(call, context);
  return { bookings: [...bookings, ...trunks, ...bookPaths(call)].filter(({ keys }) => keys[0] !== ''), trunk };
}

const queue = (at: number, queueId: string, measures: ReportMeasures): Booking => ({
  ...{ dimension: 'queue', at, keys: [queueId], measures },
});

function queued(segment: ReportSegment, { limitsOf }: BookingContext): Booking[] {
  // A customer who is called back has come into the queue before, when he called.
  if (segment.data['callbackId'] !== undefined) return [];
  const queueId = text(segment, 'queueId');
  const { serviceLevelMs, shortAbandonMs } = limitsOf(queueId);
  const { outcome, waitMs: noted } = segment.data;
  const waitMs = typeof noted === 'number' ? noted : lasted(segment);
  const at = segment.startedAt;
  if (outcome === 'answered')
    return [
      queue(at, queueId, {
        ...{ offered: 1, answered: 1, answeredInTime: waitMs <= serviceLevelMs ? 1 : 0, waitMs, longestWaitMs: waitMs },
      }),
    ];
  if (outcome === 'abandoned') {
    if (waitMs < shortAbandonMs) return [queue(at, queueId, { shortAbandoned: 1 })];
    const abandonedInTime = waitMs <= serviceLevelMs ? 1 : 0;
    return [
      queue(at, queueId, { offered: 1, abandoned: 1, abandonedInTime, abandonWaitMs: waitMs, longestWaitMs: waitMs }),
    ];
  }
  return [queue(at, queueId, { offered: 1, left: 1, longestWaitMs: waitMs })];
}

function offered(segment: ReportSegment): Booking {
  const outcome = segment.data['outcome'];
  return {
    ...{ dimension: 'agent', at: segment.startedAt, keys: [text(segment, 'agentId')] },
    measures: { offered: 1, answered: outcome === 'answered' ? 1 : 0, missed: MISSED.has(outcome) ? 1 : 0 },
  };
}

function bookTrunks(call: ReportCall, { trunkOf }: BookingContext): { bookings: Booking[]; trunk: string | null } {
  const bookings: Booking[] = [];
  let trunk: string | null = null;
  const add = (at: number, name: string, measures: ReportMeasures): void => {
    trunk ??= name;
    bookings.push({ dimension: 'trunk', at, keys: [name], measures });
  };
  const talkMs = call.segments.filter(({ kind }) => kind === 'talk').reduce((sum, talk) => sum + lasted(talk), 0);
  for (const segment of call.segments) {
    if (segment.kind === 'seized' && call.direction === 'in') {
      const span = Number(segment.data['span'] ?? 0);
      const name = text(segment, 'trunk') || (span > 0 ? (trunkOf(span) ?? `E1-${span}`) : '');
      const usedMs = Math.max(0, call.endedAt - segment.startedAt);
      const answeredIn = call.answeredAt === null ? 0 : 1;
      if (name !== '') add(segment.startedAt, name, { seizedIn: 1, answeredIn, usedMs, talkMs });
    }
    if (segment.kind !== 'dial') continue;
    const attempts = Array.isArray(segment.data['attempts']) ? (segment.data['attempts'] as unknown[]) : [];
    for (const attempt of attempts as Record<string, unknown>[]) {
      const { trunk: name, outcome, ms, cause } = attempt;
      if (typeof name !== 'string') continue;
      if (NO_CHANNEL.has(cause)) add(segment.startedAt, name, { lost: 1 });
      else if (outcome === 'answered') {
        const usedMs = (typeof ms === 'number' ? ms : 0) + Math.max(0, call.endedAt - segment.endedAt);
        add(segment.startedAt, name, { seizedOut: 1, answeredOut: 1, usedMs, talkMs });
      } else add(segment.startedAt, name, { seizedOut: 1, usedMs: typeof ms === 'number' ? ms : 0 });
    }
  }
  return { bookings, trunk };
}

/** Flows that were come into (node empty), and the ways out of each menu: a key, a failure, or `gone`. */
function bookPaths(call: ReportCall): Booking[] {
  let flowId = '';
  const bookings: Booking[] = [];
  for (const segment of call.segments) {
    const visit = { visits: 1, ms: lasted(segment) };
    if (segment.kind === 'flow') {
      flowId = text(segment, 'flowId');
      bookings.push({ dimension: 'path', at: segment.startedAt, keys: [flowId, '', ''], measures: visit });
    } else if (segment.kind === 'menu') {
      const exit = text(segment, 'digit') || text(segment, 'failure') || 'gone';
      const keys = [flowId || (call.flowId ?? ''), text(segment, 'node').slice(0, 64), exit];
      bookings.push({ dimension: 'path', at: segment.startedAt, keys, measures: visit });
    }
  }
  return bookings;
}

/** Once nobody talks or has paperwork of it any more. */
export function bookHandling(call: ReportCall): Booking[] {
  const talks = call.segments.filter(({ kind }) => kind === 'talk');
  const holds = call.segments.filter(({ kind }) => kind === 'held');
  const transfers = call.segments.filter(({ kind, data }) => kind === 'transferred' && data['by'] !== 'flow');
  const byAgent = groups(talks, 'agentId');
  const byQueue = groups(talks, 'queueId');
  const transferred = (own: readonly ReportSegment[]): number =>
    transfers.some(({ startedAt }) => own.includes(talks.filter((talk) => talk.startedAt <= startedAt).at(-1) as never))
      ? 1
      : 0;
  const sums = (own: readonly ReportSegment[], agents: readonly string[]): { at: number; measures: ReportMeasures } => {
    const wrapUps = call.wrapUps.filter(({ agentId }) => agents.includes(agentId));
    const holdMs = own.reduce((sum, talk) => sum + heldIn(talk, holds), 0);
    const talkMs = own.reduce((sum, talk) => sum + lasted(talk), 0) - holdMs;
    const wrapUpMs = wrapUps.reduce((sum, one) => sum + Math.max(0, one.endedAt - one.startedAt), 0);
    const at = Math.max(...own.map(({ endedAt }) => endedAt), ...wrapUps.map(({ endedAt }) => endedAt));
    return { at, measures: { talkMs, holdMs, wrapUpMs, transferred: transferred(own) } };
  };
  const bookings: Booking[] = [];
  for (const [agentId, own] of byAgent) {
    const { at, measures } = sums(own, [agentId]);
    bookings.push({ dimension: 'agent', at, keys: [agentId], measures: { handled: 1, ...measures } });
  }
  for (const [queueId, own] of byQueue) {
    // Whose paperwork is it, when he has talked for two queues? Of the one that he came from last.
    const agents = [...byAgent].filter(([, his]) => text(his.at(-1) as ReportSegment, 'queueId') === queueId);
    const { at, measures } = sums(
      own,
      agents.map(([agentId]) => agentId),
    );
    const answers = call.segments.filter(
      (one) => one.kind === 'queued' && text(one, 'queueId') === queueId && one.data['outcome'] === 'answered',
    );
    bookings.push(queue(at, queueId, { handled: Math.max(1, answers.length), ...measures }));
  }
  return bookings;
}

/** Two may hold each other at once: what is on hold is counted once. */
function heldIn(talk: ReportSegment, holds: readonly ReportSegment[]): number {
  let upTo = talk.startedAt;
  let sum = 0;
  for (const hold of holds) {
    const rest = { ...hold, startedAt: Math.max(hold.startedAt, upTo) };
    sum += overlap(talk, rest);
    upTo = Math.max(upTo, hold.endedAt);
  }
  return sum;
}

function groups(talks: readonly ReportSegment[], key: string): Map<string, ReportSegment[]> {
  const found = new Map<string, ReportSegment[]>();
  for (const talk of talks) {
    const name = text(talk, key);
    if (name !== '') found.set(name, [...(found.get(name) ?? []), talk]);
  }
  return found;
}

const STATE_MEASURE: Readonly<Record<string, string>> = {
  ready: 'readyMs',
  ringing: 'ringingMs',
  talking: 'talkingMs',
  wrapUp: 'wrappingMs',
  notReady: 'notReadyMs',
};
/** A state that was forgotten for longer is a fault, and no reason to fill the tables. */
const LONGEST_STATE_MS = 40 * 86_400_000;

/** A state belongs to every quarter of an hour over which it lasts, as far as it lasts in it. */
export function bookState(segment: ReportAgentSegment): Booking[] {
  const measure = STATE_MEASURE[segment.state];
  if (measure === undefined) return [];
  const bookings: Booking[] = [];
  const end = Math.min(segment.endedAt, segment.startedAt + LONGEST_STATE_MS);
  const why = segment.reason ?? '';
  for (let from = segment.startedAt; from < end;) {
    const to = Math.min(end, Math.floor(from / SLOT_MS) * SLOT_MS + SLOT_MS);
    bookings.push({ dimension: 'agent', at: from, keys: [segment.agentId], measures: { [measure]: to - from } });
    if (segment.state === 'notReady') {
      const times = from === segment.startedAt ? 1 : 0;
      bookings.push({
        ...{ dimension: 'reason', at: from, keys: [segment.agentId, why], measures: { times, ms: to - from } },
      });
    }
    from = to;
  }
  return bookings;
}
