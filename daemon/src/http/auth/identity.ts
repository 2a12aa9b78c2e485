import { PERMISSION_WORDS, type Permission, type Scope, type SignInDuty, type User } from '../../contract/index.js';
import { AppError } from '../../platform/index.js';

/** Who asks, and what his role lets him do. */
export interface Identity {
  user: User;
  /** undefined: the command line on this machine, by the local token */
  sessionId: string | undefined;
  expiresAt: number;
  permissions: ReadonlySet<Permission>;
  /** whose calls, recordings and agents */
  scope: Scope;
  /** while there is any, nothing but his own account is served */
  due: readonly SignInDuty[];
}

export function may(identity: Identity, ...anyOf: readonly Permission[]): boolean {
  return anyOf.some((permission) => identity.permissions.has(permission));
}

/** AppError permission_missing, naming the first of them. */
export function mustMay(identity: Identity, anyOf: readonly Permission[]): void {
  if (may(identity, ...anyOf)) return;
  const [first] = anyOf;
  throw new AppError('permission_missing', {
    permission: first === undefined ? { en: '-', zh: '-' } : PERMISSION_WORDS[first],
  });
}

/** 127.0.0.0/8 and ::1, also as IPv6 writes IPv4. */
export function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  return plain === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(plain);
}
