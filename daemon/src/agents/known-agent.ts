// One agent as the book of agents has him, and what is shown of him.
import type { Agent, AgentState } from '../contract/index.js';
import type { AgentRow, AgentStateDetail, WrapUpDetail } from '../db/index.js';
import type { StateMachine, Timer } from '../platform/index.js';
import type { AgentStep } from './agent-states.js';

/** Paperwork as the queue wants it. */
export interface WrapUpRule {
  queueId: string;
  mode: WrapUpDetail['mode'];
  /** of a timed one */
  ms: number;
  /** 0: none */
  limitMs: number;
}

/** Who asks for a state. `forced`: somebody else than the agent. */
export interface AskedBy {
  by: string;
  forced: boolean;
}

export interface KnownAgent {
  row: AgentRow;
  machine: StateMachine<AgentState, AgentStep>;
  reason: string | null;
  station: number | null;
  since: number;
  callId: string | null;
  changedBy: string | null;
  forced: boolean;
  /** after the call: what he was before he picked it up, or what was asked for meanwhile */
  after: AgentStateDetail['after'];
  wrapUp: WrapUpDetail | null;
  wrapUpEnd: Timer | undefined;
  overdue: boolean;
  overdueFrom: Timer | undefined;
  pausedQueues: readonly string[];
  /** the call whose disposition he has set */
  settled: string | null;
}

export const isBusy = ({ machine }: KnownAgent): boolean => machine.state === 'ringing' || machine.state === 'talking';

export function quiet(agent: KnownAgent): void {
  agent.wrapUpEnd?.cancel();
  agent.overdueFrom?.cancel();
}

export function toDto(agent: KnownAgent): Agent {
  const { row, machine, reason, station, since, callId, forced, overdue, after, wrapUp, pausedQueues } = agent;
  const { id, name, queues, language } = row;
  const pending = after?.asked === true ? { state: after.state, reason: after.reason } : null;
  return {
    ...{ id, name, queues: [...queues], language, state: machine.state, reason, station, since, callId },
    ...{ forced, reasonOverdue: overdue, pending, wrapUp: wrapUp === null ? null : { ...wrapUp } },
    pausedQueues: pausedQueues.filter((one) => queues.includes(one)),
  };
}
