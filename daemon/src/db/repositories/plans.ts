// What an administrator lays down: flows, routes, queues, agents.
import { AppError } from '../../platform/index.js';
import type { Models } from '../models.js';
import type { AgentsWrite, FlowsWrite, QueuesWrite, RoutesWrite } from '../repositories.js';
import type { AgentRow, FlowRow, QueueRow, RouteRow } from '../rows.js';
import { insideMustBeFree } from './lines.js';
import { Table, type Scope } from './table.js';

export function flowsRepository(models: Models, scope: Scope): FlowsWrite {
  const table = new Table<FlowRow>(models.flows, scope, { json: ['definition'], wide: ['updatedAt'] });
  const routes = new Table<RouteRow>(models.routes, scope, { json: ['calendar', 'target'] });
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
      const route = (await new Table<RouteRow>(models.routes, scope, { json: ['target'] }).all()).find(
        ({ target }) => target.kind === 'queue' && target.queueId === id,
      );
      if (route !== undefined) throw new AppError('queue_in_use', { id, user: route.calledNumber || '*' });
      const flow = (await flows.all()).find((row) => namesQueue(row, id));
      if (flow !== undefined) throw new AppError('queue_in_use', { id, user: flow.id });
      const done = await table.remove(id);
      if (done) scope.publish('queue.changed', { id, removed: true });
      return done;
    },
  };
}

function namesQueue(flow: FlowRow, id: string): boolean {
  return Object.values(flow.definition.nodes).some((node) => node.type === 'queue' && node.queue === id);
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
