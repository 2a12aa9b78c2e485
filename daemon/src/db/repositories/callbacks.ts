import { Op } from 'sequelize';
import { OPEN_CALLBACK_STATES } from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import type { CallbackRow, CallbackRuleRow, CallbacksWrite } from '../callback-rows.js';
import type { Models } from '../models.js';
import { Table, type Scope } from './table.js';

const isOpen = { state: [...OPEN_CALLBACK_STATES] };

export function callbacksRepository(models: Models, scope: Scope): CallbacksWrite {
  const rules = new Table<CallbackRuleRow>(models.callbackRules, scope, {
    key: 'queueId',
    json: ['allowedClasses'],
    flags: ['enabled', 'confirm', 'otherNumber'],
    wide: ['expiresAfterMs'],
  });
  const table = new Table<CallbackRow>(models.callbacks, scope, {
    json: ['entry'],
    wide: ['takenAt', 'enteredAt', 'dueAt', 'expiresAt', 'nextAt'],
    duplicate: ({ number = '', queueId = '' }) => new AppError('callback_exists', { number, queueId }),
  });
  const changed = (id: string, removed: boolean): void => scope.publish('callbackRule.changed', { id, removed });
  return {
    rule: (queueId) => rules.find(queueId),
    rules: () => rules.all({ order: ['queueId'] }),
    find: (id) => table.find(id),
    list: ({ states, queueId, number, agentId, createdBy, reach, before, limit }) => {
      const whose = [
        ...(agentId === undefined ? [] : [{ agentId }]),
        ...(createdBy === undefined ? [] : [{ createdBy }]),
        ...(reach === undefined ? [] : [{ agentId: [...reach.agents] }, { queueId: [...reach.queues] }]),
      ];
      const conditions = [
        ...(states === undefined ? [] : [{ state: [...states] }]),
        ...(queueId === undefined ? [] : [{ queueId }]),
        ...(number === undefined ? [] : [{ number: { [Op.startsWith]: number } }]),
        ...(whose.length === 0 ? [] : [{ [Op.or]: whose }]),
        ...(before === undefined ? [] : [{ id: { [Op.lt]: before } }]),
      ];
      return table.all({ where: { [Op.and]: conditions }, order: [['id', 'DESC']], limit });
    },
    open: () => table.all({ where: isOpen, order: ['id'] }),
    openOf: (queueId, number) => table.first({ ...isOpen, queueId, number }),
    countOpen: (queueId) => table.count({ ...isOpen, queueId }),
    async putRule({ queueId, ...row }) {
      if (!(await rules.update(queueId, row))) await rules.insert({ queueId, ...row });
      changed(queueId, false);
    },
    async removeRule(queueId) {
      const done = await rules.remove(queueId);
      if (done) changed(queueId, true);
      return done;
    },
    insert: (row) => table.insert(row),
    update: (id, patch) => table.update(id, patch),
  };
}
