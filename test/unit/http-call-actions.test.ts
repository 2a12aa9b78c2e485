// Who may do what in calls, by HTTP.
import { beforeEach, describe, expect, test } from 'vitest';
import { agentRow } from '../support/db-rows.js';
import { codeOf, httpBox, type Answer, type HttpBox } from '../support/http-box.js';
import { liveAgent, liveCall } from '../support/http-ports.js';

let box: HttpBox;
let agent: { token: string; id: string };
let supervisor: string;
const call = liveCall({ phase: 'talking' });

beforeEach(async () => {
  box = await httpBox();
  await box.db.write((tx) => tx.agents.insert(agentRow({ id: '2001' })));
  box.ports.world.agents.push(liveAgent({ id: '2001', station: 1001, state: 'talking' }));
  box.ports.world.calls.push(call);
  supervisor = (await box.signIn('supervisor')).token;
  const { token, user } = await box.signIn('agent');
  await box.db.write((tx) => tx.users.update(user.id, { agentId: '2001' }));
  agent = { token, id: user.id };
});

const act = (token: string, body: unknown, path = `/calls/${call.id}/actions`): Promise<Answer> =>
  box.ask('POST', `/api/v1${path}`, { token, body });
const outcome = (answer: Answer) => [answer.status, codeOf(answer)];

describe('an agent', () => {
  test('acts at the telephone where he is signed in, and at no other', async () => {
    expect((await act(agent.token, { action: 'hold' })).status).toBe(200);
    expect((await act(agent.token, { action: 'consult', to: '1002', station: 1001 })).status).toBe(200);
    expect(box.ports.asked).toEqual(['hold 1001', 'consult 1001']);
    expect(outcome(await act(agent.token, { action: 'hold', station: 1002 }))).toEqual([404, 'call_not_found']);
  });

  test('calls from there, once he is signed in', async () => {
    expect((await act(agent.token, { to: '13800138000' }, '/calls')).status).toBe(201);
    expect(box.ports.asked).toEqual(['call 13800138000 from 1001']);
    box.ports.world.agents[0] = liveAgent({ id: '2001', station: null, state: 'signedOut' });
    expect(outcome(await act(agent.token, { to: '110' }, '/calls'))).toEqual([409, 'agent_signed_out']);
    expect(outcome(await act(agent.token, { action: 'hold' }))).toEqual([404, 'call_not_found']);
  });

  test('supervises nobody', async () => {
    const body = { action: 'monitor', station: 1001, mode: 'listen' };
    expect((await act(agent.token, body, `/calls/${call.id}/supervise`)).status).toBe(403);
    expect(box.ports.asked).toEqual([]);
  });
});

describe('a supervisor', () => {
  test('acts in the name of others, and for himself where he says', async () => {
    expect((await act(supervisor, { action: 'hangUp', station: 1001 })).status).toBe(200);
    const body = { action: 'monitor', station: 1009, mode: 'whisper' };
    expect((await act(supervisor, body, `/calls/${call.id}/supervise`)).status).toBe(200);
    expect(box.ports.asked[0]).toBe('hangUp 1001');
    expect(box.ports.asked[1]).toMatch(/^monitor by /);
    expect(outcome(await act(supervisor, { action: 'hold' }))).toEqual([404, 'call_not_found']);
  });

  test('is told what is wrong with what he asks for', async () => {
    for (const body of [
      { action: 'explode' },
      { action: 'consult' },
      { action: 'sendDigits', digits: 'x', station: 1 },
    ]) {
      expect(outcome(await act(supervisor, body))).toEqual([400, 'body_invalid']);
    }
    const queue = await act(supervisor, { action: 'transferToQueue', queueId: 'none', station: 1001 });
    expect(outcome(queue)).toEqual([400, 'body_invalid']);
    const other = `/calls/${liveCall().id}/actions`;
    expect(outcome(await act(supervisor, { action: 'hold', station: 1001 }, other))).toEqual([404, 'call_not_found']);
    expect(box.ports.asked).toEqual([]);
  });
});
