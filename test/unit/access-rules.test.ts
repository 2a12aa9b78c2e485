// Passwords, codes, scopes and roles: what is refused, and what stays possible.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSync } from 'otplib';
import { describe, expect, onTestFinished, test } from 'vitest';
import type {
  Call,
  CallList,
  RecoveryCodes,
  SecondFactorOffer,
  Session,
  SessionInfo,
  SignedIn,
  UserAccess,
} from '../../daemon/src/contract/index.js';
import { AttemptLimit, nameKey } from '../../daemon/src/http/auth/attempt-limit.js';
import { deviceOf } from '../../daemon/src/http/auth/device.js';
import { classesOf, isCommon, oneTimePassword, passwordProblems } from '../../daemon/src/http/auth/password-rules.js';
import { atLeast, type Rights } from '../../daemon/src/http/auth/roles.js';
import { Secrets } from '../../daemon/src/config/index.js';
import { Reach } from '../../daemon/src/platform/index.js';
import { snapshotFor } from '../../daemon/src/realtime/audience.js';
import { FakeClock } from '../support/clock-fake.js';
import { T0, callRow } from '../support/db-rows.js';
import { codeOf, httpBox, PASSWORD, type HttpBox } from '../support/http-box.js';
import { liveAgent, liveCall, queueStatus } from '../support/http-ports.js';

const RULES = { minLength: 10, classes: 3, notName: true, notCommon: true, history: 0, maxAgeDays: 0 };

describe('a password', () => {
  test('tells every rule that it breaks', () => {
    const broken = (text: string) => passwordProblems(RULES, 'lina', text).map(({ code }) => code);
    expect(broken('lina')).toEqual(['password_too_short', 'password_too_plain', 'password_has_name']);
    expect(broken('Password123')).toEqual(['password_common']);
    expect(broken('xLINA-and-9')).toEqual(['password_has_name']);
    expect(broken('Blue trains 7')).toEqual([]);
  });

  test.each(['password2024', 'P@ssw0rd!', 'qwertyuiop', '1234567890', 'aaaaaaaaaaaa', 'abcabcabcabc', 'Admin12345'])(
    '%s is common',
    (text) => expect(isCommon(text)).toBe(true),
  );

  test.each(['correct horse', 'three blue trains 7', '我喜欢喝绿茶和咖啡'])('%s is not', (text) =>
    expect(isCommon(text)).toBe(false),
  );

  test('made for one time has every kind of character, and is never the same', () => {
    const made = Array.from({ length: 50 }, oneTimePassword);
    expect(new Set(made).size).toBe(50);
    for (const one of made) expect([one.length, classesOf(one)]).toEqual([23, 4]);
  });
});

test('whoever goes on trying a name waits longer each time; an address does not', async () => {
  const clock = new FakeClock();
  const limit = new AttemptLimit({ clock });
  const [name, address] = [nameKey('Lina'), 'from 10.0.0.1'];
  for (let i = 0; i < 10; i++) limit.take([name]);
  expect(limit.lockedForS(name)).toBe(10);
  await clock.advance(10_000);
  limit.take([name]);
  expect(limit.lockedForS(name)).toBe(20);
  await clock.advance(20_000);
  limit.take([name]);
  expect(limit.lockedForS(name)).toBe(40);
  expect(limit.lockedNames()).toEqual([{ name: 'lina', seconds: 40 }]);
  limit.forgive([name]);
  expect(limit.lockedNames()).toEqual([]);
  for (let i = 0; i < 10; i++) limit.take([address]);
  await clock.advance(10_000);
  limit.take([address]);
  expect(limit.lockedForS(address)).toBe(10);
});

test('a secret at rest opens for its owner alone, with the key of this box alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cordboard-secrets-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const secrets = new Secrets(join(folder, 'a/key'));
  const sealed = secrets.seal('lina', 'JBSWY3DP');
  expect(sealed).not.toContain('JBSWY3DP');
  expect(statSync(join(folder, 'a/key')).mode & 0o777).toBe(0o600);
  expect(new Secrets(join(folder, 'a/key')).open('lina', sealed)).toBe('JBSWY3DP');
  expect(() => secrets.open('other', sealed)).toThrow();
  expect(() => new Secrets(join(folder, 'b/key')).open('lina', sealed)).toThrow();
});

test('a device is told in words that its owner knows', () => {
  const chrome =
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36';
  expect(deviceOf(chrome)).toEqual({ browser: 'Chrome', system: 'Windows' });
  expect(deviceOf(`${chrome} Edg/131.0`)).toEqual({ browser: 'Edge', system: 'Windows' });
  expect(deviceOf('<script>')).toEqual({ browser: null, system: null });
});

test('who reaches some groups reaches their agents, as they are now', () => {
  const queues: Record<string, string[]> = { '2001': ['sales'], '2002': ['service'], '2003': [] };
  const reach = new Reach({ kind: 'groups', queues: ['sales'], agents: ['2003'] }, '2009', (id) => queues[id] ?? []);
  expect(['2001', '2002', '2003', '2009', null].map((id) => reach.agent(id))).toEqual([true, false, true, true, false]);
  expect(reach.call({ agentId: '2002', queueId: 'sales' })).toBe(true);
  expect(reach.call({ agentId: '2002', queueId: 'service' })).toBe(false);
  queues['2002'] = ['sales'];
  expect(reach.agent('2002')).toBe(true);
  expect(reach.filter([{ id: '2001' }, { id: '2003' }])).toEqual({
    agents: ['2009', '2001', '2003'],
    queues: ['sales'],
  });
});

test('nobody covers more than he has', () => {
  const one: Rights = {
    permissions: new Set(['users.edit']),
    scope: { kind: 'groups', queues: ['a', 'b'], agents: [] },
  };
  expect(
    atLeast(one, { permissions: new Set(['users.edit']), scope: { kind: 'groups', queues: ['a'], agents: [] } }),
  ).toBe(true);
  expect(atLeast(one, { permissions: new Set(['users.edit']), scope: { kind: 'all' } })).toBe(false);
  expect(atLeast(one, { permissions: new Set(['roles.edit']), scope: { kind: 'own' } })).toBe(false);
});

test('the live picture of one who watches over a group is that of the group', () => {
  const [sales, service] = [liveAgent(), liveAgent({ id: '2002', queues: ['service'] })];
  const calls = [liveCall(), liveCall({ queueId: 'service', agentId: '2002' })];
  const whole = {
    ...{
      at: T0,
      calls,
      agents: [sales, service],
      colleagues: [],
      spans: [],
      stations: [],
      conferences: [],
      lineQualities: [],
    },
    queues: [queueStatus('sales'), queueStatus('service')],
  };
  const user = {
    id: '01JD7Q4Y5ZK8M3N9P2R6S7T8VW',
    username: 'x',
    role: 'lead',
    language: 'en',
    agentId: null,
    createdAt: T0,
  } as const;
  const scope = { kind: 'groups', queues: ['sales'], agents: [] } as const;
  const listener = {
    user,
    permissions: new Set(['floor.view'] as const),
    scope: { ...scope, queues: ['sales'], agents: [] },
  };
  const seen = snapshotFor(listener, whole);
  expect(seen.agents.map(({ id }) => id)).toEqual(['2001']);
  expect(seen.calls.map(({ id }) => id)).toEqual([calls[0]!.id]);
  expect(seen.queues.map(({ id }) => id)).toEqual(['sales']);
  expect(snapshotFor({ ...listener, permissions: new Set() }, whole)).toMatchObject({
    calls: [],
    agents: [],
    queues: [],
  });
});

const session = (box: HttpBox, username: string, more: object = {}) =>
  box.ask('POST', '/api/v1/session', { body: { username, password: PASSWORD, ...more } });

async function roleOf(box: HttpBox, token: string, id: string, more: object): Promise<SignedIn> {
  const body = { id, name: id, permissions: [], scope: { kind: 'own' }, ...more };
  expect((await box.ask('POST', '/api/v1/roles', { token, body })).status).toBe(201);
  const user = { username: `u-${id}`, password: PASSWORD, role: id };
  expect((await box.ask('POST', '/api/v1/users', { token, body: user })).status).toBe(201);
  return (await session(box, user.username)).json as SignedIn;
}

describe('a role of one’s own', () => {
  test('lets its users do what it says, and holds at once when it changes', async () => {
    const box = await httpBox();
    const { token } = await box.signIn('admin');
    const keeper = await roleOf(box, token, 'keeper', { permissions: ['lists.view'] });
    expect(keeper).toMatchObject({ permissions: ['lists.view'], scope: { kind: 'own' }, due: [] });
    const lists = () => box.ask('GET', '/api/v1/number-lists', { token: keeper.token });
    expect((await lists()).status).toBe(200);
    expect((await box.ask('GET', '/api/v1/calls', { token: keeper.token })).status).toBe(403);
    await box.ask('PATCH', '/api/v1/roles/keeper', { token, body: { permissions: [] } });
    expect(codeOf(await lists())).toBe('permission_missing');
    expect(codeOf(await box.ask('DELETE', '/api/v1/roles/keeper', { token }))).toBe('role_in_use');
    expect(codeOf(await box.ask('DELETE', '/api/v1/roles/admin', { token }))).toBe('role_built_in');
  });

  test('cannot be used to get more than one has, nor to lock everybody out', async () => {
    const box = await httpBox();
    const { token, user } = await box.signIn('admin');
    const lead = await roleOf(box, token, 'lead', { permissions: ['users.view', 'users.edit', 'roles.edit'] });
    const as = { token: lead.token };
    const more = { id: 'more', name: 'More', permissions: ['settings.edit'], scope: { kind: 'own' } };
    expect(codeOf(await box.ask('POST', '/api/v1/roles', { ...as, body: more }))).toBe('role_beyond_yours');
    const self = `/api/v1/users/${lead.user.id}`;
    expect(codeOf(await box.ask('PATCH', self, { ...as, body: { role: 'admin' } }))).toBe('role_beyond_yours');
    for (const path of [`/users/${user.id}/password`, `/users/${user.id}/second-factor`]) {
      const method = path.endsWith('password') ? 'POST' : 'DELETE';
      expect(codeOf(await box.ask(method, `/api/v1${path}`, as))).toBe('role_beyond_yours');
    }
    expect(codeOf(await box.ask('DELETE', `/api/v1/users/${user.id}`, as))).toBe('role_beyond_yours');
    // the lead may make users and roles, so the administrator may go; then the lead may not
    expect((await box.ask('PATCH', `/api/v1/users/${user.id}`, { token, body: { role: 'agent' } })).status).toBe(200);
    const narrow = { ...as, body: { permissions: ['users.view', 'roles.edit'] } };
    expect(codeOf(await box.ask('PATCH', '/api/v1/roles/lead', narrow))).toBe('user_last_admin');
    expect(codeOf(await box.ask('DELETE', self, as))).toBe('user_last_admin');
    expect((await box.ask('GET', '/api/v1/setup')).json).toEqual({ needed: false });
  });

  test('sees the calls of its groups', async () => {
    const box = await httpBox();
    const { token } = await box.signIn('admin');
    box.ports.world.agents.push(liveAgent(), liveAgent({ id: '2002', queues: ['service'] }));
    const calls = [
      callRow({ agentId: '2001', queueId: null }),
      callRow({ agentId: '2002', queueId: 'service' }),
      callRow({ agentId: null, queueId: 'sales' }),
    ];
    await box.db.write(async (tx) => {
      for (const call of calls) await tx.calls.insert(call);
    });
    const scope = { kind: 'groups', queues: ['sales'], agents: [] };
    const lead = await roleOf(box, token, 'lead', { permissions: ['calls.view'], scope });
    const seen = (await box.ask('GET', '/api/v1/calls', { token: lead.token })).json as CallList;
    expect(seen.calls.map((call: Call) => call.id).sort()).toEqual([calls[0]!.id, calls[2]!.id].sort());
    expect((await box.ask('GET', `/api/v1/calls/${calls[1]!.id}`, { token: lead.token })).status).toBe(404);
    expect((await box.ask('GET', `/api/v1/calls/${calls[2]!.id}`, { token: lead.token })).status).toBe(200);
  });
});

describe('signing in', () => {
  test('with a one-time password serves the account alone, until a new one is chosen', async () => {
    const box = await httpBox();
    const { token } = await box.signIn('admin');
    const { user } = await box.signIn('supervisor');
    const reset = await box.ask('POST', `/api/v1/users/${user.id}/password`, { token });
    const { password } = reset.json as { password: string };
    const body = { username: user.username, password };
    const signedIn = (await box.ask('POST', '/api/v1/session', { body })).json as SignedIn;
    expect(signedIn.due).toEqual(['password']);
    const as = { token: signedIn.token };
    expect(codeOf(await box.ask('GET', '/api/v1/queues', as))).toBe('password_due');
    expect(await box.http.sessions.authenticateSocket(signedIn.token, '127.0.0.1')).toBeUndefined();
    expect((await box.ask('GET', '/api/v1/account', as)).status).toBe(200);
    const change = (current: string, next: string) =>
      box.ask('PUT', '/api/v1/account/password', { ...as, body: { current, password: next } });
    expect((await change('not it', 'three blue trains 7')).text).toContain('current');
    expect((await change(password, 'password123')).status).toBe(400);
    expect((await change(password, 'three blue trains 7')).status).toBe(204);
    expect((await box.ask('GET', '/api/v1/queues', as)).status).toBe(200);
  });

  test('a password may not come again, and grows old', async () => {
    const box = await httpBox();
    const { token } = await box.signIn('admin');
    const { user } = await box.signIn('supervisor');
    const rules = { password: { ...RULES, classes: 1, history: 2, maxAgeDays: 30 }, secondFactorRoles: [] };
    expect((await box.ask('PUT', '/api/v1/sign-in-rules', { token, body: rules })).status).toBe(200);
    const set = (password: string) => box.ask('PATCH', `/api/v1/users/${user.id}`, { token, body: { password } });
    expect((await set('three blue trains 7')).status).toBe(200);
    expect((await set(PASSWORD)).status).toBe(400);
    expect((await set('four green boats 8')).status).toBe(200);
    expect((await set('five white planes 9')).status).toBe(200);
    expect((await set('three blue trains 7')).status).toBe(200);
    const due = async () => {
      const body = { username: user.username, password: 'three blue trains 7' };
      return ((await box.ask('POST', '/api/v1/session', { body })).json as Session).due;
    };
    expect(await due()).toEqual([]);
    const monthAgo = box.clock.wallMs() - 31 * 86_400_000;
    await box.db.write((tx) => tx.userSecurity.put(user.id, { passwordSetAt: monthAgo }));
    expect(await due()).toEqual(['password']);
  });

  test('asks for a second factor: each code and each recovery code once', async () => {
    const box = await httpBox();
    const { token, user } = await box.signIn('supervisor');
    const as = { token };
    const offered = await box.ask('POST', '/api/v1/account/second-factor', { ...as, body: { password: PASSWORD } });
    const { secret } = offered.json as SecondFactorOffer;
    const code = (): string => generateSync({ secret, epoch: Math.floor(box.clock.wallMs() / 1000) });
    const confirm = (typed: string) =>
      box.ask('POST', '/api/v1/account/second-factor/confirmation', { ...as, body: { code: typed } });
    expect((await confirm('123456')).status).toBe(400);
    const first = code();
    const { codes } = (await confirm(first)).json as RecoveryCodes;
    const row = await box.db.userSecurity.find(user.id);
    expect(JSON.stringify(row)).not.toContain(secret);
    expect(readFileSync(join(box.home, 'keys/access.key'), 'utf8').length).toBeGreaterThan(40);

    expect(codeOf(await session(box, user.username))).toBe('second_factor_needed');
    expect(codeOf(await session(box, user.username, { code: first }))).toBe('code_wrong');
    await box.clock.advance(30_000);
    const [one, two] = await Promise.all([code(), code()].map((typed) => session(box, user.username, { code: typed })));
    expect([one!.status, two!.status].sort()).toEqual([201, 401]);
    expect((await session(box, user.username, { code: codes[0] })).status).toBe(201);
    expect(codeOf(await session(box, user.username, { code: codes[0] }))).toBe('code_wrong');
  });

  test('a role that must have a second factor is served nothing else before', async () => {
    const box = await httpBox();
    const { token } = await box.signIn('admin');
    const { token: other, user } = await box.signIn('supervisor');
    const rules = { password: { ...RULES, classes: 1 }, secondFactorRoles: ['supervisor'] };
    await box.ask('PUT', '/api/v1/sign-in-rules', { token, body: rules });
    expect(codeOf(await box.ask('GET', '/api/v1/queues', { token: other }))).toBe('second_factor_due');
    const access = (await box.ask('GET', '/api/v1/user-access', { token })).json as UserAccess[];
    expect(access.find(({ userId }) => userId === user.id)).toMatchObject({
      secondFactorRequired: true,
      secondFactor: false,
    });
  });

  test('sessions are listed, and end one by one or all others', async () => {
    const box = await httpBox();
    const { token, user } = await box.signIn('supervisor');
    const others = [await session(box, user.username), await session(box, user.username)].map(
      (answer) => (answer.json as SignedIn).token,
    );
    const list = async () => (await box.ask('GET', '/api/v1/account/sessions', { token })).json as SessionInfo[];
    const all = await list();
    expect([all.length, all.filter(({ current }) => current).length]).toEqual([3, 1]);
    const [first] = all.filter(({ current }) => !current);
    expect((await box.ask('DELETE', `/api/v1/account/sessions/${first!.id}`, { token })).status).toBe(204);
    expect(await list()).toHaveLength(2);
    expect((await box.ask('DELETE', '/api/v1/account/sessions', { token })).status).toBe(204);
    expect(await list()).toHaveLength(1);
    for (const one of others) expect((await box.ask('GET', '/api/v1/session', { token: one })).status).toBe(401);
    const stranger = await box.signIn('agent');
    const [own] = await list();
    const taken = await box.ask('DELETE', `/api/v1/account/sessions/${own!.id}`, { token: stranger.token });
    expect(codeOf(taken)).toBe('session_not_found');
  });
});
