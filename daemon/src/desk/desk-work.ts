// What waits on an agent's desk and is the box's to keep: a row before it is answered or told, so that it is there after a reload,
// at another machine and after kill -9.
import type { AgentMessage, LiveEvents, MissedCallDone } from '../contract/index.js';
import type { Db } from '../db/index.js';
import { AppError, newUlid, type Clock, type TypedEmitter } from '../platform/index.js';

/** as long as missed calls are listed, and a day */
const KEPT_MS = 8 * 86_400_000;

export class DeskWork {
  readonly #db: Db;
  readonly #live: TypedEmitter<LiveEvents>;
  readonly #clock: Clock;

  constructor(db: Db, live: TypedEmitter<LiveEvents>, clock: Clock) {
    this.#db = db;
    this.#live = live;
    this.#clock = clock;
  }

  messages(agentId: string, unread: boolean, limit: number): Promise<AgentMessage[]> {
    return this.#db.desk.messages({ agentId, unread, limit });
  }

  async send(agentId: string, by: { id: string; username: string }, text: string): Promise<AgentMessage> {
    const at = this.#clock.wallMs();
    const row = { id: newUlid(), agentId, fromUserId: by.id, from: by.username, text, at, readAt: null };
    await this.#db.write(async (tx) => {
      await tx.desk.removeWorkBefore(at - KEPT_MS);
      await tx.desk.addMessage(row);
    });
    this.#live.emit('agent.message', row);
    return row;
  }

  /** agent_message_not_found */
  async setRead(agentId: string, id: string, read: boolean): Promise<AgentMessage> {
    const { row, changed } = await this.#db.write(async (tx) => {
      const before = await tx.desk.message(id);
      if (before?.agentId !== agentId) throw new AppError('agent_message_not_found');
      // Read twice, from two tabs, it was read at the first time.
      if ((before.readAt !== null) === read) return { row: before, changed: false };
      const readAt = read ? this.#clock.wallMs() : null;
      await tx.desk.setMessageRead(id, readAt);
      return { row: { ...before, readAt }, changed: true };
    });
    if (changed) this.#live.emit('agent.messageRead', row);
    return row;
  }

  /** Whether he has dealt with a call that he missed. */
  async setMissedDone(agentId: string, callId: string, done: boolean): Promise<MissedCallDone> {
    const at = this.#clock.wallMs();
    await this.#db.write(async (tx) => {
      await tx.desk.removeWorkBefore(at - KEPT_MS);
      await tx.desk.setMissedDone({ callId, agentId, at }, done);
    });
    const told = { agentId, callId, done };
    this.#live.emit('missed.updated', told);
    return told;
  }
}
