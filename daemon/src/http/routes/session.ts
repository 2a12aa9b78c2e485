import { Health, Session, SetupRequest, SetupState, SignIn, SignedIn } from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import { nameKey } from '../auth/attempt-limit.js';
import { mustFitRules } from '../auth/password-rules.js';
import { sessionOf } from '../auth/sessions.js';
import type { HttpContext } from '../context.js';
import { openRoute, route, type Route } from '../route.js';

export function sessionRoutes(http: HttpContext): Route[] {
  const { attempts, db, log, passwords, secondFactor, sessions, setup } = http;
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
      async handle({ body, remoteAddress, header }) {
        mustFitRules((await db.userSecurity.rules()).password, body.username, body.password);
        const keys = [`setup from ${remoteAddress}`, 'setup'];
        attempts.take(keys);
        const row = await setup.run(body);
        attempts.forgive(keys);
        log.info({ username: row.username, remoteAddress }, 'the first administrator was made');
        return sessions.signIn(row, { userAgent: header('user-agent'), address: remoteAddress });
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
      errors: ['sign_in_refused', 'sign_in_too_often', 'second_factor_needed', 'code_wrong'],
      async handle({ body, remoteAddress, header }) {
        const keys = [`from ${remoteAddress}`, nameKey(body.username)];
        attempts.take(keys);
        const row = await db.users.findByUsername(body.username);
        const right = await passwords.verify(row?.passwordHash, body.password);
        if (row === null || !right) {
          log.warn({ username: body.username, remoteAddress }, 'signing in was refused');
          throw new AppError('sign_in_refused');
        }
        const security = await db.userSecurity.find(row.id);
        if (security?.secret != null) {
          if (body.code === undefined) {
            // Not a wrong try; but neither may one without the code wipe out the count of wrong codes.
            attempts.giveBack(keys);
            throw new AppError('second_factor_needed');
          }
          if (!(await secondFactor.use(row.id, body.code))) {
            log.warn({ username: row.username, remoteAddress }, 'a code of the second factor was refused');
            throw new AppError('code_wrong');
          }
        }
        attempts.forgive(keys);
        log.info({ username: row.username, remoteAddress }, 'signed in');
        return sessions.signIn(row, { userAgent: header('user-agent'), address: remoteAddress });
      },
    }),
    route({
      method: 'get',
      path: '/session',
      summary: 'Who is signed in',
      tag: 'Session',
      needs: 'signedIn',
      whileDue: true,
      reply: Session,
      handle: ({ identity }) => sessionOf(identity),
    }),
    route({
      method: 'delete',
      path: '/session',
      summary: 'Sign out',
      tag: 'Session',
      needs: 'signedIn',
      whileDue: true,
      handle: ({ identity }) => sessions.signOut(identity),
    }),
  ];
}
