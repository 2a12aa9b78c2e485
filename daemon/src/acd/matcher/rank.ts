// Which of two agents who could both have a call is rung. Rules before the strategy, then the strategy, then who has been idle
// longest, then the lower number: nothing is left to chance but what `random` draws.
import type { QueueStrategy } from '../../contract/index.js';
import { compareNumbers } from './due.js';
import type { Requirements } from './requirements.js';
import { serves } from './requirements.js';
import type { Candidate, Membership, QueuePolicy, RankRule, WaitingCall } from './types.js';

export interface Ranked {
  agent: Candidate;
  /** in the first of the queues asked that he is in; undefined: he is named and in none */
  member: Membership | undefined;
  /** 0: the call's own queue, then in the order in which it was widened */
  group: number;
  /** drawn for the strategy random */
  lot: number;
}

export interface RankContext {
  call: WaitingCall;
  policy: QueuePolicy;
  needs: Requirements;
}

type Compare = (a: Ranked, b: Ranked, context: RankContext) => number;

const rules: readonly (readonly [RankRule, Compare])[] = [
  ['preferred_agent', (a, b, { call }) => no(isPreferred(a, call)) - no(isPreferred(b, call))],
  [
    'missed_it',
    (a, b, { call }) => yes(call.missedBy?.has(a.agent.agentId)) - yes(call.missedBy?.has(b.agent.agentId)),
  ],
  [
    'region',
    (a, b, { call, policy }) =>
      policy.region === 'off' ? 0 : mismatch(a.agent.regions, call.region) - mismatch(b.agent.regions, call.region),
  ],
  [
    'customer_level',
    (a, b, { call, policy }) =>
      policy.customerLevel === 'off'
        ? 0
        : mismatch(a.agent.customerLevels, call.customerLevel) - mismatch(b.agent.customerLevels, call.customerLevel),
  ],
  ['own_queue', (a, b) => a.group - b.group],
  ['penalty', (a, b) => (a.member?.penalty ?? 0) - (b.member?.penalty ?? 0)],
  ['strategy', (a, b, context) => strategies[context.policy.strategy](a, b, context)],
  ['longest_idle', idle],
  ['number', (a, b) => compareNumbers(a.agent.agentId, b.agent.agentId)],
];

const strategies: Record<QueueStrategy, Compare> = {
  longest_idle: idle,
  // The one who was rung longest ago, or never, is next: the round goes on where it was.
  round_robin: (a, b) => (a.member?.lastRungAt ?? -Infinity) - (b.member?.lastRungAt ?? -Infinity) || position(a, b),
  fewest_calls: (a, b) => (a.member?.calls ?? 0) - (b.member?.calls ?? 0) || a.agent.calls - b.agent.calls,
  least_talk: (a, b) => (a.member?.talkMs ?? 0) - (b.member?.talkMs ?? 0) || a.agent.talkMs - b.agent.talkMs,
  skill_level: (a, b, { needs }) => levels(b.agent, needs) - levels(a.agent, needs),
  ring_all: idle,
  linear: position,
  random: (a, b) => a.lot - b.lot,
  // Whoever is furthest behind his share: with every call to another his own turn comes nearer.
  weighted: (a, b) => share(a) - share(b),
};

/** Negative: `a` comes first, by the rule named. */
export function compareRank(a: Ranked, b: Ranked, context: RankContext): { order: number; by: RankRule } {
  for (const [by, compare] of rules) {
    const order = compare(a, b, context);
    // Two who were never rung differ by NaN (-Infinity - -Infinity).
    if (order !== 0 && !Number.isNaN(order)) return { order, by };
  }
  return { order: 0, by: 'number' };
}

/** What the strategy looked at, for the reason. */
export function measureOf({ agent, member }: Ranked, { policy, needs }: RankContext): Record<string, number> {
  switch (policy.strategy) {
    case 'fewest_calls':
      return { calls: member?.calls ?? 0 };
    case 'least_talk':
      return { talkMs: member?.talkMs ?? 0 };
    case 'skill_level':
      return { levels: levels(agent, needs) };
    case 'linear':
    case 'round_robin':
      return { position: member?.position ?? 0 };
    case 'weighted':
      return { weight: member?.weight ?? 1, calls: member?.calls ?? 0 };
    case 'longest_idle':
    case 'ring_all':
    case 'random':
      return {};
  }
}

function isPreferred({ agent }: Ranked, { preferred }: WaitingCall): boolean {
  return preferred?.agentId === agent.agentId;
}

function idle(a: Ranked, b: Ranked): number {
  return a.agent.readySince - b.agent.readySince;
}

function position(a: Ranked, b: Ranked): number {
  return (a.member?.position ?? 0) - (b.member?.position ?? 0);
}

/** His levels in what is asked for, summed; where nothing is asked for, in all he can. */
function levels({ skills }: Candidate, { skills: asked }: Requirements): number {
  let sum = 0;
  for (const skill of asked.size > 0 ? asked.keys() : skills.keys()) sum += skills.get(skill) ?? 0;
  return sum;
}

function share({ member }: Ranked): number {
  return member === undefined ? 0 : (member.calls + 1) / member.weight;
}

/** 1: the call has the attribute and he does not name it. One who serves all comes after those who name it. */
function mismatch(values: ReadonlySet<string>, value: string | null): number {
  if (value === null) return 0;
  return values.has(value) ? 0 : serves(values, value) ? 1 : 2;
}

function yes(is: boolean | undefined): number {
  return is === true ? 1 : 0;
}
function no(is: boolean): number {
  return is ? 0 : 1;
}
