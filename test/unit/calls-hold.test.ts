// One of two in talk puts the other on hold.
import { describe, expect, it } from 'vitest';
import type { CallDesk } from '../support/call-desk.js';
import { dials, newest } from '../support/call-desk.js';
import { connections, music, portOf, rung, talk, talkDesk, toStation, type Talk } from '../support/talks.js';
import { turn, until } from '../support/turns.js';

async function talking(): Promise<CallDesk & Talk> {
  const desk = await talkDesk();
  return { ...desk, ...(await talk(desk, 1001, 1002)) };
}

describe('hold', () => {
  it('gives the other one music, and is over when he is taken back', async () => {
    const desk = await talking();
    const { caller, callee } = desk;
    desk.sip.holds(callee);
    await until(() => music(desk).length === 1, 'the music plays');
    expect(desk.engine.sent('play.start')).toEqual([{ port: portOf(caller), files: ['/hold.wav'], loop: true }]);
    expect(connections(desk)).toEqual([]);
    await desk.clock.advance(5000);
    desk.sip.retrieves(callee);
    await until(() => music(desk).length === 0, 'the music stops');
    expect(connections(desk)).toEqual([[portOf(caller), portOf(callee)]]);
    desk.sip.hangsUp(caller);
    const { segments } = await desk.ended(desk.callId);
    const held = segments.find(({ kind }) => kind === 'held')!;
    expect(held.data).toEqual({ by: 'callee' });
    expect(held.endedAt! - held.startedAt).toBe(5000);
    // The talk lasts while one of them waits.
    expect(segments.filter(({ kind }) => kind === 'talk')).toHaveLength(1);
  });

  it('asked for twice is asked for once', async () => {
    const desk = await talking();
    desk.sip.holds(desk.callee);
    desk.sip.holds(desk.callee);
    desk.sip.retrieves(desk.callee);
    desk.sip.retrieves(desk.callee);
    await turn();
    await until(() => music(desk).length === 0, 'the music stops');
    desk.sip.hangsUp(desk.caller);
    const { segments } = await desk.ended(desk.callId);
    expect(segments.filter(({ kind }) => kind === 'held')).toHaveLength(1);
  });

  it('by both is silence, until both have taken the other back', async () => {
    const desk = await talking();
    const { caller, callee } = desk;
    desk.sip.holds(callee);
    await until(() => music(desk).length === 1, 'the caller hears music');
    desk.sip.holds(caller);
    await until(() => music(desk).length === 0, 'nobody hears music');
    desk.sip.retrieves(callee);
    await until(() => music(desk).length === 1, 'the callee hears music');
    expect(music(desk)).toEqual([portOf(callee)]);
    expect(connections(desk)).toEqual([]);
    desk.sip.retrieves(caller);
    await until(() => music(desk).length === 0, 'nobody hears music');
    expect(connections(desk)).toEqual([[portOf(caller), portOf(callee)]]);
  });

  it.each(['caller', 'callee'] as const)('ends with the call when the %s hangs up', async (who) => {
    const desk = await talking();
    desk.sip.holds(desk.callee);
    await until(() => music(desk).length === 1, 'the music plays');
    desk.sip.hangsUp(desk[who]);
    const { segments } = await desk.ended(desk.callId);
    expect(segments.every(({ endedAt }) => endedAt !== null)).toBe(true);
    await until(() => desk.sip.legs.size === 0, 'both have gone');
    await until(() => music(desk).length === 0, 'the music stops');
  });

  it('before the answer is remembered', async () => {
    const desk = await talkDesk();
    const caller = desk.sip.dials(1001, '1002');
    const callee = await rung(desk, 1002);
    desk.sip.holds(caller);
    desk.sip.answers(callee);
    await until(() => newest(desk).phase === 'talking', 'they talk');
    await until(() => music(desk).length === 1, 'the callee hears music');
    expect(music(desk)).toEqual([portOf(callee)]);
    expect(connections(desk)).toEqual([]);
  });

  it('of a leg that is in no call is nothing', async () => {
    const desk = await talking();
    desk.sip.holds(4711);
    await turn();
    expect(connections(desk)).toHaveLength(1);
  });
});

describe('the key of an analog telephone', () => {
  it('puts the other on hold, and takes him back', async () => {
    const desk = await talkDesk();
    desk.plan.numbers.set('1001', toStation(1001));
    const caller = await dials(desk, 1, '1001');
    desk.sip.answers(await rung(desk, 1001));
    await until(() => newest(desk).phase === 'talking', 'they talk');
    desk.engine.emit('leg.flashed', { leg: caller });
    await until(() => music(desk).length === 1, 'the music plays');
    desk.engine.emit('leg.flashed', { leg: caller });
    await until(() => music(desk).length === 0, 'the music stops');
    expect(connections(desk)).toHaveLength(1);
  });
});
