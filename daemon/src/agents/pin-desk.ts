// PINs of agents, asked for at telephones. What protects a PIN of few digits is the limit of tries, which is the telephone's: whoever
// tries the numbers of several agents there has no more of them.
import type { Db } from '../db/index.js';
import { AppError, hashPin, pinFits, type Clock } from '../platform/index.js';

const TRIES = 5;
const LOCK_MS = 15 * 60_000;

export type PinVerdict = 'right' | 'needed' | 'wrong' | 'locked';

export class PinDesk {
  readonly #db: Pick<Db, 'desk' | 'agents' | 'write'>;
  readonly #clock: Clock;

  constructor(db: Pick<Db, 'desk' | 'agents' | 'write'>, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** null: he needs none. agent_not_found */
  async set(agentId: string, pin: string | null): Promise<void> {
    const pinHash = pin === null ? null : await hashPin(pin);
    await this.#db.write(async (tx) => {
      if ((await tx.agents.find(agentId)) === null) throw new AppError('agent_not_found', { id: agentId });
      await tx.desk.put({ ...(await tx.desk.of(agentId)), pinHash });
    });
  }

  /** `pin` undefined: none was given yet. A try is stored before it is answered. */
  async check(agentId: string, pin: string | undefined, station: number): Promise<PinVerdict> {
    const { pinHash } = await this.#db.desk.of(agentId);
    if (pinHash === null) return 'right';
    if (locked((await this.#db.desk.lock(station))?.lockedUntil, this.#clock.wallMs())) return 'locked';
    if (pin === undefined) return 'needed';
    const right = await pinFits(pinHash, pin);
    // Counted where it is stored: several who try at once share the tries.
    return this.#db.write(async (tx) => {
      const now = this.#clock.wallMs();
      const before = (await tx.desk.lock(station)) ?? { station, wrong: 0, lockedUntil: 0 };
      if (locked(before.lockedUntil, now)) return 'locked';
      const wrong = right ? 0 : before.wrong + 1;
      const lock = wrong >= TRIES;
      await tx.desk.putLock({ station, wrong: lock ? 0 : wrong, lockedUntil: lock ? now + LOCK_MS : 0 });
      return lock ? 'locked' : right ? 'right' : 'wrong';
    });
  }
}

/** A clock that was set back does not lock for longer than a lock lasts. */
function locked(until: number | undefined, now: number): boolean {
  return until !== undefined && now < until && until - now <= LOCK_MS;
}
