import type { Role, User } from '../../contract/index.js';

/** Who asks. */
export interface Identity {
  user: User;
  /** undefined: the command line on this machine, by the local token */
  sessionId: string | undefined;
  expiresAt: number;
}

export function hasRole(identity: Identity, roles: readonly Role[]): boolean {
  return roles.includes(identity.user.role);
}

/** 127.0.0.0/8 and ::1, also as IPv6 writes IPv4. */
export function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  return plain === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(plain);
}
