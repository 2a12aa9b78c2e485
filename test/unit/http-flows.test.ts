// Drafts, versions and the way back, announcements and traces, as those who draw flows ask for them.
import { beforeEach, expect, test } from 'vitest';
import type {
  Flow,
  FlowDraft,
  FlowTrace,
  FlowVersion,
  FlowVersionSummary,
  FlowWays,
  TraceStep,
} from '../../daemon/src/contract/index.js';
import { newUlid } from '../../daemon/src/platform/index.js';
import { T0, callRow } from '../support/db-rows.js';
import { codeOf, httpBox, type Answer, type HttpBox } from '../support/http-box.js';

let box: HttpBox;
let token: string;
let me: string;
beforeEach(async () => {
  box = await httpBox();
  const signedIn = await box.signIn('admin');
  [token, me] = [signedIn.token, signedIn.user.username];
});

const ask = (method: string, path: string, body?: unknown): Promise<Answer> =>
  box.ask(method, `/api/v1${path}`, { token, body });
const outcome = (answer: Answer) => [answer.status, codeOf(answer)];
const ending = (cause: number) => ({ start: 'a', nodes: { a: { type: 'hangup', cause } } });

test('a draft is kept half done, goes live when it holds together, and is gone then', async () => {
  expect(outcome(await ask('GET', '/flows/new/draft'))).toEqual([404, 'flow_draft_not_found']);
  const half = (await ask('PUT', '/flows/new/draft', { name: 'New', definition: { start: 'a' } })).json as FlowDraft;
  expect(half).toMatchObject({ id: 'new', basedOn: 0, definition: { start: 'a' }, updatedBy: me });
  expect(outcome(await ask('POST', '/flows/new/draft/live', {}))).toEqual([422, 'flow_invalid']);
  expect(outcome(await ask('GET', '/flows/new'))).toEqual([404, 'flow_not_found']);
  await ask('PUT', '/flows/new/draft', { name: 'New', definition: ending(17) });
  expect((await ask('GET', '/flow-drafts')).json).toHaveLength(1);
  const live = (await ask('POST', '/flows/new/draft/live', { note: 'first' })).json as Flow;
  expect(live).toMatchObject({ id: 'new', version: 1, definition: ending(17) });
  expect((await ask('GET', '/flow-drafts')).json).toEqual([]);
  expect(((await ask('PUT', '/flows/new/draft', { name: 'New', definition: 1 })).json as FlowDraft).basedOn).toBe(1);
  expect((await ask('DELETE', '/flows/new/draft')).status).toBe(204);
});

test('a draft that somebody else has changed is not written over by accident', async () => {
  const put = async (expected?: number | null) =>
    ask('PUT', '/flows/new/draft', {
      name: 'New',
      definition: ending(16),
      ...(expected === undefined ? {} : { expected }),
    });
  const first = (await put(null)).json as FlowDraft;
  expect(outcome(await put(null))).toEqual([409, 'flow_draft_changed']);
  const second = (await put(first.updatedAt)).json as FlowDraft;
  expect(second.updatedAt).toBeGreaterThan(first.updatedAt);
  expect(outcome(await put(first.updatedAt))).toEqual([409, 'flow_draft_changed']);
  expect((await put()).status).toBe(200);
});

test('where its nodes stand and what they are called is kept with a flow', async () => {
  const definition = { ...ending(16), layout: { a: { x: 40, y: -8, title: '再见' } } };
  await ask('PUT', '/flows/main', { name: 'Main', definition });
  expect((await ask('GET', '/flows/main')).json as Flow).toMatchObject({ definition });
});

test('the ways of the last callers are counted, node by node', async () => {
  const step = (node: string, next: string | null, why: string, flowId = 'main'): TraceStep => ({
    ...{ flowId, version: 1, node, type: 'play', enteredAt: T0, leftAt: T0 + 1, next, why },
  });
  const trace = async (steps: TraceStep[]) => {
    const call = callRow({ id: newUlid(), state: 'ended', endedAt: T0 });
    await box.db.write((tx) => tx.calls.insert(call));
    const row = { id: newUlid(), callId: call.id, flowId: 'main', version: 1, startedAt: T0, endedAt: T0 + 9 };
    await box.db.write((tx) => tx.flowTraces.insert({ ...row, steps, dropped: 0 }));
  };
  await trace([step('a', 'b', 'key'), step('x', null, 'returned', 'sub'), step('b', null, 'hangup')]);
  await trace([step('a', 'b', 'key'), step('b', 'a', 'timeout')]);
  const all = (await ask('GET', '/flows/main/ways')).json as FlowWays;
  expect(all.calls).toBe(2);
  expect(all.ways).toContainEqual({ node: 'a', next: 'b', why: 'key', count: 2 });
  expect(all.ways).toContainEqual({ node: 'b', next: null, why: 'hangup', count: 1 });
  expect(all.ways.map(({ node }) => node)).not.toContain('x');
  expect(((await ask('GET', '/flows/main/ways?calls=1')).json as FlowWays).calls).toBe(1);
});

test('every version is kept, and one can go back to each', async () => {
  for (const cause of [17, 18]) await ask('PUT', '/flows/main', { name: 'Main', definition: ending(cause) });
  const back = (await ask('POST', '/flows/main/versions/1/live', {})).json as Flow;
  expect(back).toMatchObject({ version: 3, definition: ending(17) });
  const versions = (await ask('GET', '/flows/main/versions')).json as FlowVersionSummary[];
  expect(versions.map(({ version, note, createdBy }) => [version, note, createdBy])).toEqual([
    [3, '= 1', me],
    [2, '', me],
    [1, '', me],
  ]);
  expect((await ask('GET', '/flows/main/versions/2')).json as FlowVersion).toMatchObject({ definition: ending(18) });
  expect(outcome(await ask('POST', '/flows/main/versions/9/live', {}))).toEqual([404, 'flow_version_not_found']);
  expect((await ask('DELETE', '/flows/main')).status).toBe(204);
  expect((await ask('GET', '/flows/main/versions')).json).toEqual([]);
});

test('what a flow plays or calls is not removed', async () => {
  const put = { active: true, prompts: ['outage'], until: null };
  expect((await ask('PUT', '/announcements/outage', put)).json).toMatchObject({ ...put, updatedBy: me });
  await ask('PUT', '/flows/sub', { name: 'Sub', definition: ending(16) });
  const nodes = {
    a: { type: 'announce', announcement: 'outage', next: 'b' },
    b: { type: 'subflow', flow: 'sub', next: 'c' },
    c: { type: 'hangup' },
  };
  expect((await ask('PUT', '/flows/main', { name: 'Main', definition: { start: 'a', nodes } })).status).toBe(200);
  expect(outcome(await ask('DELETE', '/announcements/outage'))).toEqual([409, 'announcement_in_use']);
  expect(outcome(await ask('DELETE', '/flows/sub'))).toEqual([409, 'flow_called']);
  await ask('DELETE', '/flows/main');
  expect((await ask('DELETE', '/announcements/outage')).status).toBe(204);
  expect((await ask('DELETE', '/flows/sub')).status).toBe(204);
  expect(outcome(await ask('DELETE', '/announcements/outage'))).toEqual([404, 'announcement_not_found']);
});

test('a test call is the simulator’s, to the number that is expected', async () => {
  const call = await ask('POST', '/flows/main/test-calls', { node: 'a', digits: '1' });
  expect(call.status).toBe(201);
  expect(box.ports.asked.join()).toContain('"calledNumber":"0009912345"');
  expect(outcome(await ask('POST', '/flows/main/test-calls', { node: '../x' }))).toEqual([400, 'body_invalid']);
});

test('the traces of a call are asked for by those who may see it', async () => {
  const row = callRow({ state: 'ended', endedAt: T0 });
  await box.db.write((tx) => tx.calls.insert(row));
  expect((await ask('GET', `/calls/${row.id}/flow-traces`)).json as FlowTrace[]).toEqual([]);
  expect(outcome(await ask('GET', `/calls/${newUlid()}/flow-traces`))).toEqual([404, 'call_not_found']);
});

test('a file that is too large is refused before it is read', async () => {
  const body = Buffer.alloc(21 * 1024 * 1024);
  const answer = await fetch(`${box.base}/api/v1/prompts/en/new`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'audio/wav' },
    body,
  }).then(
    (reply) => reply.status,
    () => 413,
  );
  expect(answer).toBe(413);
});
