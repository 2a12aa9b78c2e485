// What an administrator lays down: flows and routes; queues and agents are in queues.ts.
import { AppError } from '../../platform/index.js';
import type { Models } from '../models.js';
import type { FlowsWrite, RoutesWrite } from '../repositories.js';
import type { FlowRow, RouteRow } from '../rows.js';
import { insideMustBeFree } from './lines.js';
import { Table, type Scope } from './table.js';

export function flowsRepository(models: Models, scope: Scope): FlowsWrite {
  const table = new Table<FlowRow>(models.flows, scope, { json: ['definition'], wide: ['updatedAt'] });
  const routes = new Table<RouteRow>(models.routes, scope);
  return {
    find: (id) => table.find(id),
    list: () => table.all({ order: ['id'] }),
    async put(row) {
      const old = await table.find(row.id);
      const saved: FlowRow = { ...row, version: (old?.version ?? 0) + 1 };
      if (old === null) await table.insert(saved);
      else await table.update(row.id, saved);
      scope.publish('flow.changed', { id: row.id, removed: false });
      return saved;
    },
    async remove(id) {
      const route = await routes.first({ flowId: id });
      if (route !== null) throw new AppError('flow_in_use', { id, calledNumber: route.calledNumber });
      const done = await table.remove(id);
      if (done) scope.publish('flow.changed', { id, removed: true });
      return done;
    },
  };
}

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
