// `cordboard reason | disposition | agent …`, as they are typed, against the API; and the routes behind notes.
import { expect, test } from 'vitest';
import { agentRow, callRow, queueRow } from '../support/db-rows.js';
import { codeOf, httpBox } from '../support/http-box.js';
import { liveAgent } from '../support/http-ports.js';
import { typed } from '../support/typed.js';

test('reasons and dispositions are made and removed, and agents forced', async () => {
  const box = await httpBox();
  const run = typed(box);
  await box.db.write((tx) => tx.agents.insert(agentRow()));
  box.ports.world.agents.push(liveAgent());

  expect(await run('reason add 3 --en Meal --zh 用餐 --unpaid --minutes 30')).toEqual([0, 'Reason 3 is made.']);
  expect(await box.db.desk.reasons()).toEqual([
    { code: '3', nameZh: '用餐', nameEn: 'Meal', paid: false, maxMinutes: 30, position: 0, enabled: true },
  ]);
  expect((await run('reason add 3'))[0]).toBe(1);
  expect((await run('disposition add sale --en Sale --zh 成交'))[0]).toBe(0);
  expect((await run('disposition add big --under sale --note'))[0]).toBe(0);
  expect((await run('disposition add deeper --under big'))[1]).toContain('two levels');
  expect((await run('disposition remove sale'))[1]).toContain('switch it off');
  expect((await run('agent force 2001 notReady 3'))[0]).toBe(0);
  expect((await run('agent state 2001'))[1]).toContain('2001');
  expect((await run('reason remove 3'))[0]).toBe(0);
  expect(await box.db.desk.reasons()).toEqual([]);
});

test('an agent says what his call came to; others do not, and searches find it', async () => {
  const box = await httpBox();
  const [admin, agent] = [await box.signIn('admin'), await box.signIn('agent')];
  const [call, foreign] = [callRow({ agentId: '2001', queueId: 'sales' }), callRow({ agentId: null })];
  await box.db.write(async (tx) => {
    await tx.queues.insert(queueRow());
    await tx.calls.insert(call);
    await tx.calls.insert(foreign);
  });
  const base = { nameZh: '一', nameEn: 'One' };
  for (const body of [
    { ...base, id: 'sale' },
    { ...base, id: 'big', parentId: 'sale', requiresNote: true },
    { ...base, id: 'other', queueId: 'sales' },
  ])
    expect((await box.ask('POST', '/api/v1/dispositions', { token: admin.token, body })).status).toBe(201);
  const put = (id: string, body: unknown, by = '2001') =>
    box.ask('PUT', `/api/v1/calls/${id}/notes/${by}`, { token: agent.token, body });
  expect(codeOf(await put(call.id, { disposition: 'sale' }))).toBe('disposition_not_found');
  expect(codeOf(await put(call.id, { disposition: 'big' }))).toBe('note_required');
  expect(codeOf(await put(foreign.id, { note: 'x' }))).toBe('call_not_yours');
  expect(codeOf(await put(call.id, { note: 'x' }, '2002'))).toBe('agent_not_yours');
  expect((await put(call.id, { note: 'x'.repeat(4001) })).status).toBe(400);
  expect((await put(call.id, { disposition: 'big', note: '100% sure', followUp: true })).status).toBe(200);
  const detail = await box.ask('GET', `/api/v1/calls/${call.id}`, { token: admin.token });
  expect(detail.json).toMatchObject({ notes: [{ disposition: 'big', agentId: '2001', followUp: true }] });
  const found = async (query: string): Promise<number> =>
    ((await box.ask('GET', `/api/v1/call-notes?${query}`, { token: admin.token })).json as unknown[]).length;
  expect(await found('disposition=big&followUp=true&text=100%25')).toBe(1);
  expect(await found('text=1%25s')).toBe(0);
  expect(await found('disposition=other')).toBe(0);
});

test('an agent sees and sets his own desk alone', async () => {
  const box = await httpBox();
  const { token } = await box.signIn('agent');
  const ask = (method: string, path: string, body?: unknown) => box.ask(method, `/api/v1${path}`, { token, body });
  await box.db.write((tx) => tx.agents.insert(agentRow({ id: '2002' })));
  box.ports.world.agents.push(liveAgent(), liveAgent({ id: '2002' }));
  expect((await ask('GET', '/agents/2001/today')).json).toMatchObject({ agentId: '2001', offered: 0, occupancy: null });
  for (const path of ['today', 'missed', 'dialled', 'history', 'shown-numbers', 'speed-dials'])
    expect([path, codeOf(await ask('GET', `/agents/2002/${path}`))]).toEqual([path, 'agent_not_yours']);
  expect(codeOf(await ask('POST', '/agents/2002/state', { state: 'ready' }))).toBe('agent_not_yours');
  expect((await ask('POST', '/agents/2001/state', { state: 'ready' })).status).toBe(200);
  await ask('PUT', '/agents/2001/speed-dials/07', { number: '13800138000', name: 'Home' });
  expect((await ask('GET', '/agents/2001/speed-dials')).json).toMatchObject([{ slot: '07', owner: '2001' }]);
  expect(codeOf(await ask('PUT', '/agents/2001/shown-numbers', { number: '95001' }))).toBe('shown_number_not_allowed');
  expect((await ask('PUT', '/agents/2001/pin', { pin: '1234' })).status).toBe(403);
});
