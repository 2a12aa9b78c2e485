// Roles: what their people may do, and of whose calls, recordings and agents.
import { z } from 'zod';
import { Permission } from './permissions.js';
import { AgentNumber, DisplayName, RoleId, Slug, TimeMs } from './primitives.js';

/** own: what is one's own; groups: these queues, those who serve them, and these agents; all: everything. */
export const Scope = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('own') }),
    z.strictObject({
      kind: z.literal('groups'),
      queues: z.array(Slug).max(500),
      agents: z.array(AgentNumber).max(2000),
    }),
    z.strictObject({ kind: z.literal('all') }),
  ])
  .meta({ id: 'Scope', description: 'Whose calls, recordings, messages and agents one sees' });
export type Scope = z.infer<typeof Scope>;

export const Role = z
  .strictObject({
    id: RoleId,
    name: DisplayName.meta({ description: 'Of a built-in role: its id; pages have words for it' }),
    builtIn: z.boolean().meta({ description: 'Cannot be changed or removed; a copy can' }),
    permissions: z.array(Permission),
    scope: Scope,
    users: z.int().meta({ description: 'How many have it' }),
    updatedAt: TimeMs,
  })
  .meta({ id: 'Role' });
export type Role = z.infer<typeof Role>;

export const RoleCreate = z
  .strictObject({ id: RoleId, name: DisplayName, permissions: z.array(Permission).max(200), scope: Scope })
  .meta({ id: 'RoleCreate' });
export type RoleCreate = z.infer<typeof RoleCreate>;

export const RolePatch = z
  .strictObject({
    name: DisplayName.optional(),
    permissions: z.array(Permission).max(200).optional(),
    scope: Scope.optional(),
  })
  .meta({ id: 'RolePatch' });
export type RolePatch = z.infer<typeof RolePatch>;
