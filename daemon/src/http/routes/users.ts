import { z } from 'zod';
import { Ulid, User, UserCreate, UserPatch } from '../../contract/index.js';
import type { UserRow, Writes } from '../../db/index.js';
import { AppError, isAppError, newUlid } from '../../platform/index.js';
import { audit } from '../audit.js';
import { chosenPassword, keepPassword } from '../auth/credentials.js';
import type { Identity } from '../auth/identity.js';
import { atLeast, rightsOf, roleRights } from '../auth/roles.js';
import { toUser } from '../auth/sessions.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { route, type Route } from '../route.js';

const ById = z.strictObject({ id: Ulid });

export function userRoutes(http: HttpContext): Route[] {
  const { clock, db, log } = http;

  /** Nobody makes, changes or removes one who may more than he. AppError body_invalid, role_beyond_yours. */
  async function mustCover(identity: Identity, role: string, has = false): Promise<void> {
    const rights = await (has ? rightsOf(db, role) : roleRights(db, role)).catch((error: unknown) => {
      throw isAppError(error, 'role_not_found') ? invalidBody('role', error) : error;
    });
    if (!atLeast(identity, rights)) throw new AppError('role_beyond_yours');
  }

  return [
    route({
      method: 'get',
      path: '/users',
      summary: 'All users',
      tag: 'Users',
      needs: 'users.view',
      reply: z.array(User),
      handle: async () => (await db.users.list()).map(toUser),
    }),
    route({
      method: 'get',
      path: '/users/:id',
      summary: 'One user',
      tag: 'Users',
      needs: 'users.view',
      params: ById,
      reply: User,
      errors: ['user_not_found'],
      async handle({ params: { id } }) {
        const row = await db.users.find(id);
        if (row === null) throw new AppError('user_not_found', { id });
        return toUser(row);
      },
    }),
    route({
      method: 'post',
      path: '/users',
      summary: 'Make a user',
      tag: 'Users',
      needs: 'users.edit',
      body: UserCreate,
      reply: User,
      status: 201,
      errors: ['user_exists', 'role_beyond_yours'],
      async handle({ body, identity }) {
        await mustCover(identity, body.role);
        const row: UserRow = {
          id: newUlid(),
          username: body.username,
          // Nothing verifies against no hash: nobody can sign in yet.
          passwordHash:
            body.password === undefined ? '' : await chosenPassword(http, { username: body.username }, body.password),
          role: body.role,
          language: body.language ?? http.defaultLanguage,
          agentId: body.agentId ?? null,
          createdAt: clock.wallMs(),
        };
        await db.write(async (tx) => {
          await agentMustExist(tx, row.agentId);
          await tx.users.insert(row);
          await audit(tx, clock.wallMs(), identity, {
            ...{ action: 'created', objectKind: 'user', objectId: row.username, after: toUser(row) },
          });
        });
        log.info({ username: row.username, role: row.role, by: identity.user.username }, 'user made');
        return toUser(row);
      },
    }),
    route({
      method: 'patch',
      path: '/users/:id',
      summary: 'Change a user; a new password or role ends his sessions',
      tag: 'Users',
      needs: 'users.edit',
      params: ById,
      body: UserPatch,
      reply: User,
      errors: ['user_not_found', 'user_last_admin', 'role_beyond_yours'],
      async handle({ params: { id }, body, identity }) {
        const { password, ...rest } = body;
        const now = await db.users.find(id);
        if (now === null) throw new AppError('user_not_found', { id });
        await mustCover(identity, now.role, true);
        if (rest.role !== undefined) await mustCover(identity, rest.role);
        const passwordHash = password === undefined ? undefined : await chosenPassword(http, now, password);
        const changed = await db.write(async (tx) => {
          const row = await tx.users.find(id);
          if (row === null) throw new AppError('user_not_found', { id });
          await agentMustExist(tx, rest.agentId ?? null);
          const admins = await tx.users.countAdmins();
          await tx.users.update(id, rest);
          if (passwordHash !== undefined) await keepPassword(tx, http, row, passwordHash, false);
          await someAdminLeft(tx, admins, row.username);
          if (passwordHash !== undefined || (rest.role !== undefined && rest.role !== row.role)) {
            await tx.sessions.removeByUser(id, identity.sessionId);
          }
          const after = await tx.users.find(id);
          if (after !== null)
            await audit(tx, clock.wallMs(), identity, {
              ...{ action: 'changed', objectKind: 'user', objectId: row.username },
              ...{
                before: toUser(row),
                after: { ...toUser(after), ...(password !== undefined && { newPassword: true }) },
              },
            });
          return after;
        });
        if (changed === null) throw new AppError('user_not_found', { id });
        log.info({ username: changed.username, by: identity.user.username }, 'user changed');
        return toUser(changed);
      },
    }),
    route({
      method: 'delete',
      path: '/users/:id',
      summary: 'Remove a user; his sessions end',
      tag: 'Users',
      needs: 'users.edit',
      params: ById,
      errors: ['user_not_found', 'user_last_admin'],
      async handle({ params: { id }, identity }) {
        await db.write(async (tx) => {
          const row = await tx.users.find(id);
          if (row === null) throw new AppError('user_not_found', { id });
          await mustCover(identity, row.role, true);
          const admins = await tx.users.countAdmins();
          await tx.sessions.removeByUser(id);
          await tx.users.remove(id);
          await someAdminLeft(tx, admins, row.username);
          await audit(tx, clock.wallMs(), identity, {
            ...{ action: 'removed', objectKind: 'user', objectId: row.username, before: toUser(row) },
          });
        });
        log.info({ userId: id, by: identity.user.username }, 'user removed');
      },
    }),
  ];
}

/** After the change, which is undone when it would leave nobody who may make users and roles, of `before` that there were. */
export async function someAdminLeft(tx: Writes, before: number, username: string): Promise<void> {
  if (before > 0 && (await tx.users.countAdmins()) === 0) throw new AppError('user_last_admin', { username });
}

async function agentMustExist(tx: Writes, agentId: string | null): Promise<void> {
  if (agentId !== null && (await tx.agents.find(agentId)) === null) {
    throw invalidBody('agentId', new AppError('agent_not_found', { id: agentId }));
  }
}
