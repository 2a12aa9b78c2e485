// A route is data: what it takes, who may, what it gives, and the function that does it. The router (router.ts), the OpenAPI
// document (openapi.ts) and the test that tries every route without rights all read the same table.
import type { z } from 'zod';
import type { Language, Permission } from '../contract/index.js';
import type { MessageCode } from '../platform/index.js';
import type { Identity } from './auth/identity.js';
import type { Stream } from './stream.js';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** everyone: without signing in; signedIn: whoever has; else who has one of these permissions. */
export type Access = 'everyone' | 'signedIn' | readonly Permission[];

export interface RouteRequest<Params, Query, Body> {
  params: Params;
  query: Query;
  body: Body;
  /** of Accept-Language */
  language: Language;
  /** what was uploaded; empty where the route takes no file */
  file: Buffer;
  /** address at the other end of the connection */
  remoteAddress: string;
  header(name: string): string | undefined;
}

/** What is known before anything of the body is read. */
export interface BeforeRequest {
  remoteAddress: string;
  header(name: string): string | undefined;
}

export interface SignedInRequest<Params, Query, Body> extends RouteRequest<Params, Query, Body> {
  identity: Identity;
}

type Shape = z.ZodObject;
type Out<S extends z.ZodType | undefined> = S extends z.ZodType ? z.output<S> : undefined;
type ReplyOf<S extends z.ZodType | undefined> = S extends z.ZodType ? z.input<S> : void | string | Stream;

interface RouteSpecBase<
  P extends Shape | undefined,
  Q extends Shape | undefined,
  B extends z.ZodType | undefined,
  R extends z.ZodType | undefined,
> {
  method: Method;
  /** under /api/v1, with :names */
  path: string;
  /** one line for the document */
  summary: string;
  /** group in the document */
  tag: string;
  params?: P;
  query?: Q;
  body?: B;
  /** a file, as it is, in place of a body */
  upload?: { limitBytes: number };
  /** Throws when it is not to be read any further. */
  before?: (request: BeforeRequest) => Promise<void>;
  /** of a JSON reply; left out: nothing, text or a stream */
  reply?: R;
  /** of the reply when it is not JSON */
  replyType?: string;
  /** default 200, or 204 when there is nothing to reply */
  status?: number;
  /** what may go wrong, beyond what may always */
  errors?: readonly MessageCode[];
  /** also for who has still to choose a password or to set up a second factor */
  whileDue?: boolean;
}

export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  readonly access: Access;
  readonly params: Shape | undefined;
  readonly query: Shape | undefined;
  readonly body: z.ZodType | undefined;
  readonly upload: { limitBytes: number } | undefined;
  readonly before: ((request: BeforeRequest) => Promise<void>) | undefined;
  readonly reply: z.ZodType | undefined;
  readonly replyType: string | undefined;
  readonly status: number;
  readonly errors: readonly MessageCode[];
  /** also for who has still to choose a password or to set up a second factor */
  readonly whileDue: boolean;
  /** given a SignedInRequest whose parts have passed the schemas above */
  readonly handle: (request: never) => unknown;
}

/** A route for those who have signed in and whose role has `needs`, or one of them where there are several. */
export function route<
  P extends Shape | undefined = undefined,
  Q extends Shape | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  R extends z.ZodType | undefined = undefined,
>(
  spec: RouteSpecBase<P, Q, B, R> & {
    needs: Permission | readonly Permission[] | 'signedIn';
    handle(request: SignedInRequest<Out<P>, Out<Q>, Out<B>>): ReplyOf<R> | Promise<ReplyOf<R>>;
  },
): Route {
  const { needs } = spec;
  const access = needs === 'signedIn' || typeof needs !== 'string' ? needs : [needs];
  return finish(spec, access, spec.handle.bind(spec));
}

/** A route for everyone. */
export function openRoute<
  P extends Shape | undefined = undefined,
  Q extends Shape | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  R extends z.ZodType | undefined = undefined,
>(
  spec: RouteSpecBase<P, Q, B, R> & {
    handle(request: RouteRequest<Out<P>, Out<Q>, Out<B>>): ReplyOf<R> | Promise<ReplyOf<R>>;
  },
): Route {
  return finish(spec, 'everyone', spec.handle.bind(spec));
}

function finish(
  spec: RouteSpecBase<Shape | undefined, Shape | undefined, z.ZodType | undefined, z.ZodType | undefined>,
  access: Access,
  handle: (request: never) => unknown,
): Route {
  return {
    method: spec.method,
    path: spec.path,
    summary: spec.summary,
    tag: spec.tag,
    access,
    params: spec.params,
    query: spec.query,
    body: spec.body,
    upload: spec.upload,
    before: spec.before,
    reply: spec.reply,
    replyType: spec.replyType,
    status: spec.status ?? (spec.reply === undefined && spec.replyType === undefined ? 204 : 200),
    errors: spec.errors ?? [],
    whileDue: spec.whileDue ?? false,
    handle,
  };
}
