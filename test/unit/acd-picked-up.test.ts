// Calls that a queue offers to an agent, and that somebody else picks up.
import { describe, expect, it } from 'vitest';
import { portOf } from '../support/talks.js';
import { floor, waitingCall, type Floor } from '../support/queue-floor.js';
import { connections } from '../support/talks.js';
import { turn, until } from '../support/turns.js';

/** 2001 at 1001 is rung for a caller; 2002 is signed in at 1002, nobody at 1003. */
async function offered(): Promise<Floor & { leg: number; callId: string; ringing: number }> {
  const desk = await floor();
  for (const station of [1001, 1002, 1003]) desk.sip.register(station);
  await desk.agents.signIn('2001', 1001);
  await desk.clock.advance(1000);
  await desk.agents.signIn('2002', 1002);
  const call = await waitingCall(desk);
  await until(() => desk.sip.legAt(1001) !== undefined, 'it rings');
  await turn();
  await desk.clock.advance(4000);
  return { ...desk, ...call, ringing: desk.sip.legAt(1001)!.leg };
}

const talking = (desk: Floor & { callId: string }): Promise<void> =>
  until(() => desk.calls.find(desk.callId)?.phase === 'talking', 'they talk');

describe('a call that a queue offers', () => {
  it('is picked up by another agent, who has answered it', async () => {
    const desk = await offered();
    const picker = desk.sip.takesOver(1002, desk.ringing);
    await talking(desk);
    await turn();
    expect(desk.sip.told).toEqual([`release ${desk.ringing} 26`, `answer ${picker}`]);
    expect(desk.engine.sent('bus.connect')).toMatchObject([{ b: portOf(picker) }]);
    expect(desk.agents.find('2001')).toMatchObject({ state: 'ready', callId: null });
    expect(desk.agents.find('2002')).toMatchObject({ state: 'talking', callId: desk.callId });
    const today = { offered: 1, answered: 1, answeredInTime: 1, abandoned: 0, waitTotalMs: 4000 };
    expect(desk.queues.list()[0]).toMatchObject({ waiting: 0, offering: 0, talking: 1, today });
    desk.sip.hangsUp(picker);
    const { row, segments } = await desk.ended(desk.callId);
    expect(row).toMatchObject({ queueId: 'sales', agentId: '2002', releasedBy: 'agent' });
    const data = (kind: string) => segments.find((segment) => segment.kind === kind)?.data;
    expect(data('offer')).toMatchObject({ agentId: '2001', outcome: 'pickedUp', by: 1002 });
    expect(data('queued')).toMatchObject({ outcome: 'answered', agentId: '2002', waitMs: 4000 });
    expect(data('talk')).toMatchObject({ agentId: '2002', station: 1002, queueId: 'sales' });
    expect(desk.agents.find('2002')?.state).toBe('wrapUp');
    await desk.clock.advance(10_000);
    expect(desk.agents.find('2002')?.state).toBe('ready');
  });

  it('is picked up by an agent who is not ready, and is not ready afterwards', async () => {
    const desk = await offered();
    await desk.agents.notReady('2002', '7');
    const picker = desk.sip.takesOver(1002, desk.ringing);
    await talking(desk);
    desk.sip.hangsUp(picker);
    await desk.ended(desk.callId);
    await desk.clock.advance(10_000);
    expect(desk.agents.find('2002')).toMatchObject({ state: 'notReady', reason: '7' });
  });

  it('has left the queue when it is picked up where no agent is', async () => {
    const desk = await offered();
    const picker = desk.sip.takesOver(1003, desk.ringing);
    await talking(desk);
    await turn();
    expect(desk.agents.list().map(({ state }) => state)).toEqual(['ready', 'ready']);
    expect(desk.queues.list()[0]).toMatchObject({
      ...{ waiting: 0, offering: 0 },
      today: { offered: 1, answered: 0, answeredInTime: 0, abandoned: 0, waitTotalMs: 0 },
    });
    desk.sip.hangsUp(picker);
    const { row, segments } = await desk.ended(desk.callId);
    expect(row).toMatchObject({ agentId: null, releasedBy: 'callee' });
    const data = (kind: string) => segments.find((segment) => segment.kind === kind)?.data;
    expect(data('queued')).toMatchObject({ outcome: 'pickedUp', waitMs: 4000 });
    expect(data('talk')).toEqual({ station: 1003, releasedBy: 'callee' });
    expect(desk.seen.slice(-2)).toEqual(['connected', 'released 16 callee talking']);
    // It waits for nobody any more.
    await desk.clock.advance(600_000);
    expect(desk.seen).not.toContain('overflowed');
  });

  it('is answered by its agent when he takes it at another of his telephones', async () => {
    const desk = await offered();
    desk.sip.takesOver(1001, desk.ringing);
    await talking(desk);
    await turn();
    expect(desk.agents.find('2001')).toMatchObject({ state: 'talking', callId: desk.callId });
    expect(desk.queues.list()[0]?.today.answered).toBe(1);
  });

  it('goes back to its place, and its agent with it, when it cannot be picked up', async () => {
    const desk = await offered();
    desk.sip.failAnswer(desk.ringing + 1);
    desk.sip.takesOver(1003, desk.ringing);
    await until(() => desk.seen.includes('requeued'), 'it waits again');
    // Nobody has done anything wrong: the one who has been ready longest is rung.
    await until(() => desk.agents.list().some(({ state }) => state === 'ringing'), 'an agent is rung');
    expect(
      desk.agents
        .list()
        .map(({ state }) => state)
        .sort(),
    ).toEqual(['ready', 'ringing']);
    expect(desk.calls.find(desk.callId)?.phase).toBe('offering');
    expect(connections(desk)).toEqual([]);
  });

  it('is not picked up twice, nor over a trunk, nor by its caller', async () => {
    const desk = await offered();
    desk.sip.addTrunk('b');
    const stranger = desk.sip.takesOver('b', desk.ringing);
    await until(() => desk.sip.told.length > 0, 'it is refused');
    expect(desk.sip.told).toEqual([`release ${stranger} 21`]);
    const first = desk.sip.takesOver(1002, desk.ringing);
    const second = desk.sip.takesOver(1003, desk.ringing);
    await talking(desk);
    await turn();
    expect(desk.sip.told).toContain(`answer ${first}`);
    expect(desk.sip.told).toContain(`release ${second} 101`);
  });

  it('ends for all when its caller hangs up meanwhile', async () => {
    const desk = await offered();
    desk.sip.takesOver(1002, desk.ringing);
    desk.engine.hangUp(desk.leg);
    await desk.ended(desk.callId);
    await until(() => desk.sip.legs.size === 0, 'all have gone');
    expect(desk.agents.find('2001')?.state).toBe('ready');
  });
});
