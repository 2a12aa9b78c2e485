// Whoever hangs up, and whenever: the call ends with the right cause, and nothing of it is left on the box.
import { beforeAll, afterAll, describe, expect, it } from 'vitest';
import type { Box } from '../../daemon/src/main.js';
import {
  callIn,
  nothingLeaks,
  phase,
  signInByPhone,
  startTestBox,
  stationFree,
  storedCall,
  waitFor,
  whileRunning,
} from '../support/box.js';
import { until } from '../support/turns.js';

let box: Box;
const running = whileRunning();
beforeAll(async () => {
  box = await startTestBox({ env: { CORDBOARD_VIRTUAL_STATIONS: '3' } }, running);
  // Short times: what is tested is that they end, not how long they are.
  await box.db.write((tx) => tx.queues.update('sales', { ringTimeoutMs: 1500, wrapUpMs: 0, maxWaitMs: 600_000 }));
  await waitFor(box.live, 'queue.updated', () => box.queues.find('sales')?.ringTimeoutMs === 1500);
});
afterAll(() => running.end());

async function queuedCall(): Promise<Awaited<ReturnType<typeof callIn>>> {
  const call = await callIn(box, { digits: '1' });
  await waitFor(box.live, 'call.updated', () =>
    ['queued', 'offering'].includes(box.calls.find(call.callId)?.phase ?? ''),
  );
  return call;
}

async function ready(agentId: string, station: number): Promise<void> {
  await stationFree(box, station);
  await box.agents.signIn(agentId, station);
}

async function talkingCall(station = 1): Promise<Awaited<ReturnType<typeof callIn>>> {
  await ready(String(2000 + station), station);
  const call = await queuedCall();
  await waitFor(box.live, 'station.updated', () => box.stations.find(station)?.ringing === true);
  await waitFor(box.exchange.telephones.events, 'phone.changed', () => box.exchange.telephones.find(station).ringing);
  await box.exchange.lift(station);
  await phase(box, call.callId, 'talking');
  return call;
}

async function over(callId: string): Promise<ReturnType<typeof storedCall>> {
  const stored = await storedCall(box, callId);
  for (const agent of box.agents.list()) if (agent.state !== 'signedOut') await box.agents.signOut(agent.id);
  await nothingLeaks(box);
  return stored;
}

describe('a caller', () => {
  it('of a number that nobody has is turned away with cause 1, and hears nothing', async () => {
    const { callId, exchangeId } = await callIn(box, { calledNumber: '404' });
    const { row, segments } = await over(callId);
    expect(row).toMatchObject({ cause: 1, releasedBy: 'system', answeredAt: null });
    expect(segments.map(({ kind }) => kind)).toEqual(['seized', 'released']);
    await waitFor(
      box.exchange.callers.events,
      'call.changed',
      () => box.exchange.find(exchangeId)?.state === 'released',
    );
    expect(box.exchange.find(exchangeId)).toMatchObject({ cause: 1, releasedBy: 'box', answeredAt: null });
  });

  it('who hangs up in the menu ends the flow and the prompt', async () => {
    const { callId, exchangeId } = await callIn(box);
    await waitFor(box.calls.events, 'call.segment', () => box.calls.find(callId)?.phase === 'inFlow');
    await box.exchange.hangUp(exchangeId);
    const { row, segments } = await over(callId);
    expect(row).toMatchObject({ cause: 16, releasedBy: 'caller' });
    expect(segments.some(({ kind }) => kind === 'queued')).toBe(false);
  });

  it('who presses nothing is said goodbye to', async () => {
    const flow = (await box.db.flows.find('main'))!;
    const menu = flow.definition.nodes['menu']!;
    const nodes = {
      ...flow.definition.nodes,
      menu: { ...menu, timeoutMs: 500, retries: 0 },
    } as typeof flow.definition.nodes;
    const definition = { ...flow.definition, nodes };
    const { version } = await box.db.write((tx) => tx.flows.put({ ...flow, definition }));
    await until(() => box.flows.prepare('main')?.version === version, 'the flow is in force');
    const { callId } = await callIn(box);
    const { row, segments } = await over(callId);
    expect(row).toMatchObject({ cause: 16, releasedBy: 'system' });
    expect(segments.find(({ kind }) => kind === 'menu')?.data).toMatchObject({ failure: 'timeout' });
    await box.db.write((tx) => tx.flows.put(flow));
  });

  it('waits while no agent is free, is not cut off, and abandons when he hangs up', async () => {
    const { callId, exchangeId } = await queuedCall();
    expect(box.queues.list().find(({ id }) => id === 'sales')).toMatchObject({ waiting: 1 });
    await box.exchange.hangUp(exchangeId);
    const { segments } = await over(callId);
    expect(segments.find(({ kind }) => kind === 'queued')?.data).toMatchObject({ outcome: 'abandoned' });
  });

  it('is rung through as soon as an agent is ready', async () => {
    const { callId, exchangeId } = await queuedCall();
    await signInByPhone(box, '2001', 1);
    await phase(box, callId, 'offering');
    await box.exchange.hangUp(exchangeId);
    await over(callId);
  });

  it('who hangs up while the telephone rings stops it, and the agent stays ready', async () => {
    await ready('2001', 1);
    const { callId, exchangeId } = await queuedCall();
    await phase(box, callId, 'offering');
    await box.exchange.hangUp(exchangeId);
    await waitFor(box.live, 'agent.updated', () => box.agents.find('2001')?.state === 'ready');
    await stationFree(box, 1);
    const { segments } = await over(callId);
    expect(segments.find(({ kind }) => kind === 'offer')?.data).toMatchObject({ outcome: 'callerGone' });
  });

  it('who hangs up in the talk frees the telephone', async () => {
    const { callId, exchangeId } = await talkingCall();
    await box.exchange.hangUp(exchangeId);
    const { row } = await over(callId);
    expect(row).toMatchObject({ cause: 16, releasedBy: 'caller' });
    await stationFree(box, 1);
  });
});

describe('an agent', () => {
  it('who hangs up in the talk ends the call with cause 16', async () => {
    const { callId, exchangeId } = await talkingCall();
    await box.exchange.hangUpPhone(1);
    const { row } = await over(callId);
    expect(row).toMatchObject({ cause: 16, releasedBy: 'agent' });
    expect(box.exchange.find(exchangeId)).toMatchObject({ cause: 16, releasedBy: 'box' });
  });

  it('who does not lift is put aside, and the next one is rung', async () => {
    await ready('2001', 1);
    const { callId, exchangeId } = await queuedCall();
    await phase(box, callId, 'offering');
    await ready('2002', 2);
    await waitFor(box.live, 'agent.updated', () => box.agents.find('2002')?.state === 'ringing');
    expect(box.agents.find('2001')).toMatchObject({ state: 'notReady', reason: 'no_answer' });
    await box.exchange.hangUp(exchangeId);
    const { segments } = await over(callId);
    expect(segments.filter(({ kind }) => kind === 'offer').map(({ data }) => data['outcome'])).toEqual([
      'noAnswer',
      'callerGone',
    ]);
  });

  it('whose telephone is off the hook is not rung', async () => {
    await ready('2001', 1);
    await box.exchange.lift(1);
    await waitFor(box.live, 'station.updated', () => box.stations.find(1)?.offHook === true);
    await ready('2002', 2);
    const { callId, exchangeId } = await queuedCall();
    await phase(box, callId, 'offering');
    expect(box.agents.find('2002')?.state).toBe('ringing');
    await box.exchange.hangUpPhone(1);
    await box.exchange.hangUp(exchangeId);
    await over(callId);
  });

  it('who signs in with a wrong number hears congestion tone and is nobody', async () => {
    await box.exchange.lift(3);
    const { legs } = await box.engine.command('engine.snapshot', {});
    expect(legs.filter(({ analog }) => analog === 3)).toHaveLength(1);
    await box.exchange.dial(3, '*119999#');
    expect(box.agents.atStation(3)).toBeUndefined();
    await box.exchange.hangUpPhone(3);
    await stationFree(box, 3);
    await nothingLeaks(box);
  });
});

describe('the box', () => {
  it('connects three callers with three agents at once, each with his own', async () => {
    for (const station of [1, 2, 3]) {
      await ready(String(2000 + station), station);
      box.exchange.telephones.setPlan(station, {
        answer: true,
        answerAfterMs: 100,
        play: null,
        hangUpAfterMs: null,
        hangUpOnTone: true,
      });
    }
    const calls = [await queuedCall(), await queuedCall(), await queuedCall()];
    for (const { callId } of calls) await phase(box, callId, 'talking');
    const agents = calls.map(({ callId }) => box.calls.find(callId)?.agentId);
    expect([...agents].sort()).toEqual(['2001', '2002', '2003']);
    const { connections } = await box.engine.command('engine.snapshot', {});
    expect(connections.filter(({ listener, source }) => listener !== source)).toHaveLength(6);
    for (const { exchangeId } of calls) await box.exchange.hangUp(exchangeId);
    for (const { callId } of calls) await storedCall(box, callId);
    for (const station of [1, 2, 3]) await stationFree(box, station);
    await over(calls[0]!.callId);
  });
});
