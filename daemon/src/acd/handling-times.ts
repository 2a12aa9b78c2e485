// How long calls have kept agents lately, and how things stand for one who waits: what the estimate is made of.
import type { AgentState } from '../contract/index.js';
import type { Db } from '../db/index.js';
import type { Clock } from '../platform/index.js';
import { compareDue, dueOf, type Matcher, type Unavailable } from './matcher/index.js';
import { meanHandlingMs, type EstimateInput, type Handling } from './wait-estimate.js';

/** The mean is taken of so many calls of a queue. */
const LAST_CALLS = 100;
/** So far back is looked at start. */
const LOOK_BACK_MS = 86_400_000;
const MOST_SEGMENTS = 200_000;
/** The paperwork of a talk begins with its end, but for what a clock that was set may make of it. */
const WRAP_UP_FOLLOWS_MS = 1000;

const AT_WORK: ReadonlySet<Unavailable | null> = new Set([
  null,
  'ringing',
  'talking',
  'wrap_up',
  'resting',
  'station_busy',
]);

export class HandlingTimes {
  readonly #clock: Clock;
  readonly #last = new Map<string, number[]>();
  /** talks whose paperwork is under way, by agent */
  readonly #open = new Map<string, { queueId: string; talkMs: number; since: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The last calls before the start: talks of a day, and the paperwork that followed them. */
  async read(db: Pick<Db, 'segments' | 'agentSegments'>, nowMs: number): Promise<void> {
    const since = { fromMs: nowMs - LOOK_BACK_MS, limit: MOST_SEGMENTS };
    const paperwork = new Map<string, { startedAt: number; ms: number }[]>();
    for (const { agentId, startedAt, endedAt } of await db.agentSegments.list({ ...since, state: 'wrapUp' })) {
      if (endedAt === null) continue;
      const all = paperwork.get(agentId) ?? [];
      all.push({ startedAt, ms: endedAt - startedAt });
      paperwork.set(agentId, all);
    }
    const read = new Map<string, number[]>();
    for (const { data, startedAt, endedAt } of await db.segments.list({ kind: 'talk', ...since })) {
      const { agentId, queueId } = data;
      if (typeof agentId !== 'string' || typeof queueId !== 'string' || endedAt === null) continue;
      const after = paperwork.get(agentId)?.find((one) => Math.abs(one.startedAt - endedAt) < WRAP_UP_FOLLOWS_MS);
      const all = read.get(queueId) ?? [];
      all.push(endedAt - startedAt + (after?.ms ?? 0));
      read.set(queueId, all);
    }
    // Those of this run are later.
    for (const [queueId, all] of read)
      this.#last.set(queueId, [...all, ...(this.#last.get(queueId) ?? [])].slice(-LAST_CALLS));
  }

  /** A talk is over; what he does for it after that counts, too. */
  talked(agentId: string, queueId: string, talkMs: number): void {
    this.#open.set(agentId, { queueId, talkMs, since: this.#clock.monotonicMs() });
  }

  agentChanged(agentId: string, state: AgentState): void {
    const open = this.#open.get(agentId);
    if (open === undefined || state === 'wrapUp' || state === 'talking') return;
    this.#open.delete(agentId);
    const all = this.#last.get(open.queueId) ?? [];
    all.push(open.talkMs + this.#clock.monotonicMs() - open.since);
    if (all.length > LAST_CALLS) all.shift();
    this.#last.set(open.queueId, all);
  }

  /** Of a queue; what other queues have taken is the prior. */
  of(queueId: string): Handling {
    const own = sumOf(this.#last.get(queueId) ?? []);
    const others = sumOf([...this.#last].flatMap(([id, all]) => (id === queueId ? [] : all)));
    return { ...own, priorMs: meanHandlingMs({ ...others, priorMs: null }) };
  }

  /** Who is before a call, or before one who came now, and who serves him. */
  situation(
    matcher: Matcher,
    queueId: string,
    callId: string | undefined,
    now: number,
  ): Omit<EstimateInput, 'handling'> {
    const own = matcher.waitingIn(queueId);
    const at = own.findIndex((call) => call.callId === callId);
    const ahead = at < 0 ? own.length : at;
    const serving = matcher.agentsOf(queueId).filter(({ unavailable }) => AT_WORK.has(unavailable));
    const free = serving.filter(({ unavailable }) => unavailable === null).length;
    const policy = matcher.policy(queueId);
    const self = own[at];
    const due = self === undefined || policy === undefined ? undefined : dueOf(self, policy, now);
    const queues = new Set(serving.flatMap((agent) => [...agent.queues.keys()]));
    const competing = [...queues].flatMap((other) => {
      const rule = matcher.policy(other);
      if (other === queueId || rule === undefined) return [];
      const before = matcher
        .waitingIn(other)
        .filter((call) => due === undefined || compareDue(dueOf(call, rule, now), due) < 0).length;
      if (before === 0) return [];
      const shared = serving.filter((agent) => agent.queues.has(other)).length;
      const all = matcher.agentsOf(other).filter(({ unavailable }) => AT_WORK.has(unavailable)).length;
      return [{ calls: before, share: all === 0 ? 0 : shared / all }];
    });
    return { ahead, agents: serving.length, free, competing };
  }
}

function sumOf(all: readonly number[]): { count: number; totalMs: number } {
  return { count: all.length, totalMs: all.reduce((sum, one) => sum + one, 0) };
}
