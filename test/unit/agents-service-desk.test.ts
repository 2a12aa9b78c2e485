// What an agent gets to hear when he dials a service code on a lifted telephone.
import { describe, expect, it } from 'vitest';
import { agentDesk, type AgentDesk } from '../support/agent-desk.js';
import { turn, until } from '../support/turns.js';

function dial(desk: AgentDesk, station: number, digits: string): number {
  const leg = desk.engine.lift(station);
  desk.engine.digit(leg, ...digits);
  return leg;
}

describe('a lifted telephone', () => {
  it('signs its agent in, says so in his language, and is released', async () => {
    const desk = await agentDesk();
    const leg = dial(desk, 2, '*112001#');
    await until(() => desk.engine.plays.size === 1, 'the prompt plays');
    expect(desk.agents.find('2001')).toMatchObject({ state: 'ready', station: 2 });
    expect(await desk.db.agentStates.find('2001')).toMatchObject({ state: 'ready', station: 2 });
    expect(desk.prompts).toEqual(['en/agent-signed-in']);
    expect(desk.engine.sent('leg.answer')).toEqual([{ leg }]);
    desk.engine.finishPlays();
    await until(() => desk.engine.legs.size === 0, 'the telephone is released');
    expect(desk.clock.timers).toBeLessThanOrEqual(1);
  });

  it('signs out, makes ready and not ready', async () => {
    const desk = await agentDesk();
    await desk.agents.signIn('2001', 1);
    const saying = async (digits: string, prompt: string): Promise<void> => {
      const leg = dial(desk, 1, digits);
      await until(() => desk.prompts.at(-1) === prompt && desk.engine.plays.size === 1, prompt);
      desk.engine.hangUp(leg);
      await turn();
    };
    await saying('*147#', 'en/agent-not-ready');
    expect(desk.agents.find('2001')).toMatchObject({ state: 'notReady', reason: '7' });
    await saying('*13#', 'en/agent-ready');
    expect(desk.agents.find('2001')?.state).toBe('ready');
    await saying('*12#', 'en/agent-signed-out');
    expect(desk.agents.find('2001')).toMatchObject({ state: 'signedOut', station: null });
  });

  it('gives congestion tone for a code there is not, then the telephone up', async () => {
    const desk = await agentDesk();
    dial(desk, 1, '*9');
    await until(() => desk.engine.sent('tone.start').length === 1, 'congestion tone');
    expect(desk.engine.sent('tone.start')[0]).toMatchObject({ tone: 'congestion' });
    await desk.clock.advance(10_000);
    await until(() => desk.engine.legs.size === 0, 'the telephone is released');
  });

  it('gives congestion tone for an agent there is not', async () => {
    const desk = await agentDesk();
    dial(desk, 1, '*119999#');
    await until(() => desk.engine.sent('tone.start').length === 1, 'congestion tone');
    expect(desk.agents.atStation(1)).toBeUndefined();
  });

  it('gives congestion tone when the agent is in a call elsewhere', async () => {
    const desk = await agentDesk();
    await desk.agents.signIn('2001', 2);
    desk.agents.beginOffer('2001', 'CALL');
    dial(desk, 1, '*112001#');
    await until(() => desk.engine.sent('tone.start').length === 1, 'congestion tone');
    expect(desk.agents.find('2001')?.station).toBe(2);
  });

  it('gives congestion tone to who dials nothing for 15 seconds', async () => {
    const desk = await agentDesk();
    desk.engine.lift(1);
    await desk.clock.advance(14_999);
    expect(desk.engine.sent('tone.start')).toEqual([]);
    await desk.clock.advance(1);
    expect(desk.engine.sent('tone.start')).toHaveLength(1);
  });

  it('says when nobody is signed in at it', async () => {
    const desk = await agentDesk();
    dial(desk, 1, '*13#');
    await until(() => desk.prompts.length === 1, 'it is said');
    expect(desk.prompts).toEqual(['en/not-signed-in']);
  });

  it('leaves nothing behind when it is put down in the middle', async () => {
    const desk = await agentDesk();
    const leg = dial(desk, 1, '*112');
    desk.engine.hangUp(leg);
    await turn();
    expect(desk.clock.timers).toBe(0);
    await desk.clock.advance(60_000);
    expect(desk.engine.commands.filter(({ command }) => command !== 'engine.snapshot')).toEqual([]);
  });

  it('is none of the simulator', async () => {
    const desk = await agentDesk();
    desk.engine.offer({ kind: 'line', span: 0, timeslot: 0, analog: 10_001 });
    await turn();
    expect(desk.clock.timers).toBe(0);
  });
});

describe('stations', () => {
  it('ring, talk and are free again, as the engine says', async () => {
    const desk = await agentDesk();
    const { port } = desk.engine.snapshot().analogs[0]!;
    const now = () => desk.stations.find(1);
    desk.engine.emit('leg.progressed', { leg: 77, progress: 'alerting', port });
    await turn();
    expect(now()).toMatchObject({ ringing: true, offHook: false, busy: true });
    desk.engine.emit('leg.answered', { leg: 77, port });
    await turn();
    expect(now()).toMatchObject({ ringing: false, offHook: true, busy: true });
    desk.engine.emit('leg.released', { leg: 77, cause: 16, by: 'remote' });
    await turn();
    expect(now()).toMatchObject({ ringing: false, offHook: false, busy: false });
  });

  it('count as off the hook after a release until the engine has looked', async () => {
    const desk = await agentDesk();
    const { port } = desk.engine.snapshot().analogs[0]!;
    const now = () => desk.stations.find(1);
    desk.engine.emit('leg.answered', { leg: 77, port });
    desk.engine.emit('leg.released', { leg: 77, cause: 16, by: 'local' });
    await turn();
    expect(now()).toMatchObject({ offHook: true, busy: false });
    await desk.clock.advance(700);
    expect(now()).toMatchObject({ offHook: false });
    desk.engine.emit('station.hook', { analog: 1, offHook: true });
    await turn();
    expect(now()).toMatchObject({ offHook: true });
    desk.engine.emit('station.hook', { analog: 1, offHook: false });
    await turn();
    expect(now()).toMatchObject({ offHook: false });
  });
});
