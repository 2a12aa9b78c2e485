// What the matcher is given, and what it says. Times are ms of one clock of the caller's choice; durations ms.
import type { QueueRouting, QueueStrategy, RequiredSkill } from '../../contract/index.js';

export interface WaitingCall {
  callId: string;
  queueId: string;
  /** when it came into the queue: a call nobody took keeps its place */
  enteredAt: number;
  /** 0 to 9 */
  priority: number;
  vip: boolean;
  /** the call's own; those of its queue come on top */
  skills: readonly RequiredSkill[];
  preferred: Preference | null;
  region: string | null;
  customerLevel: string | null;
  /** agents who did not answer it: they are rung for it when there is nobody else */
  missedBy?: ReadonlySet<string>;
}

/** An agent who is waited for, for so long after the call came, and comes before the others after that. */
export interface Preference {
  agentId: string;
  rule: 'last_agent' | 'named_agent';
  waitMs: number;
}

/** An agent in a queue, with what the strategies ask. */
export interface Membership {
  position: number;
  penalty: number;
  weight: number;
  /** calls of the queue and ms of talk, of today */
  calls: number;
  talkMs: number;
  /** when he was last rung for the queue; null: not yet */
  lastRungAt: number | null;
}

export type Unavailable =
  | 'signed_out'
  | 'not_ready'
  | 'ringing'
  | 'talking'
  | 'wrap_up'
  | 'no_station'
  | 'station_unreachable'
  | 'station_busy'
  | 'station_off_hook'
  | 'resting';

export interface Candidate {
  agentId: string;
  station: number | null;
  readySince: number;
  /** null: he can be rung */
  unavailable: Unavailable | null;
  queues: ReadonlyMap<string, Membership>;
  skills: ReadonlyMap<string, number>;
  /** empty: all */
  regions: ReadonlySet<string>;
  customerLevels: ReadonlySet<string>;
  /** of today, in all queues */
  calls: number;
  talkMs: number;
}

/** A queue, as far as it concerns the choice. */
export interface QueuePolicy extends QueueRouting {
  queueId: string;
  strategy: QueueStrategy;
}

/** Why an agent who can be rung is not rung for a call. */
export type Ineligible =
  | { code: 'other_queue' }
  | { code: 'waits_for_agent'; agentId: string; untilMs: number }
  | { code: 'skill_missing'; skill: string }
  | { code: 'skill_too_low'; skill: string; level: number; minLevel: number }
  | { code: 'other_region'; region: string }
  | { code: 'other_customer_level'; customerLevel: string };

export interface PassedOver {
  agentId: string;
  /** ranked_lower: he could have had the call, and the rules put the other one first */
  why: Ineligible | { code: 'ranked_lower'; by: RankRule };
}

/** What has decided between two agents who could both have the call. */
export type RankRule =
  | 'preferred_agent'
  | 'missed_it'
  | 'region'
  | 'customer_level'
  | 'own_queue'
  | 'penalty'
  | 'strategy'
  | 'longest_idle'
  | 'number';

/** Why this agent has this call: stored with it. Lists are cut; the counts are whole. */
export interface MatchReason {
  /** what has chosen him; only_one: nobody else could be rung for it */
  code: QueueStrategy | Preference['rule'] | 'only_one';
  strategy: QueueStrategy;
  queueId: string;
  agentId: string;
  waitedMs: number;
  points: number;
  vip: boolean;
  /** steps of relaxing that were in force */
  relaxed: number;
  /** the queue whose agents were borrowed; null: he is of the call's own */
  widenedTo: string | null;
  idleMs: number;
  /** what the strategy looked at, of him */
  measure: Record<string, number>;
  passedOver: PassedOver[];
  passedOverCount: number;
  /** calls that were due before this one, and could not have him */
  overtook: { callId: string; why: Ineligible }[];
  overtookCount: number;
}

export interface Offer {
  callId: string;
  queueId: string;
  /** one, or several who ring at once; the first is the one the reason speaks of */
  agents: { agentId: string; station: number; reason: MatchReason }[];
}

/** Why a call has nobody: how many of the agents who are looked at for it are kept from it by what. */
export interface Unmatched {
  callId: string;
  queueId: string;
  code: 'nobody_in_queue' | 'nobody_free' | 'nobody_fits' | 'waits_for_agent';
  counts: Partial<Record<Unavailable | Ineligible['code'] | 'offered', number>>;
}

export interface MatchInput {
  now: number;
  waiting: readonly WaitingCall[];
  agents: readonly Candidate[];
  queues: readonly QueuePolicy[];
  /** 0 ≤ x < 1, for the strategy random */
  random?: () => number;
}

export interface MatchResult {
  offers: Offer[];
  unmatched: Unmatched[];
}
