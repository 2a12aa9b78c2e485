// Many agents at once.
import { z } from 'zod';
import {
  AgentAbilitiesOf,
  AgentCreate,
  AgentsCreate,
  SkillCells,
  type AgentAbilities,
  type SkillCell,
} from '../../contract/index.js';
import { AppError, type Reach } from '../../platform/index.js';
import { audit } from '../audit.js';
import type { Identity } from '../auth/identity.js';
import { reachOf } from '../auth/reach.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { route, type Route } from '../route.js';

const tag = 'Agents';

export function agentBulkRoutes({ db, clock, ports, defaultLanguage }: HttpContext): Route[] {
  const reach = (identity: Identity): Reach => reachOf(ports, identity, 'agents.view', 'agents.edit');

  return [
    route({
      ...{ method: 'get', path: '/agent-abilities', tag, needs: 'agents.view', reply: z.array(AgentAbilitiesOf) },
      summary: 'What all agents can do and whom they serve',
      async handle({ identity }) {
        const within = reach(identity);
        const all = new Map<string, AgentAbilitiesOf>();
        for (const { id: agentId } of (await db.agents.list()).filter(({ id }) => within.agent(id)))
          all.set(agentId, { agentId, skills: [], regions: [], customerLevels: [] });
        for (const { agentId, skill, level } of await db.abilities.skills())
          all.get(agentId)?.skills.push({ skill, level });
        for (const { agentId, kind, value } of await db.abilities.scopes())
          all.get(agentId)?.[kind === 'region' ? 'regions' : 'customerLevels'].push(value);
        return [...all.values()];
      },
    }),
    route({
      ...{ method: 'patch', path: '/agent-abilities', tag, needs: 'agents.edit', body: SkillCells },
      ...{ summary: 'Change skills of many agents, all or none', errors: ['agent_not_found'] },
      handle: ({ body: { cells }, identity }) =>
        db.write(async (tx) => {
          for (const [agentId, changes] of byAgent(cells)) {
            if (!reach(identity).agent(agentId) || (await tx.agents.find(agentId)) === null)
              throw new AppError('agent_not_found', { id: agentId });
            const before = await tx.abilities.find(agentId);
            const after = withSkills(before, changes);
            await tx.abilities.replace(agentId, after);
            const what = { action: 'changed', objectKind: 'agentAbilities', objectId: agentId } as const;
            await audit(tx, clock.wallMs(), identity, { ...what, before: before.skills, after: after.skills });
          }
        }),
    }),
    route({
      ...{ method: 'post', path: '/agents/bulk', tag, needs: 'agents.edit', body: AgentsCreate, status: 201 },
      ...{ summary: 'Make many agents, all or none', reply: z.array(AgentCreate), errors: ['agent_exists'] },
      handle: ({ body: { agents }, identity }) =>
        db.write(async (tx) => {
          const within = reach(identity);
          const queues = new Set((await tx.queues.list()).map(({ id }) => id).filter((id) => within.seesQueue(id)));
          for (const [index, agent] of agents.entries()) {
            const unknown = agent.queues.find((id) => !queues.has(id));
            if (unknown !== undefined)
              throw invalidBody(`agents.${index}.queues`, new AppError('queue_not_found', { id: unknown }));
            await tx.agents.insert({ ...agent, language: agent.language ?? defaultLanguage });
          }
          const ids = agents.map(({ id }) => id);
          const what = { action: 'created', objectKind: 'agents', objectId: `${ids[0]}-${ids.at(-1)}` } as const;
          await audit(tx, clock.wallMs(), identity, { ...what, after: ids });
          return agents;
        }),
    }),
  ];
}

function byAgent(cells: readonly SkillCell[]): Map<string, SkillCell[]> {
  const of = new Map<string, SkillCell[]>();
  for (const cell of cells) of.set(cell.agentId, [...(of.get(cell.agentId) ?? []), cell]);
  return of;
}

function withSkills(before: AgentAbilities, changes: readonly SkillCell[]): AgentAbilities {
  const levels = new Map(before.skills.map(({ skill, level }) => [skill, level]));
  for (const { skill, level } of changes) {
    if (level === null) levels.delete(skill);
    else levels.set(skill, level);
  }
  return { ...before, skills: [...levels].map(([skill, level]) => ({ skill, level })) };
}
