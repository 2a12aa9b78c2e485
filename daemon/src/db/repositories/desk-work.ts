// What waits on agents' desks: messages to them, and calls that they missed and have dealt with.
import { Op } from 'sequelize';
import type { AgentMessageRow, DeskWorkWrite, MissedDoneRow } from '../desk-work-rows.js';
import type { Models } from '../models.js';
import { Table, type Scope } from './table.js';

export function deskWorkRepository(models: Models, scope: Scope): DeskWorkWrite {
  const messages = new Table<AgentMessageRow>(models.agentMessages, scope, { wide: ['at', 'readAt'] });
  const done = new Table<MissedDoneRow>(models.missedDone, scope, { wide: ['at'] });
  return {
    message: (id) => messages.find(id),
    messages: ({ agentId, unread, limit }) =>
      messages.all({ where: { agentId, ...(unread ? { readAt: null } : {}) }, order: [['id', 'DESC']], limit }),
    missedDone: async (agentId) => new Set((await done.all({ where: { agentId } })).map(({ callId }) => callId)),
    addMessage: (row) => messages.insert(row),
    setMessageRead: (id, readAt) => messages.update(id, { readAt }),
    async setMissedDone({ callId, agentId, at }, isDone) {
      const id = `${callId}-${agentId}`;
      if (!isDone) await done.remove(id);
      else if ((await done.find(id)) === null) await done.insert({ id, callId, agentId, at });
    },
    async removeWorkBefore(atMs) {
      await messages.removeWhere({ at: { [Op.lt]: atMs } });
      await done.removeWhere({ at: { [Op.lt]: atMs } });
    },
  };
}
