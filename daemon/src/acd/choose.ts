// Who gets which call. Pure: everything it needs is passed in, so that the choice can be explained and tested alone.

export interface WaitingCall {
  callId: string;
  queueId: string;
  /** when the call entered the queue, ms on any clock: a call nobody took keeps its place */
  enteredAt: number;
}

export interface Candidate {
  agentId: string;
  station: number | null;
  /** when the agent began to be idle, ms UTC */
  readySince: number;
  /** queues the agent serves */
  queues: readonly string[];
  ready: boolean;
  /** false: the telephone is not registered */
  stationReachable: boolean;
  /** the telephone has another leg on it */
  stationBusy: boolean;
  /** the telephone is off the hook */
  stationOffHook: boolean;
}

export type SkipReason =
  | 'other_queue'
  | 'not_ready'
  | 'no_station'
  | 'station_unreachable'
  | 'station_busy'
  | 'station_off_hook'
  | 'already_ringing';

export interface Assignment {
  callId: string;
  queueId: string;
  agentId: string;
  station: number;
  /** for the log and the supervisor: what made it this agent */
  why: string;
}

export interface Skip {
  agentId: string;
  callId: string;
  reason: SkipReason;
}

export interface Distribution {
  assignments: Assignment[];
  skips: Skip[];
}

/** Why this agent cannot be rung for this call now; null when he can. */
export function skipReason(call: WaitingCall, agent: Candidate, taken: ReadonlySet<string>): SkipReason | null {
  if (!agent.queues.includes(call.queueId)) return 'other_queue';
  if (!agent.ready) return 'not_ready';
  if (agent.station === null) return 'no_station';
  if (taken.has(agent.agentId)) return 'already_ringing';
  if (!agent.stationReachable) return 'station_unreachable';
  if (agent.stationBusy) return 'station_busy';
  if (agent.stationOffHook) return 'station_off_hook';
  return null;
}

/**
 * Longest idle: calls in the order in which they came, each to the agent of its queue who has been idle longest
 * (same instant: the lower number, so that the result never depends on chance). Every call that finds an agent is
 * given one at once: several agents ring at the same time for different calls.
 */
export function distribute(waiting: readonly WaitingCall[], agents: readonly Candidate[]): Distribution {
  const taken = new Set<string>();
  const result: Distribution = { assignments: [], skips: [] };
  const calls = [...waiting].sort((a, b) => a.enteredAt - b.enteredAt || compare(a.callId, b.callId));
  const idlest = [...agents].sort((a, b) => a.readySince - b.readySince || compare(a.agentId, b.agentId));
  for (const call of calls) {
    let passedOver = 0;
    for (const agent of idlest) {
      const reason = skipReason(call, agent, taken);
      if (reason !== null) {
        if (reason !== 'other_queue') result.skips.push({ agentId: agent.agentId, callId: call.callId, reason });
        passedOver += 1;
        continue;
      }
      taken.add(agent.agentId);
      result.assignments.push({
        callId: call.callId,
        queueId: call.queueId,
        agentId: agent.agentId,
        station: agent.station as number,
        why: `longest idle of queue ${call.queueId}: idle since ${new Date(agent.readySince).toISOString()}, ${passedOver} passed over`,
      });
      break;
    }
  }
  return result;
}

/** Numbers as numbers, so that agent 999 comes before agent 1000. */
function compare(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
