// The OpenAPI 3.1 document, made from the table of routes and the schemas of contract/.
import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { ErrorBody } from '../contract/index.js';
import { messages, type MessageCode } from '../platform/index.js';
import type { Route } from './route.js';
import { API } from './router.js';

const DUTIES = ['password_due', 'second_factor_due'] as const;

export function openApiDocument(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const route of routes) {
    const path = `${API}${route.path.replace(/:([a-zA-Z]+)/g, '{$1}')}`;
    (paths[path] ??= {})[route.method] = operation(route);
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Cordboard',
      version,
      description: 'A call centre in one box. Errors come in the language of Accept-Language (zh-CN or en).',
      license: { name: 'GPL-2.0-or-later', identifier: 'GPL-2.0-or-later' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'The token that POST /api/v1/session gives' },
      },
    },
    paths: paths as ZodOpenApiPathsObject,
  });
}

function operation(route: Route): ZodOpenApiOperationObject {
  return {
    operationId: operationId(route),
    summary: route.summary,
    tags: [route.tag],
    ...(route.access === 'everyone'
      ? { security: [] }
      : { description: needsOf(route.access), 'x-needs': route.access }),
    ...(route.params === undefined && route.query === undefined
      ? {}
      : { requestParams: { ...(route.params && { path: route.params }), ...(route.query && { query: route.query }) } }),
    ...(route.upload === undefined ? {} : { requestBody: upload(route.upload.limitBytes) }),
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: route.body } } } }),
    responses: { ...success(route), ...failures(route) },
  };
}

function needsOf(access: Exclude<Route['access'], 'everyone'>): string {
  return access === 'signedIn' ? 'For everybody who has signed in' : `Needs the permission ${access.join(' or ')}`;
}

function upload(bytes: number): NonNullable<ZodOpenApiOperationObject['requestBody']> {
  const schema = { type: 'string', format: 'binary', maxLength: bytes } as const;
  return { required: true, content: { 'application/octet-stream': { schema } } };
}

function success(route: Route): ZodOpenApiOperationObject['responses'] {
  const status = String(route.status) as '200';
  if (route.reply !== undefined) {
    return { [status]: { description: 'Done', content: { 'application/json': { schema: route.reply } } } };
  }
  if (route.replyType === undefined) return { [status]: { description: 'Done' } };
  const type = route.replyType.split(';')[0] ?? route.replyType;
  return { [status]: { description: 'Done', content: { [type]: { schema: z.string() } } } };
}

/** By status, with the codes that may stand in the body. */
function failures(route: Route): ZodOpenApiOperationObject['responses'] {
  const codes: MessageCode[] = [...route.errors];
  if (route.upload !== undefined) codes.push('body_too_large');
  if (route.body !== undefined) codes.push('body_not_json', 'body_too_large', 'media_type_unsupported');
  if (route.body !== undefined || route.params !== undefined || route.query !== undefined) codes.push('body_invalid');
  if (route.access !== 'everyone')
    codes.push(
      'token_missing',
      'token_invalid',
      ...(route.whileDue ? [] : DUTIES),
      ...(route.access === 'signedIn' ? [] : ['permission_missing' as const]),
    );
  const byStatus = new Map<number, MessageCode[]>();
  for (const code of codes) {
    const { status } = messages[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => [
      String(status),
      { description: list.join(', '), content: { 'application/json': { schema: ErrorBody } } },
    ]),
  );
}

/** getCalls, postExchangePhonesByStationDial, … */
function operationId(route: Route): string {
  const words = route.path.split('/').filter((part) => part !== '');
  const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
  return (
    route.method + words.map((word) => (word.startsWith(':') ? `By${capital(word.slice(1))}` : capital(word))).join('')
  );
}
