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
    dial(desk, 1, '*2');
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

describe('a number that is dialled', () => {
  it('is handed over when nothing can follow any more', async () => {
    const desk = await agentDesk();
    const leg = dial(desk, 1, '9500');
    await turn();
    expect(desk.dialled).toEqual([]);
    desk.engine.digit(leg, '1');
    await until(() => desk.dialled.length === 1, 'it is handed over');
    expect(desk.dialled).toEqual([{ leg, number: '95001' }]);
    expect(desk.clock.timers).toBe(0);
    // From here on it is none of the desk's.
    desk.engine.digit(leg, '*', '9');
    await turn();
    expect(desk.engine.sent('tone.start')).toEqual([]);
  });

  it('waits for 4 seconds when more can follow', async () => {
    const desk = await agentDesk();
    desk.plan.numbers.set('950', { kind: 'station', station: 2 });
    const leg = dial(desk, 1, '95');
    await desk.clock.advance(3000);
    desk.engine.digit(leg, '0');
    await desk.clock.advance(3999);
    expect(desk.dialled).toEqual([]);
    await desk.clock.advance(1);
    expect(desk.dialled).toEqual([{ leg, number: '950' }]);
  });

  it('ends with #', async () => {
    const desk = await agentDesk();
    const leg = dial(desk, 1, '95#');
    await until(() => desk.dialled.length === 1, 'it is handed over');
    expect(desk.dialled).toEqual([{ leg, number: '95' }]);
  });

  it('is handed over after a pause when the plan does not answer', async () => {
    const desk = await agentDesk();
    desk.plan.broken = true;
    const leg = dial(desk, 1, '95');
    await desk.clock.advance(4000);
    expect(desk.dialled).toEqual([{ leg, number: '95' }]);
  });

  it('has 24 digits at most', async () => {
    const desk = await agentDesk();
    const long = '9'.repeat(24);
    desk.plan.numbers.set(`${long}9`, { kind: 'incomplete' });
    const leg = dial(desk, 1, `${long}99`);
    await until(() => desk.dialled.length === 1, 'it is handed over');
    expect(desk.dialled).toEqual([{ leg, number: long }]);
  });

  it('gives way to a code that begins anew', async () => {
    const desk = await agentDesk();
    dial(desk, 2, '95*112001#');
    await until(() => desk.agents.find('2001')?.state === 'ready', 'he is signed in');
    await desk.clock.advance(15_000);
    expect(desk.dialled).toEqual([]);
  });

  it.each(['#', 'A', '12A'])('is refused when it is none: %s', async (keys) => {
    const desk = await agentDesk();
    dial(desk, 1, keys);
    await until(() => desk.engine.sent('tone.start').length === 1, 'congestion tone');
    expect(desk.dialled).toEqual([]);
  });

  it('is the whole number, though the plan answers late what it was asked of the beginning', async () => {
    const desk = await agentDesk();
    const answers: ((may: boolean) => void)[] = [];
    desk.plan.mayContinue = () => new Promise((resolve) => void answers.push(resolve));
    const leg = dial(desk, 1, '95');
    await turn();
    answers[0]!(false);
    await turn();
    expect(desk.dialled).toEqual([]);
    answers[1]!(false);
    await turn();
    expect(desk.dialled).toEqual([{ leg, number: '95' }]);
  });

  it('is forgotten when the telephone is put down while the plan is asked', async () => {
    const desk = await agentDesk();
    const leg = dial(desk, 1, '95001');
    desk.engine.hangUp(leg);
    await turn();
    await desk.clock.advance(20_000);
    expect(desk.dialled).toEqual([]);
    expect(desk.clock.timers).toBe(0);
  });
});

describe('a SIP telephone', () => {
  it('sends the number as a whole', async () => {
    const desk = await agentDesk();
    const leg = desk.sip.dials(1001, '95');
    expect(desk.dialled).toEqual([{ leg, number: '95' }]);
  });

  it.each(['*112001#', '*112001'])('signs its agent in with %s', async (code) => {
    const desk = await agentDesk();
    const leg = desk.sip.dials(1001, code);
    await until(() => desk.engine.plays.size === 1, 'the prompt plays');
    expect(desk.sip.told).toEqual([`answer ${leg}`]);
    expect(desk.agents.find('2001')).toMatchObject({ state: 'ready', station: 1001 });
    desk.engine.finishPlays();
    await until(() => desk.sip.legs.size === 0, 'it is released');
    expect(desk.sip.told).toEqual([`answer ${leg}`, `release ${leg} 16`]);
  });

  it('is told that a code is none, and left to say so', async () => {
    const desk = await agentDesk();
    const leg = desk.sip.dials(1001, '*99');
    await until(() => desk.sip.told.length === 1, 'it is released');
    expect(desk.sip.told).toEqual([`release ${leg} 28`]);
    expect(desk.engine.sent('tone.start')).toEqual([]);
    await turn();
    expect(desk.clock.timers).toBe(0);
  });

  it('hears congestion tone when a code was taken and fails', async () => {
    const desk = await agentDesk();
    desk.sip.dials(1001, '*119999#');
    await until(() => desk.engine.sent('tone.start').length === 1, 'congestion tone');
  });
});

describe('the code to pick up a call', () => {
  async function floor() {
    const desk = await agentDesk();
    desk.plan.reach.set('1002', [1002]).set('2', [2]).set('', [1002, 1003]);
    desk.ringing.add(1002);
    return desk;
  }

  it('hands a SIP telephone over to the call that rings there', async () => {
    const desk = await floor();
    const leg = desk.sip.dials(1001, '*81002');
    await until(() => desk.pickedUp.length === 1, 'it is handed over');
    await turn();
    expect(desk.pickedUp).toEqual([{ leg, stations: [1002] }]);
    desk.desk.stop();
    expect([desk.sip.told, desk.prompts, desk.clock.timers]).toEqual([[], [], 0]);
  });

  it('is for the groups of the telephone when no number follows', async () => {
    const desk = await floor();
    const leg = desk.sip.dials(1001, '*8');
    await until(() => desk.pickedUp.length === 1, 'it is handed over');
    expect(desk.pickedUp).toEqual([{ leg, stations: [1002, 1003] }]);
  });

  it.each([
    ['where nothing rings', '*82', 31, 'nothing rings at 2'],
    ['for a number that nobody has', '*81009', 1, 'nobody has the number 1009'],
  ])('tells a SIP telephone %s', async (_what, code, cause, text) => {
    const desk = await floor();
    const leg = desk.sip.dials(1001, code);
    await until(() => desk.sip.legs.size === 0, 'it is released');
    expect(desk.sip.told).toEqual([`release ${leg} ${cause}`]);
    expect(desk.sip.reasons.at(-1)).toBe(text);
    expect(desk.engine.plays.size).toBe(0);
  });

  it('says to an analog telephone that there is nothing', async () => {
    const desk = await floor();
    const leg = dial(desk, 1, '*82#');
    await until(() => desk.engine.plays.size === 1, 'the prompt plays');
    expect(desk.prompts).toEqual(['en/nothing-to-pick-up']);
    expect(desk.engine.sent('leg.answer')).toEqual([{ leg }]);
    desk.engine.finishPlays();
    await until(() => desk.engine.legs.size === 0, 'the telephone is released');
  });

  it('needs no # where nothing can follow, and else ends with a pause', async () => {
    const desk = await floor();
    dial(desk, 1, '*81002');
    await until(() => desk.pickedUp.length === 1, 'at once');
    dial(desk, 2, '*8');
    await turn();
    expect(desk.pickedUp).toHaveLength(1);
    await desk.clock.advance(4000);
    await until(() => desk.pickedUp.length === 2, 'after the pause');
    expect(desk.pickedUp.map(({ stations }) => stations)).toEqual([[1002], [1002, 1003]]);
  });

  it('is nothing any more when the telephone is put down while the plan is asked, and fails when that cannot tell', async () => {
    const desk = await floor();
    const leg = desk.sip.dials(1001, '*81002');
    desk.sip.hangsUp(leg);
    await turn();
    expect(desk.pickedUp).toEqual([]);
    desk.plan.broken = true;
    const other = desk.sip.dials(1001, '*81002');
    await until(() => desk.sip.told.length === 1, 'it is released');
    expect(desk.sip.told).toEqual([`release ${other} 41`]);
  });
});
