import { z } from 'zod';
import { Role, RoleCreate, RoleId, RolePatch } from '../../contract/index.js';
import type { RoleRow, Writes } from '../../db/index.js';
import { AppError } from '../../platform/index.js';
import { audit } from '../audit.js';
import { BUILT_IN_ROLES, atLeast, isBuiltIn, known, toRole } from '../auth/roles.js';
import type { Identity } from '../auth/identity.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';
import { someAdminLeft } from './users.js';

const ById = z.strictObject({ id: RoleId });
const TAG = 'Users';

/** Nobody gives more than he has: else who may change roles could make himself an administrator. AppError role_beyond_yours. */
function mustCover(identity: Identity, { permissions, scope }: Pick<RoleRow, 'permissions' | 'scope'>): void {
  if (!atLeast(identity, { permissions: new Set(permissions), scope })) throw new AppError('role_beyond_yours');
}

export function roleRoutes({ clock, db, log }: HttpContext): Route[] {
  async function usersBy(): Promise<(role: string) => number> {
    const users = await db.users.list();
    return (id) => users.filter(({ role }) => role === id).length;
  }

  /** AppError role_built_in, role_not_found. */
  async function own(tx: Pick<Writes, 'roles'>, id: string): Promise<RoleRow> {
    if (isBuiltIn(id)) throw new AppError('role_built_in', { id });
    const row = await tx.roles.find(id);
    if (row === null) throw new AppError('role_not_found', { id });
    return row;
  }

  return [
    route({
      ...{ method: 'get', path: '/roles', summary: 'Roles: what their users may do, and of whose calls', tag: TAG },
      ...{ needs: ['users.view', 'roles.edit'], reply: z.array(Role) },
      async handle() {
        const users = await usersBy();
        const builtIn = BUILT_IN_ROLES.map((role) => ({ ...role, users: users(role.id) }));
        return [...builtIn, ...(await db.roles.list()).map((row) => toRole(row, users(row.id)))];
      },
    }),
    route({
      ...{ method: 'post', path: '/roles', summary: 'Make a role', tag: TAG, needs: 'roles.edit', body: RoleCreate },
      ...{ reply: Role, status: 201, errors: ['role_exists', 'role_beyond_yours'] },
      async handle({ body, identity }) {
        if (isBuiltIn(body.id)) throw new AppError('role_exists', { id: body.id });
        const row: RoleRow = { ...body, permissions: known(body.permissions), updatedAt: clock.wallMs() };
        mustCover(identity, row);
        await db.write(async (tx) => {
          await tx.roles.insert(row);
          await audit(tx, clock.wallMs(), identity, {
            ...{ action: 'created', objectKind: 'role', objectId: row.id, after: row },
          });
        });
        log.info({ role: row.id, by: identity.user.username }, 'role made');
        return toRole(row, 0);
      },
    }),
    route({
      ...{ method: 'patch', path: '/roles/:id', summary: 'Change a role; its users have it at once', tag: TAG },
      ...{ needs: 'roles.edit', params: ById, body: RolePatch, reply: Role },
      errors: ['role_not_found', 'role_built_in', 'role_beyond_yours', 'user_last_admin'],
      async handle({ params: { id }, body, identity }) {
        const after = await db.write(async (tx) => {
          const before = await own(tx, id);
          const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
          const row: RoleRow = { ...before, ...given, updatedAt: clock.wallMs() };
          row.permissions = known(row.permissions);
          mustCover(identity, before);
          mustCover(identity, row);
          const admins = await tx.users.countAdmins();
          await tx.roles.update(id, row);
          await someAdminLeft(tx, admins, identity.user.username);
          await audit(tx, clock.wallMs(), identity, {
            ...{ action: 'changed', objectKind: 'role', objectId: id, before, after: row },
          });
          return row;
        });
        log.info({ role: id, by: identity.user.username }, 'role changed');
        return toRole(after, (await usersBy())(id));
      },
    }),
    route({
      ...{ method: 'delete', path: '/roles/:id', summary: 'Remove a role that nobody has', tag: TAG },
      ...{ needs: 'roles.edit', params: ById },
      errors: ['role_not_found', 'role_built_in', 'role_in_use', 'role_beyond_yours'],
      handle: ({ params: { id }, identity }) =>
        db.write(async (tx) => {
          const before = await own(tx, id);
          mustCover(identity, before);
          const count = (await tx.users.list()).filter(({ role }) => role === id).length;
          if (count > 0) throw new AppError('role_in_use', { id, count });
          await tx.roles.remove(id);
          await audit(tx, clock.wallMs(), identity, {
            ...{ action: 'removed', objectKind: 'role', objectId: id, before },
          });
        }),
    }),
  ];
}
