// What an administrator lays down: routes; flows are in flows.ts, queues and agents in queues.ts.
import { AppError } from '../../platform/index.js';
import type { Models } from '../models.js';
import type { RoutesWrite } from '../repositories.js';
import type { RouteRow } from '../rows.js';
import { insideMustBeFree } from './lines.js';
import { Table, type Scope } from './table.js';

const ROUTE_DEFAULTS = {
  ...{ name: '', callingNumber: '', callingList: null, trunk: null, calendar: null, priority: 100, enabled: true },
} as const;

/** Of a row that says no target of its own. */
function flowTarget(flowId: string | null): RouteRow['target'] {
  if (flowId === null) throw new Error('a route needs a target');
  return { kind: 'flow', flowId };
}

export function routesRepository(models: Models, scope: Scope): RoutesWrite {
  const table = new Table<RouteRow>(models.routes, scope, {
    json: ['calendar', 'target'],
    flags: ['enabled'],
  });
  /** AppError route_exists: nobody could say which of the two applies. */
  async function mustBeOnlyOne(row: RouteRow): Promise<void> {
    const same = (await table.all({ where: { calledNumber: row.calledNumber, priority: row.priority } })).find(
      (other) =>
        other.id !== row.id &&
        other.callingNumber === row.callingNumber &&
        other.callingList === row.callingList &&
        other.trunk === row.trunk &&
        JSON.stringify(other.calendar) === JSON.stringify(row.calendar),
    );
    if (same !== undefined) throw new AppError('route_exists', { calledNumber: row.calledNumber || '*' });
  }
  return {
    find: (id) => table.find(id),
    findByCalledNumber: (calledNumber) => table.first({ calledNumber }),
    list: () => table.all({ order: ['calledNumber', 'priority', 'id'] }),
    async insert(given) {
      const row = { ...ROUTE_DEFAULTS, ...given, target: given.target ?? flowTarget(given.flowId) };
      await insideMustBeFree(models, scope, row.calledNumber);
      await mustBeOnlyOne(row);
      await table.insert(row);
      scope.publish('route.changed', { id: row.id, removed: false });
    },
    async update(id, patch) {
      if (patch.calledNumber !== undefined) await insideMustBeFree(models, scope, patch.calledNumber);
      const done = await table.update(id, patch);
      const row = await table.find(id);
      if (row !== null) await mustBeOnlyOne(row);
      if (done) scope.publish('route.changed', { id, removed: false });
      return done;
    },
    async remove(id) {
      const done = await table.remove(id);
      if (done) scope.publish('route.changed', { id, removed: true });
      return done;
    },
  };
}
