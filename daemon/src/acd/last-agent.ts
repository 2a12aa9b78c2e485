// Whom a caller had last.
import type { Db } from '../db/index.js';
import type { Clock, Log } from '../platform/index.js';

const DAY_MS = 86_400_000;

/** null: nobody, or it is not known; never rejects. */
export async function lastAgentOf(
  { db, clock, log }: { db: Pick<Db, 'calls'>; clock: Clock; log: Log },
  callingNumber: string,
  days: number,
): Promise<string | null> {
  try {
    return await db.calls.lastAgentOf(callingNumber, clock.wallMs() - days * DAY_MS);
  } catch (error) {
    log.warn({ err: error }, 'the agent whom a caller had last is not known');
    return null;
  }
}
