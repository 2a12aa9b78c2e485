// Agents in talk who were given the call by no queue: dialled by them or to their telephones, put through to them, or asked by a
// colleague. They count as talking, so that no queue rings them, and are as before when it is over: there is no paperwork for a call
// of no queue.
import type { Call } from '../contract/index.js';
import type { AgentBook } from '../agents/index.js';

export interface OtherTalksOptions {
  agents: Pick<AgentBook, 'find' | 'atStation' | 'beginTalk' | 'moveTalk' | 'endTalk'>;
  /** the call of a queue that he is in */
  queueCallOf: (agentId: string) => string | undefined;
}

export class OtherTalks {
  readonly #options: OtherTalksOptions;
  /** calls by agent: a telephone may have several */
  readonly #calls = new Map<string, Set<string>>();

  constructor(options: OtherTalksOptions) {
    this.#options = options;
  }

  begin(agentId: string, callId: string): void {
    const { agents } = this.#options;
    const state = agents.find(agentId)?.state;
    // Of one whose telephone rings for a queue the queue says what becomes of him.
    if (state === undefined || state === 'signedOut' || state === 'ringing') return;
    this.#calls.set(agentId, (this.#calls.get(agentId) ?? new Set()).add(callId));
    if (state !== 'talking') agents.beginTalk(agentId, callId);
  }

  /** Whoever is signed in at the telephones that talk now. */
  connected({ id, parties }: Call): void {
    const { agents, queueCallOf } = this.#options;
    for (const { station, state } of parties) {
      if (station === null || state !== 'talking') continue;
      const agentId = agents.atStation(station)?.id;
      if (agentId !== undefined && queueCallOf(agentId) !== id) this.begin(agentId, id);
    }
  }

  /** The telephone is out of the call, which goes on. */
  leftAt(station: number, callId: string): void {
    const agentId = this.#options.agents.atStation(station)?.id;
    if (agentId !== undefined) this.end(agentId, callId);
  }

  /** One of those that he is in. */
  callOf(agentId: string): string | undefined {
    return this.#calls.get(agentId)?.values().next().value;
  }

  /** It is a call of a queue to him from now on. */
  forget(agentId: string, callId: string): void {
    const calls = this.#calls.get(agentId);
    calls?.delete(callId);
    if (calls?.size === 0) this.#calls.delete(agentId);
  }

  end(agentId: string, callId: string): void {
    if (this.#calls.get(agentId)?.has(callId) !== true) return;
    this.forget(agentId, callId);
    const { agents, queueCallOf } = this.#options;
    const other = queueCallOf(agentId) ?? this.callOf(agentId);
    if (other === undefined) agents.endTalk(agentId, null);
    else agents.moveTalk(agentId, other);
  }

  released(callId: string): void {
    for (const agentId of [...this.#calls.keys()]) this.end(agentId, callId);
  }
}
