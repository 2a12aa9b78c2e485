import { Health, Session, SetupRequest, SetupState, SignIn, SignedIn } from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import type { HttpContext } from '../context.js';
import { ANYONE_SIGNED_IN, openRoute, route, type Route } from '../route.js';

export function sessionRoutes(http: HttpContext): Route[] {
  const { attempts, db, log, passwords, sessions, setup } = http;
  return [
    openRoute({
      method: 'get',
      path: '/health',
      summary: 'Whether the box runs, and whether it has an administrator',
      tag: 'System',
      reply: Health,
      handle: async () => ({ ok: true, version: http.version, setupNeeded: await setup.needed() }),
    }),
    openRoute({
      method: 'get',
      path: '/setup',
      summary: 'Whether the first administrator is still to be made',
      tag: 'Session',
      reply: SetupState,
      handle: async () => ({ needed: await setup.needed() }),
    }),
    openRoute({
      method: 'post',
      path: '/setup',
      summary: 'Make the first administrator and sign in',
      tag: 'Session',
      body: SetupRequest,
      reply: SignedIn,
      status: 201,
      errors: ['setup_done', 'setup_code_wrong', 'sign_in_too_often'],
      async handle({ body, remoteAddress }) {
        const keys = [`setup from ${remoteAddress}`, 'setup'];
        attempts.take(keys);
        const row = await setup.run(body);
        attempts.forgive(keys);
        log.info({ username: row.username, remoteAddress }, 'the first administrator was made');
        return sessions.signIn(row);
      },
    }),
    openRoute({
      method: 'post',
      path: '/session',
      summary: 'Sign in',
      tag: 'Session',
      body: SignIn,
      reply: SignedIn,
      status: 201,
      errors: ['sign_in_refused', 'sign_in_too_often'],
      async handle({ body, remoteAddress }) {
        const keys = [`from ${remoteAddress}`, `as ${body.username.toLowerCase()}`];
        attempts.take(keys);
        const row = await db.users.findByUsername(body.username);
        const right = await passwords.verify(row?.passwordHash, body.password);
        if (row === null || !right) {
          log.warn({ username: body.username, remoteAddress }, 'signing in was refused');
          throw new AppError('sign_in_refused');
        }
        attempts.forgive(keys);
        log.info({ username: row.username, remoteAddress }, 'signed in');
        return sessions.signIn(row);
      },
    }),
    route({
      method: 'get',
      path: '/session',
      summary: 'Who is signed in',
      tag: 'Session',
      roles: ANYONE_SIGNED_IN,
      reply: Session,
      handle: ({ identity }) => ({ user: identity.user, expiresAt: identity.expiresAt }),
    }),
    route({
      method: 'delete',
      path: '/session',
      summary: 'Sign out',
      tag: 'Session',
      roles: ANYONE_SIGNED_IN,
      handle: ({ identity }) => sessions.signOut(identity),
    }),
  ];
}
