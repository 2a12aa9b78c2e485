// Queues, agents, agents' places in queues, and what agents can do.
import { queuesNamedBy } from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import type { Models } from '../models.js';
import type { AbilitiesWrite, AgentsWrite, QueueMembersWrite, QueuesWrite } from '../repositories.js';
import type { AgentRow, AgentScopeRow, AgentSkillRow, FlowRow, QueueMemberRow, QueueRow, RouteRow } from '../rows.js';
import { announced } from './announced.js';
import { Table, type Scope } from './table.js';

export function queuesRepository(models: Models, scope: Scope): QueuesWrite {
  const table = new Table<QueueRow>(models.queues, scope, {
    json: ['routing', 'overflow', 'noAnswer', 'announcements', 'exits'],
    duplicate: (row) => new AppError('queue_exists', { id: row.id ?? '' }),
  });
  const members = membersTable(models, scope);
  const flows = new Table<FlowRow>(models.flows, scope, { json: ['definition'] });
  const changed = (id: string, removed: boolean): void => scope.publish('queue.changed', { id, removed });
  const written = announced(table, (row) => row.id, changed);
  return {
    find: (id) => table.find(id),
    list: () => table.all({ order: ['id'] }),
    ...written,
    async remove(id) {
      const member = await members.first({ queueId: id });
      if (member !== null) throw new AppError('queue_in_use', { id, user: member.agentId });
      const flow = (await flows.all()).find((row) => namesQueue(row, id));
      if (flow !== undefined) throw new AppError('queue_in_use', { id, user: flow.id });
      const route = (await new Table<RouteRow>(models.routes, scope, { json: ['target'] }).all()).find(
        ({ target }) => target.kind === 'queue' && target.queueId === id,
      );
      if (route !== undefined) throw new AppError('queue_in_use', { id, user: route.calledNumber || '*' });
      const queue = (await table.all()).find((row) => row.id !== id && leadsTo(row, id));
      if (queue !== undefined) throw new AppError('queue_in_use', { id, user: queue.id });
      return written.remove(id);
    },
  };
}

function namesQueue(flow: FlowRow, id: string): boolean {
  return Object.values(flow.definition.nodes).some((node) => node.type === 'queue' && node.queue === id);
}

function leadsTo(row: QueueRow, id: string): boolean {
  return queuesNamedBy(row).includes(id);
}

const NEW_MEMBER = { position: 0, penalty: 0, weight: 1 };

function membersTable(models: Models, scope: Scope): Table<QueueMemberRow> {
  return new Table<QueueMemberRow>(models.queueMembers, scope, { key: 'agentId' });
}

export function agentsRepository(models: Models, scope: Scope): AgentsWrite {
  type Stored = Omit<AgentRow, 'queues'>;
  const table = new Table<Stored>(models.agents, scope, {
    duplicate: (row) => new AppError('agent_exists', { id: row.id ?? '' }),
  });
  const members = membersTable(models, scope);
  const order = ['queueId'];

  /** Places that he has already stay as they are. */
  async function join(agentId: string, queues: readonly string[]): Promise<void> {
    const had = new Set((await members.all({ where: { agentId } })).map(({ queueId }) => queueId));
    for (const queueId of had) if (!queues.includes(queueId)) await members.removeWhere({ agentId, queueId });
    for (const queueId of new Set(queues))
      if (!had.has(queueId)) await members.insert({ agentId, queueId, ...NEW_MEMBER });
  }

  return {
    async find(id) {
      const row = await table.find(id);
      if (row === null) return null;
      const of = await members.all({ where: { agentId: id }, order });
      return { ...row, queues: of.map(({ queueId }) => queueId) };
    },
    async list() {
      const queues = new Map<string, string[]>();
      for (const { agentId, queueId } of await members.all({ order })) {
        queues.set(agentId, [...(queues.get(agentId) ?? []), queueId]);
      }
      return (await table.all({ order: ['id'] })).map((row) => ({ ...row, queues: queues.get(row.id) ?? [] }));
    },
    async insert({ queues, ...row }) {
      await table.insert(row);
      await join(row.id, queues);
      scope.publish('agent.changed', { id: row.id, removed: false });
    },
    async update(id, { queues, ...patch }) {
      const done = await table.update(id, patch);
      if (!done) return false;
      if (queues !== undefined) await join(id, queues);
      scope.publish('agent.changed', { id, removed: false });
      return true;
    },
    async remove(id) {
      const done = await table.remove(id);
      if (done) scope.publish('agent.changed', { id, removed: true });
      return done;
    },
  };
}

export function queueMembersRepository(models: Models, scope: Scope): QueueMembersWrite {
  const table = membersTable(models, scope);
  const order = ['position', 'agentId', 'queueId'];
  return {
    list: () => table.all({ order }),
    listByQueue: (queueId) => table.all({ where: { queueId }, order }),
    listByAgent: (agentId) => table.all({ where: { agentId }, order: ['queueId'] }),
    async replaceOfQueue(queueId, rows) {
      const before = (await table.all({ where: { queueId } })).map(({ agentId }) => agentId);
      await table.removeWhere({ queueId });
      for (const row of rows) await table.insert({ ...row, queueId });
      for (const id of new Set([...before, ...rows.map(({ agentId }) => agentId)])) {
        scope.publish('agent.changed', { id, removed: false });
      }
    },
  };
}

export function abilitiesRepository(models: Models, scope: Scope): AbilitiesWrite {
  const skills = new Table<AgentSkillRow>(models.agentSkills, scope, { key: 'agentId' });
  const scopes = new Table<AgentScopeRow>(models.agentScopes, scope, { key: 'agentId' });
  return {
    skills: () => skills.all({ order: ['agentId', 'skill'] }),
    scopes: () => scopes.all({ order: ['agentId', 'kind', 'value'] }),
    async find(agentId) {
      const served = await scopes.all({ where: { agentId }, order: ['value'] });
      const of = (kind: AgentScopeRow['kind']) => served.filter((one) => one.kind === kind).map(({ value }) => value);
      const can = await skills.all({ where: { agentId }, order: ['skill'] });
      return {
        skills: can.map(({ skill, level }) => ({ skill, level })),
        regions: of('region'),
        customerLevels: of('customerLevel'),
      };
    },
    async replace(agentId, { skills: can, regions, customerLevels }) {
      await skills.removeWhere({ agentId });
      await scopes.removeWhere({ agentId });
      for (const { skill, level } of can) await skills.insert({ agentId, skill, level });
      for (const value of new Set(regions)) await scopes.insert({ agentId, kind: 'region', value });
      for (const value of new Set(customerLevels)) await scopes.insert({ agentId, kind: 'customerLevel', value });
      scope.publish('agent.changed', { id: agentId, removed: false });
    },
  };
}
