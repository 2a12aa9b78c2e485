// Who is signed in where, in which state, and what of it survives the daemon.
import { describe, expect, it } from 'vitest';
import { agentDesk, startAgents, type AgentDesk } from '../support/agent-desk.js';
import { T0, agentRow } from '../support/db-rows.js';
import { until } from '../support/turns.js';

const TIMED = { queueId: 'sales', mode: 'timed', ms: 10_000, limitMs: 0 } as const;
const LI = { by: 'li', forced: true };

async function history(desk: AgentDesk, agentId = '2001'): Promise<string[]> {
  const segments = await desk.db.agentSegments.list({ agentId });
  return segments.map(
    ({ state, reason, endedAt }) => `${state}${reason === null ? '' : ` ${reason}`}${endedAt === null ? ' …' : ''}`,
  );
}

describe('an agent', () => {
  it('is signed in on the disk when signing in resolves', async () => {
    const desk = await agentDesk();
    await desk.agents.signIn('2001', 1);
    expect(await desk.db.agentStates.find('2001')).toMatchObject({
      agentId: '2001',
      state: 'ready',
      reason: null,
      station: 1,
      since: T0,
    });
    expect(desk.agents.atStation(1)?.id).toBe('2001');
  });

  it('moves when he signs in elsewhere', async () => {
    const desk = await agentDesk();
    await desk.agents.signIn('2001', 1);
    await desk.agents.signIn('2001', 2);
    expect(desk.agents.find('2001')).toMatchObject({ state: 'ready', station: 2 });
    expect(desk.agents.atStation(1)).toBeUndefined();
  });

  it('signs out whoever was at his telephone', async () => {
    const desk = await agentDesk();
    await desk.agents.signIn('2001', 1);
    await desk.agents.signIn('2002', 1);
    expect(desk.agents.find('2001')).toMatchObject({ state: 'signedOut', station: null });
    expect(desk.agents.atStation(1)?.id).toBe('2002');
  });

  it('does not drive away one who is in a call', async () => {
    const desk = await agentDesk();
    await desk.agents.signIn('2001', 1);
    desk.agents.beginOffer('2001', 'CALL');
    await expect(desk.agents.signIn('2002', 1)).rejects.toMatchObject({ code: 'agent_busy' });
    expect(desk.agents.find('2002')?.state).toBe('signedOut');
  });

  it('goes through a call and its paperwork', async () => {
    const desk = await agentDesk();
    await desk.agents.signIn('2001', 1);
    expect(desk.agents.beginOffer('2001', 'CALL')).toBe(true);
    expect(desk.agents.find('2001')).toMatchObject({ state: 'ringing', callId: 'CALL' });
    desk.agents.beginTalk('2001', 'CALL');
    desk.agents.endTalk('2001', TIMED);
    expect(desk.agents.find('2001')).toMatchObject({ state: 'wrapUp', callId: 'CALL' });
    desk.agents.endWrapUp('2001');
    expect(desk.agents.find('2001')).toMatchObject({ state: 'ready', callId: null });
    await desk.agents.stop();
    expect(await history(desk)).toEqual(['ready', 'ringing', 'talking', 'wrapUp', 'ready']);
  });

  it('is what he was before when he has picked up a call of another', async () => {
    const desk = await agentDesk();
    await desk.agents.signIn('2001', 1);
    expect(desk.agents.takerAt(1)).toBe('2001');
    desk.agents.beginTalk('2001', 'CALL');
    expect(desk.agents.find('2001')).toMatchObject({ state: 'talking', callId: 'CALL' });
    desk.agents.endTalk('2001', null);
    expect(desk.agents.find('2001')).toMatchObject({ state: 'ready', callId: null });
    await desk.agents.notReady('2001', '7');
    for (const wrapUp of [false, true]) {
      desk.agents.beginTalk('2001', 'NEXT');
      desk.agents.endTalk('2001', wrapUp ? TIMED : null);
      desk.agents.endWrapUp('2001');
      expect(desk.agents.find('2001')).toMatchObject({ state: 'notReady', reason: '7', callId: null });
    }
    // What he says after the call counts more.
    desk.agents.beginTalk('2001', 'LAST');
    desk.agents.endTalk('2001', TIMED);
    await desk.agents.ready('2001');
    desk.agents.beginTalk('2001', 'MORE');
    desk.agents.endTalk('2001', null);
    expect(desk.agents.find('2001')?.state).toBe('ready');
    desk.agents.beginOffer('2001', 'CALL');
    expect(desk.agents.takerAt(1)).toBeNull();
  });

  it('is not ready, and why, when he does not lift', async () => {
    const desk = await agentDesk();
    await desk.agents.signIn('2001', 1);
    desk.agents.beginOffer('2001', 'CALL');
    desk.agents.missOffer('2001', 'no_answer');
    expect(desk.agents.find('2001')).toMatchObject({ state: 'notReady', reason: 'no_answer', callId: null });
    expect(desk.agents.beginOffer('2001', 'NEXT')).toBe(false);
    await desk.agents.ready('2001');
    expect(desk.agents.find('2001')).toMatchObject({ state: 'ready', reason: null });
  });

  it('cannot be paused or signed out in a call', async () => {
    const desk = await agentDesk();
    await desk.agents.signIn('2001', 1);
    desk.agents.beginOffer('2001', 'CALL');
    await expect(desk.agents.notReady('2001', '1')).rejects.toMatchObject({ code: 'agent_busy' });
    await expect(desk.agents.signOut('2001')).rejects.toMatchObject({ code: 'agent_busy' });
    expect(desk.agents.find('2001')?.state).toBe('ringing');
  });

  it('cannot be made ready before he has signed in', async () => {
    const desk = await agentDesk();
    await expect(desk.agents.setState('2001', { state: 'ready' }, LI)).rejects.toMatchObject({
      code: 'agent_signed_out',
    });
    await expect(desk.agents.setState('9999', { state: 'ready' }, LI)).rejects.toMatchObject({
      code: 'agent_not_found',
    });
  });

  it('ends his paperwork by saying that he is ready; the timer then changes nothing', async () => {
    const desk = await agentDesk();
    await desk.agents.signIn('2001', 1);
    desk.agents.beginOffer('2001', 'CALL');
    desk.agents.beginTalk('2001', 'CALL');
    desk.agents.endTalk('2001', TIMED);
    await desk.agents.notReady('2001', '7');
    desk.agents.endWrapUp('2001');
    expect(desk.agents.find('2001')).toMatchObject({ state: 'notReady', reason: '7' });
  });

  it('is known as soon as he is in the database', async () => {
    const desk = await agentDesk();
    await desk.db.write((tx) => tx.agents.insert(agentRow({ id: '2009' })));
    await until(() => desk.agents.find('2009') !== undefined, 'the agent is known');
    await desk.db.write((tx) => tx.agents.update('2009', { name: 'Other' }));
    await until(() => desk.agents.find('2009')?.name === 'Other', 'the change is known');
    await desk.db.write((tx) => tx.agents.remove('2009'));
    await until(() => desk.agents.find('2009') === undefined, 'the agent has gone');
  });
});

describe('agents after the daemon has ended', () => {
  it.each(['ready', 'ringing', 'talking', 'wrapUp'] as const)(
    'one who was %s is ready at his telephone',
    async (state) => {
      const desk = await agentDesk((db) =>
        db.write((tx) => tx.agentStates.put({ agentId: '2001', state, reason: null, station: 3, since: T0 - 60_000 })),
      );
      expect(desk.agents.find('2001')).toMatchObject({
        ...{ state: 'ready', station: 3, since: state === 'ready' ? T0 - 60_000 : T0 },
      });
      await desk.agents.stop();
      expect(await history(desk)).toEqual(['ready']);
    },
  );

  it('one who was not ready stays so, with his reason', async () => {
    const desk = await agentDesk();
    await desk.agents.signIn('2001', 1);
    await desk.agents.notReady('2001', '5');
    await desk.agents.stop();
    const second = await startAgents(desk);
    expect(second.agents.find('2001')).toMatchObject({ state: 'notReady', reason: '5', station: 1 });
  });

  it('one whose telephone is not there any more is signed out', async () => {
    const desk = await agentDesk((db) =>
      db.write((tx) => tx.agentStates.put({ agentId: '2001', state: 'ready', reason: null, station: 9, since: T0 })),
    );
    expect(desk.agents.find('2001')).toMatchObject({ state: 'signedOut', station: null });
  });

  it('has no open segment after a clean stop', async () => {
    const desk = await agentDesk();
    await desk.agents.signIn('2001', 1);
    await desk.clock.advance(5000);
    await desk.agents.stop();
    expect(await history(desk)).toEqual(['ready']);
    expect((await desk.db.agentStates.find('2001'))?.state).toBe('ready');
  });
});
