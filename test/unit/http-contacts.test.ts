// Who calls, over REST: looked up by number however it is written, searched, paged, and what was with a number before.
import { expect, test } from 'vitest';
import type { Contact, ContactCallList, ContactList } from '../../daemon/src/contract/index.js';
import { T0, callRow } from '../support/db-rows.js';
import { codeOf, httpBox } from '../support/http-box.js';

const API = '/api/v1';
const HOSTILE = `<script>alert('x')</script> %_\\ O'Brien`;

async function contacts() {
  const box = await httpBox();
  const { token } = await box.signIn('agent');
  const add = async (body: object) => (await box.ask('POST', `${API}/contacts`, { token, body })).json as Contact;
  const find = async (query: string) =>
    (await box.ask('GET', `${API}/contacts?${query}`, { token })).json as ContactList;
  return { ...box, token, add, find };
}

test('one is written down, found by each of his numbers and by parts of his name, and changed', async () => {
  const { ask, token, add, find } = await contacts();
  const made = await add({ name: HOSTILE, numbers: ['138 0013-8000', '051262881000'], tags: ['VIP'] });
  expect(made).toMatchObject({ name: HOSTILE, numbers: ['13800138000', '051262881000'], level: 0, company: '' });
  await add({ name: 'Somebody else', numbers: ['15912345678'] });
  for (const query of ['number=13800138000', 'number=051262881000', 'text=0013', `text=${encodeURIComponent('%_')}`])
    expect(
      (await find(query)).contacts.map(({ id }) => id),
      query,
    ).toEqual([made.id]);
  expect((await find('number=1380013800')).contacts).toEqual([]);
  const path = `${API}/contacts/${made.id}`;
  const changed = await ask('PATCH', path, { token, body: { numbers: ['13700137000'], level: 2 } });
  expect(changed.json).toMatchObject({ name: HOSTILE, numbers: ['13700137000'], level: 2, tags: ['VIP'] });
  expect((await find('number=13800138000')).contacts).toEqual([]);
  expect((await ask('GET', path, { token })).json).toMatchObject({ numbers: ['13700137000'] });
});

test('the list is paged, newest first', async () => {
  const { add, find } = await contacts();
  for (const name of ['A', 'B', 'C']) await add({ name, numbers: ['13800138000'] });
  const first = await find('limit=2');
  expect(first.contacts.map(({ name }) => name)).toEqual(['C', 'B']);
  const second = await find(`limit=2&before=${first.before}`);
  expect(second.contacts.map(({ name }) => name)).toEqual(['A']);
  expect(second.before).toBeNull();
});

test('what is wrong is said at its field, and removing is for those who supervise', async () => {
  const { ask, token, add, signIn, db } = await contacts();
  const refused = await ask('POST', `${API}/contacts`, { token, body: { name: '', numbers: ['abc'] } });
  expect(refused.status).toBe(400);
  expect(refused.text).toContain('"name"');
  expect(refused.text).toContain('"numbers.0"');
  const { id } = await add({ name: 'A', numbers: ['13800138000'] });
  expect((await ask('DELETE', `${API}/contacts/${id}`, { token })).status).toBe(403);
  const { token: staff } = await signIn('supervisor');
  expect((await ask('DELETE', `${API}/contacts/${id}`, { token: staff })).status).toBe(204);
  expect(codeOf(await ask('PATCH', `${API}/contacts/${id}`, { token, body: { name: 'B' } }))).toBe('contact_not_found');
  expect((await db.contacts.list({ number: '13800138000', limit: 5 })).length).toBe(0);
});

test('an agent reads of all calls with a number, in and out, whoever took them', async () => {
  const { ask, token, db, ports } = await contacts();
  const asked: string[] = [];
  const notesOf = (id: string): Promise<never[]> => {
    asked.push(id);
    return Promise.resolve([]);
  };
  Object.assign(ports, { desk: { notesOf } });
  const number = '13800138000';
  await db.write(async (tx) => {
    const ended = { state: 'ended' as const, answeredAt: T0 + 1000, endedAt: T0 + 61_000 };
    await tx.calls.insert(callRow({ ...ended, callingNumber: number, agentId: '2002' }));
    await tx.calls.insert(callRow({ ...ended, direction: 'out', callingNumber: '1', calledNumber: `0${number}` }));
    await tx.calls.insert(callRow({ ...ended, callingNumber: '13900139000' }));
  });
  const answer = await ask('GET', `${API}/contact-calls?number=${number}`, { token });
  const { calls } = answer.json as ContactCallList;
  expect(calls.map(({ direction, agentId, durationMs }) => [direction, agentId, durationMs])).toEqual([
    ['out', null, null],
    ['in', '2002', 60_000],
  ]);
  expect(asked).toHaveLength(2);
});
