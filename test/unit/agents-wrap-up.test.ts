// Wrap-up, forced states, reasons and pauses of queues: in their time, and as they were after the daemon was ended.
import { describe, expect, it } from 'vitest';
import { agentDesk, startAgents, type AgentDesk } from '../support/agent-desk.js';
import { T0 } from '../support/db-rows.js';

const TIMED = { queueId: 'sales', mode: 'timed', ms: 10_000, limitMs: 15_000 } as const;
const MANUAL = { ...TIMED, mode: 'manual', limitMs: 0 } as const;
const UNTIL = { ...TIMED, mode: 'untilDisposition', limitMs: 60_000 } as const;
const LI = { by: 'li', forced: true };
const SELF = { by: 'lina', forced: false };

async function inTalk(before?: Parameters<typeof agentDesk>[0]): Promise<AgentDesk> {
  const desk = await agentDesk(before);
  await desk.agents.signIn('2001', 1);
  desk.agents.beginOffer('2001', 'CALL');
  desk.agents.beginTalk('2001', 'CALL');
  return desk;
}
const stateOf = (desk: Pick<AgentDesk, 'agents'>): string | undefined => desk.agents.find('2001')?.state;
/** What was begun is on the disk: as the next start of a daemon that was killed finds it. */
const written = (desk: AgentDesk): Promise<unknown> => desk.db.write(() => Promise.resolve());

describe('wrap-up', () => {
  it('ends in its time, even when the wall clock is a moment behind the timer', async () => {
    const desk = await inTalk();
    desk.agents.endTalk('2001', TIMED);
    expect(desk.agents.find('2001')?.wrapUp).toMatchObject({ callId: 'CALL', endsAt: T0 + 10_000 });
    desk.clock.setWall(desk.clock.wallMs() - 1);
    await desk.clock.advance(9_999);
    expect(stateOf(desk)).toBe('wrapUp');
    await desk.clock.advance(1);
    expect(desk.agents.find('2001')).toMatchObject({ state: 'ready', wrapUp: null, callId: null });
  });

  it('lasts for the rest of it after the daemon was killed', async () => {
    const desk = await inTalk();
    desk.agents.endTalk('2001', TIMED);
    await written(desk);
    desk.clock.setWall(T0 + 4_000);
    const next = await startAgents(desk);
    expect(next.agents.find('2001')).toMatchObject({ state: 'wrapUp', since: T0, wrapUp: { endsAt: T0 + 10_000 } });
    await desk.clock.advance(5_999);
    expect(stateOf(next)).toBe('wrapUp');
    await desk.clock.advance(1);
    expect(stateOf(next)).toBe('ready');
  });

  it('is over when it ended while the daemon was away', async () => {
    const desk = await inTalk();
    desk.agents.endTalk('2001', TIMED);
    await written(desk);
    desk.clock.setWall(T0 + 11_000);
    expect(stateOf(await startAgents(desk))).toBe('ready');
  });

  it('is made longer, up to the limit of the queue', async () => {
    const desk = await inTalk();
    await expect(desk.agents.extendWrapUp('2001', 3_000)).rejects.toMatchObject({ code: 'not_in_wrap_up' });
    desk.agents.endTalk('2001', TIMED);
    await desk.agents.extendWrapUp('2001', 3_000);
    await desk.clock.advance(12_999);
    expect(stateOf(desk)).toBe('wrapUp');
    expect((await desk.agents.extendWrapUp('2001', 60_000)).wrapUp?.endsAt).toBe(T0 + 15_000);
    await expect(desk.agents.extendWrapUp('2001', 1_000)).rejects.toMatchObject({ code: 'wrap_up_at_limit' });
    await desk.clock.advance(2_001);
    expect(stateOf(desk)).toBe('ready');
  });

  it('without a time ends when he says so, and is so after a kill', async () => {
    const desk = await inTalk();
    desk.agents.endTalk('2001', MANUAL);
    await written(desk);
    const next = await startAgents(desk);
    await desk.clock.advance(3_600_000);
    expect(stateOf(next)).toBe('wrapUp');
    await next.agents.ready('2001');
    expect(stateOf(next)).toBe('ready');
  });

  it('waits for the disposition where the queue wants one', async () => {
    const desk = await inTalk();
    desk.agents.endTalk('2001', UNTIL);
    await expect(desk.agents.ready('2001')).rejects.toMatchObject({ code: 'disposition_required' });
    desk.agents.settle('2001', 'OTHER');
    expect(stateOf(desk)).toBe('wrapUp');
    desk.agents.settle('2001', 'CALL');
    expect(stateOf(desk)).toBe('ready');
    desk.agents.beginOffer('2001', 'NEXT');
    desk.agents.beginTalk('2001', 'NEXT');
    desk.agents.settle('2001', 'NEXT');
    desk.agents.endTalk('2001', UNTIL);
    expect(stateOf(desk)).toBe('ready');
    desk.agents.beginOffer('2001', 'LAST');
    desk.agents.beginTalk('2001', 'LAST');
    desk.agents.endTalk('2001', UNTIL);
    await desk.clock.advance(60_000);
    expect(stateOf(desk)).toBe('ready');
  });
});

describe('what a supervisor sets', () => {
  it('is done after the call, and told as pending until then', async () => {
    const desk = await inTalk();
    await desk.agents.setState('2001', { state: 'notReady', reason: '3' }, LI);
    expect(desk.agents.find('2001')).toMatchObject({ state: 'talking', pending: { state: 'notReady', reason: '3' } });
    desk.agents.endTalk('2001', TIMED);
    expect(desk.agents.find('2001')).toMatchObject({ state: 'notReady', reason: '3', forced: true, pending: null });
    await written(desk);
    const last = (await desk.db.agentSegments.list({ agentId: '2001' })).at(-1);
    expect(last).toMatchObject({ state: 'notReady', changedBy: 'li', forced: true });
    expect(await desk.db.audit.list({ objectKind: 'agent', limit: 10 })).toMatchObject([
      { actor: 'li', action: 'forced', objectId: '2001', before: { state: 'talking' }, after: { state: 'notReady' } },
    ]);
  });

  it.each([
    ['signedOut', 'signedOut'],
    ['notReady', 'notReady'],
    ['ready', 'ready'],
  ] as const)('%s is not forgotten when the daemon is killed in the call', async (state, becomes) => {
    const desk = await inTalk();
    await desk.agents.setState('2001', { state }, LI);
    expect(stateOf(await startAgents(desk))).toBe(becomes);
  });

  it('holds for one who is rung, too', async () => {
    const desk = await agentDesk();
    await desk.agents.signIn('2001', 1);
    desk.agents.beginOffer('2001', 'CALL');
    await desk.agents.setState('2001', { state: 'signedOut' }, LI);
    desk.agents.withdrawOffer('2001');
    expect(desk.agents.find('2001')).toMatchObject({ state: 'signedOut', station: null });
  });

  it('is no supervisor when he asks himself: no entry', async () => {
    const desk = await agentDesk();
    await desk.agents.signIn('2001', 1);
    await desk.agents.setState('2001', { state: 'notReady' }, SELF);
    expect(desk.agents.find('2001')).toMatchObject({ state: 'notReady', forced: false });
    expect(await desk.db.audit.list({ limit: 10 })).toEqual([]);
  });
});

describe('reasons', () => {
  const reason = { code: '3', nameZh: '用餐', nameEn: 'Meal', paid: false, maxMinutes: 30, position: 0, enabled: true };
  const withReason: Parameters<typeof agentDesk>[0] = (db) => db.write((tx) => tx.desk.insertReason(reason));

  it('are those that are laid down, and overdue after their time, also after a kill', async () => {
    const desk = await agentDesk(withReason);
    await desk.agents.signIn('2001', 1);
    await expect(desk.agents.notReady('2001', '4')).rejects.toMatchObject({ code: 'reason_not_found' });
    await desk.agents.notReady('2001', '3');
    await desk.clock.advance(29 * 60_000);
    const next = await startAgents(desk);
    expect(next.agents.find('2001')).toMatchObject({ reason: '3', since: T0, reasonOverdue: false });
    await desk.clock.advance(60_000);
    expect(next.agents.find('2001')?.reasonOverdue).toBe(true);
    await next.agents.ready('2001');
    expect(next.agents.find('2001')?.reasonOverdue).toBe(false);
  });
});

describe('a queue of his', () => {
  it('is paused and taken up again, and is so after a kill', async () => {
    const desk = await agentDesk();
    await desk.db.write((tx) => tx.agents.update('2001', { queues: ['help', 'sales'] }));
    await desk.agents.signIn('2001', 1);
    await expect(desk.agents.setQueueActive('2001', 'other', false)).rejects.toMatchObject({
      code: 'agent_not_in_queue',
    });
    await desk.agents.setQueueActive('2001', 'help', false);
    expect((await startAgents(desk)).agents.find('2001')?.pausedQueues).toEqual(['help']);
    await desk.agents.setQueueActive('2001', 'help', true);
    expect(desk.agents.find('2001')?.pausedQueues).toEqual([]);
  });
});
