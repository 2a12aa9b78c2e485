// Signing in: rules of passwords, the second factor, sessions, names that must wait.
import { z } from 'zod';
import { NewPassword, PASSWORD_MIN_LENGTH, User } from './users.js';
import { Language, RoleId, TimeMs, Ulid } from './primitives.js';

export const PasswordRules = z
  .strictObject({
    minLength: z.int().min(PASSWORD_MIN_LENGTH).max(64),
    classes: z
      .int()
      .min(1)
      .max(4)
      .meta({ description: 'How many of: small letters, capital letters, digits, other characters' }),
    notName: z.boolean().meta({ description: 'The username may not stand in it' }),
    notCommon: z.boolean().meta({ description: 'Not one of those that everybody tries first' }),
    history: z.int().min(0).max(24).meta({ description: 'So many of the last ones may not come again; 0: any may' }),
    maxAgeDays: z.int().min(0).max(3650).meta({ description: 'Then a new one is asked for; 0: never' }),
  })
  .meta({ id: 'PasswordRules' });
export type PasswordRules = z.infer<typeof PasswordRules>;

export const SignInRules = z
  .strictObject({
    password: PasswordRules,
    secondFactorRoles: z
      .array(RoleId)
      .max(200)
      .meta({ description: 'Who has such a role must set up a second factor before anything else' }),
  })
  .meta({ id: 'SignInRules' });
export type SignInRules = z.infer<typeof SignInRules>;

export const DEFAULT_SIGN_IN_RULES: SignInRules = {
  password: { minLength: 10, classes: 1, notName: true, notCommon: true, history: 0, maxAgeDays: 0 },
  secondFactorRoles: [],
};

export const PasswordChange = z
  .strictObject({ current: z.string().min(1).max(200), password: z.string().min(1).max(200) })
  .meta({ id: 'PasswordChange' });
export type PasswordChange = z.infer<typeof PasswordChange>;

export const OneTimePassword = z
  .strictObject({
    password: NewPassword.meta({ description: 'Told this once; at the next sign-in a new one is asked for' }),
  })
  .meta({ id: 'OneTimePassword' });
export type OneTimePassword = z.infer<typeof OneTimePassword>;

export const SecondFactorState = z
  .strictObject({
    on: z.boolean(),
    since: TimeMs.nullable(),
    required: z.boolean().meta({ description: 'By the role: it cannot be switched off' }),
    recoveryCodesLeft: z.int(),
  })
  .meta({ id: 'SecondFactorState' });
export type SecondFactorState = z.infer<typeof SecondFactorState>;

export const SecondFactorOffer = z
  .strictObject({
    secret: z.string().meta({ description: 'To type in where no picture can be taken' }),
    uri: z.string().meta({ description: 'otpauth://' }),
    picture: z.string().meta({ description: 'The uri as a QR code, data:image/png' }),
  })
  .meta({ id: 'SecondFactorOffer' });
export type SecondFactorOffer = z.infer<typeof SecondFactorOffer>;

export const SecondFactorCode = z.strictObject({ code: z.string().min(6).max(24) }).meta({ id: 'SecondFactorCode' });
export type SecondFactorCode = z.infer<typeof SecondFactorCode>;

export const PasswordProof = z.strictObject({ password: z.string().min(1).max(200) }).meta({ id: 'PasswordProof' });
export type PasswordProof = z.infer<typeof PasswordProof>;

export const RecoveryCodes = z
  .strictObject({ codes: z.array(z.string()).meta({ description: 'Each lets in once; told this once' }) })
  .meta({ id: 'RecoveryCodes' });
export type RecoveryCodes = z.infer<typeof RecoveryCodes>;

export const SessionInfo = z
  .strictObject({
    id: Ulid,
    current: z.boolean().meta({ description: 'The one that asks' }),
    userId: Ulid,
    username: z.string(),
    browser: z
      .string()
      .nullable()
      .meta({ description: 'Such as Chrome, Firefox; null: not known', example: 'Firefox' }),
    system: z.string().nullable().meta({ description: 'Such as Windows, Android', example: 'Windows' }),
    address: z.string().nullable(),
    createdAt: TimeMs,
    lastSeenAt: TimeMs,
    expiresAt: TimeMs,
  })
  .meta({ id: 'SessionInfo' });
export type SessionInfo = z.infer<typeof SessionInfo>;

/** One's own account. */
export const Account = z
  .strictObject({
    user: User,
    roleName: z.string().nullable().meta({ description: 'Of a role that was made here; null: a built-in one' }),
    agentName: z.string().nullable(),
    passwordSetAt: TimeMs.nullable(),
    passwordRules: PasswordRules,
    secondFactor: SecondFactorState,
  })
  .meta({ id: 'Account' });
export type Account = z.infer<typeof Account>;

export const AccountPatch = z.strictObject({ language: Language }).meta({ id: 'AccountPatch' });
export type AccountPatch = z.infer<typeof AccountPatch>;

/** What the list of users tells beyond the user himself. */
export const UserAccess = z
  .strictObject({
    userId: Ulid,
    secondFactor: z.boolean(),
    secondFactorRequired: z.boolean(),
    passwordSetAt: TimeMs.nullable(),
    mustChangePassword: z.boolean(),
    sessions: z.int(),
    lastSeenAt: TimeMs.nullable(),
    lockedForS: z
      .int()
      .nullable()
      .meta({ description: 'Too many wrong tries: so many seconds still; null: not locked' }),
  })
  .meta({ id: 'UserAccess' });
export type UserAccess = z.infer<typeof UserAccess>;

export const LockedName = z
  .strictObject({ name: z.string(), known: z.boolean(), seconds: z.int() })
  .meta({ id: 'LockedName', description: 'A name, of a user or not, that was tried too often' });
export type LockedName = z.infer<typeof LockedName>;
