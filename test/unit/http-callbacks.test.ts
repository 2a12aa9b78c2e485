// Callbacks over REST and on the command line: who may do what, what is refused and why, and what is written of it.
import { expect, onTestFinished, test, vi } from 'vitest';
import { CallbackBook } from '../../daemon/src/callback/index.js';
import type { Callback, CallbackList } from '../../daemon/src/contract/index.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import { queueRow } from '../support/db-rows.js';
import { codeOf, httpBox } from '../support/http-box.js';
import { typed } from '../support/typed.js';

const API = '/api/v1';

async function box() {
  const http = await httpBox();
  const { db, clock, ports } = http;
  await db.write((tx) => tx.queues.insert(queueRow({ id: 'sales' })));
  const book = new CallbackBook({
    ...{ db, clock, live: ports.live as never, log: silentLog, changed: () => undefined },
    mayCall: (number) =>
      Promise.resolve(number === '110' ? { ok: false, reason: { en: 'not that', zh: '不行' } } : { ok: true }),
  });
  await book.start();
  onTestFinished(() => book.stop());
  ports.callbacks = {
    take: ({ number, ...wanted }, by, also) =>
      book.take(
        { ...wanted, number: number.replace(/\D/g, ''), source: 'request', enteredAt: null, createdBy: by },
        also,
      ),
    cancel: (id, also) => book.cancel(id, also),
    reschedule: (id, at, also) => book.reschedule(id, at, also),
  };
  return { ...http, book };
}

test('a rule is set, names a calendar that must be there, and keeps it', async () => {
  const { ask, signIn, db } = await box();
  const { token } = await signIn('admin');
  const path = `${API}/queues/sales/callback-rule`;
  expect(codeOf(await ask('GET', path, { token }))).toBe('callback_rule_not_found');
  const wrong = await ask('PUT', path, { token, body: { calendarId: 'office' } });
  expect(wrong.status).toBe(400);
  expect(wrong.text).toContain('There is no calendar office');
  expect(codeOf(await ask('PUT', `${API}/queues/none/callback-rule`, { token, body: {} }))).toBe('queue_not_found');
  await ask('POST', `${API}/calendars`, { token, body: { id: 'office', name: 'Office', weekly: [] } });
  const set = await ask('PUT', path, { token, body: { calendarId: 'office', tries: 5 } });
  expect(set.json).toMatchObject({ queueId: 'sales', tries: 5, order: 'agentFirst', calendarId: 'office' });
  const removed = await ask('DELETE', `${API}/calendars/office`, { token });
  expect(codeOf(removed)).toBe('calendar_in_use');
  expect(removed.text).toContain('the callbacks of the queue sales');
  const supervisor = await signIn('supervisor');
  expect((await ask('PUT', path, { token: supervisor.token, body: {} })).status).toBe(403);
  expect((await ask('DELETE', path, { token })).status).toBe(204);
  const changes = await db.audit.list({ objectKind: 'callbackRule', limit: 10 });
  expect(changes.map(({ action }) => action)).toEqual(['removed', 'created']);
});

test('an agent asks for one, sees his own, and no other agent sees it', async () => {
  const { ask, signIn, book, db } = await box();
  const admin = await signIn('admin');
  const agent = await signIn('agent');
  const asked = (body: object, token = agent.token) => ask('POST', `${API}/callbacks`, { token, body });
  expect(codeOf(await asked({ queueId: 'sales', number: '1' }))).toBe('callback_not_offered');
  await ask('PUT', `${API}/queues/sales/callback-rule`, { token: admin.token, body: {} });
  await vi.waitUntil(() => book.rule('sales') !== undefined);
  const made = await asked({ queueId: 'sales', number: '138-0013-8000', note: 'wants an offer' });
  expect(made).toMatchObject({ status: 201, json: { number: '13800138000', source: 'request', state: 'waiting' } });
  const { id } = made.json as Callback;
  expect(codeOf(await asked({ queueId: 'sales', number: '13800138000' }))).toBe('callback_exists');
  const refused = await asked({ queueId: 'sales', number: '110' });
  expect([codeOf(refused), refused.text.includes('not that')]).toEqual(['callback_number_refused', true]);
  const other = (await asked({ queueId: 'sales', number: '222' }, admin.token)).json as Callback;
  const list = async (token: string, query = '') =>
    ((await ask('GET', `${API}/callbacks${query}`, { token })).json as CallbackList).callbacks.map((row) => row.id);
  expect(await list(agent.token)).toEqual([id]);
  expect(await list(admin.token)).toEqual([other.id, id]);
  expect(await list(admin.token, '?number=138')).toEqual([id]);
  expect(codeOf(await ask('GET', `${API}/callbacks/${other.id}`, { token: agent.token }))).toBe('callback_not_found');
  expect(codeOf(await ask('DELETE', `${API}/callbacks/${other.id}`, { token: agent.token }))).toBe(
    'callback_not_found',
  );
  const at = made.json as Callback;
  const moved = await ask('PATCH', `${API}/callbacks/${id}`, { token: agent.token, body: { at: at.dueAt + 60_000 } });
  expect(moved.json).toMatchObject({ dueAt: at.dueAt + 60_000, enteredAt: at.enteredAt });
  expect((await ask('DELETE', `${API}/callbacks/${id}`, { token: agent.token })).json).toMatchObject({
    state: 'cancelled',
  });
  expect(codeOf(await ask('DELETE', `${API}/callbacks/${id}`, { token: agent.token }))).toBe('callback_over');
  expect(await list(admin.token, '?open=true')).toEqual([other.id]);
  const changes = await db.audit.list({ objectKind: 'callback', limit: 10 });
  expect(changes.map(({ action }) => action).sort()).toEqual(['changed', 'created', 'created', 'removed']);
});

test('on the command line they are listed, asked for and cancelled, and rules are set', async () => {
  const http = await box();
  const run = typed(http, 'callback');
  expect((await run('rule sales --first customer --tries 2 --abandoned 30'))[0]).toBe(0);
  expect((await run('rule sales --most 7'))[0]).toBe(0);
  expect(await http.db.callbacks.rule('sales')).toMatchObject({
    ...{ order: 'customerFirst', tries: 2, mostOpen: 7, abandonedAfterMs: 30_000 },
  });
  await vi.waitUntil(() => http.book.rule('sales')?.mostOpen === 7);
  expect((await run('add sales 13800138000'))[0]).toBe(0);
  const [, listed] = await run('list');
  const [{ id }] = http.book.open() as [Callback];
  expect(listed).toContain(id);
  expect(listed).toContain('13800138000');
  expect(await run(`cancel ${id}`)).toEqual([0, `Callback ${id} is removed.`]);
  expect((await run('list'))[1]).not.toContain(id);
  expect((await run('list --all'))[1]).toContain('cancelled');
  expect((await run('add sales'))[0]).toBe(2);
});
