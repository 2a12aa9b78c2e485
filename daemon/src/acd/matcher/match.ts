import { Matcher } from './matcher.js';
import type { MatchInput, MatchResult } from './types.js';

/** One decision about everything that is given: the same input gives the same result. */
export function match({ now, waiting, agents, queues, random }: MatchInput): MatchResult {
  const matcher = new Matcher(random);
  for (const queue of queues) matcher.putQueue(queue);
  for (const agent of agents) matcher.putAgent(agent);
  for (const call of waiting) matcher.putCall(call);
  const offers = matcher.decide(now);
  const offered = new Set(offers.map(({ callId }) => callId));
  const taken = new Set(offers.flatMap((offer) => offer.agents.map(({ agentId }) => agentId)));
  const unmatched = waiting
    .filter(({ callId }) => !offered.has(callId))
    .flatMap(({ callId }) => matcher.explain(callId, now, taken) ?? []);
  return { offers, unmatched };
}
