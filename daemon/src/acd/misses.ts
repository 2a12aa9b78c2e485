// Offers in a row that an agent has not answered. They are counted from the stored segments at start, so that a restart forgives nobody.
import type { Db } from '../db/index.js';

/** So far back is looked. */
const LOOK_BACK_MS = 86_400_000;
const MOST_SEGMENTS = 200_000;

export class Misses {
  readonly #counts = new Map<string, number>();

  /** Those since he answered last, or was put aside for it. */
  async read(db: Pick<Db, 'segments' | 'agentSegments'>, nowMs: number): Promise<void> {
    const since = { fromMs: nowMs - LOOK_BACK_MS, limit: MOST_SEGMENTS };
    const aside = new Map<string, number>();
    for (const { agentId, reason, startedAt } of await db.agentSegments.list({ ...since, state: 'notReady' }))
      if (reason === 'no_answer') aside.set(agentId, Math.max(startedAt, aside.get(agentId) ?? 0));
    const counts = new Map<string, number>();
    for (const { data, endedAt } of await db.segments.list({ kind: 'offer', ...since })) {
      const { agentId, outcome } = data;
      if (typeof agentId !== 'string' || endedAt === null) continue;
      if (outcome === 'answered' || endedAt <= (aside.get(agentId) ?? 0)) counts.delete(agentId);
      else if (outcome === 'noAnswer') counts.set(agentId, (counts.get(agentId) ?? 0) + 1);
    }
    // Those of this run were counted meanwhile.
    for (const [agentId, count] of counts) this.#counts.set(agentId, count + (this.#counts.get(agentId) ?? 0));
  }

  /** How many it are now. */
  missed(agentId: string): number {
    const count = (this.#counts.get(agentId) ?? 0) + 1;
    this.#counts.set(agentId, count);
    return count;
  }

  forgive(agentId: string): void {
    this.#counts.delete(agentId);
  }
}
