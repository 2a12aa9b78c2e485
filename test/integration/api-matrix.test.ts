// Every route of a running box as nobody and as each of five roles, with every method: who is not let in gets 401 or 403, whatever he
// sends, and nothing is changed; who is let in never gets either. Who that is stands in api-matrix.txt, and nowhere else.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Permission, SignedIn } from '../../daemon/src/contract/index.js';
import { startBox, type Box } from '../../daemon/dist/main.js';
import { startTestBox } from '../support/box.js';

const PASSWORD = 'correct horse battery';
const AT_ONCE = 8;

/** Letters of the columns and who they are; nobody has no role. */
const ROLES = { A: 'admin', S: 'supervisor', G: 'agent', T: 'technician', R: 'reader' } as const;
const LETTERS = /^[N-]A[S-][G-][T-][R-]$/;
const COLUMNS = ['N', ...Object.keys(ROLES)];
const MADE: Record<'technician' | 'reader', readonly Permission[]> = {
  technician: [
    ...(['trunks.view', 'trunks.edit', 'routes.view', 'routes.edit', 'stations.view', 'stations.edit'] as const),
    ...(['calendars.view', 'calendars.edit', 'lists.view', 'lists.edit'] as const),
    ...(['settings.view', 'health.view', 'simulator.use', 'diagnostics.run'] as const),
  ],
  reader: ['reports.view', 'reports.export', 'calls.view', 'queues.view', 'agents.view'],
};

/** What a path names must have the form of what there is, and be there only where it is one's own. */
const NAMED: Record<string, string> = { id: 'no-such', language: 'en', report: 'agents' };
const OWN = /^\/agents\/\{id\}/;
/** The door of one who has not signed in: it may say 401 or 403 of what he typed. */
const SIGN_IN = ['POST /session', 'POST /setup'];

interface Answer {
  status: number;
  code: string;
}
interface Row {
  method: string;
  path: string;
  let: string;
}

const rows: Row[] = readFileSync(join(import.meta.dirname, 'api-matrix.txt'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    if (line === '' || line.startsWith('#')) return [];
    const [letters = '', method = '', path = ''] = line.split(/ +/);
    return [{ method, path, let: letters }];
  });
const nameOf = ({ method, path }: Row): string => `${method} ${path}`;

interface Asked {
  method: string;
  path: string;
  body?: unknown;
}

async function ask(box: Box, { method, path, body }: Asked, token?: string): Promise<Answer> {
  const answer = await fetch(new URL(`/api/v1${path}`, box.url), {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  const refused = answer.status >= 400 && text.startsWith('{');
  return { status: answer.status, code: refused ? (JSON.parse(text) as { error: { code: string } }).error.code : '' };
}

/** With `body` refused by every schema; what takes no body is asked with a query that none takes. */
function request({ method, path }: Row, letter: string, body: unknown): Asked {
  const kind = letter === 'R' ? 'queue-members' : 'sip-stations';
  const own = OWN.test(path) ? '2001' : undefined;
  const filled = path.replace(/\{([a-zA-Z]+)\}/g, (_whole, name: string) =>
    name === 'id' && own !== undefined ? own : name === 'kind' ? kind : (NAMED[name] ?? '1'),
  );
  if (method === 'GET') return { method, path: filled };
  return method === 'DELETE' ? { method, path: `${filled}?no=such` } : { method, path: filled, body };
}

async function eachOf<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < all.length; from += AT_ONCE) await Promise.all(all.slice(from, from + AT_ONCE).map(work));
}

test('every route lets in whom the matrix says, and nobody else', async () => {
  const box = await startTestBox({ start: startBox });
  const document = (await (await fetch(new URL('/api/v1/openapi.json', box.url))).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`),
  );
  expect(rows.map(nameOf).sort()).toEqual(documented.sort());
  // each letter at its place, and nobody has a right that the administrator lacks
  for (const row of rows) expect([nameOf(row), row.let]).toEqual([nameOf(row), expect.stringMatching(LETTERS)]);

  const local = readFileSync(join(box.config.home, 'local-token'), 'utf8').trim();
  const make = async (path: string, body: unknown): Promise<void> =>
    expect([path, await ask(box, { method: 'POST', path, body }, local)]).toEqual([path, { status: 201, code: '' }]);
  for (const [id, permissions] of Object.entries(MADE))
    await make('/roles', { id, name: id, permissions, scope: { kind: 'all' } });
  const tokens = new Map<string, string>();
  for (const [letter, role] of Object.entries(ROLES)) {
    const agentId = letter === 'G' ? { agentId: '2001' } : {};
    await make('/users', { username: role, password: PASSWORD, role, ...agentId });
    const signedIn = await fetch(new URL('/api/v1/session', box.url), {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify({ username: role, password: PASSWORD }),
    });
    tokens.set(letter, ((await signedIn.json()) as SignedIn).token);
  }

  // those who are not let in: before the body is looked at, and without any effect
  const before = await everything(box, local);
  let refused = 0;
  await eachOf(rows, async (row) => {
    for (const letter of COLUMNS.filter((one) => !row.let.includes(one))) {
      const answer = await ask(box, request(row, letter, '{ broken'), tokens.get(letter));
      const wanted =
        letter === 'N' ? { status: 401, code: 'token_missing' } : { status: 403, code: 'permission_missing' };
      expect([letter, nameOf(row), answer]).toEqual([letter, nameOf(row), wanted]);
      refused += 1;
    }
  });
  expect(refused).toBeGreaterThan(900);
  expect(await everything(box, local)).toEqual(before);

  // those who are let in: what they send is refused for what it is, so that nothing is done
  let passed = 0;
  const enter = async (row: Row): Promise<void> => {
    for (const letter of COLUMNS.filter((one) => row.let.includes(one))) {
      if (SIGN_IN.includes(nameOf(row))) continue;
      const answer = await ask(box, request(row, letter, { no: 'such field' }), tokens.get(letter));
      expect([letter, nameOf(row), answer.status, answer.code]).toEqual([
        ...[
          letter,
          nameOf(row),
          expect.not.toBeOneOf([401, 403]),
          expect.not.stringMatching(/^(internal|permission_missing)$/),
        ],
      ]);
      // what changes something says that it was not understood; a file that is no report is judged, not refused
      if (row.method !== 'GET' && nameOf(row) !== 'POST /diagnostics/verify')
        expect([nameOf(row), answer.status >= 400 && answer.status < 500]).toEqual([nameOf(row), true]);
      passed += 1;
    }
  };
  await eachOf(rows, enter);
  expect(passed).toBeGreaterThan(600);
  expect(await everything(box, local)).toEqual(before);
}, 120_000);

/** What is asked for without naming anything, as an administrator sees it: what is laid down, and the log of what was changed. */
const LAID_DOWN = [
  ...[
    'queues',
    'agents',
    'agent-abilities',
    'users',
    'roles',
    'sign-in-rules',
    'flows',
    'flow-drafts',
    'routes',
    'trunks',
  ],
  ...[
    'outbound-routes',
    'dial-rights',
    'calendars',
    'duty-groups',
    'number-lists',
    'ring-groups',
    'stations/sip',
    'prompts',
  ],
  ...[
    'music',
    'announcements',
    'announcement-numbers',
    'recording-rules',
    'retention-rules',
    'recording-keys',
    'voicemail/boxes',
  ],
  ...['callbacks', 'callback-rules', 'queue-thresholds', 'surveys', 'survey-rules', 'report-schedules', 'conferences'],
  ...['agent-reasons', 'dispositions', 'speed-dials', 'contacts', 'calls', 'settings', 'backups', 'sip/bans', 'audit'],
];

async function everything(box: Box, token: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  await eachOf(LAID_DOWN, async (path) => {
    const answer = await fetch(new URL(`/api/v1/${path}`, box.url), { headers: { authorization: `Bearer ${token}` } });
    expect([path, answer.status]).toEqual([path, 200]);
    found.set(path, await answer.text());
  });
  return new Map([...found].sort());
}
