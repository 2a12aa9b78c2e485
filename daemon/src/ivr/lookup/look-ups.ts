// Asking others, as the nodes http, sql and member do: their fields, what is wrong with them, and the question itself.
import { z } from 'zod';
import { VariableName, type JsonObject, type JsonValue } from '../../contract/index.js';
import { text, type Scope, type Value } from '../expressions/index.js';
import { NodeFailure, compute, filled, type FlowContext } from '../flow-context.js';
import { LookupError } from '../flow-ports.js';
import { Expr, Template, type Assignment, type ExpressionUse, type TemplateUse } from '../node-kind.js';
import { atPath, parsePath } from './json-path.js';

const MOST_FIELDS = 30;

export const httpFields = {
  method: z.enum(['GET', 'POST']).default('GET'),
  url: Template.meta({ description: 'http or https; values in it are escaped' }),
  query: z.record(z.string().max(100), Template).optional(),
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/), Template).optional(),
  body: z.record(z.string().max(100), Expr).optional().meta({ description: 'Members of the JSON that is posted' }),
  timeoutMs: z.int().min(100).max(30_000).default(5000),
};
export const sqlFields = {
  source: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/)
    .meta({ description: 'A data source of the settings' }),
  sql: z.string().min(1).max(4000).meta({ description: 'One SELECT; values are bound as $name' }),
  bind: z.record(VariableName, Expr).optional(),
  timeoutMs: z.int().min(100).max(30_000).default(5000),
  maxRows: z.int().min(1).max(100).default(10),
};
export const results = z
  .record(VariableName, z.string().min(1).max(300))
  .optional()
  .meta({ description: 'Variables, and where their values are: $.data.balance' });

type Fields<S extends z.core.$ZodLooseShape> = z.infer<z.ZodObject<S>>;
type HttpFields = Fields<typeof httpFields>;
type SqlFields = Fields<typeof sqlFields>;
type Results = z.infer<typeof results>;

const entries = <T>(field: string, record: Record<string, T> | undefined): [string, T][] =>
  Object.entries(record ?? {})
    .slice(0, MOST_FIELDS)
    .map(([key, value]) => [`${field}.${key}`, value]);

export const httpTemplates = ({ url, query, headers }: HttpFields, under = ''): TemplateUse[] =>
  [['url', url] as const, ...entries('query', query), ...entries('headers', headers)].map(([field, source]) => ({
    field: under + field,
    source,
  }));
export const expressionsOf = (field: string, record: Record<string, string> | undefined): ExpressionUse[] =>
  entries(field, record).map(([at, source]) => ({ field: at, source }));
export const resultAssignments = (found: Results): Assignment[] =>
  entries('results', found).map(([field]) => ({ field, variable: field.slice('results.'.length), type: 'json' }));

/** The fields whose paths are none. */
export function badPaths(found: Results): string[] {
  return entries('results', found)
    .filter(([, path]) => parsePath(path) === undefined)
    .map(([field]) => field);
}

/** `extra`: values beside the variables, such as the PIN that was just typed. */
export function withValues(scope: Scope, extra: Record<string, string>): Scope {
  return {
    get: (name): Value | undefined => (Object.hasOwn(extra, name) ? text(extra[name] ?? '') : scope.get(name)),
    now: () => scope.now(),
  };
}

/** Status and body. Throws a NodeFailure or a LookupError. */
export async function askHttp(
  node: HttpFields,
  context: FlowContext,
  scope: Scope = context.variables,
): Promise<{ status: number; body: JsonValue }> {
  const { http } = context.ports;
  if (http === undefined) throw new NodeFailure('there is no way to ask over HTTP');
  const escaped: Scope = {
    get: (name) => {
      const value = scope.get(name);
      return value?.type === 'string' ? text(encodeURIComponent(value.value as string)) : value;
    },
    now: () => scope.now(),
  };
  let url: URL;
  try {
    url = new URL(filled(node.url, escaped, 2000));
  } catch {
    throw new LookupError('invalid', 'the address is not one');
  }
  for (const [key, source] of Object.entries(node.query ?? {})) url.searchParams.set(key, filled(source, scope));
  const headers: Record<string, string> = {};
  for (const [key, source] of Object.entries(node.headers ?? {}))
    headers[key] = filled(source, scope, 500).replace(/[^\t\x20-\x7e]/g, '');
  let body: string | undefined;
  if (node.method === 'POST') {
    const members = Object.entries(node.body ?? {}).map(([key, source]) => [key, compute(source, scope).value]);
    body = JSON.stringify(Object.fromEntries(members) as JsonObject);
  }
  const { signal } = context.session;
  return http.request({ method: node.method, url: url.href, headers, body, timeoutMs: node.timeoutMs, signal });
}

/** Rows. Throws a NodeFailure or a LookupError. */
export async function askSql(
  node: SqlFields,
  context: FlowContext,
  scope: Scope = context.variables,
): Promise<JsonObject[]> {
  const { sql } = context.ports;
  if (sql === undefined) throw new NodeFailure('there are no data sources');
  const bound: JsonObject = {};
  for (const [name, source] of Object.entries(node.bind ?? {})) bound[name] = compute(source, scope).value;
  const rows = await sql.query(node.source, node.sql, bound, node);
  context.session.signal.throwIfAborted();
  return rows;
}

/** What was found goes into the variables; what is not there leaves them empty. */
export function take(found: Results, answer: JsonValue, { variables, warn }: FlowContext): void {
  for (const [variable, path] of Object.entries(found ?? {})) {
    const value = atPath(answer, parsePath(path) ?? []);
    if (value === undefined) warn(`nothing is at ${path}`);
    if (value === undefined || value === null) variables.clear(variable);
    else variables.put(variable, value);
  }
}
