// Puts the table of routes on the wire: who asks, may he, is what he sends right; then the route; then its answer.
import { bodyParser } from '@koa/bodyparser';
import type { Context, Middleware } from 'koa';
import Router from 'koa-router';
import { z } from 'zod';
import { AppError, check, pickLanguage, type Log } from '../platform/index.js';
import { mustMay, type Identity } from './auth/identity.js';
import type { Sessions } from './auth/sessions.js';
import { BODY_LIMIT_BYTES } from './middleware/errors.js';
import type { Language } from '../contract/index.js';
import type { Method, Route, RouteRequest } from './route.js';
import { Stream } from './stream.js';
import { readUpload } from './upload.js';

export const API = '/api/v1';

export interface RouterOptions {
  routes: readonly Route[];
  sessions: Sessions;
  log: Log;
  defaultLanguage: Language;
}

const WITH_BODY: ReadonlySet<Method> = new Set(['post', 'put', 'patch']);
const NO_FILE = Buffer.alloc(0);
const NOTHING = z.strictObject({});

const parseBody = bodyParser({
  enableTypes: ['json'],
  jsonLimit: BODY_LIMIT_BYTES,
  parsedMethods: ['POST', 'PUT', 'PATCH'],
});

export function apiRouter(options: RouterOptions): Middleware {
  const router = new Router({ prefix: API });
  for (const route of options.routes) {
    const steps: Middleware[] = [identify(options.sessions, route)];
    if (route.upload !== undefined) steps.push(readUpload(route.upload.limitBytes));
    else if (WITH_BODY.has(route.method)) steps.push(refuseOtherTypes, parseBody as Middleware);
    steps.push((ctx) => serve(ctx, route, options));
    router[route.method](route.path, ...(steps as Parameters<typeof router.get>[1][]));
  }
  const served = router.routes() as unknown as Middleware;
  const methods = methodsByPath(options.routes);
  return async (ctx, next) => {
    if (ctx.path !== API && !ctx.path.startsWith(`${API}/`)) return next();
    ctx.set('Cache-Control', 'no-store');
    await served(ctx, async () => {
      const allowed = methods(ctx.path.slice(API.length));
      if (allowed.length === 0)
        throw new AppError('route_not_found', { method: ctx.method, path: ctx.path.slice(0, 200) });
      ctx.set('Allow', allowed.join(', '));
      if (ctx.method === 'OPTIONS') {
        ctx.status = 204;
        return;
      }
      throw new AppError('method_not_allowed', { method: ctx.method, path: ctx.path, allowed: allowed.join(', ') });
    });
  };
}

/** Before the body is read: who may not, may not make us read 256 kB either. */
function identify(sessions: Sessions, route: Route): Middleware {
  return async (ctx, next) => {
    if (route.access !== 'everyone') {
      const identity = await identityOf(ctx, sessions);
      const [due] = identity.due;
      if (due !== undefined && !route.whileDue)
        throw new AppError(due === 'password' ? 'password_due' : 'second_factor_due');
      if (route.access !== 'signedIn') mustMay(identity, route.access);
      (ctx.state as { identity: Identity }).identity = identity;
    }
    const remoteAddress = ctx.req.socket.remoteAddress ?? '';
    await route.before?.({ remoteAddress, header: (name) => ctx.get(name) || undefined });
    await next();
  };
}

/** AppError token_missing, token_invalid. */
export async function identityOf(ctx: Context, sessions: Sessions): Promise<Identity> {
  const match = /^Bearer +([A-Za-z0-9._~+/=-]{1,200})$/i.exec(ctx.get('authorization'));
  if (match?.[1] === undefined) throw new AppError('token_missing');
  const identity = await sessions.authenticate(match[1], ctx.req.socket.remoteAddress);
  if (identity === undefined) throw new AppError('token_invalid');
  return identity;
}

const refuseOtherTypes: Middleware = async (ctx, next) => {
  const hasBody = ctx.get('transfer-encoding') !== '' || Number(ctx.get('content-length')) > 0;
  if (hasBody && ctx.is('application/json') === false) {
    throw new AppError('media_type_unsupported', { type: ctx.get('content-type').slice(0, 80) || '-' });
  }
  await next();
};

async function serve(ctx: Context, route: Route, options: RouterOptions): Promise<void> {
  const language = pickLanguage(ctx.get('accept-language'), options.defaultLanguage);
  const request: RouteRequest<unknown, unknown, unknown> & { identity: Identity | undefined } = {
    params: taken(route.params, (ctx as Context & { params: unknown }).params, 'params'),
    query: taken(route.query ?? NOTHING, { ...ctx.query }, 'query'),
    file: (ctx.state as { file?: Buffer }).file ?? NO_FILE,
    body:
      WITH_BODY.has(route.method) && route.upload === undefined
        ? taken(route.body ?? NOTHING, bodyOf(ctx), 'body')
        : undefined,
    language,
    remoteAddress: ctx.req.socket.remoteAddress ?? '',
    identity: (ctx.state as { identity?: Identity }).identity,
    header: (name) => ctx.get(name) || undefined,
  };
  reply(ctx, route, await route.handle(request as never));
}

function bodyOf(ctx: Context): unknown {
  const request = ctx.request as { body?: unknown; rawBody?: string };
  return request.rawBody === undefined || request.rawBody === '' ? {} : request.body;
}

function taken(schema: z.ZodType | undefined, value: unknown, where: 'params' | 'query' | 'body'): unknown {
  if (schema === undefined) return undefined;
  const checked = check(schema, value);
  if (checked.ok) return checked.value;
  throw new AppError(
    'body_invalid',
    {},
    {
      details: (language) =>
        checked.problems(language).map(({ path, message }) => ({
          path: where === 'body' ? path : path === '' ? where : `${where}.${path}`,
          message,
        })),
    },
  );
}

function reply(ctx: Context, route: Route, result: unknown): void {
  if (result instanceof Stream) {
    ctx.status = result.status;
    ctx.set(result.headers);
    ctx.body = result.body;
    return;
  }
  ctx.status = route.status;
  if (route.status === 204) {
    ctx.body = null;
    return;
  }
  if (route.replyType !== undefined) ctx.type = route.replyType;
  ctx.body = result;
}

/** For a path without the prefix, the methods that some route takes. */
function methodsByPath(routes: readonly Route[]): (path: string) => string[] {
  const patterns = new Map<string, { pattern: RegExp; methods: string[] }>();
  for (const { path, method } of routes) {
    const entry = patterns.get(path) ?? {
      pattern: new RegExp(`^${path.replace(/:[a-zA-Z]+/g, '[^/]+')}/?$`),
      methods: [],
    };
    entry.methods.push(method.toUpperCase());
    if (method === 'get') entry.methods.push('HEAD');
    patterns.set(path, entry);
  }
  return (path) => [...patterns.values()].filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods);
}
