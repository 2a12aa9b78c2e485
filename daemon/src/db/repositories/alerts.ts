// Who is told of what is wrong, and what has been told.
import { Op } from 'sequelize';
import type { AlertDeliveryRow, AlertRow, AlertRuleRow, AlertWayRow, AlertsWrite } from '../alert-rows.js';
import type { Models } from '../models.js';
import { Table, type Scope } from './table.js';

/** Nothing waits longer than this from one attempt to the next: a later time was written by another clock. */
const LONGEST_WAIT_MS = 86_400_000;

export function alertsRepository(models: Models, scope: Scope): AlertsWrite {
  const ways = new Table<AlertWayRow>(models.alertWays, scope, { wide: ['createdAt', 'lastOkAt'], flags: ['enabled'] });
  const rules = new Table<AlertRuleRow>(models.alertRules, scope, {
    json: ['concerns', 'ways'],
    wide: ['remindMs', 'delayMs'],
    flags: ['graveInQuiet', 'tellEnd', 'enabled'],
  });
  const alerts = new Table<AlertRow>(models.alerts, scope, {
    ...{ json: ['told'], wide: ['startedAt', 'endedAt'], flags: ['grave'] },
  });
  const deliveries = new Table<AlertDeliveryRow>(models.alertDeliveries, scope, {
    ...{ json: ['data'], wide: ['createdAt', 'nextAt', 'sentAt'] },
  });
  return {
    ways: () => ways.all({ order: ['createdAt', 'id'] }),
    way: (id) => ways.find(id),
    rules: () => rules.all({ order: ['position', 'id'] }),
    open: () => alerts.all({ where: { endedAt: null }, order: ['startedAt', 'id'] }),
    list: ({ before, limit }) =>
      alerts.all({ where: before === undefined ? {} : { id: { [Op.lt]: before } }, order: [['id', 'DESC']], limit }),
    deliveriesOf: (ids) => deliveries.all({ where: { alertId: [...ids] }, order: ['id'] }),
    looseDeliveries: (limit) => deliveries.all({ where: { alertId: null }, order: [['id', 'DESC']], limit }),
    delivery: (id) => deliveries.find(id),
    due: (nowMs, limit) =>
      deliveries.all({
        where: { state: 'waiting', nextAt: { [Op.or]: [{ [Op.lte]: nowMs }, { [Op.gt]: nowMs + LONGEST_WAIT_MS }] } },
        order: ['nextAt', 'id'],
        limit,
      }),
    nextAt: async () =>
      (await deliveries.all({ where: { state: 'waiting' }, order: ['nextAt'], limit: 1 }))[0]?.nextAt ?? null,
    heldOf: (wayId) => deliveries.all({ where: { wayId, state: 'held', lastError: null }, order: ['id'] }),
    countSince: (wayId, sinceMs) =>
      deliveries.count({
        ...{ wayId, createdAt: { [Op.gte]: sinceMs }, state: { [Op.ne]: 'held' }, what: { [Op.ne]: 'test' } },
      }),
    putWay: (row) => ways.insert(row),
    updateWay: (id, patch) => ways.update(id, patch),
    removeWay: (id) => ways.remove(id),
    putRule: (row) => rules.insert(row),
    updateRule: (id, patch) => rules.update(id, patch),
    removeRule: (id) => rules.remove(id),
    insertAlert: (row) => alerts.insert(row),
    updateAlert: (id, patch) => alerts.update(id, patch),
    insertDelivery: (row) => deliveries.insert(row),
    updateDelivery: (id, patch) => deliveries.update(id, patch),
    async removeBefore(atMs) {
      const old = await alerts.all({ where: { endedAt: { [Op.lt]: atMs } }, limit: 1000 });
      await deliveries.removeWhere({ alertId: old.map(({ id }) => id) });
      await alerts.removeWhere({ id: old.map(({ id }) => id) });
      await deliveries.removeWhere({ alertId: null, createdAt: { [Op.lt]: atMs } });
    },
  };
}
