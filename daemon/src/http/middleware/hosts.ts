// DNS rebinding: a page of a stranger has its own name resolved to 127.0.0.1 and then talks to us as if it were ours. It cannot
// change the Host header, which carries that name.
import { isIP } from 'node:net';
import type { Middleware } from 'koa';
import { AppError } from '../../platform/index.js';
import { isLoopback } from '../auth/identity.js';

export interface HostRule {
  /** as configured */
  listenHost: string;
  allowedHosts: readonly string[];
}

/** Whether a Host header names us. */
export function hostAllowed(header: string | undefined, rule: HostRule): boolean {
  const name = hostName(header);
  if (name === undefined) return false;
  const named = rule.allowedHosts.some((allowed) => allowed.toLowerCase() === name);
  if (named || name === rule.listenHost.toLowerCase()) return true;
  if (listensOnLoopback(rule.listenHost)) return name === 'localhost' || isLoopback(name);
  // Listening for others: addresses cannot be rebound; names count only when somebody listed some.
  return rule.allowedHosts.length === 0 || name === 'localhost' || isIP(name) !== 0;
}

export function listensOnLoopback(host: string): boolean {
  return host === 'localhost' || isLoopback(host);
}

export function hostMiddleware(rule: HostRule): Middleware {
  return async (ctx, next) => {
    const header = ctx.get('host');
    if (!hostAllowed(header, rule)) throw new AppError('host_refused', { host: header.slice(0, 100) });
    await next();
  };
}

/** Lower case, without port and brackets; undefined: no such header or not a host. */
function hostName(header: string | undefined): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/.exec((header ?? '').toLowerCase());
  return match?.[1]?.replace(/^\[|\]$/g, '');
}
