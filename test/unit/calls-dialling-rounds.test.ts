// Groups of telephones and ways out: who is called when, and what is tried after what.
import { describe, expect, it } from 'vitest';
import type { DialResolution } from '../../daemon/src/lines/index.js';
import { newest, nextEvent, type CallDesk } from '../support/call-desk.js';
import { dialDesk, dialSegment, out, portOf as port, rung } from '../support/talks.js';
import { turn, until } from '../support/turns.js';

describe('a group', () => {
  const group = (strategy: 'all' | 'sequence'): DialResolution => ({
    ...{ kind: 'group', strategy, stations: [1001, 1002, 1003], ringTimeoutMs: 10_000 },
  });
  const grouped = async (strategy: 'all' | 'sequence'): Promise<CallDesk & { caller: number }> => {
    const desk = await dialDesk();
    desk.plan.numbers.set('7', group(strategy));
    return { ...desk, caller: desk.sip.dials(1001, '7') };
  };

  it('rings all at once but the caller; the first wins, the others stop', async () => {
    const desk = await grouped('all');
    const [one, two] = [await rung(desk, 1002), await rung(desk, 1003)];
    expect(desk.sip.legAt(1001)).toBeUndefined();
    desk.sip.progress(one, 'alerting');
    desk.sip.progress(two, 'inband');
    expect(desk.sip.told).toEqual([`alert ${desk.caller}`]);
    expect(desk.engine.sent('bus.listen')).toEqual([]);
    desk.sip.answers(two);
    await until(() => newest(desk).phase === 'talking', 'they talk');
    await turn();
    expect(desk.sip.told).toContain(`release ${one} 26`);
    expect(desk.engine.sent('bus.connect')).toEqual([{ a: port(desk.caller), b: port(two) }]);
  });

  it('is not answered by two at the same moment', async () => {
    const desk = await grouped('all');
    const [one, two] = [await rung(desk, 1002), await rung(desk, 1003)];
    desk.sip.answers(one);
    desk.sip.answers(two);
    await until(() => newest(desk).phase === 'talking', 'they talk');
    await until(() => desk.sip.legs.size === 2, 'the other is released');
    expect(desk.engine.sent('bus.connect')).toEqual([{ a: port(desk.caller), b: port(one) }]);
    expect(desk.seen.filter((event) => event === 'connected')).toHaveLength(1);
    // The end of the one that lost is nobody's end.
    await turn();
    expect(newest(desk).phase).toBe('talking');
  });

  it('goes on ringing when one of it is busy, and is over when the last one is', async () => {
    const desk = await grouped('all');
    const [one, two] = [await rung(desk, 1002), await rung(desk, 1003)];
    desk.sip.hangsUp(one, 17);
    expect(newest(desk).phase).toBe('dialling');
    desk.sip.hangsUp(two, 21);
    await until(() => desk.sip.told.length === 1, 'the caller is released');
    expect(desk.sip.told).toEqual([`release ${desk.caller} 21`]);
  });

  it('rings one after the other, each for its time', async () => {
    const desk = await grouped('sequence');
    const one = await rung(desk, 1002);
    expect(desk.sip.legAt(1003)).toBeUndefined();
    await desk.clock.advance(10_000);
    const two = await rung(desk, 1003);
    expect(desk.sip.told).toEqual([`release ${one} 19`]);
    desk.sip.hangsUp(two, 17);
    const { segments } = await desk.ended((await nextEvent(desk.calls.events, 'call.released')).call.id);
    expect(dialSegment(segments)).toMatchObject({
      outcome: 'failed',
      cause: 17,
      attempts: [
        { to: 'station 1002', outcome: 'noAnswer', cause: 19, ms: 10_000 },
        { to: 'station 1003', outcome: 'failed', cause: 17 },
      ],
    });
  });

  it('of nobody but the caller is busy', async () => {
    const desk = await dialDesk();
    desk.plan.numbers.set('7', { kind: 'group', strategy: 'all', stations: [1001], ringTimeoutMs: 1000 });
    const caller = desk.sip.dials(1001, '7');
    await until(() => desk.sip.told.length === 1, 'it is released');
    expect(desk.sip.told).toEqual([`release ${caller} 17`]);
  });
});

describe('a way out', () => {
  it('is tried over the next trunk when the first has no room', async () => {
    const desk = await dialDesk();
    desk.sip.refuse({ kind: 'trunk', trunk: 'a' }, 34);
    desk.sip.dials(1001, '9');
    await rung(desk, 'b');
    expect(desk.sip.seized.map(({ calledNumber, callingNumber }) => [calledNumber, callingNumber])).toEqual([
      ['a-13800138000', '66668888'],
      ['b-13800138000', '66668888'],
    ]);
    expect(newest(desk).direction).toBe('out');
  });

  it('is tried over the next trunk when the network fails', async () => {
    const desk = await dialDesk();
    const caller = desk.sip.dials(1001, '9');
    const first = await rung(desk, 'a');
    desk.sip.progress(first, 'inband');
    desk.sip.hangsUp(first, 38);
    const second = await rung(desk, 'b');
    // His telephone has been told that there is something to hear: the tone is ours now.
    desk.sip.progress(second, 'alerting');
    await until(() => desk.engine.plays.size === 1, 'the tone plays');
    expect(desk.engine.sent('tone.start')).toEqual([{ port: port(caller), tone: 'ringback' }]);
    desk.sip.answers(second);
    await until(() => desk.engine.plays.size === 0, 'the tone has stopped');
    expect(newest(desk).phase).toBe('talking');
  });

  it.each([1, 17, 19, 21])('is not tried again when the called party says so: cause %i', async (cause) => {
    const desk = await dialDesk();
    const caller = desk.sip.dials(1001, '9');
    desk.sip.hangsUp(await rung(desk, 'a'), cause);
    await until(() => desk.sip.told.length === 1, 'the caller is released');
    expect(desk.sip.told).toEqual([`release ${caller} ${cause}`]);
    expect(desk.sip.seized).toHaveLength(1);
  });

  it('to the police is tried over every trunk, whatever one says of the number', async () => {
    const desk = await dialDesk();
    desk.plan.numbers.set('110', { ...out('a', 'b'), emergency: true } as DialResolution);
    desk.sip.dials(1001, '110');
    desk.sip.hangsUp(await rung(desk, 'a'), 1);
    await rung(desk, 'b');
    expect(desk.sip.seized.map(({ emergency }) => emergency)).toEqual([true, true]);
  });

  it('that leads over a trunk which has gone is no way', async () => {
    const desk = await dialDesk();
    desk.plan.numbers.set('8', out('gone'));
    const caller = desk.sip.dials(1001, '8');
    await until(() => desk.sip.told.length === 1, 'the caller is released');
    expect(desk.sip.told).toEqual([`release ${caller} 3`]);
  });

  it('with nothing to try is no way', async () => {
    const desk = await dialDesk();
    desk.plan.numbers.set('8', out());
    const caller = desk.sip.dials(1001, '8');
    await until(() => desk.sip.told.length === 1, 'the caller is released');
    expect(desk.sip.told).toEqual([`release ${caller} 3`]);
  });

  it('withholds the number where the plan has none', async () => {
    const desk = await dialDesk();
    desk.plan.numbers.set('8', { kind: 'out', attempts: [{ trunk: 'a', number: '1', callingNumber: '' }] });
    desk.sip.dials(1001, '8', 'Lina');
    await rung(desk, 'a');
    expect(desk.sip.seized[0]).toMatchObject({ privacy: true });
  });

  it('tells a trunk the number and that nobody is to see it, when the plan says so', async () => {
    const desk = await dialDesk();
    const attempt = { trunk: 'a', number: '1', callingNumber: '66668888', privacy: true };
    desk.plan.numbers.set('8', { kind: 'out', attempts: [attempt] });
    desk.sip.dials(1001, '8', 'Lina');
    await rung(desk, 'a');
    expect(desk.sip.seized[0]).toMatchObject({ callingNumber: '66668888', privacy: true });
  });
});
