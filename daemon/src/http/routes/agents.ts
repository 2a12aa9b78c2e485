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
import { AppError, type Reach } from '../../platform/index.js';
import type { Identity } from '../auth/identity.js';
import { reachOf } from '../auth/reach.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { route, type Route } from '../route.js';
import { mustBeOwn } from './desk.js';

const ById = z.strictObject({ id: AgentNumber });

export function agentRoutes(http: HttpContext): Route[] {
  const { db, log, ports } = http;

  const reach = (identity: Identity): Reach => reachOf(ports, identity, 'agents.view', 'floor.view', 'agents.edit');

  /** AppError agent_not_found. */
  function mustReach(identity: Identity, id: string): void {
    if (!reach(identity).agent(id)) throw new AppError('agent_not_found', { id });
  }

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
        const within = reach(identity);
        return (await db.agents.list()).filter(({ id }) => within.agent(id)).map(withState);
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
        mustReach(identity, id);
        const row = await db.agents.find(id);
        if (row === null) throw new AppError('agent_not_found', { id });
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
      async handle({ body, identity }) {
        const row: AgentRow = { ...body, language: body.language ?? http.defaultLanguage };
        await db.write(async (tx) => {
          await queuesMustExist(tx, row.queues, reach(identity));
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
      async handle({ params: { id }, body, identity }) {
        mustReach(identity, id);
        const changed = await db.write(async (tx) => {
          // the queues that he has he may keep, whosoever they are
          const before = (await tx.agents.find(id))?.queues ?? [];
          const added = (body.queues ?? []).map((queue) => (before.includes(queue) ? undefined : queue));
          await queuesMustExist(tx, added, reach(identity));
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
      async handle({ params: { id }, identity }) {
        mustReach(identity, id);
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
        mustReach(identity, id);
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
      async handle({ params: { id }, identity }) {
        mustReach(identity, id);
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

/** Nobody brings an agent into a queue that he does not see himself. `undefined`: not asked about. */
async function queuesMustExist(tx: Writes, ids: readonly (string | undefined)[], within: Reach): Promise<void> {
  for (const [index, id] of ids.entries()) {
    if (id === undefined) continue;
    if (!within.seesQueue(id) || (await tx.queues.find(id)) === null) {
      throw invalidBody(`queues.${index}`, new AppError('queue_not_found', { id }));
    }
  }
}
