// What the database keeps of agents' days: the state now, and the history of states. Every state is a segment.
import type { AgentStateRow, Db, Writes } from '../db/index.js';
import { newUlid, type Log } from '../platform/index.js';

export interface EnterOptions {
  /** when the segment begins, if not with the state: what lay between was nobody's */
  fromMs?: number | undefined;
  /** in the same transaction */
  also?: ((tx: Writes) => Promise<void>) | undefined;
}

export class AgentStore {
  readonly #db: Db;
  readonly #log: Log;
  readonly #writing = new Set<Promise<void>>();

  constructor(db: Db, log: Log) {
    this.#db = db;
    this.#log = log;
  }

  /**
   * Writes the state now and begins its segment. Resolves when it is on the disk. When that fails it is logged, and the
   * promise rejects: whoever promised the agent something must know.
   */
  enter(state: AgentStateRow, { fromMs = state.since, also }: EnterOptions = {}): Promise<void> {
    const row = { ...state };
    return this.#write(row, async (tx) => {
      await tx.agentStates.put(row);
      await tx.agentSegments.closeOpen(row.agentId, fromMs);
      await also?.(tx);
      if (row.state === 'signedOut') return;
      const { agentId, state: entered, reason, station, detail } = row;
      const by = { changedBy: detail?.changedBy ?? null, forced: detail?.forced ?? false };
      await tx.agentSegments.insert({
        ...{ id: newUlid(), agentId, state: entered, reason, station, startedAt: fromMs, endedAt: null, ...by },
        ...(entered === 'wrapUp' ? { callId: detail?.wrapUp?.callId ?? null } : {}),
      });
    });
  }

  /** Writes what has become of the state that he is in. */
  keep(state: AgentStateRow, also?: EnterOptions['also']): Promise<void> {
    const row = { ...state };
    return this.#write(row, async (tx) => {
      await tx.agentStates.put(row);
      await also?.(tx);
    });
  }

  /** Ends the segments that are open, because the daemon stops. The states stay for the next start. */
  async close(agentIds: readonly string[], nowMs: number): Promise<void> {
    await Promise.allSettled(this.#writing);
    if (agentIds.length === 0) return;
    await this.#db.write(async (tx) => {
      for (const agentId of agentIds) await tx.agentSegments.closeOpen(agentId, nowMs);
    });
  }

  #write({ agentId, state }: AgentStateRow, work: (tx: Writes) => Promise<void>): Promise<void> {
    const writing: Promise<void> = this.#db
      .write(work, { lockWaitMs: Infinity })
      .catch((error: unknown) => {
        this.#log.error({ agentId, state, err: error }, 'the state of an agent was not written');
        throw error;
      })
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
    writing.catch(() => undefined);
    return writing;
  }
}
