import { describe, expect, test } from 'vitest';
import { API } from '../../daemon/src/http/router.js';
import type { SystemInfo } from '../../daemon/src/contract/index.js';
import { codeOf, httpBox } from '../support/http-box.js';

interface Operation {
  operationId: string;
  responses: Record<string, { description: string }>;
  security?: unknown[];
  parameters?: { name: string; in: string; required?: boolean }[];
  requestBody?: { content: Record<string, unknown> };
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown>; securitySchemes: Record<string, unknown> };
}

/** Every $ref in it. */
function references(value: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) value.forEach((one) => references(one, found));
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      if (key === '$ref' && typeof inner === 'string') found.add(inner);
      else references(inner, found);
    }
  }
  return found;
}

describe('the OpenAPI document', () => {
  test('has every route once, with its parameters, answers and whether it needs a token', async () => {
    const box = await httpBox();
    const answer = await box.ask('GET', '/api/v1/openapi.json');
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    const document = answer.json as Document;
    expect(document.openapi).toBe('3.1.0');
    const ids = new Set<string>();
    let operations = 0;
    for (const route of box.http.routes) {
      const operation = document.paths[API + route.path.replace(/:([a-z]+)/gi, '{$1}')]?.[route.method];
      if (operation === undefined) throw new Error(`${route.method} ${route.path} is not in the document`);
      operations += 1;
      ids.add(operation.operationId);
      const named = (operation.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name);
      expect(named).toEqual([...route.path.matchAll(/:([a-z]+)/gi)].map((match) => match[1]));
      expect(Object.keys(operation.responses)).toContain(String(route.status));
      expect(operation.security?.length === 0).toBe(route.access === 'everyone');
      if (route.access !== 'everyone' && !route.whileDue)
        expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['401', '403']));
      if (route.body !== undefined) expect(operation.requestBody?.content).toHaveProperty('application/json');
    }
    expect(ids.size).toBe(operations);
    expect(Object.values(document.paths).flatMap((path) => Object.keys(path))).toHaveLength(operations);
  });

  test('refers to nothing that it does not have, and names the schemas of the contract', async () => {
    const box = await httpBox();
    const document = (await box.ask('GET', '/api/v1/openapi.json')).json as Document;
    for (const reference of references(document)) {
      const target = reference
        .replace(/^#\//, '')
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
      expect(target, reference).toBeDefined();
    }
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining([
        'Agent',
        'Call',
        'CallDetail',
        'Error',
        'FlowDefinition',
        'Queue',
        'SignedIn',
        'Span',
        'User',
      ]),
    );
    expect(document.components.securitySchemes).toHaveProperty('bearer');
  });
});

describe('metrics', () => {
  test('have the engine, the database and HTTP; and say when the engine does not answer', async () => {
    const box = await httpBox();
    const { text, headers } = await box.ask('GET', '/metrics');
    expect(headers['content-type']).toMatch(/^text\/plain/);
    expect(text).toContain('cordboard_engine_up 1');
    expect(text).toContain('cordboard_engine_tick_work_seconds{quantile="0.99"} 0.00025');
    expect(text).toContain('# HELP cordboard_engine_frames_lost_total Frames that were lost');
    expect(text).toContain('cordboard_engine_frames_lost_total 7');
    expect((await box.ask('GET', '/metrics')).text).toContain('cordboard_engine_frames_lost_total 7');
    box.ports.engine.statistics = () => Promise.reject(new Error('closed'));
    expect((await box.ask('GET', '/metrics')).text).toContain('cordboard_engine_up 0');
  });

  test('are for this machine, or for an administrator', async () => {
    const box = await httpBox();
    const [admin, agent] = [await box.signIn('admin'), await box.signIn('agent')];
    const through = { 'X-Forwarded-For': '203.0.113.9' };
    expect(codeOf(await box.ask('GET', '/metrics', { headers: through }))).toBe('token_missing');
    expect((await box.ask('GET', '/metrics', { headers: through, token: admin.token })).status).toBe(200);
    expect(codeOf(await box.ask('GET', '/metrics', { headers: through, token: agent.token }))).toBe(
      'permission_missing',
    );
  });
});

test('the system page has the machine and the tick, and stands without an engine', async () => {
  const box = await httpBox();
  const { token } = await box.signIn('admin');
  const info = (await box.ask('GET', '/api/v1/system', { token })).json as SystemInfo;
  expect(info).toMatchObject({ version: '0.1.0-test', node: process.version, tick: { p99Us: 250 } });
  expect(info.host.memoryBytes).toBeGreaterThan(0);
  box.ports.engine.statistics = () => Promise.reject(new Error('closed'));
  expect((await box.ask('GET', '/api/v1/system', { token })).json).toMatchObject({ tick: null, counters: [] });
});
