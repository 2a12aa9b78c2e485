// Many agents at once: what all of them can do, cells of that table, a range of new ones.
import { z } from 'zod';
import { AgentCreate } from './agents.js';
import { AgentNumber, Slug } from './primitives.js';
import { AgentAbilities, SkillLevel } from './queue-routing.js';

export const AgentAbilitiesOf = AgentAbilities.extend({ agentId: AgentNumber }).meta({ id: 'AgentAbilitiesOf' });
export type AgentAbilitiesOf = z.infer<typeof AgentAbilitiesOf>;

export const SkillCell = z
  .strictObject({
    agentId: AgentNumber,
    skill: Slug,
    level: SkillLevel.nullable().meta({ description: 'null: he has it no more' }),
  })
  .meta({ id: 'SkillCell' });
export type SkillCell = z.infer<typeof SkillCell>;

export const SkillCells = z
  .strictObject({ cells: z.array(SkillCell).min(1).max(5000) })
  .meta({ id: 'SkillCells', description: 'Changed all together' });

export const AgentsCreate = z
  .strictObject({ agents: z.array(AgentCreate).min(1).max(1000) })
  .meta({ id: 'AgentsCreate', description: 'Made all together, or none' });
