import { z } from 'zod';
import {
  Agent,
  AgentAbilities,
  AgentCreate,
  AgentNumber,
  AgentPatch,
  AgentStateRequest,
} from '../../contract/index.js';
import type { AgentRow, Writes } from '../../db/index.js';
import { AppError } from '../../platform/index.js';
import { reachOf } from '../auth/reach.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { route, type Route } from '../route.js';
import { mustBeOwn } from './desk.js';

const ById = z.strictObject({ id: AgentNumber });

export function agentRoutes(http: HttpContext): Route[] {
  const { db, log, ports } = http;

  /** What is laid down comes from the row, the state of now from the one who keeps it. */
  function withState(row: AgentRow): Agent {
    const live = ports.agents.find(row.id);
    return {
      id: row.id,
      name: row.name,
      queues: row.queues,
      language: row.language,
      state: live?.state ?? 'signedOut',
      reason: live?.reason ?? null,
      station: live?.station ?? null,
      since: live?.since ?? 0,
      callId: live?.callId ?? null,
      forced: live?.forced ?? false,
      reasonOverdue: live?.reasonOverdue ?? false,
      pending: live?.pending ?? null,
      wrapUp: live?.wrapUp ?? null,
      pausedQueues: live?.pausedQueues ?? [],
    };
  }

  return [
    route({
      method: 'get',
      path: '/agents',
      summary: 'All agents, with their state of now',
      tag: 'Agents',
      needs: ['agents.view', 'floor.view'],
      reply: z.array(Agent),
      async handle({ identity }) {
        const reach = reachOf(ports, identity, 'agents.view', 'floor.view');
        return (await db.agents.list()).filter(({ id }) => reach.agent(id)).map(withState);
      },
    }),
    route({
      method: 'get',
      path: '/agents/:id',
      summary: 'One agent',
      tag: 'Agents',
      needs: ['agents.view', 'floor.view'],
      params: ById,
      reply: Agent,
      errors: ['agent_not_found'],
      async handle({ params: { id }, identity }) {
        const row = await db.agents.find(id);
        if (row === null || !reachOf(ports, identity, 'agents.view', 'floor.view').agent(id))
          throw new AppError('agent_not_found', { id });
        return withState(row);
      },
    }),
    route({
      method: 'post',
      path: '/agents',
      summary: 'Make an agent',
      tag: 'Agents',
      needs: 'agents.edit',
      body: AgentCreate,
      reply: Agent,
      status: 201,
      errors: ['agent_exists'],
      async handle({ body }) {
        const row: AgentRow = { ...body, language: body.language ?? http.defaultLanguage };
        await db.write(async (tx) => {
          await queuesMustExist(tx, row.queues);
          await tx.agents.insert(row);
        });
        return withState(row);
      },
    }),
    route({
      method: 'patch',
      path: '/agents/:id',
      summary: 'Change an agent',
      tag: 'Agents',
      needs: 'agents.edit',
      params: ById,
      body: AgentPatch,
      reply: Agent,
      errors: ['agent_not_found'],
      async handle({ params: { id }, body }) {
        const changed = await db.write(async (tx) => {
          await queuesMustExist(tx, body.queues ?? []);
          await tx.agents.update(id, body);
          return tx.agents.find(id);
        });
        if (changed === null) throw new AppError('agent_not_found', { id });
        return withState(changed);
      },
    }),
    route({
      method: 'get',
      path: '/agents/:id/abilities',
      summary: "An agent's skills, and the regions and levels of customers that he serves",
      tag: 'Agents',
      needs: 'agents.view',
      params: ById,
      reply: AgentAbilities,
      errors: ['agent_not_found'],
      async handle({ params: { id } }) {
        if ((await db.agents.find(id)) === null) throw new AppError('agent_not_found', { id });
        return db.abilities.find(id);
      },
    }),
    route({
      method: 'put',
      path: '/agents/:id/abilities',
      summary: 'Say what an agent can do, in place of what he could',
      tag: 'Agents',
      needs: 'agents.edit',
      params: ById,
      body: AgentAbilities,
      reply: AgentAbilities,
      errors: ['agent_not_found'],
      async handle({ params: { id }, body, identity }) {
        const abilities = await db.write(async (tx) => {
          if ((await tx.agents.find(id)) === null) throw new AppError('agent_not_found', { id });
          await tx.abilities.replace(id, body);
          return tx.abilities.find(id);
        });
        log.info({ agentId: id, by: identity.user.username }, "an agent's abilities were set");
        return abilities;
      },
    }),
    route({
      method: 'delete',
      path: '/agents/:id',
      summary: 'Remove an agent who is signed out; his history stays',
      tag: 'Agents',
      needs: 'agents.edit',
      params: ById,
      errors: ['agent_not_found', 'agent_signed_in'],
      async handle({ params: { id } }) {
        const live = ports.agents.find(id);
        if (live !== undefined && live.state !== 'signedOut') throw new AppError('agent_signed_in', { id });
        if (!(await db.write((tx) => tx.agents.remove(id)))) throw new AppError('agent_not_found', { id });
      },
    }),
    route({
      method: 'post',
      path: '/agents/:id/state',
      summary: 'Make an agent ready or not ready, or sign him out; of one in a call, after the call',
      tag: 'Agents',
      needs: ['desk.use', 'floor.force'],
      params: ById,
      body: AgentStateRequest,
      reply: Agent,
      errors: ['agent_not_yours', 'agent_not_found', 'agent_signed_out', 'reason_not_found', 'disposition_required'],
      async handle({ params: { id }, body, identity }) {
        mustBeOwn(ports, identity, id);
        const { username: by, agentId } = identity.user;
        const agent = await ports.agents.setState(id, body, { by, forced: agentId !== id });
        log.info({ agentId: id, state: body.state, by: identity.user.username }, "agent's state was set");
        return agent;
      },
    }),
  ];
}

async function queuesMustExist(tx: Writes, ids: readonly string[]): Promise<void> {
  for (const [index, id] of ids.entries()) {
    if ((await tx.queues.find(id)) === null) {
      throw invalidBody(`queues.${index}`, new AppError('queue_not_found', { id }));
    }
  }
}
