// Calls, agents and queues for the matcher; a test names what matters to it.
import type { Candidate, Membership, QueuePolicy, WaitingCall } from '../../daemon/src/acd/matcher/index.js';
import { QueueRouting } from '../../daemon/src/contract/index.js';

export function waiting(callId: string, over: Partial<WaitingCall> = {}): WaitingCall {
  return {
    ...{ callId, queueId: 'sales', enteredAt: 0, priority: 5, vip: false, skills: [] },
    ...{ preferred: null, region: null, customerLevel: null, ...over },
  };
}

export function membership(over: Partial<Membership> = {}): Membership {
  return { position: 0, penalty: 0, weight: 1, calls: 0, talkMs: 0, lastRungAt: null, ...over };
}

interface CandidateOver extends Partial<Omit<Candidate, 'queues' | 'skills' | 'regions' | 'customerLevels'>> {
  queues?: Record<string, Partial<Membership>>;
  skills?: Record<string, number>;
  regions?: string[];
  customerLevels?: string[];
}

export function candidate(agentId: string, over: CandidateOver = {}): Candidate {
  const { queues = { sales: {} }, skills = {}, regions = [], customerLevels = [], ...rest } = over;
  return {
    ...{ agentId, station: Number(agentId), readySince: 0, unavailable: null, calls: 0, talkMs: 0 },
    queues: new Map(Object.entries(queues).map(([id, one]) => [id, membership(one)])),
    skills: new Map(Object.entries(skills)),
    regions: new Set(regions),
    customerLevels: new Set(customerLevels),
    ...rest,
  };
}

export function policy(queueId = 'sales', over: Partial<QueuePolicy> = {}): QueuePolicy {
  return { ...QueueRouting.parse({}), queueId, strategy: 'longest_idle', ...over };
}

/** 0 ≤ x < 1, the same sequence for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
