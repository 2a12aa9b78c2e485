// Agents in talk with callers of queues: from the answer to the wrap-up, and from one call into another.
import type { AgentBook } from '../agents/index.js';
import type { Clock } from '../platform/index.js';
import { OtherTalks } from './other-talks.js';
import type { QueueBook } from './queue-book.js';

export interface QueueTalksOptions {
  agents: Pick<AgentBook, 'find' | 'atStation' | 'beginTalk' | 'moveTalk' | 'endTalk'>;
  queues: Pick<QueueBook, 'find'>;
  /** a talk is over, after so long */
  talked: (agentId: string, queueId: string, talkMs: number) => void;
  clock: Clock;
}

export class QueueTalks {
  readonly others: OtherTalks;
  readonly #options: QueueTalksOptions;
  /** by call */
  readonly #talking = new Map<string, { agentId: string; queueId: string; since: number }>();

  constructor(options: QueueTalksOptions) {
    this.#options = options;
    this.others = new OtherTalks({ agents: options.agents, queueCallOf: (agentId) => this.#callOf(agentId) });
  }

  begin(agentId: string, callId: string, queueId: string): void {
    const { agents, clock } = this.#options;
    // He may have been put through from another call to this one.
    if ((this.#callOf(agentId) ?? this.others.callOf(agentId)) === undefined) agents.beginTalk(agentId, callId);
    else agents.moveTalk(agentId, callId);
    this.others.forget(agentId, callId);
    this.#talking.set(callId, { agentId, queueId, since: clock.monotonicMs() });
  }

  /** The agent is out of the call, which goes on without him. */
  left(agentId: string, callId: string): void {
    if (this.#talking.get(callId)?.agentId === agentId) this.#over(callId);
    else this.others.end(agentId, callId);
  }

  released(callId: string): void {
    this.#over(callId);
    this.others.released(callId);
  }

  #callOf(agentId: string): string | undefined {
    for (const [callId, talk] of this.#talking) if (talk.agentId === agentId) return callId;
    return undefined;
  }

  #over(callId: string): void {
    const talk = this.#talking.get(callId);
    if (talk === undefined) return;
    this.#talking.delete(callId);
    const { agentId, queueId, since } = talk;
    const { agents, clock, queues, talked } = this.#options;
    talked(agentId, queueId, clock.monotonicMs() - since);
    const other = this.#callOf(agentId) ?? this.others.callOf(agentId);
    if (other !== undefined) return agents.moveTalk(agentId, other);
    const queue = queues.find(queueId);
    if (queue === undefined) return agents.endTalk(agentId, null);
    const { wrapUpMode: mode, wrapUpMs: ms, wrapUpLimitMs: limitMs } = queue;
    agents.endTalk(agentId, { queueId, mode, ms, limitMs });
  }
}
