import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BUILT_IN_PERMISSIONS, type Permission, type SignedIn } from '../../daemon/src/contract/index.js';
import type { Route } from '../../daemon/src/http/route.js';
import { API } from '../../daemon/src/http/router.js';
import { codeOf, httpBox, PASSWORD } from '../support/http-box.js';

const SAMPLE: Record<string, string> = { station: '1', span: '1' };
const filled = (path: string, id: string): string =>
  path.replace(/:([a-z]+)/g, (_whole, name: string) => SAMPLE[name] ?? id);

type BuiltIn = keyof typeof BUILT_IN_PERMISSIONS;
const ROLES = ['admin', 'supervisor', 'agent'] as const;

function mayUse(role: BuiltIn, { access }: Route): boolean {
  if (access === 'everyone' || access === 'signedIn') return true;
  const has: readonly Permission[] = BUILT_IN_PERMISSIONS[role];
  return access.some((permission) => has.includes(permission));
}

describe('every route', () => {
  test('without a token answers 401, unless it is one of the few that need none', async () => {
    const box = await httpBox();
    const open: string[] = [];
    for (const route of box.http.routes) {
      const answer = await box.ask(route.method.toUpperCase(), API + filled(route.path, 'x'));
      if (route.access === 'everyone') open.push(`${route.method} ${route.path}`);
      else expect([route.path, answer.status, codeOf(answer)]).toEqual([route.path, 401, 'token_missing']);
    }
    expect(open.sort()).toEqual([
      ...['get /health', 'get /openapi.json', 'get /setup', 'get /setup/restore'],
      // A page at an address that is on trial has no session there yet; what is said is a code that nobody else has.
      'post /network/confirm',
      // As long as the box has no administrator, to whoever has its set-up code.
      ...['post /session', 'post /setup', 'post /setup/places', 'post /setup/restore', 'put /setup/backups/:name'],
    ]);
  });

  test('answers 403 to each role that lacks its permission, before it looks at anything else', async () => {
    const box = await httpBox();
    const tokens = new Map<BuiltIn, string>();
    for (const role of ROLES) tokens.set(role, (await box.signIn(role)).token);
    let refused = 0;
    for (const route of box.http.routes) {
      if (route.access === 'everyone') continue;
      for (const [role, token] of tokens) {
        if (mayUse(role, route)) continue;
        const answer = await box.ask(
          route.method.toUpperCase(),
          API + filled(route.path, 'no such id'.replaceAll(' ', '-')),
          {
            token,
            ...(route.method === 'get' || route.method === 'delete' ? {} : { body: '{ broken' }),
          },
        );
        expect([route.path, role, answer.status, codeOf(answer)]).toEqual([
          route.path,
          role,
          403,
          'permission_missing',
        ]);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(50);
    expect(box.ports.asked).toEqual([]);
  });

  test('says the roles of docs/daemon.md', async () => {
    const box = await httpBox();
    const roles = Object.fromEntries(
      box.http.routes.map((route) => [
        `${route.method} ${route.path}`,
        route.access === 'everyone' ? 'everyone' : ROLES.filter((role) => mayUse(role, route)).join(' '),
      ]),
    );
    expect(roles['get /users']).toBe('admin');
    expect(roles['get /flows/:id']).toBe('admin');
    expect(roles['get /queues']).toBe('admin supervisor');
    expect(roles['patch /queues/:id']).toBe('admin');
    expect(roles['post /agents/:id/state']).toBe('admin supervisor agent');
    expect(roles['get /calls/:id']).toBe('admin supervisor agent');
    expect(roles['get /recordings/:id/audio']).toBe('admin supervisor agent');
    expect(roles['get /recordings/:id/export']).toBe('admin supervisor');
    expect(roles['post /recordings/:id/removal']).toBe('admin');
    expect(roles['post /recording-verification']).toBe('admin');
    expect(roles['post /recording-keys']).toBe('admin');
    expect(roles['get /system']).toBe('admin');
    for (const path of ['/stations/sip', '/trunks', '/outbound-routes', '/ring-groups', '/sip/bans']) {
      expect(roles[`get ${path}`]).toBe('admin supervisor');
      expect(roles[`post ${path}`]).toBe('admin');
    }
    expect(roles['post /stations/sip/:number/secret']).toBe('admin');
    expect(roles['get /sip/registrations']).toBe('admin supervisor');
    for (const [name, who] of Object.entries(roles)) if (name.includes('/exchange/')) expect(who).toBe('admin');
  });
});

describe('the first administrator', () => {
  test('is made with the code of the file, once; the code goes', async () => {
    const box = await httpBox();
    const file = join(box.home, 'setup-code');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const code = readFileSync(file, 'utf8').trim();
    expect(code).toMatch(/^[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}$/);
    expect((await box.ask('GET', '/api/v1/setup')).json).toEqual({ needed: true });
    const body = { code, username: 'root', password: PASSWORD, language: 'en' };
    const wrong = await box.ask('POST', '/api/v1/setup', { body: { ...body, code: 'AAAA-AAAA-AAAA' } });
    expect([wrong.status, codeOf(wrong)]).toEqual([403, 'setup_code_wrong']);
    const short = await box.ask('POST', '/api/v1/setup', { body: { ...body, password: 'too short' } });
    expect(short.status).toBe(400);
    const made = await box.ask('POST', '/api/v1/setup', {
      body: { ...body, code: code.toLowerCase().replaceAll('-', ' ') },
    });
    expect(made.status).toBe(201);
    const { token } = made.json as SignedIn;
    expect((await box.ask('GET', '/api/v1/users', { token })).status).toBe(200);
    expect(() => statSync(file)).toThrow();
    const again = await box.ask('POST', '/api/v1/setup', { body: { ...body, username: 'second' } });
    expect([again.status, codeOf(again)]).toEqual([409, 'setup_done']);
    expect((await box.ask('GET', '/api/v1/health')).json).toMatchObject({ ok: true, setupNeeded: false });
  });

  test('is one, when two ask at the same moment', async () => {
    const box = await httpBox();
    const body = { code: box.http.setupCode, password: PASSWORD, language: 'en' };
    const answers = await Promise.all(
      ['a1', 'b2', 'c3'].map((username) => box.ask('POST', '/api/v1/setup', { body: { ...body, username } })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect(await box.db.users.countAdmins()).toBe(1);
  });

  test('cannot be guessed: attempts run out', async () => {
    const box = await httpBox();
    const body = { code: 'AAAA-AAAA-AAAA', username: 'root', password: PASSWORD, language: 'en' };
    const statuses = new Set<number>();
    for (let i = 0; i < 12; i++) statuses.add((await box.ask('POST', '/api/v1/setup', { body })).status);
    expect([...statuses]).toEqual([403, 429]);
  });
});

describe('a session', () => {
  test('keeps no token in the database and ends when one signs out', async () => {
    const box = await httpBox();
    const { token, user } = await box.signIn('supervisor');
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    const [row] = await box.db.sessions.listByUser(user.id);
    expect(row?.tokenHash).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(row)).not.toContain(token);
    expect((await box.ask('GET', '/api/v1/session', { token })).json).toMatchObject({ user: { id: user.id } });
    expect((await box.ask('DELETE', '/api/v1/session', { token })).status).toBe(204);
    expect(codeOf(await box.ask('GET', '/api/v1/session', { token }))).toBe('token_invalid');
  });

  test('expires', async () => {
    const box = await httpBox();
    const { token } = await box.signIn('supervisor');
    expect((await box.ask('GET', '/api/v1/session', { token })).status).toBe(200);
    await box.clock.advance(3_600_000);
    expect((await box.ask('GET', '/api/v1/session', { token })).status).toBe(401);
  });

  test('ends with a new password, another role, or the user; the one who changed himself stays', async () => {
    const box = await httpBox();
    const admin = await box.signIn('admin');
    const { token, user } = await box.signIn('supervisor');
    const path = `/api/v1/users/${user.id}`;
    expect((await box.ask('PATCH', path, { token: admin.token, body: { language: 'zh-CN' } })).status).toBe(200);
    expect((await box.ask('GET', '/api/v1/session', { token })).json).toMatchObject({ user: { language: 'zh-CN' } });
    await box.ask('PATCH', path, { token: admin.token, body: { role: 'agent' } });
    expect((await box.ask('GET', '/api/v1/session', { token })).status).toBe(401);
    const own = { token: admin.token, body: { password: 'another password' } };
    expect((await box.ask('PATCH', `/api/v1/users/${admin.user.id}`, own)).status).toBe(200);
    expect((await box.ask('GET', '/api/v1/session', { token: admin.token })).status).toBe(200);
  });

  test.each(['', 'Bearer', 'Bearer  ', 'Basic abc', `Bearer ${'a'.repeat(300)}`, 'Bearer a b', "Bearer ' OR 1=1"])(
    'is not what the header "%s" names',
    async (authorization) => {
      const box = await httpBox();
      expect((await box.ask('GET', '/api/v1/users', { headers: { authorization } })).status).toBe(401);
    },
  );

  test('of the command line needs the file, and this machine', async () => {
    const box = await httpBox();
    const file = join(box.home, 'local-token');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const token = readFileSync(file, 'utf8').trim();
    expect((await box.ask('GET', '/api/v1/session', { token })).json).toMatchObject({
      user: { username: 'local', role: 'admin' },
    });
    expect(await box.http.sessions.authenticate(token, '::ffff:127.0.0.1')).toBeDefined();
    expect(await box.http.sessions.authenticate(token, '192.168.1.20')).toBeUndefined();
    expect(await box.http.sessions.authenticate(token, undefined)).toBeUndefined();
    await box.http.stop();
    expect(() => statSync(file)).toThrow();
  });
});

describe('signing in', () => {
  test('says the same of a wrong password and of a user who does not exist', async () => {
    const box = await httpBox();
    const { user } = await box.signIn('supervisor');
    const wrong = await box.ask('POST', '/api/v1/session', { body: { username: user.username, password: 'wrong' } });
    const nobody = await box.ask('POST', '/api/v1/session', { body: { username: 'nobody', password: 'wrong' } });
    expect(wrong.status).toBe(401);
    const { date: _d1, ...headers } = wrong.headers;
    const { date: _d2, ...others } = nobody.headers;
    expect(nobody.text).toBe(wrong.text);
    expect(others).toEqual(headers);
  });

  test('runs out of attempts for a name, known or not, and comes back with time', async () => {
    const box = await httpBox();
    const tries = async (username: string): Promise<number[]> => {
      const statuses: number[] = [];
      for (let i = 0; i < 11; i++) {
        statuses.push((await box.ask('POST', '/api/v1/session', { body: { username, password: 'wrong' } })).status);
      }
      return statuses;
    };
    expect(await tries('nobody')).toEqual([...Array<number>(10).fill(401), 429]);
    const answer = await box.ask('POST', '/api/v1/session', { body: { username: 'NOBODY', password: 'x' } });
    expect(answer.status).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    await box.clock.advance(10_000);
    const later = await box.ask('POST', '/api/v1/session', { body: { username: 'nobody', password: 'x' } });
    expect(later.status).toBe(401);
  });

  test('lets in no more attempts when they come all at once', async () => {
    const box = await httpBox();
    const body = { username: 'nobody', password: 'wrong' };
    const answers = await Promise.all(Array.from({ length: 30 }, () => box.ask('POST', '/api/v1/session', { body })));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
  });
});
