// Which calls are recorded: the first rule that fits says so; when none does, a call is recorded.
import { createHash } from 'node:crypto';
import type { RecordingFacts, RecordingWish } from '../calls/index.js';
import type { RecordingRule } from '../contract/index.js';

/**
 * What the rules say of a call. A rule that names a queue or an agent fits no call that has none yet: it is asked again
 * when it has.
 */
export function wishOf(rules: readonly RecordingRule[], facts: RecordingFacts): RecordingWish {
  const rule = rules.find((one) => one.enabled && fits(one, facts));
  if (rule === undefined) return { record: true, rule: null };
  const record = rule.action === 'record' && shareOf(facts.callId, rule.id) < rule.percentage;
  return { record, rule: rule.id };
}

function fits({ match }: RecordingRule, facts: RecordingFacts): boolean {
  const { queueId, agentId, direction, trunkId, callingNumber, calledNumber } = match;
  return (
    (queueId === undefined || queueId === facts.queueId) &&
    (agentId === undefined || agentId === facts.agentId) &&
    (direction === undefined || direction === facts.direction) &&
    (trunkId === undefined || trunkId === facts.trunkId) &&
    (callingNumber === undefined || matches(callingNumber, facts.callingNumber)) &&
    (calledNumber === undefined || matches(calledNumber, facts.calledNumber))
  );
}

/** Digit by digit; X is any, and . at the end whatever follows. */
export function matches(pattern: string, number: string): boolean {
  const open = pattern.endsWith('.');
  const digits = open ? pattern.slice(0, -1) : pattern;
  if (open ? number.length < digits.length : number.length !== digits.length) return false;
  return [...digits].every((digit, at) => digit === 'X' || digit === number[at]);
}

/** 0 to 100, evenly spread over calls; the same whenever it is asked, and independent from rule to rule. */
export function shareOf(callId: string, ruleId: string): number {
  const hash = createHash('sha256').update(`${ruleId} ${callId}`).digest();
  return (hash.readUInt32BE(0) / 2 ** 32) * 100;
}
