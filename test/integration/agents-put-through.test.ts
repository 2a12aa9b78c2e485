// Agents who come to a call otherwise than by a queue: asked by a colleague, or put through to. They count as talking, and are as before
// when it is over. Over the virtual card, with telephones that answer by themselves.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AgentState, Call } from '../../daemon/src/contract/index.js';
import { callIn, nothingLeaks, phase, signInByPhone, stationFree, waitFor, whileRunning } from '../support/box.js';
import { startFlowBox, type FlowBox } from '../support/flow-box.js';

const running = whileRunning();
let on: FlowBox;

beforeAll(async () => {
  on = await startFlowBox(running);
  for (const station of [1, 2, 3]) {
    await on.box.exchange.setBehaviour(station, {
      ...{ answer: true, answerAfterMs: 200, play: null, hangUpAfterMs: null, hangUpOnTone: true },
    });
    await signInByPhone(on.box, `200${station}`, station);
    await stationFree(on.box, station);
  }
  // Only the first serves the queue.
  await on.api.request('PUT', '/queues/sales/members', [{ agentId: '2001', position: 0, penalty: 0, weight: 1 }]);
  await on.api.request('PATCH', '/queues/sales', { wrapUpMs: 0, wrapUpMode: 'timed' });
  await on.flow('5301', { start: 'wait', nodes: { wait: { type: 'queue', queue: 'sales' } } });
});
afterAll(() => running.end());

const becomes = (agentId: string, state: AgentState): Promise<void> =>
  waitFor(on.box.live, 'agent.updated', () => on.box.agents.find(agentId)?.state === state);

it('a colleague who is asked, has the caller, and puts him through again', async () => {
  const { callId, exchangeId } = await callIn(on.box, { calledNumber: '5301' });
  await phase(on.box, callId, 'talking');
  expect(on.box.agents.find('2001')).toMatchObject({ state: 'talking', callId });
  const act = (station: number, action: object): Promise<Call> =>
    on.api.request<Call>('POST', `/calls/${callId}/actions`, { station, ...action });

  await act(1, { action: 'consult', to: '2' });
  await becomes('2002', 'talking');
  expect(on.box.agents.find('2002')?.callId).toBe(callId);
  await act(1, { action: 'cancelConsult' });
  await becomes('2002', 'ready');
  expect(on.box.agents.find('2001')?.state).toBe('talking');
  await stationFree(on.box, 2);

  // Who only joined leaves, and the first talks on.
  await act(1, { action: 'consult', to: '2' });
  await becomes('2002', 'talking');
  await act(1, { action: 'merge' });
  await act(2, { action: 'hangUp' });
  await becomes('2002', 'ready');
  expect(on.box.agents.find('2001')).toMatchObject({ state: 'talking', callId });
  await stationFree(on.box, 2);

  await act(1, { action: 'consult', to: '2' });
  await becomes('2002', 'talking');
  await act(1, { action: 'completeConsult' });
  await becomes('2001', 'ready');
  expect(on.box.agents.find('2002')).toMatchObject({ state: 'talking', callId });
  expect(on.box.calls.find(callId)?.agentId).toBe('2002');

  await act(2, { action: 'transfer', to: '3' });
  await becomes('2003', 'talking');
  await becomes('2002', 'ready');
  expect(on.box.calls.find(callId)?.agentId).toBe('2003');
  await on.box.exchange.hangUp(exchangeId);
  await becomes('2003', 'ready');
  const { segments } = await on.story(callId);
  expect(segments.filter(({ kind }) => kind === 'talk').map(({ data }) => data['agentId'])).toEqual([
    ...['2001', '2002', '2003'],
  ]);
  await nothingLeaks(on.box);
});

it('one who was not ready is so again', async () => {
  await stationFree(on.box, 3);
  await on.api.request('POST', '/agents/2003/state', { state: 'notReady', reason: 'lunch' });
  await stationFree(on.box, 1);
  const { callId, exchangeId } = await callIn(on.box, { calledNumber: '5301' });
  await phase(on.box, callId, 'talking');
  await on.api.request('POST', `/calls/${callId}/actions`, { station: 1, action: 'transfer', to: '3' });
  await becomes('2003', 'talking');
  await on.box.exchange.hangUp(exchangeId);
  await becomes('2003', 'notReady');
  expect(on.box.agents.find('2003')?.reason).toBe('lunch');
  await on.story(callId);
});
