// What a role allows: of the built-in ones the program knows, of the others the table.
import { BUILT_IN_PERMISSIONS, PERMISSIONS, type Permission, type Role, type Scope } from '../../contract/index.js';
import type { Reads, RoleRow } from '../../db/index.js';
import { AppError } from '../../platform/index.js';

export interface Rights {
  permissions: ReadonlySet<Permission>;
  scope: Scope;
}

type BuiltIn = keyof typeof BUILT_IN_PERMISSIONS;

export const BUILT_IN_ROLES: readonly Omit<Role, 'users'>[] = (['admin', 'supervisor', 'agent'] as const).map((id) => ({
  ...{ id, name: id, builtIn: true, permissions: [...BUILT_IN_PERMISSIONS[id]], updatedAt: 0 },
  scope: { kind: id === 'agent' ? 'own' : 'all' },
}));

export function isBuiltIn(id: string): id is BuiltIn {
  return Object.hasOwn(BUILT_IN_PERMISSIONS, id);
}

/** A role that is not there any more allows nothing. */
export async function rightsOf(db: Pick<Reads, 'roles'>, roleId: string): Promise<Rights> {
  const role = BUILT_IN_ROLES.find(({ id }) => id === roleId) ?? (await db.roles.find(roleId));
  if (role === null) return { permissions: new Set(), scope: { kind: 'own' } };
  return { permissions: new Set(known(role.permissions)), scope: role.scope };
}

/** AppError role_not_found. */
export async function roleRights(db: Pick<Reads, 'roles'>, roleId: string): Promise<Rights> {
  if (!isBuiltIn(roleId) && (await db.roles.find(roleId)) === null)
    throw new AppError('role_not_found', { id: roleId });
  return rightsOf(db, roleId);
}

/** In the order of the matrix; a permission of a later version is left out. */
export function known(permissions: readonly string[]): Permission[] {
  return PERMISSIONS.filter((permission) => permissions.includes(permission));
}

/** Whether `mine` are at least as much as `theirs`: nobody gives away, or takes from, more than he has. */
export function atLeast(mine: Rights, theirs: Rights): boolean {
  return (
    [...theirs.permissions].every((permission) => mine.permissions.has(permission)) && covers(mine.scope, theirs.scope)
  );
}

function covers(mine: Scope, theirs: Scope): boolean {
  if (mine.kind === 'all' || theirs.kind === 'own') return true;
  if (mine.kind === 'own' || theirs.kind === 'all') return false;
  const within = (some: readonly string[], all: readonly string[]): boolean => some.every((one) => all.includes(one));
  return within(theirs.queues, mine.queues) && within(theirs.agents, mine.agents);
}

export function toRole(row: RoleRow, users: number): Role {
  return { ...row, permissions: known(row.permissions), builtIn: false, users };
}
