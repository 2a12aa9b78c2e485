// The API of a running box, walked by its own OpenAPI document: nothing answers who has not signed in, and nothing that is the
// administrator's or the supervisors' answers an agent.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BUILT_IN_PERMISSIONS, type Permission, type SignedIn } from '../../daemon/src/contract/index.js';
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
const OPEN = ['/api/v1/health', '/api/v1/openapi.json', '/api/v1/setup', '/api/v1/session'];
const PASSWORD = 'correct horse battery';

test('every operation of the document asks who it is, and whether he may', async () => {
  const box = await startTestBox();
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
