// Agents in calls that no queue gave them: they talk, on every page and in every figure, and are afterwards what they were before.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Box } from '../../daemon/src/main.js';
import { nothingLeaks, signInByPhone, startTestBox, stationFree, waitFor, whileRunning } from '../support/box.js';

let box: Box;
const running = whileRunning();
beforeAll(async () => {
  box = await startTestBox({ env: { CORDBOARD_VIRTUAL_STATIONS: '3' } }, running);
  for (const station of [1, 2, 3]) await signInByPhone(box, `200${station}`, station);
});
afterAll(() => running.end());

const state = (agentId: string, wanted: string): Promise<void> =>
  waitFor(box.live, 'agent.updated', () => box.agents.find(agentId)?.state === wanted);

async function rings(station: number): Promise<void> {
  const { telephones } = box.exchange;
  await waitFor(telephones.events, 'phone.changed', () => telephones.find(station).ringing);
}

it('one calls the other, who is not ready and stays so', async () => {
  await box.agents.setState('2002', { state: 'notReady', reason: '1' }, { by: 'agent', forced: false });
  await box.exchange.lift(1);
  await box.exchange.dial(1, '2#');
  await rings(2);
  expect(box.agents.find('2001')?.state).toBe('ready');
  await box.exchange.lift(2);
  await Promise.all([state('2001', 'talking'), state('2002', 'talking')]);
  const { callId } = box.agents.find('2001')!;
  expect(box.calls.find(callId!)).toMatchObject({ phase: 'talking', agentId: null, queueId: null });
  await box.exchange.hangUpPhone(1);
  await Promise.all([state('2001', 'ready'), state('2002', 'notReady')]);
  await box.exchange.hangUpPhone(2);
  for (const station of [1, 2]) await stationFree(box, station);
  await nothingLeaks(box);
});

it('an agent calls out, and puts his partner through to a colleague', async () => {
  box.exchange.subscribers.setPlan('13800138001', { answerAfterMs: 100 });
  await box.exchange.lift(1);
  await box.exchange.dial(1, '013800138001#');
  await state('2001', 'talking');
  const { callId } = box.agents.find('2001')!;
  await box.calls.act(callId!, 1, { action: 'transfer', to: '3' });
  await rings(3);
  await box.exchange.lift(3);
  await Promise.all([state('2003', 'talking'), state('2001', 'ready')]);
  await box.exchange.hangUpPhone(3);
  await state('2003', 'ready');
  for (const station of [1, 3]) await stationFree(box, station);
  await nothingLeaks(box);
});
