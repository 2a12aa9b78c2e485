import { beforeEach, describe, expect, test } from 'vitest';
import type {
  Agent,
  CallDetail,
  CallList,
  ErrorBody,
  Flow,
  Queue,
  Route,
  User,
} from '../../daemon/src/contract/index.js';
import { T0, agentRow, callRow, recordingRow, segmentRow } from '../support/db-rows.js';
import { PASSWORD, codeOf, httpBox, type Answer, type HttpBox } from '../support/http-box.js';
import { liveAgent, liveCall } from '../support/http-ports.js';

let box: HttpBox;
let token: string;
beforeEach(async () => {
  box = await httpBox();
  token = (await box.signIn('admin')).token;
});

const ask = (method: string, path: string, body?: unknown): Promise<Answer> =>
  box.ask(method, `/api/v1${path}`, { token, body });
const outcome = (answer: Answer) => [answer.status, codeOf(answer)];
const place = (answer: Answer) => (answer.json as ErrorBody).error.details[0];

describe('users', () => {
  test('are made, changed and removed; nobody ever sees a hash', async () => {
    const made = await ask('POST', '/users', { username: 'lina', password: PASSWORD, role: 'supervisor' });
    expect(made.status).toBe(201);
    const user = made.json as User;
    expect(user).toMatchObject({ username: 'lina', role: 'supervisor', language: 'zh-CN', agentId: null });
    expect((await ask('GET', '/users')).text).not.toContain('plain');
    expect(outcome(await ask('POST', '/users', { username: 'lina', password: PASSWORD, role: 'admin' }))).toEqual([
      409,
      'user_exists',
    ]);
    expect(place(await ask('PATCH', `/users/${user.id}`, { agentId: '77' }))).toEqual({
      path: 'agentId',
      message: 'There is no agent 77; choose one that exists.',
    });
    expect((await ask('DELETE', `/users/${user.id}`)).status).toBe(204);
    expect(outcome(await ask('GET', `/users/${user.id}`))).toEqual([404, 'user_not_found']);
  });

  test('always leave one administrator', async () => {
    const [admin] = (await ask('GET', '/users')).json as User[];
    expect(outcome(await ask('DELETE', `/users/${admin!.id}`))).toEqual([409, 'user_last_admin']);
    expect(outcome(await ask('PATCH', `/users/${admin!.id}`, { role: 'agent' }))).toEqual([409, 'user_last_admin']);
    const second = (await ask('POST', '/users', { username: 'b', password: PASSWORD, role: 'admin' })).json as User;
    expect((await ask('DELETE', `/users/${second.id}`)).status).toBe(204);
  });
});

describe('flows, routes and queues', () => {
  const definition = { start: 'a', nodes: { a: { type: 'queue', queue: 'sales' } } };

  test('a flow that does not validate is refused with the place, and the one in force stays', async () => {
    const first = (await ask('PUT', '/flows/main', { name: 'Main', definition })).json as Flow;
    expect(first).toMatchObject({ id: 'main', version: 1 });
    const bad = { start: 'a', nodes: { a: { type: 'queue' } } };
    const refused = await ask('PUT', '/flows/main', { name: 'Main', definition: bad });
    expect(outcome(refused)).toEqual([422, 'flow_invalid']);
    expect(place(refused)?.path).toBe('nodes.a.queue');
    expect((await ask('GET', '/flows/main')).json).toEqual(first);
    expect((await ask('POST', '/flows/validate', { definition: bad })).json).toMatchObject({
      valid: false,
      definition: null,
    });
    const menu = {
      start: 'm',
      nodes: {
        m: { type: 'menu', prompts: ['x'], choices: { '1': 'h' }, timeout: 'h', invalid: 'h' },
        h: { type: 'hangup' },
      },
    };
    expect((await ask('POST', '/flows/validate', { definition: menu })).json).toMatchObject({
      valid: true,
      definition: { nodes: { m: { timeoutMs: 5000, retries: 2 }, h: { cause: 16 } } },
    });
  });

  test('hold together: what is used is not removed, what is named must exist', async () => {
    const noFlow = await ask('POST', '/routes', { calledNumber: '4001', flowId: 'main', language: 'en' });
    expect([noFlow.status, place(noFlow)?.path]).toEqual([400, 'flowId']);
    await ask('POST', '/queues', { id: 'sales', name: 'Sales' });
    await ask('PUT', '/flows/main', { name: 'Main', definition });
    const route = (await ask('POST', '/routes', { calledNumber: '4001', flowId: 'main', language: 'en' }))
      .json as Route;
    expect(outcome(await ask('POST', '/routes', { calledNumber: '4001', flowId: 'main', language: 'en' }))).toEqual([
      409,
      'route_exists',
    ]);
    expect(outcome(await ask('DELETE', '/flows/main'))).toEqual([409, 'flow_in_use']);
    expect(outcome(await ask('DELETE', '/queues/sales'))).toEqual([409, 'queue_in_use']);
    expect((await ask('PATCH', `/routes/${route.id}`, { calledNumber: '4002' })).json).toMatchObject({
      calledNumber: '4002',
    });
    expect((await ask('DELETE', `/routes/${route.id}`)).status).toBe(204);
    expect((await ask('DELETE', '/flows/main')).status).toBe(204);
    expect((await ask('DELETE', '/queues/sales')).status).toBe(204);
    expect(outcome(await ask('DELETE', '/queues/sales'))).toEqual([404, 'queue_not_found']);
  });

  test('a queue is changed in part', async () => {
    await ask('POST', '/queues', { id: 'sales', name: 'Sales', wrapUpMs: 0 });
    const queue = (await ask('PATCH', '/queues/sales', { ringTimeoutMs: 20_000 })).json as Queue;
    expect(queue).toMatchObject({ name: 'Sales', ringTimeoutMs: 20_000, wrapUpMs: 0, serviceLevelMs: 20_000 });
    expect((await ask('PATCH', '/queues/sales', { id: 'other' })).status).toBe(400);
    expect((await ask('PATCH', '/queues/sales', {})).json).toEqual(queue);
  });
});

describe('agents', () => {
  test('show their state of now and are not removed while signed in', async () => {
    await ask('POST', '/queues', { id: 'sales', name: 'Sales' });
    const made = (await ask('POST', '/agents', { id: '2001', name: 'Lina', queues: ['sales'] })).json as Agent;
    expect(made).toMatchObject({ state: 'signedOut', station: null, language: 'zh-CN' });
    box.ports.world.agents.push(liveAgent({ state: 'talking', callId: null }));
    expect((await ask('GET', '/agents/2001')).json).toMatchObject({ name: 'Lina', state: 'talking', station: 1 });
    expect(outcome(await ask('DELETE', '/agents/2001'))).toEqual([409, 'agent_signed_in']);
    expect((await ask('POST', '/agents/2001/state', { state: 'notReady', reason: '3' })).json).toMatchObject({
      state: 'notReady',
      reason: '3',
    });
    expect((await ask('POST', '/agents/2001/state', { state: 'talking' })).status).toBe(400);
    expect(outcome(await ask('POST', '/agents/9/state', { state: 'ready' }))).toEqual([404, 'agent_not_found']);
    const wrong = await ask('PATCH', '/agents/2001', { queues: ['sales', 'help'] });
    expect([wrong.status, place(wrong)?.path]).toEqual([400, 'queues.1']);
  });
});

describe('calls', () => {
  test('come in pages; a live one says where it is; the detail has segments and recording without its path', async () => {
    const rows = Array.from({ length: 5 }, (_, index) => callRow({ startedAt: T0 + index }));
    const call = rows[4]!;
    const segment = segmentRow(call.id, { data: { from: 'x' } });
    const [recording, further] = [recordingRow(call.id), recordingRow(call.id)];
    await box.db.write(async (tx) => {
      for (const row of rows) await tx.calls.insert(row);
      await tx.segments.insert(segment);
      await tx.recordings.insert(recording);
      await tx.recordings.insert(further);
    });
    box.ports.world.calls.push(liveCall({ ...call, phase: 'talking', phaseSince: T0 + 9 }));
    const first = (await ask('GET', '/calls?limit=2')).json as CallList;
    expect(first.calls.map(({ id, phase }) => [id, phase])).toEqual([
      [rows[4]!.id, 'talking'],
      [rows[3]!.id, null],
    ]);
    const second = (await ask('GET', `/calls?limit=3&before=${first.before!}`)).json as CallList;
    expect(second.calls.map(({ id }) => id)).toEqual([rows[2]!.id, rows[1]!.id, rows[0]!.id]);
    expect(second.before).toBeNull();
    const detail = (await ask('GET', `/calls/${call.id}`)).json as CallDetail;
    expect(detail.segments).toEqual([segment]);
    expect(detail.recording).toMatchObject({ id: recording.id, state: 'recording' });
    expect(detail.recording).not.toHaveProperty('path');
    expect(detail.furtherRecordings).toMatchObject([{ id: further.id }]);
    expect(detail.furtherRecordings[0]).not.toHaveProperty('path');
  });

  test('of others are hidden from an agent, as if they were not there', async () => {
    const agent = await box.signIn('agent');
    const [own, other] = [callRow({ agentId: '2001' }), callRow({ agentId: '2002' })];
    await box.db.write(async (tx) => {
      await tx.agents.insert(agentRow({ id: '2002' }));
      await tx.calls.insert(own);
      await tx.calls.insert(other);
    });
    const list = await box.ask('GET', '/api/v1/calls', { token: agent.token });
    expect((list.json as CallList).calls.map(({ id }) => id)).toEqual([own.id]);
    expect((await box.ask('GET', `/api/v1/calls/${own.id}`, { token: agent.token })).status).toBe(200);
    const hidden = await box.ask('GET', `/api/v1/calls/${other.id}`, { token: agent.token });
    const nothing = await box.ask('GET', '/api/v1/calls/01JD7Q4Y5ZK8M3N9P2R6S7T8VW', { token: agent.token });
    expect(outcome(hidden)).toEqual([404, 'call_not_found']);
    expect(hidden.text.replace(other.id, '')).toBe(nothing.text.replace('01JD7Q4Y5ZK8M3N9P2R6S7T8VW', ''));
  });

  test('of nobody are what a user sees who is an agent without a number', async () => {
    const agent = await box.signIn('agent');
    await box.db.write(async (tx) => {
      await tx.users.update(agent.user.id, { agentId: null });
      await tx.calls.insert(callRow());
    });
    expect((await box.ask('GET', '/api/v1/calls', { token: agent.token })).json).toEqual({
      calls: [],
      before: null,
      searchedTo: null,
    });
  });
});

describe('the simulator', () => {
  test('is asked exactly what was sent', async () => {
    expect((await ask('POST', '/exchange/calls', { calledNumber: '4001', callingName: '<script>' })).status).toBe(201);
    expect((await ask('POST', '/exchange/phones/3/lift')).json).toMatchObject({ station: 3 });
    await ask('POST', '/exchange/phones/3/dial', { digits: '*112001#' });
    await ask('PUT', '/exchange/phones/3/behaviour', { answer: true });
    expect((await ask('POST', '/exchange/spans/1/alarm', { alarm: 'red', active: true })).status).toBe(204);
    expect((await ask('POST', '/exchange/phones/3/dial', { digits: '1;2' })).status).toBe(400);
    expect((await ask('POST', '/exchange/phones/3/play', { play: '../secret' })).status).toBe(400);
    expect((await ask('POST', '/exchange/calls', { calledNumber: '4001\r\nX: y' })).status).toBe(400);
    expect(box.ports.asked).toEqual([
      'place {"calledNumber":"4001","callingName":"<script>"}',
      'lift 3',
      'dial 3 "*112001#"',
      'behaviour 3 {"answer":true,"answerAfterMs":1000,"play":null,"hangUpAfterMs":null,"hangUpOnTone":true}',
      'alarm 1 {"alarm":"red","active":true}',
    ]);
  });
});
