import type { Permission, Scope, SignInRules } from '../contract/index.js';

/** A role that was made here; the built-in ones are in no table. */
export interface RoleRow {
  id: string;
  name: string;
  permissions: Permission[];
  scope: Scope;
  updatedAt: number;
}

/** What signing in knows of a user beyond his password; without a row it is nothing. */
export interface UserSecurityRow {
  userId: string;
  /** a new password is asked for before anything else */
  mustChange: boolean;
  passwordSetAt: number | null;
  /** hashes of the passwords before, newest first */
  history: string[];
  /** of the authenticator, encrypted; null: no second factor */
  secret: string | null;
  secretSince: number | null;
  /** number of the 30 seconds whose code was used last: none of them or before counts again */
  lastStep: number | null;
  /** SHA-256 of the recovery codes that are left */
  recovery: string[];
}

type Patch<Row, Key> = { [K in Exclude<keyof Row, Key>]?: Row[K] | undefined };

export interface RolesRead {
  find(id: string): Promise<RoleRow | null>;
  /** by name */
  list(): Promise<RoleRow[]>;
}
/** Told as role.changed. */
export interface RolesWrite extends RolesRead {
  /** role_exists */
  insert(row: RoleRow): Promise<void>;
  update(id: string, patch: Patch<RoleRow, 'id'>): Promise<boolean>;
  remove(id: string): Promise<boolean>;
}

export interface UserSecurityRead {
  find(userId: string): Promise<UserSecurityRow | null>;
  list(): Promise<UserSecurityRow[]>;
  /** how signing in goes; what was never set is as it is at first */
  rules(): Promise<SignInRules>;
}
export interface UserSecurityWrite extends UserSecurityRead {
  put(userId: string, patch: Patch<UserSecurityRow, 'userId'>): Promise<void>;
  /** Told as signInRules.changed. */
  putRules(rules: SignInRules): Promise<void>;
}
