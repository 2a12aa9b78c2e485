// What an administrator lays down: routes, queues, agents.
import { AppError } from '../../platform/index.js';
import type { Models } from '../models.js';
import type { AgentsWrite, QueuesWrite, RoutesWrite } from '../repositories.js';
import type { AgentRow, FlowRow, QueueRow, RouteRow } from '../rows.js';
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

export function queuesRepository(models: Models, scope: Scope): QueuesWrite {
  const table = new Table<QueueRow>(models.queues, scope, {
    duplicate: (row) => new AppError('queue_exists', { id: row.id ?? '' }),
  });
  const agents = new Table<AgentRow>(models.agents, scope, { json: ['queues'] });
  const flows = new Table<FlowRow>(models.flows, scope, { json: ['definition'] });
  return {
    find: (id) => table.find(id),
    list: () => table.all({ order: ['id'] }),
    async insert(row) {
      await table.insert(row);
      scope.publish('queue.changed', { id: row.id, removed: false });
    },
    async update(id, patch) {
      const done = await table.update(id, patch);
      if (done) scope.publish('queue.changed', { id, removed: false });
      return done;
    },
    async remove(id) {
      const agent = (await agents.all()).find((row) => row.queues.includes(id));
      if (agent !== undefined) throw new AppError('queue_in_use', { id, user: agent.id });
      const flow = (await flows.all()).find((row) => namesQueue(row, id));
      if (flow !== undefined) throw new AppError('queue_in_use', { id, user: flow.id });
      const done = await table.remove(id);
      if (done) scope.publish('queue.changed', { id, removed: true });
      return done;
    },
  };
}

function namesQueue(flow: FlowRow, id: string): boolean {
  return Object.values(flow.definition.nodes).some((node) => node.type === 'queue' && node['queue'] === id);
}

export function agentsRepository(models: Models, scope: Scope): AgentsWrite {
  const table = new Table<AgentRow>(models.agents, scope, {
    json: ['queues'],
    duplicate: (row) => new AppError('agent_exists', { id: row.id ?? '' }),
  });
  return {
    find: (id) => table.find(id),
    list: () => table.all({ order: ['id'] }),
    async insert(row) {
      await table.insert(row);
      scope.publish('agent.changed', { id: row.id, removed: false });
    },
    async update(id, patch) {
      const done = await table.update(id, patch);
      if (done) scope.publish('agent.changed', { id, removed: false });
      return done;
    },
    async remove(id) {
      const done = await table.remove(id);
      if (done) scope.publish('agent.changed', { id, removed: true });
      return done;
    },
  };
}
