import { z } from 'zod';
import { formats } from './formats.js';
import { Permission } from './permissions.js';
import { AgentNumber, Language, RoleId, TimeMs, Ulid } from './primitives.js';
import { Scope } from './roles.js';

export const Username = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/, formats.username)
  .meta({ id: 'Username', description: 'Letters, digits and . _ @ -, 64 at most', example: 'lina' });

/** Shortest password taken, in characters. */
export const PASSWORD_MIN_LENGTH = 10;
export const NewPassword = z
  .string()
  .min(PASSWORD_MIN_LENGTH)
  .max(200)
  .meta({ id: 'NewPassword', description: '10 to 200 characters' });

export const User = z
  .strictObject({
    id: Ulid,
    username: Username,
    role: RoleId,
    language: Language,
    agentId: AgentNumber.nullable().meta({ description: 'The agent this user is, if any' }),
    createdAt: TimeMs,
  })
  .meta({ id: 'User' });
export type User = z.infer<typeof User>;

export const UserCreate = z
  .strictObject({
    username: Username,
    password: NewPassword.optional().meta({
      description: 'Left out: nobody can sign in until POST /users/:id/password has made a one-time password',
    }),
    role: RoleId,
    language: Language.optional(),
    agentId: AgentNumber.nullable().optional(),
  })
  .meta({ id: 'UserCreate' });
export type UserCreate = z.infer<typeof UserCreate>;

export const UserPatch = z
  .strictObject({
    password: NewPassword.optional(),
    role: RoleId.optional(),
    language: Language.optional(),
    agentId: AgentNumber.nullable().optional(),
  })
  .meta({ id: 'UserPatch' });
export type UserPatch = z.infer<typeof UserPatch>;

export const SignIn = z
  .strictObject({
    username: z.string().min(1).max(64),
    password: z.string().min(1).max(200),
    code: z
      .string()
      .min(6)
      .max(24)
      .optional()
      .meta({ description: 'Six digits of the authenticator, or a recovery code; asked for by second_factor_needed' }),
  })
  .meta({ id: 'SignIn' });
export type SignIn = z.infer<typeof SignIn>;

/** What has to be done before anything else is served. */
export const SignInDuty = z
  .enum(['password', 'secondFactor'])
  .meta({ id: 'SignInDuty', description: 'password: choose a new one; secondFactor: set one up' });
export type SignInDuty = z.infer<typeof SignInDuty>;

const session = {
  user: User,
  permissions: z.array(Permission),
  scope: Scope,
  due: z.array(SignInDuty).meta({ description: 'Until it is empty, nothing but this account is served' }),
  expiresAt: TimeMs,
};

export const SignedIn = z
  .strictObject({
    token: z.string().meta({ description: 'Sent as Authorization: Bearer …; shown this once' }),
    ...session,
  })
  .meta({ id: 'SignedIn' });
export type SignedIn = z.infer<typeof SignedIn>;

export const Session = z.strictObject(session).meta({ id: 'Session' });
export type Session = z.infer<typeof Session>;

export const SetupState = z.strictObject({ needed: z.boolean() }).meta({ id: 'SetupState' });
export type SetupState = z.infer<typeof SetupState>;

export const SetupRequest = z
  .strictObject({
    code: z.string().min(1).max(64).meta({ description: 'Printed at start while there is no administrator' }),
    username: Username,
    password: NewPassword,
    language: Language,
  })
  .meta({ id: 'SetupRequest' });
export type SetupRequest = z.infer<typeof SetupRequest>;
