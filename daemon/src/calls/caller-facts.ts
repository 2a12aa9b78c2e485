// What lists and numbers tell of one who is outside, as queues and flows ask for it.
import type { CallerTreatment, NumberOrigin, QueueEntry } from '../contract/index.js';

/** How long the agent is waited for whom a list names. */
const LISTED_AGENT_MS = 30_000;

export interface CallerFacts {
  origin: NumberOrigin | null;
  treatment: CallerTreatment | null;
}

/** The province of a number of this country, in its own words; else the country's two letters. null: not known */
export function regionOf({ origin }: CallerFacts): string | null {
  return origin?.province?.zh ?? origin?.country ?? null;
}

/** The level of a VIP, 1 to 5 */
export function customerLevelOf({ treatment }: CallerFacts): string | null {
  return treatment?.vipLevel == null ? null : String(treatment.vipLevel);
}

/** What a flow says of its caller stands above what is known of his number. */
export function withFacts(entry: QueueEntry, facts: CallerFacts): QueueEntry {
  const { vipLevel = null, agentId = null } = facts.treatment ?? {};
  return {
    ...entry,
    vip: entry.vip || vipLevel !== null,
    preferredAgent: entry.preferredAgent ?? (agentId === null ? null : { agentId, waitMs: LISTED_AGENT_MS }),
    region: entry.region ?? regionOf(facts),
    customerLevel: entry.customerLevel ?? customerLevelOf(facts),
  };
}
