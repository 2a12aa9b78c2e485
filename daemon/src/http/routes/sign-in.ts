// How signing in goes, for those who look after users: rules, second factors, locked names, everybody's sessions.
import { z } from 'zod';
import { LockedName, OneTimePassword, SessionInfo, SignInRules, Ulid, UserAccess } from '../../contract/index.js';
import type { UserRow } from '../../db/index.js';
import { AppError } from '../../platform/index.js';
import { audit, type Change } from '../audit.js';
import { nameKey } from '../auth/attempt-limit.js';
import { keepPassword } from '../auth/credentials.js';
import type { Identity } from '../auth/identity.js';
import { oneTimePassword } from '../auth/password-rules.js';
import { atLeast, isBuiltIn, rightsOf } from '../auth/roles.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { route, type Route } from '../route.js';
import { byUse, sessionInfo } from './account.js';

const ById = z.strictObject({ id: Ulid });
const ByName = z.strictObject({ name: z.string().min(1).max(64) });
const OfUser = z.strictObject({ id: Ulid, sessionId: Ulid });
const TAG = 'Users';

export function signInRoutes(http: HttpContext): Route[] {
  const { attempts, clock, db, log, passwords, secondFactor } = http;

  /** AppError user_not_found; role_beyond_yours: he may more than the one who asks. */
  async function other(identity: Identity, id: string): Promise<UserRow> {
    const row = await db.users.find(id);
    if (row === null) throw new AppError('user_not_found', { id });
    if (!atLeast(identity, await rightsOf(db, row.role))) throw new AppError('role_beyond_yours');
    return row;
  }

  const noted = (identity: Identity, change: Change) => db.write((tx) => audit(tx, clock.wallMs(), identity, change));

  return [
    route({
      ...{ method: 'get', path: '/sign-in-rules', summary: 'Rules of passwords and of the second factor', tag: TAG },
      ...{ needs: ['roles.edit', 'users.view'], reply: SignInRules },
      handle: () => db.userSecurity.rules(),
    }),
    route({
      ...{ method: 'put', path: '/sign-in-rules', tag: TAG, needs: 'roles.edit', body: SignInRules },
      ...{
        summary: 'Change them; a password that is there already is asked for at its next change',
        reply: SignInRules,
      },
      async handle({ body, identity }) {
        for (const [index, id] of body.secondFactorRoles.entries())
          if (!isBuiltIn(id) && (await db.roles.find(id)) === null)
            throw invalidBody(`secondFactorRoles.${index}`, new AppError('role_not_found', { id }));
        const flat = ({ password, secondFactorRoles }: SignInRules) => ({ ...password, secondFactorRoles });
        await db.write(async (tx) => {
          const before = flat(await tx.userSecurity.rules());
          await tx.userSecurity.putRules(body);
          await audit(tx, clock.wallMs(), identity, {
            ...{ action: 'changed', objectKind: 'signInRules', objectId: 'all', before, after: flat(body) },
          });
        });
        return body;
      },
    }),
    route({
      ...{ method: 'get', path: '/user-access', summary: 'Second factor, password, sessions and locks of all users' },
      ...{ tag: TAG, needs: 'users.view', reply: z.array(UserAccess) },
      async handle() {
        const [users, securities, sessions, rules] = await Promise.all([
          ...([db.users.list(), db.userSecurity.list(), db.sessions.list(), db.userSecurity.rules()] as const),
        ]);
        const byUser = new Map(securities.map((row) => [row.userId, row]));
        return users.map(({ id, username, role, createdAt, passwordHash }) => {
          const own = sessions.filter(({ userId }) => userId === id);
          const security = byUser.get(id);
          const seen = own.map((one) => one.lastSeenAt ?? one.createdAt);
          return {
            ...{ userId: id, secondFactor: security?.secret != null, sessions: own.length },
            secondFactorRequired: rules.secondFactorRoles.includes(role),
            passwordSetAt: passwordHash === '' ? null : (security?.passwordSetAt ?? createdAt),
            mustChangePassword: security?.mustChange ?? false,
            lastSeenAt: seen.length === 0 ? null : Math.max(...seen),
            lockedForS: attempts.lockedForS(nameKey(username)) || null,
          };
        });
      },
    }),
    route({
      ...{ method: 'post', path: '/users/:id/password', tag: TAG, needs: 'users.edit', params: ById },
      ...{ summary: 'Make a one-time password, told this once; sessions end', reply: OneTimePassword },
      errors: ['user_not_found', 'role_beyond_yours'],
      async handle({ params: { id }, identity }) {
        const row = await other(identity, id);
        const password = oneTimePassword();
        const passwordHash = await passwords.hash(password);
        await db.write(async (tx) => {
          await keepPassword(tx, http, row, passwordHash, true);
          await tx.sessions.removeByUser(id, identity.sessionId);
          await audit(tx, clock.wallMs(), identity, {
            ...{ action: 'reset', objectKind: 'password', objectId: row.username },
          });
        });
        attempts.forgiveName(row.username);
        log.info({ username: row.username, by: identity.user.username }, 'a password was reset');
        return { password };
      },
    }),
    route({
      ...{ method: 'delete', path: '/users/:id/second-factor', tag: TAG, needs: 'users.edit', params: ById },
      ...{ summary: 'Take the second factor away, when its owner has lost it; sessions end' },
      errors: ['user_not_found', 'role_beyond_yours'],
      async handle({ params: { id }, identity }) {
        const row = await other(identity, id);
        await db.write(async (tx) => {
          await secondFactor.remove(tx, id);
          await tx.sessions.removeByUser(id, identity.sessionId);
          await audit(tx, clock.wallMs(), identity, {
            ...{ action: 'reset', objectKind: 'secondFactor', objectId: row.username },
          });
        });
        log.info({ username: row.username, by: identity.user.username }, 'a second factor was reset');
      },
    }),
    route({
      ...{ method: 'get', path: '/users/:id/sessions', summary: 'Where a user is signed in', tag: TAG },
      ...{ needs: 'users.view', params: ById, reply: z.array(SessionInfo), errors: ['user_not_found'] },
      async handle({ params: { id }, identity }) {
        const row = await db.users.find(id);
        if (row === null) throw new AppError('user_not_found', { id });
        const rows = await db.sessions.listByUser(id);
        return rows.map((one) => sessionInfo(one, row.username, identity)).sort(byUse);
      },
    }),
    route({
      ...{ method: 'delete', path: '/users/:id/sessions', summary: 'End all sessions of a user', tag: TAG },
      ...{ needs: 'users.edit', params: ById, errors: ['user_not_found', 'role_beyond_yours'] },
      async handle({ params: { id }, identity }) {
        const row = await other(identity, id);
        await db.write((tx) => tx.sessions.removeByUser(id, identity.sessionId));
        await noted(identity, { action: 'ended', objectKind: 'session', objectId: row.username });
      },
    }),
    route({
      ...{ method: 'delete', path: '/users/:id/sessions/:sessionId', summary: 'End one session of a user', tag: TAG },
      ...{ needs: 'users.edit', params: OfUser, errors: ['user_not_found', 'session_not_found', 'role_beyond_yours'] },
      async handle({ params: { id, sessionId }, identity }) {
        const row = await other(identity, id);
        const session = await db.sessions.find(sessionId);
        if (session?.userId !== id) throw new AppError('session_not_found');
        await db.write((tx) => tx.sessions.remove(sessionId));
        await noted(identity, { action: 'ended', objectKind: 'session', objectId: row.username });
      },
    }),
    route({
      ...{ method: 'get', path: '/locked-names', summary: 'Names that were tried too often and must wait', tag: TAG },
      ...{ needs: 'users.view', reply: z.array(LockedName) },
      async handle() {
        const names = new Set((await db.users.list()).map(({ username }) => username.toLowerCase()));
        return attempts.lockedNames().map((one) => ({ ...one, known: names.has(one.name) }));
      },
    }),
    route({
      ...{ method: 'delete', path: '/locked-names/:name', summary: 'Let a name be tried again now', tag: TAG },
      ...{ needs: 'users.edit', params: ByName },
      async handle({ params: { name }, identity }) {
        attempts.forgiveName(name);
        await noted(identity, { action: 'unlocked', objectKind: 'user', objectId: name });
        log.info({ name, by: identity.user.username }, 'a name may be tried again');
      },
    }),
  ];
}
