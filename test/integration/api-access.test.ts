// The API of a running box, walked by its own OpenAPI document: nothing answers who has not signed in, and nothing that is the
// administrator's or the supervisors' answers an agent.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BUILT_IN_PERMISSIONS, PERMISSIONS, type Permission, type SignedIn } from '../../daemon/src/contract/index.js';
import { startBox } from '../../daemon/dist/main.js';
import { startTestBox } from '../support/box.js';

interface Operation {
  'x-needs'?: 'signedIn' | Permission[];
  security?: unknown[];
  responses: Record<string, unknown>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
}

/** What an administrator lays down and staff looks at: each area has its routes in the document. */
const AREAS = [
  ...['queues', 'agents', 'recordings', 'recording-rules', 'retention-rules', 'calendars', 'duty-groups'],
  ...['number-lists', 'numbers', 'dial-rights', 'routes', 'outbound-routes', 'trunks', 'ring-groups', 'stations'],
  ...['flows', 'prompts', 'announcements', 'voicemail', 'mail', 'surveys', 'survey-rules', 'survey-results'],
  ...['survey-figures', 'users', 'audit', 'calls', 'sip', 'spans', 'system', 'exchange'],
];
const OPEN = [
  ...['/api/v1/health', '/api/v1/openapi.json', '/api/v1/setup', '/api/v1/session'],
  ...['/api/v1/setup/restore', '/api/v1/setup/places', '/api/v1/setup/backups/{name}'],
  // by a code that was given to who asked for other addresses
  '/api/v1/network/confirm',
];
const PASSWORD = 'correct horse battery';

test('every operation of the document asks who it is, and whether he may', async () => {
  const box = await startTestBox({ start: startBox });
  const ask = (method: string, path: string, token?: string, body?: unknown): Promise<Response> =>
    fetch(new URL(path, box.url), {
      method: method.toUpperCase(),
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const local = readFileSync(join(box.config.home, 'local-token'), 'utf8').trim();
  const agent = { username: 'lina', password: PASSWORD, role: 'agent', agentId: '2001', language: 'en' };
  expect((await ask('post', '/api/v1/users', local, agent)).status).toBe(201);
  const signedIn = await ask('post', '/api/v1/session', undefined, { username: 'lina', password: PASSWORD });
  const { token } = (await signedIn.json()) as SignedIn;

  const { paths } = (await (await ask('get', '/api/v1/openapi.json')).json()) as Document;
  const areas = new Set(Object.keys(paths).map((path) => path.split('/')[3] ?? ''));
  expect(AREAS.filter((area) => !areas.has(area))).toEqual([]);

  const counts = { unsigned: 0, forbidden: 0 };
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { 'x-needs': needs = [], security, responses }] of Object.entries(operations)) {
      const at = `${method} ${path}`;
      const open = security?.length === 0;
      if (open) {
        expect(OPEN).toContain(path);
        continue;
      }
      const codes = needs === 'signedIn' ? ['401'] : ['401', '403'];
      expect([at, Object.keys(responses)]).toEqual([at, expect.arrayContaining(codes)]);
      const filled = path.replace(/\{[a-zA-Z]+\}/g, '1');
      expect([at, (await ask(method, filled)).status]).toEqual([at, 401]);
      counts.unsigned += 1;
      const agents: readonly Permission[] = BUILT_IN_PERMISSIONS.agent;
      if (needs === 'signedIn' || needs.some((one) => agents.includes(one))) continue;
      expect([at, needs]).not.toEqual([at, []]);
      expect([at, (await ask(method, filled, token)).status]).toEqual([at, 403]);
      counts.forbidden += 1;
    }
  }
  expect(counts.unsigned).toBeGreaterThan(120);
  expect(counts.forbidden).toBeGreaterThan(90);
});

/** What ends the session that asks, or changes how everybody signs in. */
const NOT_CALLED = ['delete /api/v1/session', 'delete /api/v1/account/sessions'];
const AT_ONCE = 8;

test('a role with one permission is refused exactly where the document says so', async () => {
  const box = await startTestBox({ start: startBox });
  const local = readFileSync(join(box.config.home, 'local-token'), 'utf8').trim();
  const ask = async (method: string, path: string, token: string, body?: unknown): Promise<[number, string]> => {
    const answer = await fetch(new URL(path, box.url), {
      method: method.toUpperCase(),
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return [answer.status, answer.status === 403 ? (JSON.parse(text) as { error: { code: string } }).error.code : ''];
  };
  const role = { id: 'one', name: 'One', permissions: [], scope: { kind: 'all' } };
  expect(await ask('post', '/api/v1/roles', local, role)).toEqual([201, '']);
  const user = { username: 'one', password: PASSWORD, role: 'one' };
  expect(await ask('post', '/api/v1/users', local, user)).toEqual([201, '']);
  const signedIn = await fetch(new URL('/api/v1/session', box.url), {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify({ username: 'one', password: PASSWORD }),
  });
  const { token } = (await signedIn.json()) as SignedIn;

  const document = (await (await fetch(new URL('/api/v1/openapi.json', box.url))).json()) as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { 'x-needs': needs = 'signedIn' }]) => {
      const at = `${method} ${path}`;
      return needs === 'signedIn' || NOT_CALLED.includes(at) ? [] : [{ at, method, path, needs }];
    }),
  );
  expect(new Set(operations.flatMap(({ needs }) => needs)).size).toBeGreaterThan(40);
  const counts = { refused: 0, let: 0 };
  for (const permission of PERMISSIONS) {
    expect(await ask('patch', '/api/v1/roles/one', local, { permissions: [permission] })).toEqual([200, '']);
    // Of what is refused a part, another one each time; of what is allowed all that cannot do any harm: it names nothing that
    // there is, and says nothing that could be done.
    const share = PERMISSIONS.indexOf(permission) % 4;
    const tried = operations.filter(({ needs }, index) => needs.includes(permission) || index % 4 === share);
    for (let from = 0; from < tried.length; from += AT_ONCE)
      await Promise.all(
        tried.slice(from, from + AT_ONCE).map(async ({ at, method, path, needs }) => {
          const allowed = needs.includes(permission);
          if (allowed && method !== 'get' && !path.includes('{')) return;
          const body = method === 'get' || method === 'delete' ? undefined : { no: 'such field' };
          const [status, code] = await ask(method, path.replace(/\{[a-zA-Z]+\}/g, 'x'), token, body);
          if (allowed) expect([at, permission, code]).not.toEqual([at, permission, 'permission_missing']);
          else expect([at, permission, status, code]).toEqual([at, permission, 403, 'permission_missing']);
          counts[allowed ? 'let' : 'refused'] += 1;
        }),
      );
  }
  expect(counts.refused).toBeGreaterThan(2000);
  expect(counts.let).toBeGreaterThan(150);
});
