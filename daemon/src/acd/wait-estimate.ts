// How long a caller will wait, from who serves him now. Handling times are taken to be memoryless, so that n agents who are busy
// free one of them every AHT / n, however long they have been at it; the caller at place k waits for k of them (an Erlang
// distribution of order k). What is not known is said to be unknown, and is never 0.
import type { WaitEstimate } from '../contract/index.js';

export interface EstimateInput {
  /** calls of his queue that are due before him */
  ahead: number;
  /** agents who serve the queue and are at work: ready, ringing, talking, in wrap-up */
  agents: number;
  /** of these, who could take a call now */
  free: number;
  /** calls of other queues that are due before him, and which part of that queue's agents serves his, too: 0 to 1 */
  competing: readonly { calls: number; share: number }[];
  handling: Handling;
}

/** What is known of a queue's handling times: talk and wrap-up of its last calls. */
export interface Handling {
  count: number;
  totalMs: number;
  /** what is taken for granted before there are any, such as the mean of the box; null: nothing is */
  priorMs: number | null;
}

/** The prior counts as so many calls. */
const PRIOR_CALLS = 5;
/** 80 % of a normal distribution lie within so many standard deviations */
const EIGHTY_PERCENT = 1.2816;

/** Mean handling time; null: nothing is known. */
export function meanHandlingMs({ count, totalMs, priorMs }: Handling): number | null {
  if (priorMs === null) return count === 0 ? null : totalMs / count;
  return (totalMs + priorMs * PRIOR_CALLS) / (count + PRIOR_CALLS);
}

export function estimateWait({ ahead, agents, free, competing, handling }: EstimateInput): WaitEstimate {
  if (agents === 0) return { code: 'unknown', why: 'nobody_serves' };
  const meanMs = meanHandlingMs(handling);
  if (meanMs === null || meanMs <= 0) return { code: 'unknown', why: 'no_handling_time' };
  const before = ahead + competing.reduce((sum, { calls, share }) => sum + calls * share, 0);
  // Whoever is free takes one at once; the others wait for somebody to become free.
  const turns = Math.max(0, before + 1 - free);
  const stepMs = meanMs / agents;
  const waitMs = turns * stepMs;
  const spreadMs = EIGHTY_PERCENT * Math.sqrt(turns) * stepMs;
  return {
    code: 'known',
    waitMs: Math.round(waitMs),
    lowMs: Math.round(Math.max(0, waitMs - spreadMs)),
    highMs: Math.round(waitMs + spreadMs),
    confidence: confidenceOf(handling.count, agents),
  };
}

/** Of so few calls the mean is uncertain by a third and more; of so few agents one who goes to lunch changes everything. */
function confidenceOf(calls: number, agents: number): 'low' | 'medium' | 'high' {
  if (calls < 10) return 'low';
  return calls < 50 || agents < 3 ? 'medium' : 'high';
}
