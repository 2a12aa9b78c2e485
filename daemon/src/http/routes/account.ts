// One's own account: password, second factor, sessions, language. Nobody needs a permission for what is his.
import { toDataURL } from 'qrcode';
import { z } from 'zod';
import type { SecondFactorState } from '../../contract/index.js';
import {
  Account,
  AccountPatch,
  PasswordChange,
  PasswordProof,
  RecoveryCodes,
  SecondFactorCode,
  SecondFactorOffer,
  SessionInfo,
  Ulid,
  User,
} from '../../contract/index.js';
import type { SessionRow, UserRow } from '../../db/index.js';
import { AppError, isAppError } from '../../platform/index.js';
import { audit } from '../audit.js';
import { nameKey } from '../auth/attempt-limit.js';
import { chosenPassword, keepPassword } from '../auth/credentials.js';
import { deviceOf } from '../auth/device.js';
import type { Identity } from '../auth/identity.js';
import { toUser } from '../auth/sessions.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { route, type Route } from '../route.js';

const BySession = z.strictObject({ id: Ulid });
const TAG = 'Account';
const own = { tag: TAG, needs: 'signedIn' } as const;

export function accountRoutes(http: HttpContext): Route[] {
  const { attempts, clock, db, log, passwords, ports, secondFactor } = http;

  /** AppError user_not_found: the command line is nobody. */
  async function self({ user: { id } }: Identity): Promise<UserRow> {
    const row = await db.users.find(id);
    if (row === null) throw new AppError('user_not_found', { id });
    return row;
  }

  /** A session that was left open must not be enough: the password is asked again, and guessing it is limited. */
  async function prove(row: UserRow, password: string, path: string): Promise<void> {
    const keys = [nameKey(row.username)];
    attempts.take(keys);
    if (!(await passwords.verify(row.passwordHash, password))) throw invalidBody(path, new AppError('password_wrong'));
    attempts.forgive(keys);
  }

  async function factorState(row: UserRow): Promise<SecondFactorState> {
    const [rules, security] = await Promise.all([db.userSecurity.rules(), db.userSecurity.find(row.id)]);
    return {
      on: security?.secret != null,
      since: security?.secretSince ?? null,
      required: rules.secondFactorRoles.includes(row.role),
      recoveryCodesLeft: security?.recovery.length ?? 0,
    };
  }

  const noted = (identity: Identity, objectKind: string, after: unknown) =>
    db.write((tx) =>
      audit(tx, clock.wallMs(), identity, { action: 'changed', objectKind, objectId: identity.user.username, after }),
    );

  return [
    route({
      ...{ method: 'get', path: '/account', summary: 'One’s own account', ...own, whileDue: true, reply: Account },
      errors: ['user_not_found'],
      async handle({ identity }) {
        const row = await self(identity);
        const [role, security, rules, secondFactorState] = await Promise.all([
          ...([db.roles.find(row.role), db.userSecurity.find(row.id), db.userSecurity.rules()] as const),
          factorState(row),
        ]);
        return {
          ...{ user: toUser(row), roleName: role?.name ?? null, secondFactor: secondFactorState },
          agentName: row.agentId === null ? null : (ports.agents.find(row.agentId)?.name ?? null),
          ...{ passwordSetAt: security?.passwordSetAt ?? null, passwordRules: rules.password },
        };
      },
    }),
    route({
      ...{ method: 'patch', path: '/account', summary: 'Change one’s language', ...own, whileDue: true },
      ...{ body: AccountPatch, reply: User, errors: ['user_not_found'] },
      async handle({ body: { language }, identity }) {
        const row = await self(identity);
        await db.write((tx) => tx.users.update(row.id, { language }));
        return toUser({ ...row, language });
      },
    }),
    route({
      ...{ method: 'put', path: '/account/password', ...own, whileDue: true, body: PasswordChange },
      ...{
        summary: 'Choose a new password; one’s other sessions end',
        errors: ['user_not_found', 'sign_in_too_often'],
      },
      async handle({ body: { current, password }, identity }) {
        const row = await self(identity);
        await prove(row, current, 'current');
        const passwordHash = await chosenPassword(http, row, password);
        if (current === password) throw invalidBody('password', new AppError('password_used', { count: 1 }));
        await db.write(async (tx) => {
          await keepPassword(tx, http, row, passwordHash, false);
          await tx.sessions.removeByUser(row.id, identity.sessionId);
          await audit(tx, clock.wallMs(), identity, {
            ...{ action: 'changed', objectKind: 'password', objectId: row.username },
          });
        });
        log.info({ username: row.username }, 'a user has chosen a new password');
      },
    }),
    route({
      ...{ method: 'post', path: '/account/second-factor', ...own, whileDue: true, body: PasswordProof },
      ...{ summary: 'Begin to set up an authenticator; it counts once a code of it was typed in' },
      ...{ reply: SecondFactorOffer, errors: ['user_not_found', 'sign_in_too_often'] },
      async handle({ body, identity }) {
        const row = await self(identity);
        await prove(row, body.password, 'password');
        const { secret, uri } = secondFactor.offer(row.id, row.username);
        return { secret, uri, picture: await toDataURL(uri, { errorCorrectionLevel: 'M', margin: 2, scale: 6 }) };
      },
    }),
    route({
      ...{ method: 'post', path: '/account/second-factor/confirmation', ...own, whileDue: true },
      ...{ summary: 'The authenticator shows this code: from now on it is asked for', body: SecondFactorCode },
      ...{ reply: RecoveryCodes, errors: ['user_not_found', 'second_factor_not_offered', 'sign_in_too_often'] },
      async handle({ body: { code }, identity }) {
        const row = await self(identity);
        attempts.take([nameKey(row.username)]);
        const codes = await secondFactor.confirm(row.id, code).catch((error: unknown) => {
          throw isAppError(error, 'code_wrong') ? invalidBody('code', error) : error;
        });
        attempts.forgive([nameKey(row.username)]);
        await db.write((tx) => tx.users.update(row.id, { language: row.language }));
        await noted(identity, 'secondFactor', { on: true });
        log.info({ username: row.username }, 'a second factor was set up');
        return { codes };
      },
    }),
    route({
      ...{ method: 'post', path: '/account/second-factor/recovery-codes', ...own, body: PasswordProof },
      ...{ summary: 'New recovery codes in place of those that are left', reply: RecoveryCodes },
      errors: ['user_not_found', 'second_factor_not_offered', 'sign_in_too_often'],
      async handle({ body, identity }) {
        const row = await self(identity);
        await prove(row, body.password, 'password');
        if (!(await factorState(row)).on) throw new AppError('second_factor_not_offered');
        await noted(identity, 'secondFactor', { newRecoveryCodes: true });
        return { codes: await secondFactor.newRecoveryCodes(row.id) };
      },
    }),
    route({
      ...{ method: 'post', path: '/account/second-factor/removal', ...own, body: PasswordProof },
      ...{ summary: 'Sign in with the password alone again' },
      errors: ['user_not_found', 'second_factor_required', 'sign_in_too_often'],
      async handle({ body, identity }) {
        const row = await self(identity);
        await prove(row, body.password, 'password');
        if ((await factorState(row)).required) throw new AppError('second_factor_required');
        await db.write((tx) => secondFactor.remove(tx, row.id));
        await noted(identity, 'secondFactor', { on: false });
        log.info({ username: row.username }, 'a second factor was switched off by its owner');
      },
    }),
    route({
      ...{ method: 'get', path: '/account/sessions', summary: 'Where one is signed in', ...own },
      reply: z.array(SessionInfo),
      async handle({ identity }) {
        const rows = await db.sessions.listByUser(identity.user.id);
        return rows.map((row) => sessionInfo(row, identity.user.username, identity)).sort(byUse);
      },
    }),
    route({
      ...{ method: 'delete', path: '/account/sessions', summary: 'End all of one’s other sessions', ...own },
      async handle({ identity: { user, sessionId } }) {
        await db.write((tx) => tx.sessions.removeByUser(user.id, sessionId));
      },
    }),
    route({
      ...{ method: 'delete', path: '/account/sessions/:id', summary: 'End one of one’s sessions', ...own },
      ...{ params: BySession, errors: ['session_not_found'] },
      async handle({ params: { id }, identity }) {
        const row = await db.sessions.find(id);
        if (row === null || row.userId !== identity.user.id) throw new AppError('session_not_found');
        await db.write((tx) => tx.sessions.remove(id));
      },
    }),
  ];
}

export function sessionInfo(row: SessionRow, username: string, { sessionId }: Identity): SessionInfo {
  const { id, userId, createdAt, expiresAt, address } = row;
  return {
    ...{ id, userId, username, current: id === sessionId, ...deviceOf(row.userAgent), address: address ?? null },
    ...{ createdAt, expiresAt, lastSeenAt: row.lastSeenAt ?? createdAt },
  };
}

export const byUse = (a: SessionInfo, b: SessionInfo): number => b.lastSeenAt - a.lastSeenAt;
