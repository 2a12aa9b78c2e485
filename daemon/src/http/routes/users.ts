import { z } from 'zod';
import { Ulid, User, UserCreate, UserPatch } from '../../contract/index.js';
import type { UserRow, Writes } from '../../db/index.js';
import { AppError, newUlid } from '../../platform/index.js';
import { toUser } from '../auth/sessions.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { ADMIN, route, type Route } from '../route.js';

const ById = z.strictObject({ id: Ulid });

export function userRoutes(http: HttpContext): Route[] {
  const { clock, db, log, passwords } = http;
  return [
    route({
      method: 'get',
      path: '/users',
      summary: 'All users',
      tag: 'Users',
      roles: ADMIN,
      reply: z.array(User),
      handle: async () => (await db.users.list()).map(toUser),
    }),
    route({
      method: 'get',
      path: '/users/:id',
      summary: 'One user',
      tag: 'Users',
      roles: ADMIN,
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
      roles: ADMIN,
      body: UserCreate,
      reply: User,
      status: 201,
      errors: ['user_exists'],
      async handle({ body, identity }) {
        const row: UserRow = {
          id: newUlid(),
          username: body.username,
          passwordHash: await passwords.hash(body.password),
          role: body.role,
          language: body.language ?? http.defaultLanguage,
          agentId: body.agentId ?? null,
          createdAt: clock.wallMs(),
        };
        await db.write(async (tx) => {
          await agentMustExist(tx, row.agentId);
          await tx.users.insert(row);
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
      roles: ADMIN,
      params: ById,
      body: UserPatch,
      reply: User,
      errors: ['user_not_found', 'user_last_admin'],
      async handle({ params: { id }, body, identity }) {
        const { password, ...rest } = body;
        const passwordHash = password === undefined ? undefined : await passwords.hash(password);
        const changed = await db.write(async (tx) => {
          const row = await tx.users.find(id);
          if (row === null) throw new AppError('user_not_found', { id });
          if (rest.role !== undefined && rest.role !== 'admin') await notLastAdmin(tx, row);
          await agentMustExist(tx, rest.agentId ?? null);
          await tx.users.update(id, { ...rest, passwordHash });
          if (passwordHash !== undefined || (rest.role !== undefined && rest.role !== row.role)) {
            await tx.sessions.removeByUser(id, identity.sessionId);
          }
          return tx.users.find(id);
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
      roles: ADMIN,
      params: ById,
      errors: ['user_not_found', 'user_last_admin'],
      async handle({ params: { id }, identity }) {
        await db.write(async (tx) => {
          const row = await tx.users.find(id);
          if (row === null) throw new AppError('user_not_found', { id });
          await notLastAdmin(tx, row);
          await tx.sessions.removeByUser(id);
          await tx.users.remove(id);
        });
        log.info({ userId: id, by: identity.user.username }, 'user removed');
      },
    }),
  ];
}

async function notLastAdmin(tx: Writes, row: UserRow): Promise<void> {
  if (row.role === 'admin' && (await tx.users.countAdmins()) <= 1) {
    throw new AppError('user_last_admin', { username: row.username });
  }
}

async function agentMustExist(tx: Writes, agentId: string | null): Promise<void> {
  if (agentId !== null && (await tx.agents.find(agentId)) === null) {
    throw invalidBody('agentId', new AppError('agent_not_found', { id: agentId }));
  }
}
