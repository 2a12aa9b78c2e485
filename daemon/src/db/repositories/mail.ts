import { Op } from 'sequelize';
import type { OutgoingMailRow, OutgoingMailWrite } from '../mail-rows.js';
import type { Models } from '../models.js';
import { Table, type Scope } from './table.js';

/** No mail waits longer than this from one attempt to the next: a later time was written by another clock. */
const LONGEST_WAIT_MS = 86_400_000;

export function outgoingMailRepository(models: Models, scope: Scope): OutgoingMailWrite {
  const table = new Table<OutgoingMailRow>(models.outgoingMail, scope, {
    json: ['attachments'],
    wide: ['createdAt', 'nextAt', 'sentAt'],
  });
  return {
    find: (id) => table.find(id),
    list: ({ state, before, limit }) =>
      table.all({
        where: {
          ...(state === undefined ? {} : { state }),
          ...(before === undefined ? {} : { id: { [Op.lt]: before } }),
        },
        order: [['id', 'DESC']],
        limit,
      }),
    due: (nowMs, limit) =>
      table.all({
        where: {
          state: 'waiting',
          nextAt: { [Op.or]: [{ [Op.lte]: nowMs }, { [Op.gt]: nowMs + LONGEST_WAIT_MS }] },
        },
        order: ['nextAt', 'id'],
        limit,
      }),
    nextAt: async () =>
      (await table.all({ where: { state: 'waiting' }, order: ['nextAt'], limit: 1 }))[0]?.nextAt ?? null,
    insert: (row) => table.insert(row),
    update: (id, patch) => table.update(id, patch),
    remove: (id) => table.remove(id),
  };
}
