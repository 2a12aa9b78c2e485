// Who gets which call, and why. It does no I/O and reads no clock. Everything that changes is put into it (a call, an agent, a
// queue), and decide() looks only at queues where somebody waits and somebody whom they may have can be rung.
//
// Calls are served in the order in which they are due over all queues (due.ts); each takes the best of the agents who are free and
// fit (requirements.ts, rank.ts), and nobody is taken twice. So a call is overtaken only when an agent may not have it, and the
// reason of the offer says so.
import type { QueueStrategy } from '../../contract/index.js';
import { compareDue, compareInQueue, compareNumbers, compareText, dueOf } from './due.js';
import { compareRank, measureOf, type RankContext, type Ranked } from './rank.js';
import { ineligible, requirementsOf, type Requirements } from './requirements.js';
import type {
  Candidate,
  Ineligible,
  MatchReason,
  Offer,
  PassedOver,
  QueuePolicy,
  RankRule,
  Unmatched,
  WaitingCall,
} from './types.js';

/** How many names stand in a reason. */
const MOST_NAMED = 5;

interface QueueIndex {
  policy: QueuePolicy;
  /** in the order in which they are due */
  calls: WaitingCall[];
  /** who can be rung, by number */
  free: Map<string, Candidate>;
  /** calls that ask for an agent by name, who need not be of the queue */
  named: number;
  /** its calls may have agents of these, too, after a while */
  widensTo: string[];
}

/** A call that was looked at, and got nobody. */
interface Left {
  call: WaitingCall;
  needs: Requirements;
  waits: Ineligible | null;
}

export class Matcher {
  readonly #queues = new Map<string, QueueIndex>();
  readonly #calls = new Map<string, WaitingCall>();
  readonly #agents = new Map<string, Candidate>();
  readonly #free = new Map<string, Candidate>();
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** A queue that is not known takes no calls. */
  putQueue(policy: QueuePolicy): void {
    const index = this.#queues.get(policy.queueId);
    const widensTo = policy.relax.flatMap((step) => (step.action === 'widen' ? [step.queueId] : []));
    if (index !== undefined) {
      Object.assign(index, { policy, widensTo });
      index.calls.sort((a, b) => compareInQueue(a, b, policy));
      return;
    }
    const free = [...this.#free.values()].filter(({ queues }) => queues.has(policy.queueId));
    this.#queues.set(policy.queueId, {
      ...{ policy, widensTo, calls: [], named: 0 },
      free: new Map(free.map((agent) => [agent.agentId, agent])),
    });
  }

  removeQueue(queueId: string): void {
    for (const { callId } of this.#queues.get(queueId)?.calls ?? []) this.#calls.delete(callId);
    this.#queues.delete(queueId);
  }

  putCall(call: WaitingCall): void {
    this.removeCall(call.callId);
    const index = this.#queues.get(call.queueId);
    if (index === undefined) return;
    this.#calls.set(call.callId, call);
    if (call.preferred !== null) index.named += 1;
    index.calls.splice(this.#place(index, call), 0, call);
  }

  removeCall(callId: string): void {
    const call = this.#calls.get(callId);
    const index = call === undefined ? undefined : this.#queues.get(call.queueId);
    this.#calls.delete(callId);
    if (call === undefined || index === undefined) return;
    if (call.preferred !== null) index.named -= 1;
    const at = this.#place(index, call);
    if (index.calls[at] === call) index.calls.splice(at, 1);
    else index.calls = index.calls.filter((one) => one !== call);
  }

  putAgent(agent: Candidate): void {
    this.#unlist(this.#agents.get(agent.agentId));
    this.#agents.set(agent.agentId, agent);
    if (agent.unavailable !== null || agent.station === null) return;
    this.#free.set(agent.agentId, agent);
    for (const queueId of agent.queues.keys()) this.#queues.get(queueId)?.free.set(agent.agentId, agent);
  }

  removeAgent(agentId: string): void {
    this.#unlist(this.#agents.get(agentId));
    this.#agents.delete(agentId);
  }

  policy(queueId: string): QueuePolicy | undefined {
    return this.#queues.get(queueId)?.policy;
  }

  agent(agentId: string): Candidate | undefined {
    return this.#agents.get(agentId);
  }

  /** The calls of a queue, first the one that is due first. */
  waitingIn(queueId: string): readonly WaitingCall[] {
    return this.#queues.get(queueId)?.calls ?? [];
  }

  /** Everybody who is in a queue, whatever he does now. */
  agentsOf(queueId: string): Candidate[] {
    return [...this.#agents.values()].filter(({ queues }) => queues.has(queueId));
  }

  /** Every call that can have an agent now gets one. Nothing is changed: what comes of an offer is put in by whoever makes it. */
  decide(now: number): Offer[] {
    const offers: Offer[] = [];
    if (this.#free.size === 0) return offers;
    const taken = new Set<string>();
    const left: Left[] = [];
    for (const call of this.#inOrder(now)) {
      if (taken.size === this.#free.size) break;
      const { policy } = this.#queues.get(call.queueId) as QueueIndex;
      const needs = requirementsOf(call, policy, now - call.enteredAt);
      const waits = this.#waitsFor(call, now);
      const offer = this.#offer({ call, policy, needs }, waits, taken, left, now);
      if (offer === undefined) left.push({ call, needs, waits });
      else {
        offers.push(offer);
        for (const { agentId } of offer.agents) taken.add(agentId);
      }
    }
    return offers;
  }

  /** Why a call has nobody. `taken`: agents who have just been given others. */
  explain(callId: string, now: number, taken: ReadonlySet<string> = new Set()): Unmatched | undefined {
    const call = this.#calls.get(callId);
    const index = call === undefined ? undefined : this.#queues.get(call.queueId);
    if (call === undefined || index === undefined) return undefined;
    const needs = requirementsOf(call, index.policy, now - call.enteredAt);
    const waits = this.#waitsFor(call, now);
    const counts: Unmatched['counts'] = {};
    let members = 0;
    let free = 0;
    for (const agent of this.#agents.values()) {
      const named = call.preferred?.agentId === agent.agentId;
      if (!named && !needs.queues.some((queueId) => agent.queues.has(queueId))) continue;
      members += 1;
      const kept = taken.has(agent.agentId)
        ? 'offered'
        : (agent.unavailable ?? ineligible(call, needs, agent, waits)?.code ?? null);
      if (kept === null) continue;
      counts[kept] = (counts[kept] ?? 0) + 1;
      if (agent.unavailable === null && kept !== 'offered') free += 1;
    }
    const code =
      waits !== null ? 'waits_for_agent' : members === 0 ? 'nobody_in_queue' : free > 0 ? 'nobody_fits' : 'nobody_free';
    return { callId, queueId: call.queueId, code, counts };
  }

  #offer(
    context: RankContext,
    waits: Ineligible | null,
    taken: ReadonlySet<string>,
    left: readonly Left[],
    now: number,
  ): Offer | undefined {
    const { call, policy, needs } = context;
    const ranked: Ranked[] = [];
    const unfit: PassedOver[] = [];
    for (const agent of this.#choiceOf(call, needs)) {
      if (taken.has(agent.agentId)) continue;
      const why = ineligible(call, needs, agent, waits);
      if (why !== null) {
        unfit.push({ agentId: agent.agentId, why });
        continue;
      }
      const group = needs.queues.findIndex((queueId) => agent.queues.has(queueId));
      const queue = needs.queues[group];
      ranked.push({ agent, group, member: queue === undefined ? undefined : agent.queues.get(queue), lot: 0 });
    }
    if (ranked.length === 0) return undefined;
    if (policy.strategy === 'random') this.#drawLots(ranked);
    // A call that asks for somebody who is there rings him alone.
    const preferred = ranked.find(({ agent }) => agent.agentId === call.preferred?.agentId);
    const most = policy.strategy === 'ring_all' && preferred === undefined ? policy.ringAllMost : 1;
    firstOf(ranked, most + MOST_NAMED, (a, b) => compareRank(a, b, context).order);
    firstOf(unfit, MOST_NAMED, (a, b) => compareNumbers(a.agentId, b.agentId));
    const rung = ranked.slice(0, most);
    const [best] = rung as [Ranked];
    const code =
      preferred !== undefined ? (call.preferred?.rule ?? 'only_one') : codeOf(policy.strategy, ranked.length);
    const lower = ranked.slice(most, most + MOST_NAMED).map(({ agent }, i) => ({
      agentId: agent.agentId,
      why: { code: 'ranked_lower' as const, by: decidedBy(best, ranked[most + i] as Ranked, context) },
    }));
    const passedOver = [...lower, ...unfit].slice(0, MOST_NAMED);
    const passedOverCount = ranked.length - rung.length + unfit.length;
    const due = dueOf(call, policy, now);
    const common = {
      ...{ code, strategy: policy.strategy, queueId: call.queueId, waitedMs: now - call.enteredAt },
      ...{ points: Math.round(due.points * 1000) / 1000, vip: call.vip, relaxed: needs.relaxed },
      ...{ passedOver, passedOverCount },
    };
    const agents = rung.map((one) => {
      const { agent, group } = one;
      const reason: MatchReason = {
        ...common,
        agentId: agent.agentId,
        widenedTo: group > 0 ? (needs.queues[group] ?? null) : null,
        idleMs: Math.max(0, now - agent.readySince),
        measure: measureOf(one, context),
        ...overtaken(agent, left),
      };
      return { agentId: agent.agentId, station: agent.station as number, reason };
    });
    return { callId: call.callId, queueId: call.queueId, agents };
  }

  /** Those who can be rung and may be asked at all: of the queues that the call may have, and whom it names. */
  *#choiceOf(call: WaitingCall, { queues }: Requirements): Iterable<Candidate> {
    const named = call.preferred === null ? undefined : this.#free.get(call.preferred.agentId);
    if (named !== undefined) yield named;
    for (const [group, queueId] of queues.entries()) {
      for (const agent of this.#queues.get(queueId)?.free.values() ?? []) {
        if (agent === named || queues.slice(0, group).some((before) => agent.queues.has(before))) continue;
        yield agent;
      }
    }
  }

  /** Somebody is waited for, who is signed in and has not had his time; null: nobody. */
  #waitsFor({ preferred, enteredAt }: WaitingCall, now: number): Ineligible | null {
    if (preferred === null) return null;
    const untilMs = enteredAt + preferred.waitMs;
    if (now >= untilMs) return null;
    const agent = this.#agents.get(preferred.agentId);
    if (agent === undefined || agent.unavailable === 'signed_out') return null;
    return { code: 'waits_for_agent', agentId: preferred.agentId, untilMs };
  }

  /** Each call of the queues where anybody could be found, the one that is due first before the others. */
  *#inOrder(now: number): Iterable<WaitingCall> {
    const heads = [...this.#queues.values()]
      .filter((index) => index.calls.length > 0 && this.#anybodyFor(index))
      .map((index) => ({ index, at: 0, due: dueOf(index.calls[0] as WaitingCall, index.policy, now) }));
    while (heads.length > 0) {
      let first = heads[0] as (typeof heads)[number];
      for (const head of heads) {
        const order = compareDue(head.due, first.due) || compareText(callAt(head).callId, callAt(first).callId);
        if (order < 0) first = head;
      }
      yield callAt(first);
      first.at += 1;
      const next = first.index.calls[first.at];
      if (next === undefined) heads.splice(heads.indexOf(first), 1);
      else first.due = dueOf(next, first.index.policy, now);
    }
  }

  #anybodyFor({ free, named, widensTo }: QueueIndex): boolean {
    return free.size > 0 || named > 0 || widensTo.some((id) => (this.#queues.get(id)?.free.size ?? 0) > 0);
  }

  /** Where a call stands, or would stand, in its queue. */
  #place({ calls, policy }: QueueIndex, call: WaitingCall): number {
    let [low, high] = [0, calls.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareInQueue(calls[middle] as WaitingCall, call, policy) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #unlist(agent: Candidate | undefined): void {
    if (agent === undefined) return;
    this.#free.delete(agent.agentId);
    for (const queueId of agent.queues.keys()) this.#queues.get(queueId)?.free.delete(agent.agentId);
  }

  /** In the order of their numbers, so that the same draws give the same agent however they came in. */
  #drawLots(ranked: Ranked[]): void {
    ranked.sort((a, b) => compareNumbers(a.agent.agentId, b.agent.agentId));
    for (const one of ranked) one.lot = this.#random();
  }
}

function callAt({ index, at }: { index: QueueIndex; at: number }): WaitingCall {
  return index.calls[at] as WaitingCall;
}

/** Brings the first `count` to the front, in their order; cheaper than sorting them all. */
function firstOf<T>(all: T[], count: number, compare: (a: T, b: T) => number): void {
  for (let at = 0; at < Math.min(count, all.length); at += 1) {
    let best = at;
    for (let i = at + 1; i < all.length; i += 1) if (compare(all[i] as T, all[best] as T) < 0) best = i;
    [all[at], all[best]] = [all[best] as T, all[at] as T];
  }
}

function decidedBy(best: Ranked, other: Ranked, context: RankContext): RankRule {
  return compareRank(best, other, context).by;
}

function codeOf(strategy: QueueStrategy, choice: number): MatchReason['code'] {
  return choice === 1 && strategy !== 'ring_all' ? 'only_one' : strategy;
}

function overtaken(agent: Candidate, left: readonly Left[]): Pick<MatchReason, 'overtook' | 'overtookCount'> {
  const overtook: MatchReason['overtook'] = [];
  let overtookCount = 0;
  for (const { call, needs, waits } of left) {
    const why = ineligible(call, needs, agent, waits);
    // Calls of queues that he does not serve are not in his way.
    if (why === null || why.code === 'other_queue') continue;
    overtookCount += 1;
    if (overtook.length < MOST_NAMED) overtook.push({ callId: call.callId, why });
  }
  return { overtook, overtookCount };
}
