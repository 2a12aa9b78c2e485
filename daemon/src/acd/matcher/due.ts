// Which of two calls is due first. A call has points: its priority, 10 more for a VIP where the queue says boost, and what it has
// gained by waiting (ageing × seconds × the queue's weight). Of equal points the one that has waited longer, times the weight
// of its queue. Within a queue the order never changes while nothing comes or goes, because all gain alike.
import type { QueuePolicy, WaitingCall } from './types.js';

/** A VIP of a queue that says boost. */
const VIP_POINTS = 10;

export interface Due {
  /** VIP of a queue that takes them first */
  first: boolean;
  points: number;
  weightedWaitMs: number;
}

export function dueOf(call: WaitingCall, policy: QueuePolicy, now: number): Due {
  const weightedWaitMs = (now - call.enteredAt) * policy.weight;
  const boost = call.vip && policy.vip === 'boost' ? VIP_POINTS : 0;
  return {
    first: call.vip && policy.vip === 'first',
    points: call.priority + boost + (policy.ageingPerS * weightedWaitMs) / 1000,
    weightedWaitMs,
  };
}

/** Negative: `a` is due before `b`. */
export function compareDue(a: Due, b: Due): number {
  if (a.first !== b.first) return a.first ? -1 : 1;
  return b.points - a.points || b.weightedWaitMs - a.weightedWaitMs;
}

/** The order within one queue; with it, the place of a call never depends on when it is asked for. */
export function compareInQueue(a: WaitingCall, b: WaitingCall, policy: QueuePolicy): number {
  return compareDue(dueOf(a, policy, 0), dueOf(b, policy, 0)) || compareText(a.callId, b.callId);
}

/** Numbers as numbers, so that agent 999 comes before agent 1000. */
export function compareNumbers(a: string, b: string): number {
  return a.length - b.length || compareText(a, b);
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
