// Whose calls, recordings, messages and agents somebody sees: what is his own, that of some groups, or everything.
import type { Scope } from '../contract/index.js';

/** What a list in the database is narrowed to: of these agents or of these queues. */
export interface ReachFilter {
  agents: readonly string[];
  queues: readonly string[];
}

export class Reach {
  readonly scope: Scope;
  readonly #own: string | null;
  readonly #queuesOf: (agentId: string) => readonly string[];

  /** `own`: the agent whom he is; `queuesOf`: the queues that an agent serves now. */
  constructor(scope: Scope, own: string | null, queuesOf: (agentId: string) => readonly string[]) {
    this.scope = scope;
    this.#own = own;
    this.#queuesOf = queuesOf;
  }

  get everything(): boolean {
    return this.scope.kind === 'all';
  }

  agent(id: string | null): boolean {
    if (this.scope.kind === 'all') return true;
    if (id === null) return false;
    if (id === this.#own) return true;
    if (this.scope.kind === 'own') return false;
    const { agents, queues } = this.scope;
    return agents.includes(id) || this.#queuesOf(id).some((queue) => queues.includes(queue));
  }

  /** A queue as one that is watched over; the queues that one serves oneself are `serves`. */
  queue(id: string | null): boolean {
    if (this.scope.kind === 'all') return true;
    return id !== null && this.scope.kind === 'groups' && this.scope.queues.includes(id);
  }

  serves(queueId: string | null): boolean {
    return queueId !== null && this.#own !== null && this.#queuesOf(this.#own).includes(queueId);
  }

  /** watches over it, or serves it */
  seesQueue(id: string): boolean {
    return this.queue(id) || this.serves(id);
  }

  call({ agentId, queueId }: { agentId: string | null; queueId: string | null }): boolean {
    return this.agent(agentId) || this.queue(queueId);
  }

  /** undefined: nothing is left out. `agents`: all that there are. */
  filter(agents: readonly { id: string }[]): ReachFilter | undefined {
    if (this.scope.kind === 'all') return undefined;
    const reached = agents.map(({ id }) => id).filter((id) => this.agent(id));
    const own = this.#own === null || reached.includes(this.#own) ? [] : [this.#own];
    return { agents: [...own, ...reached], queues: this.scope.kind === 'groups' ? this.scope.queues : [] };
  }
}
