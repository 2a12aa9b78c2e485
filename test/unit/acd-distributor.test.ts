// Callers who wait and agents who are ready, brought together: with call control, agents and telephones as they are.
import { describe, expect, it } from 'vitest';
import { QueueBook } from '../../daemon/src/acd/index.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import { T0 } from '../support/db-rows.js';
import { floor, rings, waitingCall, type Floor } from '../support/queue-floor.js';
import { turn, until } from '../support/turns.js';

describe('the distributor', () => {
  it('rings the agent who has been ready longest, plays music meanwhile, and connects', async () => {
    const desk = await floor();
    await desk.ready('2002');
    await desk.ready('2001');
    const { callId, leg } = await waitingCall(desk);
    await rings(desk, 2);
    expect(desk.engine.ringing(1)).toBeUndefined();
    expect(desk.agents.find('2002')).toMatchObject({ state: 'ringing', callId });
    expect(desk.engine.sent('play.start')).toMatchObject([{ files: ['/music.wav'], loop: true }]);
    desk.engine.answerStation(2);
    await until(() => desk.calls.find(callId)?.phase === 'talking', 'they talk');
    expect(desk.agents.find('2002')).toMatchObject({ state: 'talking', callId });
    desk.engine.hangUp(leg);
    await until(() => desk.agents.find('2002')?.state === 'wrapUp', 'he does his paperwork');
    await desk.clock.advance(10_000);
    expect(desk.agents.find('2002')).toMatchObject({ state: 'ready', callId: null });
  });

  it('lets callers wait until an agent is ready', async () => {
    const desk = await floor();
    const { callId } = await waitingCall(desk);
    expect(desk.queues.list()[0]).toMatchObject({ waiting: 1, longestWaitSince: T0, agentsReady: 0 });
    await desk.ready('2001');
    await rings(desk, 1);
    expect(desk.calls.find(callId)?.phase).toBe('offering');
  });

  it('rings two agents at once for two callers', async () => {
    const desk = await floor();
    await desk.ready('2001');
    await desk.ready('2002');
    await waitingCall(desk, 1);
    await waitingCall(desk, 2);
    await rings(desk, 1);
    await rings(desk, 2);
  });

  it('puts a call that nobody took back before those that came later, and its agent aside', async () => {
    const desk = await floor({ ringTimeoutMs: 15_000 });
    await desk.ready('2001');
    const first = await waitingCall(desk, 1);
    await rings(desk, 1);
    await waitingCall(desk, 2);
    await desk.clock.advance(15_000);
    await until(() => desk.agents.find('2001')?.state === 'notReady', 'he is put aside');
    expect(desk.agents.find('2001')?.reason).toBe('no_answer');
    await desk.ready('2002');
    await rings(desk, 2);
    expect(desk.calls.find(first.callId)?.phase).toBe('offering');
    expect(desk.agents.find('2002')?.callId).toBe(first.callId);
  });

  it('puts an agent aside whose telephone fails', async () => {
    const desk = await floor();
    await desk.ready('2001');
    await desk.ready('2002');
    desk.engine.refuse('leg.seize', 'unavailable', 'no line');
    await waitingCall(desk);
    await rings(desk, 2);
    expect(desk.agents.find('2001')).toMatchObject({ state: 'notReady', reason: 'station_failed' });
  });

  it('leaves an agent ready who has lifted for something else, and rings him a little later', async () => {
    const desk = await floor();
    await desk.ready('2001');
    desk.engine.refuse('leg.seize', 'busy', 'off the hook');
    const { callId } = await waitingCall(desk);
    await until(() => desk.engine.sent('leg.seize').length === 1, 'it was tried');
    await until(() => desk.agents.find('2001')?.state === 'ready', 'he is as he was');
    expect(desk.calls.find(callId)?.phase).toBe('queued');
    await desk.clock.advance(1000);
    await rings(desk, 1);
    expect(desk.agents.find('2001')).toMatchObject({ state: 'ringing', callId });
  });

  it('keeps an agent ready whose caller hung up before he lifted', async () => {
    const desk = await floor();
    await desk.ready('2001');
    const { leg } = await waitingCall(desk);
    await rings(desk, 1);
    desk.engine.hangUp(leg);
    await until(() => desk.agents.find('2001')?.state === 'ready', 'he is ready');
    await waitingCall(desk, 2);
    await rings(desk, 1);
  });

  it('asks nobody, again and again, to take a call that is about to end', async () => {
    const desk = await floor();
    const { callId } = await waitingCall(desk);
    desk.engine.hold('leg.release');
    desk.calls.release(callId, 16);
    let told = 0;
    desk.live.on('agent.updated', () => void (told += 1));
    await desk.ready('2001');
    await turn(50);
    // Ready, rung for it, and ready again; the rest of what is tried is tried later.
    expect(told).toBeLessThan(10);
    expect(desk.agents.find('2001')?.state).toBe('ready');
    desk.engine.answer('leg.release');
    expect((await desk.ended(callId)).row.releasedBy).toBe('system');
  });

  it('does not ring a telephone that is off the hook, and rings it when it is put down', async () => {
    const desk = await floor();
    await desk.ready('2001');
    desk.engine.emit('station.hook', { analog: 1, offHook: true });
    await waitingCall(desk);
    await turn();
    expect(desk.engine.ringing(1)).toBeUndefined();
    desk.engine.emit('station.hook', { analog: 1, offHook: false });
    await rings(desk, 1);
  });

  it('sends a caller back into the flow who has waited too long', async () => {
    const desk = await floor({ maxWaitMs: 60_000 });
    const { callId } = await waitingCall(desk);
    await desk.clock.advance(60_000);
    const { row, segments } = await desk.ended(callId);
    expect(row).toMatchObject({ cause: 16, releasedBy: 'system' });
    expect(segments.find(({ kind }) => kind === 'queued')?.data).toMatchObject({ outcome: 'overflow', waitMs: 60_000 });
  });

  it('lets a telephone that rings ring on when its caller has waited too long, then sends him back', async () => {
    const desk = await floor({ maxWaitMs: 20_000, ringTimeoutMs: 15_000 });
    const { callId } = await waitingCall(desk);
    await desk.clock.advance(10_000);
    await desk.ready('2001');
    await rings(desk, 1);
    await desk.clock.advance(9_500);
    expect(desk.calls.find(callId)?.phase).toBe('offering');
    await desk.clock.advance(6_000);
    expect((await desk.ended(callId)).row.releasedBy).toBe('system');
  });

  it('makes an agent ready at once when the queue gives no time for paperwork', async () => {
    const desk = await floor({ wrapUpMs: 0 });
    await desk.ready('2001');
    const { leg } = await waitingCall(desk);
    await rings(desk, 1);
    desk.engine.answerStation(1);
    await until(() => desk.agents.find('2001')?.state === 'talking', 'they talk');
    desk.engine.hangUp(leg);
    await until(() => desk.agents.find('2001')?.state === 'ready', 'he is ready');
  });

  it('does not ring a SIP telephone that is not registered, and rings it when it is', async () => {
    const desk = await floor();
    desk.sip.register(1001, { reachable: false });
    await desk.agents.signIn('2001', 1001);
    await waitingCall(desk);
    await turn();
    expect(desk.sip.seized).toEqual([]);
    desk.sip.register(1001);
    await until(() => desk.sip.legAt(1001) !== undefined, 'it rings');
    expect(desk.agents.find('2001')?.state).toBe('ringing');
  });

  /** Agent 2001 at SIP telephone 1001 talks with a caller of the queue. */
  async function agentTalks(): Promise<Floor & { leg: number; callId: string; agentLeg: number }> {
    const desk = await floor();
    for (const station of [1001, 1002]) {
      desk.sip.register(station);
      desk.plan.numbers.set(String(station), { kind: 'station', station });
    }
    await desk.agents.signIn('2001', 1001);
    const call = await waitingCall(desk);
    await until(() => desk.sip.legAt(1001) !== undefined, 'it rings');
    await turn();
    const agentLeg = desk.sip.legAt(1001)!.leg;
    desk.sip.answers(agentLeg);
    await until(() => desk.agents.find('2001')?.state === 'talking', 'they talk');
    return { ...desk, ...call, agentLeg };
  }

  it('frees an agent who has put his caller through, when somebody has taken him', async () => {
    const desk = await agentTalks();
    desk.sip.refers(desk.agentLeg, { number: '1002' });
    await until(() => desk.sip.legAt(1002) !== undefined, 'it rings');
    await turn();
    expect(desk.agents.find('2001')?.state).toBe('talking');
    desk.sip.answers(desk.sip.legAt(1002)!.leg);
    await until(() => desk.agents.find('2001')?.state === 'wrapUp', 'he does his paperwork');
    expect(desk.calls.find(desk.callId)).toMatchObject({ phase: 'talking', queueId: 'sales', agentId: '2001' });
    desk.engine.hangUp(desk.leg);
    const { row } = await desk.ended(desk.callId);
    expect(row).toMatchObject({ agentId: '2001', releasedBy: 'caller' });
    await desk.clock.advance(10_000);
    expect(desk.agents.find('2001')?.state).toBe('ready');
  });

  it('leaves an agent in talk whose caller comes back because nobody takes him', async () => {
    const desk = await agentTalks();
    desk.sip.refers(desk.agentLeg, { number: '1002' });
    await until(() => desk.sip.legAt(1002) !== undefined, 'it rings');
    await turn();
    desk.sip.hangsUp(desk.sip.legAt(1002)!.leg, 17);
    await until(() => desk.calls.find(desk.callId)?.phase === 'talking', 'they talk again');
    expect(desk.agents.find('2001')?.state).toBe('talking');
    desk.sip.hangsUp(desk.agentLeg);
    expect((await desk.ended(desk.callId)).row.releasedBy).toBe('agent');
    expect(desk.agents.find('2001')?.state).toBe('wrapUp');
  });

  it('leaves an agent in talk who was put through from one call to another', async () => {
    const desk = await agentTalks();
    // 1002 reaches the agent through the queue, and puts him through to 1003.
    desk.engine.hangUp(desk.leg);
    await desk.ended(desk.callId);
    await desk.clock.advance(10_000);
    desk.sip.register(1003);
    desk.plan.numbers.set('1003', { kind: 'station', station: 1003 });
    const first = desk.sip.dials(1002, '95001');
    await until(() => desk.agents.find('2001')?.state === 'ringing', 'the agent is rung');
    await until(() => desk.sip.legAt(1001) !== undefined, 'it rings');
    await turn();
    desk.sip.answers(desk.sip.legAt(1001)!.leg);
    await until(() => desk.agents.find('2001')?.state === 'talking', 'they talk');
    const second = desk.sip.dials(1002, '1003');
    await until(() => desk.sip.legAt(1003) !== undefined, 'it rings');
    await turn();
    desk.sip.answers(desk.sip.legAt(1003)!.leg);
    await until(() => desk.calls.live().every(({ phase }) => phase === 'talking'), 'they talk');
    const [, consulted] = desk.calls.live();
    desk.sip.refers(second, { leg: first });
    await until(() => desk.calls.live().length === 1, 'one call is left');
    await turn();
    expect(desk.agents.find('2001')).toMatchObject({ state: 'talking', callId: consulted!.id });
    desk.sip.hangsUp(desk.sip.legAt(1003)!.leg);
    await until(() => desk.agents.find('2001')?.state === 'wrapUp', 'he does his paperwork');
  });

  it('releases a caller whose queue has gone', async () => {
    const desk = await floor();
    await desk.db.write((tx) => tx.agents.update('2001', { queues: [] }));
    await desk.db.write((tx) => tx.agents.update('2002', { queues: [] }));
    await desk.db.write((tx) => tx.queues.remove('sales'));
    await until(() => desk.queues.find('sales') === undefined, 'the queue has gone');
    const leg = desk.engine.offer();
    await until(() => desk.engine.sent('leg.release').length === 1, 'the caller is released');
    expect(desk.engine.sent('leg.release')).toEqual([{ leg, cause: 16 }]);
  });

  it('leaves no timer behind when it stops', async () => {
    const desk = await floor();
    await waitingCall(desk);
    await desk.calls.stop();
    desk.distributor.stop();
    desk.queues.stop();
    expect(desk.clock.timers).toBe(0);
  });
});

describe("a queue's figures", () => {
  it('count what is stored of the day, also after a restart', async () => {
    const desk = await floor();
    await desk.ready('2001');
    const answered = await waitingCall(desk, 1);
    await rings(desk, 1);
    await desk.clock.advance(4000);
    desk.engine.answerStation(1);
    await until(() => desk.calls.find(answered.callId)?.phase === 'talking', 'they talk');
    const abandoned = await waitingCall(desk, 2);
    desk.engine.hangUp(abandoned.leg);
    desk.engine.hangUp(answered.leg);
    await desk.ended(abandoned.callId);
    await desk.ended(answered.callId);
    const today = { offered: 2, answered: 1, answeredInTime: 1, abandoned: 1, waitTotalMs: 4000 };
    expect(desk.queues.list()[0]).toMatchObject({ waiting: 0, talking: 0, longestWaitSince: null, today });
    const { db, calls, agents, live, clock } = desk;
    const second = new QueueBook({ db, calls, agents, live, clock, log: silentLog });
    await second.start();
    expect(second.list()[0]?.today).toEqual(today);
  });

  it('begin at zero at midnight', async () => {
    const desk = await floor();
    const { leg, callId } = await waitingCall(desk);
    desk.engine.hangUp(leg);
    await desk.ended(callId);
    expect(desk.queues.list()[0]?.today.offered).toBe(1);
    await desk.clock.advance(86_400_000);
    expect(desk.queues.list()[0]?.today.offered).toBe(0);
  });
});
