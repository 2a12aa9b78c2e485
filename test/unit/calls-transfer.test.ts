// Telephones that put their partner through: to a number, or to the partner of another call of theirs.
import { describe, expect, it } from 'vitest';
import { nextEvent, type CallDesk } from '../support/call-desk.js';
import { connections, music, portOf, rung, talk, talkDesk, type Talk } from '../support/talks.js';
import { turn, until } from '../support/turns.js';

/** A caller from outside talks with 1001. */
async function called(): Promise<CallDesk & Talk> {
  const desk = await talkDesk();
  return { ...desk, ...(await talk(desk, 'a', 1001)) };
}

/** 1001 has called 1002. */
async function calling(): Promise<CallDesk & Talk> {
  const desk = await talkDesk();
  return { ...desk, ...(await talk(desk, 1001, 1002)) };
}

const kinds = (segments: { kind: string }[]): string[] => segments.map(({ kind }) => kind);

describe('a blind transfer', () => {
  it('puts the caller through, who hears music and then that it rings; the call goes on', async () => {
    const desk = await called();
    const { caller, callee, callId } = desk;
    const outcomes = desk.sip.refers(callee, { number: '1002' });
    await until(() => music(desk).length === 1, 'the music plays');
    expect(music(desk)).toEqual([portOf(caller)]);
    const next = await rung(desk, 1002);
    expect(desk.sip.seized.at(-1)).toMatchObject({ calledNumber: '1002', callingNumber: '13800138000' });
    expect(desk.calls.find(callId)?.phase).toBe('dialling');
    expect(outcomes).toEqual([{ state: 'accepted' }]);
    desk.sip.progress(next, 'alerting');
    desk.sip.progress(next, 'alerting');
    expect(outcomes).toEqual([{ state: 'accepted' }, { state: 'alerting' }]);
    await until(() => desk.engine.sent('tone.start').length === 1, 'he hears that it rings');
    const transferred = nextEvent(desk.calls.events, 'call.transferred');
    desk.sip.answers(next);
    expect(await transferred).toMatchObject({ agentId: null, station: 1001 });
    await until(() => desk.calls.find(callId)?.phase === 'talking', 'they talk');
    expect(outcomes.at(-1)).toEqual({ state: 'done' });
    await until(() => music(desk).length === 0, 'the tone stops');
    expect(connections(desk)).toEqual([[portOf(caller), portOf(next)]]);
    // He is told in the dialog of his leg, so before that ends.
    expect(desk.sip.told.slice(-2)).toEqual([`transferred ${callee}`, `release ${callee} 16`]);
    // He was answered long ago, and is recorded on.
    expect(desk.sip.told.filter((what) => what.startsWith(`answer ${caller}`))).toHaveLength(1);
    expect(desk.recorder.started).toMatchObject([{ port: portOf(caller) }]);
    await turn();
    desk.sip.hangsUp(next);
    const { row, segments } = await desk.ended(callId);
    expect(row).toMatchObject({ releasedBy: 'callee', callingNumber: '13800138000', calledNumber: '1001' });
    expect(kinds(segments)).toEqual([
      ...['seized', 'recording', 'dial', 'talk', 'transferred', 'dial', 'talk', 'released'],
    ]);
    expect(segments.find(({ kind }) => kind === 'transferred')?.data).toEqual({
      ...{ by: 1001, to: '1002', outcome: 'answered' },
    });
    await until(() => desk.sip.legs.size === 0, 'all have gone');
    expect(desk.clock.timers).toBe(0);
  });

  it('by the one who called puts the called one through, who is recorded from then on', async () => {
    const desk = await calling();
    const { caller, callee, callId } = desk;
    desk.sip.refers(caller, { number: '1003' });
    const next = await rung(desk, 1003);
    expect(desk.sip.seized.at(-1)).toMatchObject({ callingNumber: '1002' });
    // The one who put him through hangs up at once, as most telephones do.
    desk.sip.hangsUp(caller);
    await turn();
    expect(desk.calls.find(callId)?.phase).toBe('dialling');
    desk.sip.answers(next);
    await until(() => desk.calls.find(callId)?.phase === 'talking', 'they talk');
    expect(connections(desk)).toEqual([[portOf(callee), portOf(next)]]);
    await until(() => desk.recorder.started.length === 2, 'he is recorded');
    expect(desk.recorder.started.map(({ port, row }) => [port, row.path])).toEqual([
      [portOf(caller), `${callId}-1.wav`],
      [portOf(callee), `${callId}-2.wav`],
    ]);
    desk.sip.hangsUp(callee);
    expect((await desk.ended(callId)).row).toMatchObject({ releasedBy: 'callee', callingNumber: '1001' });
    await until(() => desk.sip.legs.size === 0, 'all have gone');
  });

  it('to outside is what the telephone may dial that asks for it, not the caller', async () => {
    const desk = await called();
    desk.sip.refers(desk.callee, { number: '9' });
    await rung(desk, 'a');
    expect(desk.plan.asked.at(-1)).toEqual({ number: '9', from: { station: 1001, trunk: null } });
    const { callingNumber, divertedFrom } = desk.sip.seized.at(-1)!;
    expect([callingNumber, divertedFrom]).toEqual(['1', '1']);
  });

  it('into a flow leaves the caller there', async () => {
    const desk = await called();
    const outcomes = desk.sip.refers(desk.callee, { number: '95001' });
    await until(() => desk.calls.find(desk.callId)?.phase === 'inFlow', 'the flow runs');
    expect(outcomes).toEqual([{ state: 'accepted' }, { state: 'done' }]);
    expect(desk.sip.told.at(-1)).toBe(`release ${desk.callee} 16`);
    await until(() => desk.engine.sent('detector.set').at(-1)?.dtmf === true, 'his keys are listened for');
    expect(desk.engine.sent('detector.set').at(-1)?.port).toBe(portOf(desk.caller));
    expect(connections(desk)).toEqual([]);
    desk.sip.hangsUp(desk.caller);
    expect((await desk.ended(desk.callId)).row).toMatchObject({ releasedBy: 'caller', flowId: 'main' });
  });

  it.each([
    ['nobody has the number', '404', 1],
    ['the number is incomplete', '100', 28],
    ['it is no number', 'sip:evil', 28],
  ])('is refused when %s, and nothing has happened', async (_what, number, cause) => {
    const desk = await called();
    const outcomes = desk.sip.refers(desk.callee, { number });
    await until(() => outcomes.length === 1, 'it is refused');
    expect(outcomes).toEqual([{ state: 'failed', cause }]);
    expect(desk.calls.find(desk.callId)?.phase).toBe('talking');
    expect(connections(desk)).toHaveLength(1);
  });

  it('is refused when the plan fails, and nothing has happened', async () => {
    const desk = await called();
    desk.plan.broken = true;
    const outcomes = desk.sip.refers(desk.callee, { number: '1002' });
    await until(() => outcomes.length === 1, 'it is refused');
    expect(outcomes).toEqual([{ state: 'failed', cause: 41 }]);
    expect(desk.calls.find(desk.callId)?.phase).toBe('talking');
  });

  it('is nothing that one who calls in may ask for', async () => {
    const desk = await called();
    const outcomes = desk.sip.refers(desk.caller, { number: '1002' });
    await until(() => outcomes.length === 1, 'it is refused');
    expect(outcomes).toEqual([{ state: 'failed', cause: 21 }]);
    expect(desk.plan.asked).toHaveLength(1);
  });

  it('is refused by one who talks with nobody', async () => {
    const desk = await talkDesk();
    const caller = desk.sip.dials(1001, '1002');
    await rung(desk, 1002);
    expect(desk.sip.refers(caller, { number: '1003' })).toEqual([{ state: 'failed', cause: 101 }]);
    expect(desk.sip.refers(4711, { number: '1003' })).toEqual([{ state: 'failed', cause: 101 }]);
  });

  it('asked for twice is done once', async () => {
    const desk = await called();
    const first = desk.sip.refers(desk.callee, { number: '1002' });
    const second = desk.sip.refers(desk.callee, { number: '1003' });
    await rung(desk, 1002);
    expect(first).toEqual([{ state: 'accepted' }]);
    expect(second).toEqual([{ state: 'failed', cause: 101 }]);
    expect(desk.sip.legAt(1003)).toBeUndefined();
  });

  it('to one who does not want gives the caller back', async () => {
    const desk = await called();
    const { caller, callee, callId } = desk;
    const outcomes = desk.sip.refers(callee, { number: '1002' });
    const next = await rung(desk, 1002);
    desk.sip.progress(next, 'alerting');
    await until(() => desk.engine.sent('tone.start').length === 1, 'he hears that it rings');
    desk.sip.hangsUp(next, 17);
    await until(() => desk.calls.find(callId)?.phase === 'talking', 'they talk again');
    expect(outcomes.at(-1)).toEqual({ state: 'failed', cause: 17 });
    await until(() => music(desk).length === 0, 'the tone stops');
    expect(connections(desk)).toEqual([[portOf(caller), portOf(callee)]]);
    expect(desk.seen).not.toContain('transferred');
    desk.sip.hangsUp(callee);
    const { row, segments } = await desk.ended(callId);
    expect(row.releasedBy).toBe('callee');
    expect(segments.find(({ kind }) => kind === 'transferred')?.data).toMatchObject({ outcome: 'failed', cause: 17 });
  });

  it('that fails gives the caller back as he was: on hold', async () => {
    const desk = await called();
    const { caller, callee, callId } = desk;
    desk.sip.holds(callee);
    await until(() => music(desk).length === 1, 'the music plays');
    desk.sip.refers(callee, { number: '1002' });
    desk.sip.hangsUp(await rung(desk, 1002), 17);
    await until(() => desk.calls.find(callId)?.phase === 'talking', 'they are back');
    await until(() => music(desk).length === 1, 'the music plays');
    expect(connections(desk)).toEqual([]);
    desk.sip.retrieves(callee);
    await until(() => music(desk).length === 0, 'the music stops');
    expect(connections(desk)).toEqual([[portOf(caller), portOf(callee)]]);
  });

  it('of one who was on hold ends the hold with the answer', async () => {
    const desk = await called();
    const { caller, callee, callId } = desk;
    desk.sip.holds(callee);
    desk.sip.refers(callee, { number: '1002' });
    const next = await rung(desk, 1002);
    desk.sip.answers(next);
    await until(() => desk.calls.find(callId)?.phase === 'talking', 'they talk');
    await until(() => music(desk).length === 0, 'the music stops');
    expect(connections(desk)).toEqual([[portOf(caller), portOf(next)]]);
    // What crosses the release on the wire means nothing.
    desk.sip.retrieves(callee);
    expect(connections(desk)).toEqual([[portOf(caller), portOf(next)]]);
  });

  it('of one who puts himself on hold meanwhile lets the new one wait', async () => {
    const desk = await called();
    desk.sip.refers(desk.callee, { number: '1002' });
    const next = await rung(desk, 1002);
    desk.sip.holds(desk.caller);
    desk.sip.answers(next);
    await until(() => desk.calls.find(desk.callId)?.phase === 'talking', 'they talk');
    await until(() => music(desk).length === 1, 'the new one hears music');
    await until(() => music(desk)[0] === portOf(next), 'the new one hears it');
    expect(connections(desk)).toEqual([]);
  });

  it('that fails when the one who asked has gone rings him back', async () => {
    const desk = await called();
    const { caller, callee, callId } = desk;
    const outcomes = desk.sip.refers(callee, { number: '1002' });
    const next = await rung(desk, 1002);
    desk.sip.hangsUp(callee);
    expect(desk.seen).toContain('transferred');
    desk.sip.hangsUp(next, 21);
    const again = await rung(desk, 1001);
    expect(outcomes.at(-1)).toEqual({ state: 'failed', cause: 21 });
    desk.sip.answers(again);
    await until(() => desk.calls.find(callId)?.phase === 'talking', 'they talk again');
    expect(connections(desk)).toEqual([[portOf(caller), portOf(again)]]);
  });

  it('that nobody answers in the end releases the caller with the cause of the first', async () => {
    const desk = await called();
    const { caller, callee, callId } = desk;
    desk.sip.refers(callee, { number: '1002' });
    const next = await rung(desk, 1002);
    desk.sip.hangsUp(callee);
    desk.sip.hangsUp(next, 21);
    const again = await rung(desk, 1001);
    await desk.clock.advance(60_000);
    const { row } = await desk.ended(callId);
    expect(row).toMatchObject({ cause: 21, releasedBy: 'system' });
    expect(desk.sip.told.slice(-2).sort()).toEqual([`release ${caller} 21`, `release ${again} 19`].sort());
  });

  it('is over when the one who is put through hangs up; the one who asked is told and released', async () => {
    const desk = await called();
    const { caller, callee, callId } = desk;
    const outcomes = desk.sip.refers(callee, { number: '1002' });
    const next = await rung(desk, 1002);
    desk.sip.hangsUp(caller);
    const { row, segments } = await desk.ended(callId);
    expect(row).toMatchObject({ releasedBy: 'caller' });
    expect(outcomes.at(-1)).toEqual({ state: 'failed', cause: 16 });
    expect(segments.find(({ kind }) => kind === 'transferred')?.data).toMatchObject({ outcome: 'callerGone' });
    await until(() => desk.sip.legs.size === 0, 'all have gone');
    expect([...desk.sip.told].sort().filter((what) => what.startsWith('release'))).toEqual(
      [`release ${callee} 16`, `release ${next} 16`].sort(),
    );
    expect(desk.clock.timers).toBe(0);
  });

  it('is not connected when the answer and the end of the caller cross', async () => {
    const desk = await called();
    desk.sip.refers(desk.callee, { number: '1002' });
    const next = await rung(desk, 1002);
    const before = desk.engine.sent('bus.connect').length;
    desk.sip.answers(next);
    desk.sip.hangsUp(desk.caller);
    await desk.ended(desk.callId);
    await until(() => desk.sip.legs.size === 0, 'all have gone');
    expect(desk.engine.sent('bus.connect')).toHaveLength(before);
  });
});

describe('an attended transfer', () => {
  /** 1001 was called from outside and has called 1002. */
  async function consulting() {
    const desk = await called();
    desk.sip.holds(desk.callee);
    const other = await talk(desk, 1001, 1002);
    return { ...desk, other };
  }

  it('connects the two that are left; the first call goes on with its recording, the second one ends', async () => {
    const desk = await consulting();
    const { caller, callee, callId, other } = desk;
    const outcomes = desk.sip.refers(callee, { leg: other.caller });
    await until(() => desk.sip.legs.size === 2, 'the telephone is out of both');
    expect(outcomes).toEqual([{ state: 'done' }]);
    expect(connections(desk)).toEqual([[portOf(caller), portOf(other.callee)]]);
    await until(() => music(desk).length === 0, 'the music stops');
    const ended = await desk.ended(other.callId);
    expect(ended.row).toMatchObject({ cause: 16, releasedBy: 'caller' });
    expect(ended.segments.find(({ kind }) => kind === 'transferred')?.data).toEqual({ by: 1001, callId });
    expect(desk.calls.live().map(({ id }) => id)).toEqual([callId]);
    expect(desk.calls.find(callId)?.phase).toBe('talking');
    // The caller's recording goes on; that of the telephone ends with its leg.
    expect(desk.recorder.started.map(({ port }) => port)).toEqual([portOf(caller), portOf(other.caller)]);
    expect(desk.recorder.stopped).toEqual([]);
    desk.sip.hangsUp(other.callee);
    const { row, segments } = await desk.ended(callId);
    expect(row).toMatchObject({ releasedBy: 'callee' });
    expect(segments.filter(({ kind }) => kind === 'talk')).toHaveLength(2);
    await until(() => desk.sip.legs.size === 0, 'all have gone');
    expect(desk.clock.timers).toBe(0);
  });

  it('keeps the call whose caller stays, whichever was to be put through', async () => {
    const desk = await consulting();
    const { caller, callee, callId, other } = desk;
    // The telephone asks the other way round.
    desk.sip.refers(other.caller, { leg: callee });
    await until(() => desk.calls.live().length === 1, 'one call has ended');
    expect(desk.calls.live().map(({ id }) => id)).toEqual([callId]);
    expect(connections(desk)).toEqual([[portOf(caller), portOf(other.callee)]]);
  });

  it('ends the recording of one who comes over into a call that is recorded', async () => {
    const desk = await called();
    const other = await talk(desk, 'a', 1001);
    desk.sip.refers(desk.callee, { leg: other.callee });
    await until(() => desk.sip.legs.size === 2, 'the telephone is out of both');
    expect(desk.recorder.stopped).toEqual([portOf(other.caller)]);
    expect(connections(desk)).toEqual([[portOf(desk.caller), portOf(other.caller)]]);
    expect((await desk.ended(other.callId)).row).toMatchObject({ releasedBy: 'callee' });
    desk.sip.hangsUp(other.caller);
    expect((await desk.ended(desk.callId)).row).toMatchObject({ releasedBy: 'caller' });
  });

  it('by one who has called both records the one who was to be put through from then on', async () => {
    const desk = await calling();
    const other = await talk(desk, 1001, 1003);
    desk.sip.refers(desk.caller, { leg: other.caller });
    await until(() => desk.recorder.started.length === 3, 'he is recorded');
    expect(desk.recorder.started[2]).toMatchObject({ port: portOf(desk.callee), row: { callId: desk.callId } });
    await until(() => desk.sip.legs.size === 2, 'the telephone is out of both');
    expect(connections(desk)).toEqual([[portOf(desk.callee), portOf(other.callee)]]);
    desk.sip.hangsUp(desk.callee);
    await desk.ended(desk.callId);
    await until(() => desk.sip.legs.size === 0, 'all have gone');
  });

  it('keeps a hold that the one who comes over has', async () => {
    const desk = await consulting();
    desk.sip.holds(desk.other.callee);
    desk.sip.refers(desk.callee, { leg: desk.other.caller });
    await until(() => desk.sip.legs.size === 2, 'the telephone is out of both');
    await until(() => music(desk).length === 1, 'the caller hears music');
    expect(music(desk)).toEqual([portOf(desk.caller)]);
    desk.sip.retrieves(desk.other.callee);
    await until(() => connections(desk).length === 1, 'they hear each other');
  });

  it.each([
    ['a leg that is not there', () => 4711],
    ['the same call', (desk: Awaited<ReturnType<typeof consulting>>) => desk.caller],
  ])('is refused with %s', async (_what, legOf) => {
    const desk = await consulting();
    expect(desk.sip.refers(desk.callee, { leg: legOf(desk) })).toEqual([{ state: 'failed', cause: 101 }]);
    expect(desk.calls.live()).toHaveLength(2);
  });

  it('is refused while the other call is not in talk', async () => {
    const desk = await called();
    const second = desk.sip.dials(1001, '1002');
    await rung(desk, 1002);
    expect(desk.sip.refers(desk.callee, { leg: second })).toEqual([{ state: 'failed', cause: 101 }]);
  });

  it("is refused with a strange telephone's call", async () => {
    const desk = await called();
    const strange = await talk(desk, 1003, 1004);
    for (const leg of [strange.caller, strange.callee])
      expect(desk.sip.refers(desk.callee, { leg })).toEqual([{ state: 'failed', cause: 21 }]);
    expect(connections(desk)).toHaveLength(2);
  });
});
