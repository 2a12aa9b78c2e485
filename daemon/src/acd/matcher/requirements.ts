// What a call asks of an agent after so long a wait, and whether an agent fits. Steps of relaxing only ever ask for less.
import type { RequiredSkill } from '../../contract/index.js';
import type { Candidate, Ineligible, QueuePolicy, WaitingCall } from './types.js';

export interface Requirements {
  /** least level, by skill */
  skills: ReadonlyMap<string, number>;
  /** the queues whose agents may have it; the call's own first */
  queues: readonly string[];
  /** null: any */
  region: string | null;
  customerLevel: string | null;
  /** steps in force */
  relaxed: number;
}

/** Requirements of a call that has waited `waitedMs`. */
export function requirementsOf(call: WaitingCall, policy: QueuePolicy, waitedMs: number): Requirements {
  const skills = highest([...policy.skills, ...call.skills]);
  const queues = [call.queueId];
  let region = policy.region === 'require' ? call.region : null;
  let customerLevel = policy.customerLevel === 'require' ? call.customerLevel : null;
  let relaxed = 0;
  for (const step of policy.relax) {
    if (step.afterMs > waitedMs) continue;
    relaxed += 1;
    if (step.action === 'widen') {
      if (!queues.includes(step.queueId)) queues.push(step.queueId);
    } else if (step.action === 'anyRegion') region = null;
    else if (step.action === 'anyCustomerLevel') customerLevel = null;
    else {
      for (const skill of step.skill === null ? [...skills.keys()] : [step.skill]) {
        const level = skills.get(skill);
        if (level === undefined) continue;
        if (step.action === 'drop') skills.delete(skill);
        // At level 1 it is still asked for: only `drop` gives it up.
        else skills.set(skill, Math.max(1, level - step.by));
      }
    }
  }
  return { skills, queues, region, customerLevel, relaxed };
}

/** After which waits the requirements change, or somebody is no longer waited for; ascending. */
export function boundariesOf(call: WaitingCall, policy: QueuePolicy): number[] {
  const all = policy.relax.map(({ afterMs }) => afterMs);
  if (call.preferred !== null) all.push(call.preferred.waitMs);
  return [...new Set(all)].filter((one) => one > 0).sort((a, b) => a - b);
}

/** Why this agent, who can be rung, is not rung for the call; null: he may be. Nothing is asked of one who is named. */
export function ineligible(
  call: WaitingCall,
  needs: Requirements,
  agent: Candidate,
  waitsFor: Ineligible | null,
): Ineligible | null {
  if (call.preferred?.agentId === agent.agentId) return null;
  if (!needs.queues.some((queueId) => agent.queues.has(queueId))) return { code: 'other_queue' };
  if (waitsFor !== null) return waitsFor;
  for (const [skill, minLevel] of needs.skills) {
    const level = agent.skills.get(skill);
    if (level === undefined) return { code: 'skill_missing', skill };
    if (level < minLevel) return { code: 'skill_too_low', skill, level, minLevel };
  }
  if (needs.region !== null && !serves(agent.regions, needs.region)) {
    return { code: 'other_region', region: needs.region };
  }
  if (needs.customerLevel !== null && !serves(agent.customerLevels, needs.customerLevel)) {
    return { code: 'other_customer_level', customerLevel: needs.customerLevel };
  }
  return null;
}

/** One who has named no values serves them all. */
export function serves(values: ReadonlySet<string>, value: string): boolean {
  return values.size === 0 || values.has(value);
}

function highest(all: readonly RequiredSkill[]): Map<string, number> {
  const skills = new Map<string, number>();
  for (const { skill, minLevel } of all) skills.set(skill, Math.max(minLevel, skills.get(skill) ?? 0));
  return skills;
}
