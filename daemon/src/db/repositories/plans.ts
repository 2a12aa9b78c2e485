// What an administrator lays down: routes; flows are in flows.ts, queues and agents in queues.ts.
import { AppError } from '../../platform/index.js';
import type { Models } from '../models.js';
import type { RoutesWrite } from '../repositories.js';
import type { RouteRow } from '../rows.js';
import { insideMustBeFree } from './lines.js';
import { Table, type Scope } from './table.js';

export function routesRepository(models: Models, scope: Scope): RoutesWrite {
  const table = new Table<RouteRow>(models.routes, scope, {
    duplicate: (row) => new AppError('route_exists', { calledNumber: row.calledNumber ?? '' }),
  });
  return {
    find: (id) => table.find(id),
    findByCalledNumber: (calledNumber) => table.first({ calledNumber }),
    list: () => table.all({ order: ['calledNumber'] }),
    async insert(row) {
      await insideMustBeFree(models, scope, row.calledNumber);
      await table.insert(row);
      scope.publish('route.changed', { id: row.id, removed: false });
    },
    async update(id, patch) {
      if (patch.calledNumber !== undefined) await insideMustBeFree(models, scope, patch.calledNumber);
      const done = await table.update(id, patch);
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
