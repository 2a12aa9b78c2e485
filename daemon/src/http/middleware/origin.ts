// A page of a stranger may send what needs no leave of ours, such as a form. It knows no token, so it would get nowhere; it is turned
// away all the same before anything of it is read.
import type { Middleware } from 'koa';
import { AppError, originAllowed } from '../../platform/index.js';
import type { HostRule } from './hosts.js';

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

export function originMiddleware({ allowedHosts }: HostRule): Middleware {
  return async (ctx, next) => {
    const origin = ctx.get('origin') || undefined;
    // behind a proxy that names itself as the host it is the browser that knows whether both are one
    const same = ctx.get('sec-fetch-site') === 'same-origin';
    if (!READS.has(ctx.method) && !same && !originAllowed(origin, ctx.get('host'), allowedHosts))
      throw new AppError('origin_refused', { origin: (origin ?? '').slice(0, 100) });
    await next();
  };
}
