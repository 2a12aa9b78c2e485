// What queues do besides choosing: ring several, overflow, let callers out by key, wait for an agent, speak to those who wait.
import { describe, expect, it } from 'vitest';
import { QueueRouting } from '../../daemon/src/contract/index.js';
import { T0, callRow, queueRow } from '../support/db-rows.js';
import { floor, rings, waitingCall, type Floor } from '../support/queue-floor.js';
import { turn, until } from '../support/turns.js';

const SILENT = { position: null, estimate: null, comfort: null, agentNumber: false, whisper: null };

function segmentsOf(desk: Floor, callId: string, kind: string) {
  return desk.ended(callId).then(({ segments }) => segments.filter((one) => one.kind === kind));
}

describe('ring_all', () => {
  it('rings all who are free; who lifts has the call, the others are ready again', async () => {
    const desk = await floor({ strategy: 'ring_all' });
    await desk.ready('2001');
    await desk.ready('2002');
    const { callId, leg } = await waitingCall(desk);
    await rings(desk, 1);
    await rings(desk, 2);
    desk.engine.answerStation(2);
    await until(() => desk.calls.find(callId)?.phase === 'talking', 'they talk');
    expect(desk.agents.find('2002')).toMatchObject({ state: 'talking', callId });
    await until(() => desk.agents.find('2001')?.state === 'ready', 'he is ready again');
    desk.engine.hangUp(leg);
    const offers = await segmentsOf(desk, callId, 'offer');
    expect(offers.map(({ data }) => [data.agentId, data.outcome])).toEqual([
      ['2001', 'withdrawn'],
      ['2002', 'answered'],
    ]);
  });

  it('goes back to its place when nobody lifts', async () => {
    const desk = await floor({ strategy: 'ring_all', ringTimeoutMs: 10_000 });
    await desk.ready('2001');
    await desk.ready('2002');
    const { callId } = await waitingCall(desk);
    await rings(desk, 1);
    await rings(desk, 2);
    await desk.clock.advance(10_000);
    await until(() => desk.calls.find(callId)?.phase === 'queued', 'it waits again');
    for (const id of ['2001', '2002'])
      expect(desk.agents.find(id)).toMatchObject({ state: 'notReady', reason: 'no_answer' });
  });
});

describe('why this agent', () => {
  it('is stored with the call, as data', async () => {
    const desk = await floor();
    await desk.ready('2002');
    await desk.ready('2001');
    const { callId, leg } = await waitingCall(desk);
    await rings(desk, 2);
    desk.engine.hangUp(leg);
    const [offer] = await segmentsOf(desk, callId, 'offer');
    expect(offer?.data.why).toMatchObject({
      ...{ code: 'longest_idle', agentId: '2002', queueId: 'sales', idleMs: 2000, overtookCount: 0 },
      passedOver: [{ agentId: '2001', why: { code: 'ranked_lower', by: 'strategy' } }],
    });
  });
});

describe('why nobody', () => {
  it('is told of each call that waits, with its place and what is known of its wait', async () => {
    const routing = QueueRouting.parse({ skills: [{ skill: 'latin', minLevel: 3 }] });
    const desk = await floor({ routing });
    await desk.ready('2001');
    const { callId } = await waitingCall(desk);
    await desk.clock.advance(3000);
    expect(desk.distributor.waiting('sales', 'en')).toEqual([
      {
        ...{ kind: 'call', callId, position: 1, waitedMs: 3000, points: 5, vip: false },
        why: {
          ...{ code: 'nobody_fits', counts: { skill_missing: 1, signed_out: 1 } },
          text: 'Nobody who is free fits: 1 without a skill that is asked for, 1 signed out.',
        },
        estimate: { code: 'unknown', why: 'no_handling_time' },
      },
    ]);
    const skills = [{ skill: 'latin', level: 3 }];
    await desk.db.write((tx) => tx.abilities.replace('2001', { skills, regions: [], customerLevels: [] }));
    await rings(desk, 1);
    expect(desk.distributor.waiting('sales')).toMatchObject([{ callId, position: null, why: null }]);
  });
});

describe('an agent who does not answer', () => {
  it('stays ready where the queue says so, and is left alone for a while', async () => {
    const desk = await floor({ ringTimeoutMs: 10_000, noAnswer: { action: 'stayReady', misses: 1, restMs: 5000 } });
    await desk.ready('2001');
    await waitingCall(desk);
    await rings(desk, 1);
    await desk.clock.advance(10_000);
    await until(() => desk.agents.find('2001')?.state === 'ready', 'he is ready');
    await turn();
    expect(desk.agents.find('2001')?.state).toBe('ready');
    await desk.clock.advance(5000);
    await until(() => desk.agents.find('2001')?.state === 'ringing', 'he is rung again');
  });

  it('is put aside after as many in a row as the queue says', async () => {
    const desk = await floor({ ringTimeoutMs: 10_000, noAnswer: { action: 'notReady', misses: 2, restMs: 1000 } });
    await desk.ready('2001');
    await waitingCall(desk);
    await rings(desk, 1);
    await desk.clock.advance(10_000);
    await until(() => desk.agents.find('2001')?.state === 'ready', 'he is ready');
    await desk.clock.advance(1000);
    await until(() => desk.agents.find('2001')?.state === 'ringing', 'he is rung again');
    await desk.clock.advance(10_000);
    await until(() => desk.agents.find('2001')?.state === 'notReady', 'he is put aside');
  });
});

describe('leaving a queue', () => {
  it('goes on at once when the queue is full', async () => {
    const desk = await floor({ maxLength: 1 });
    await waitingCall(desk, 1);
    const second = desk.engine.offer({ timeslot: 2 });
    await until(() => desk.engine.sent('leg.release').some(({ leg }) => leg === second), 'he is sent on');
  });

  it('goes to another queue after too long, and waits there', async () => {
    const desk = await floor({ maxWaitMs: 30_000, overflow: { to: 'queue', queueId: 'service' } });
    await desk.db.write((tx) => tx.queues.insert(queueRow({ id: 'service', maxWaitMs: 20_000 })));
    await until(() => desk.queues.find('service') !== undefined, 'the queue is there');
    const { callId } = await waitingCall(desk);
    await desk.clock.advance(30_000);
    expect(desk.calls.find(callId)).toMatchObject({ phase: 'queued', queueId: 'service' });
    expect(desk.queues.list().map(({ id, waiting }) => [id, waiting])).toEqual([
      ['sales', 0],
      ['service', 1],
    ]);
    await desk.clock.advance(20_000);
    const queued = await segmentsOf(desk, callId, 'queued');
    expect(queued.map(({ data }) => [data.queueId, data.outcome, data.waitMs])).toEqual([
      ['sales', 'moved', 30_000],
      ['service', 'overflow', 20_000],
    ]);
  });

  it('ends when two queues lead to each other', async () => {
    const desk = await floor({ maxWaitMs: 1000, overflow: { to: 'queue', queueId: 'service' } });
    const back = { to: 'queue' as const, queueId: 'sales' };
    await desk.db.write((tx) => tx.queues.insert(queueRow({ id: 'service', maxWaitMs: 1000, overflow: back })));
    await until(() => desk.queues.find('service') !== undefined, 'the queue is there');
    const { callId } = await waitingCall(desk);
    await desk.clock.advance(20_000);
    expect(await segmentsOf(desk, callId, 'queued')).toHaveLength(5);
  });

  it('goes on in the flow when its queue has been removed meanwhile', async () => {
    const desk = await floor();
    const { callId } = await waitingCall(desk);
    const { db } = desk;
    await db.write(async (tx) => {
      for (const id of ['2001', '2002']) await tx.agents.update(id, { queues: [] });
      await tx.queues.remove('sales');
    });
    await until(() => desk.queues.find('sales') === undefined, 'the queue has gone');
    await db.write((tx) => tx.agents.update('2001', { queues: ['sales'] }));
    await until(() => desk.agents.find('2001')?.queues.length === 1, 'he is in it');
    await desk.ready('2001');
    expect((await desk.ended(callId)).row.releasedBy).toBe('system');
    expect(desk.agents.find('2001')?.state).toBe('ready');
  });

  it('hangs up where the queue says so', async () => {
    const desk = await floor({ maxWaitMs: 30_000, overflow: { to: 'hangUp' } });
    const { callId } = await waitingCall(desk);
    await desk.clock.advance(30_000);
    expect((await desk.ended(callId)).row).toMatchObject({ cause: 16, releasedBy: 'system' });
  });

  it('goes by a key, and by no other', async () => {
    const desk = await floor({ exits: [{ key: '9', target: { to: 'flow', node: null } }] });
    const { callId, leg } = await waitingCall(desk);
    desk.engine.emit('leg.digit', { leg, digit: '1', source: 'tone' });
    await turn();
    expect(desk.calls.find(callId)?.phase).toBe('queued');
    desk.engine.emit('leg.digit', { leg, digit: '9', source: 'tone' });
    const [queued] = await segmentsOf(desk, callId, 'queued');
    expect(queued?.data).toMatchObject({ outcome: 'key', key: '9' });
  });

  it('does not count who hangs up at once', async () => {
    const desk = await floor({ shortAbandonMs: 5000 });
    const soon = await waitingCall(desk, 1);
    await desk.clock.advance(4000);
    desk.engine.hangUp(soon.leg);
    await desk.ended(soon.callId);
    const later = await waitingCall(desk, 2);
    await desk.clock.advance(5000);
    desk.engine.hangUp(later.leg);
    await desk.ended(later.callId);
    expect(desk.queues.list()[0]?.today).toMatchObject({ offered: 1, abandoned: 1 });
  });
});

describe('the agent whom the caller had last', () => {
  async function secondCall() {
    const routing = QueueRouting.parse({ lastAgentWaitMs: 60_000 });
    const desk = await floor({ routing, wrapUpMs: 30_000 });
    await desk.db.write((tx) =>
      tx.calls.insert(callRow({ state: 'ended', agentId: '2002', startedAt: T0 - 1000, endedAt: T0 - 500 })),
    );
    return desk;
  }

  it('is rung before one who has been idle longer', async () => {
    const desk = await secondCall();
    await desk.ready('2001');
    await desk.ready('2002');
    const { callId } = await waitingCall(desk);
    await rings(desk, 2);
    expect(desk.agents.find('2002')?.callId).toBe(callId);
    expect(desk.engine.ringing(1)).toBeUndefined();
  });

  it('is waited for while he is not ready, and no longer than the queue says', async () => {
    const desk = await secondCall();
    await desk.ready('2001');
    await desk.ready('2002');
    await desk.agents.notReady('2002', '1');
    await waitingCall(desk);
    await desk.clock.advance(59_000);
    expect(desk.engine.ringing(1)).toBeUndefined();
    await desk.clock.advance(1000);
    await rings(desk, 1);
  });
});

describe('those who wait', () => {
  it('hear their place and words of comfort in between, and music again after it', async () => {
    const position = { firstAfterMs: 10_000, everyMs: 60_000 };
    const comfort = { firstAfterMs: 20_000, everyMs: 60_000, prompts: ['please-wait', 'soon'] };
    const desk = await floor({ announcements: { ...SILENT, position, comfort } });
    await waitingCall(desk, 1);
    await desk.clock.advance(1000);
    await waitingCall(desk, 2);
    await desk.clock.advance(85_000);
    const said = desk.engine.sent('play.start').flatMap(({ files, loop }) => (loop ? [] : files));
    expect(said.map((file) => JSON.parse(file.replace('/say/', '')) as object)).toEqual([
      { kind: 'position', position: 1 },
      { kind: 'position', position: 2 },
      { kind: 'prompt', name: 'please-wait' },
      { kind: 'prompt', name: 'please-wait' },
      { kind: 'position', position: 1 },
      { kind: 'position', position: 2 },
      { kind: 'prompt', name: 'soon' },
      { kind: 'prompt', name: 'soon' },
    ]);
  });

  it('are told nothing while a telephone rings for them, and lose no turn by being told', async () => {
    const comfort = { firstAfterMs: 10_000, everyMs: 5000, prompts: ['please-wait'] };
    const desk = await floor({ announcements: { ...SILENT, comfort } });
    const { callId } = await waitingCall(desk);
    await desk.clock.advance(10_000);
    const said = () => desk.engine.sent('play.start').filter(({ loop }) => !loop).length;
    expect(said()).toBe(1);
    await desk.ready('2001');
    await rings(desk, 1);
    await desk.clock.advance(10_000);
    expect(said()).toBe(1);
    desk.engine.answerStation(1);
    await until(() => desk.calls.find(callId)?.phase === 'talking', 'they talk');
    await desk.clock.advance(60_000);
    expect(said()).toBe(1);
  });

  it('and their agent are told who it is before they hear each other', async () => {
    const desk = await floor({ announcements: { ...SILENT, agentNumber: true, whisper: 'sales-call' } });
    await desk.ready('2001');
    const { callId } = await waitingCall(desk);
    await rings(desk, 1);
    desk.engine.answerStation(1);
    const said = () => desk.engine.sent('play.start').filter(({ loop }) => !loop);
    await until(() => said().length === 2, 'both are told');
    expect(said().flatMap(({ files }) => files)).toEqual([
      '/say/{"kind":"prompt","name":"sales-call"}',
      '/say/{"kind":"agent","agentId":"2001"}',
    ]);
    expect(desk.calls.find(callId)?.phase).toBe('offering');
    await desk.clock.advance(10_000);
    await until(() => desk.calls.find(callId)?.phase === 'talking', 'they talk');
    expect(desk.agents.find('2001')).toMatchObject({ state: 'talking', callId });
  });
});

describe('an agent after a talk', () => {
  it('does his paperwork until he says that he is ready, where the queue says so', async () => {
    const desk = await floor({ wrapUpMode: 'manual', wrapUpMs: 1000 });
    await desk.ready('2001');
    const { leg } = await waitingCall(desk);
    await rings(desk, 1);
    desk.engine.answerStation(1);
    await until(() => desk.agents.find('2001')?.state === 'talking', 'they talk');
    desk.engine.hangUp(leg);
    await until(() => desk.agents.find('2001')?.state === 'wrapUp', 'he does his paperwork');
    await desk.clock.advance(600_000);
    expect(desk.agents.find('2001')?.state).toBe('wrapUp');
    await desk.agents.ready('2001');
    expect(desk.agents.find('2001')?.state).toBe('ready');
  });
});
