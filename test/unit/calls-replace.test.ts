// Legs that take the place of others: calls that are picked up, taken over from another telephone, or handed to who was consulted.
import { describe, expect, it } from 'vitest';
import type { CallDesk } from '../support/call-desk.js';
import { newest } from '../support/call-desk.js';
import { connections, portOf, rung, talk, talkDesk } from '../support/talks.js';
import { turn, until } from '../support/turns.js';

const kinds = (segments: { kind: string }[]): string[] => segments.map(({ kind }) => kind);

/** How the box has answered a leg that came to take a place. */
async function told(desk: CallDesk, leg: number): Promise<string> {
  await until(() => desk.sip.told.some((what) => what.includes(` ${leg}`)), 'the leg is answered or released');
  return desk.sip.told.find((what) => what.includes(` ${leg}`))!;
}

describe('a call that rings', () => {
  it('is picked up by another telephone, and the one that rang rings no more', async () => {
    const desk = await talkDesk();
    const caller = desk.sip.callsIn('a', '1001');
    const { id } = newest(desk);
    const ringing = await rung(desk, 1001);
    desk.sip.progress(ringing, 'alerting');
    const picker = desk.sip.takesOver(1002, ringing);
    await until(() => desk.calls.find(id)?.phase === 'talking', 'they talk');
    expect(await told(desk, picker)).toBe(`answer ${picker}`);
    expect(await told(desk, ringing)).toBe(`release ${ringing} 26`);
    expect(connections(desk)).toEqual([[portOf(caller), portOf(picker)]]);
    await turn();
    desk.sip.hangsUp(picker);
    const { row, segments } = await desk.ended(id);
    expect(row).toMatchObject({ releasedBy: 'callee' });
    expect(segments.find(({ kind }) => kind === 'dial')?.data['attempts']).toMatchObject([
      { to: 'station 1002', pickedUp: 'station 1001', outcome: 'answered' },
    ]);
    expect(segments.find(({ kind }) => kind === 'talk')?.data).toMatchObject({ station: 1002 });
    await until(() => desk.sip.legs.size === 0, 'all have gone');
    expect(desk.clock.timers).toBe(0);
  });

  it('is not picked up over a trunk, nor by the one who calls', async () => {
    const desk = await talkDesk();
    desk.sip.addTrunk('b');
    desk.sip.dials(1001, '1002');
    const ringing = await rung(desk, 1002);
    for (const from of ['a', 1001]) {
      const stranger = desk.sip.takesOver(from, ringing);
      expect(await told(desk, stranger)).toBe(`release ${stranger} 21`);
    }
    expect(desk.sip.legs.has(ringing)).toBe(true);
    expect(newest(desk).phase).toBe('dialling');
  });

  it('is given up when the telephone that picks it up cannot be answered', async () => {
    const desk = await talkDesk();
    desk.sip.callsIn('a', '1001');
    const { id } = newest(desk);
    const ringing = await rung(desk, 1001);
    desk.sip.failAnswer(ringing + 1);
    const picker = desk.sip.takesOver(1002, ringing);
    expect(picker).toBe(ringing + 1);
    expect((await desk.ended(id)).row).toMatchObject({ cause: 41 });
    await until(() => desk.sip.legs.size === 0, 'all have gone');
  });
});

describe('who dials to pick a call up', () => {
  it('has the one that has rung longest at the telephones that he may take it from', async () => {
    const desk = await talkDesk();
    desk.sip.addTrunk('b');
    desk.sip.callsIn('a', '1002');
    const later = desk.clock;
    const first = await rung(desk, 1002);
    const { id } = newest(desk);
    await later.advance(1000);
    desk.sip.callsIn('b', '1001');
    await rung(desk, 1001);
    const picker = desk.sip.dials(1003, '*81001,1002');
    await until(() => desk.calls.find(id)?.phase === 'talking', 'they talk');
    expect(desk.pickedUp).toEqual([true]);
    expect(await told(desk, picker)).toBe(`answer ${picker}`);
    expect(await told(desk, first)).toBe(`release ${first} 26`);
    // The other one still rings, and is nobody's but his who asks for it.
    desk.sip.dials(1004, '*81002');
    expect(desk.pickedUp).toEqual([true, false]);
    desk.sip.dials(1004, '*81001');
    expect(desk.pickedUp).toEqual([true, false, true]);
    await until(() => desk.calls.live().every(({ phase }) => phase === 'talking'), 'all talk');
    const { segments } = await (desk.sip.hangsUp(picker), desk.ended(id));
    expect(segments.find(({ kind }) => kind === 'dial')?.data['attempts']).toMatchObject([
      { to: 'station 1003', pickedUp: 'station 1002', outcome: 'answered' },
    ]);
  });

  it('has not his own call, nor one that is answered', async () => {
    const desk = await talkDesk();
    desk.sip.dials(1001, '1002');
    const callee = await rung(desk, 1002);
    desk.sip.dials(1001, '*81002');
    desk.sip.answers(callee);
    await until(() => newest(desk).phase === 'talking', 'they talk');
    desk.sip.dials(1003, '*81002');
    desk.sip.dials(1003, '*81001');
    expect(desk.pickedUp).toEqual([false, false, false]);
  });
});

describe('who picks a call up at a page', () => {
  it('has it when he lifts his telephone, and the one that rang rings no more', async () => {
    const desk = await talkDesk();
    const caller = desk.sip.callsIn('a', '1001');
    const { id } = newest(desk);
    const ringing = await rung(desk, 1001);
    expect(await desk.calls.pickUpAt(1002, [1001])).toMatchObject({ id, phase: 'dialling' });
    await expect(desk.calls.pickUpAt(1003, [1001])).rejects.toMatchObject({ code: 'nothing_rings' });
    const picker = await rung(desk, 1002);
    expect(desk.sip.legs.has(ringing)).toBe(true);
    desk.sip.answers(picker);
    await until(() => desk.calls.find(id)?.phase === 'talking', 'they talk');
    expect(await told(desk, ringing)).toBe(`release ${ringing} 26`);
    expect(connections(desk)).toEqual([[portOf(caller), portOf(picker)]]);
    desk.sip.hangsUp(picker);
    const { segments } = await desk.ended(id);
    expect(segments.find(({ kind }) => kind === 'dial')?.data['attempts']).toMatchObject([
      { to: 'station 1002', pickedUp: 'station 1001', outcome: 'answered' },
    ]);
    await until(() => desk.sip.legs.size === 0, 'all have gone');
    expect(desk.clock.timers).toBe(0);
  });

  it('rings no more when the other is lifted, the caller gives up, or he himself does not want it', async () => {
    const desk = await talkDesk();
    await expect(desk.calls.pickUpAt(1002, [1001])).rejects.toMatchObject({ code: 'nothing_rings' });
    desk.sip.callsIn('a', '1001');
    const again = await rung(desk, 1001);
    await expect(desk.calls.pickUpAt(1001, [1001])).rejects.toMatchObject({ code: 'nothing_rings' });
    await desk.calls.pickUpAt(1002, [1001]);
    await rung(desk, 1002);
    desk.sip.answers(again);
    await until(() => desk.sip.legAt(1002) === undefined, 'the other rings no more');
    expect(newest(desk).phase).toBe('talking');
    desk.sip.hangsUp(again);
    await until(() => desk.sip.legs.size === 0, 'all have gone');

    const third = desk.sip.callsIn('a', '1001');
    const { id } = newest(desk);
    await rung(desk, 1001);
    await desk.calls.pickUpAt(1002, [1001]);
    desk.sip.hangsUp(await rung(desk, 1002), 21);
    await until(() => desk.sip.legAt(1002) === undefined, 'he does not want it');
    expect(desk.calls.find(id)?.phase).toBe('dialling');
    await desk.calls.pickUpAt(1002, [1001]);
    await rung(desk, 1002);
    desk.sip.hangsUp(third);
    await desk.ended(id);
    await until(() => desk.sip.legs.size === 0, 'all have gone');
    expect(desk.clock.timers).toBe(0);
  });
});

describe('a call in talk', () => {
  it('goes on at another telephone of the same station', async () => {
    const desk = await talkDesk();
    const { caller, callee, callId } = await talk(desk, 'a', 1001);
    const other = desk.sip.takesOver(1001, callee);
    await until(() => !desk.sip.legs.has(callee), 'the first has left');
    expect(connections(desk)).toEqual([[portOf(caller), portOf(other)]]);
    expect(await told(desk, other)).toBe(`answer ${other}`);
    expect(desk.calls.find(callId)?.phase).toBe('talking');
    // It is the same person: nothing was put through.
    expect(desk.seen.filter((what) => what === 'transferred')).toEqual([]);
    desk.sip.hangsUp(other);
    const { segments } = await desk.ended(callId);
    expect(kinds(segments)).toEqual([...['seized', 'recording', 'dial', 'talk', 'transferred', 'talk', 'released']]);
  });

  it('is taken over by who was consulted about it', async () => {
    const desk = await talkDesk();
    const one = await talk(desk, 'a', 1001);
    const inquiry = await talk(desk, 1001, 1002);
    const taker = desk.sip.takesOver(1002, one.callee);
    await until(() => !desk.sip.legs.has(one.callee), 'the first has left');
    expect(connections(desk)).toContainEqual([portOf(one.caller), portOf(taker)]);
    expect(desk.seen.filter((what) => what === 'transferred')).toHaveLength(1);
    // The inquiry is its telephones' to end.
    expect(desk.calls.find(inquiry.callId)?.phase).toBe('talking');
    desk.sip.hangsUp(inquiry.caller);
    await desk.ended(inquiry.callId);
    desk.sip.hangsUp(one.caller);
    expect((await desk.ended(one.callId)).row).toMatchObject({ releasedBy: 'caller' });
    await until(() => desk.sip.legs.size === 0, 'all have gone');
  });

  it('of the caller is taken over too, and the one who stays is recorded from then on', async () => {
    const desk = await talkDesk();
    const { caller, callee, callId } = await talk(desk, 1001, 1002);
    const other = desk.sip.takesOver(1001, caller);
    await until(() => desk.recorder.started.length === 2, 'he is recorded');
    expect(desk.recorder.started.at(-1)?.port).toBe(portOf(callee));
    expect(connections(desk)).toEqual([[portOf(callee), portOf(other)]]);
    desk.sip.hangsUp(other);
    await desk.ended(callId);
  });

  it('of a trunk is taken over by the same trunk alone', async () => {
    const desk = await talkDesk();
    desk.sip.addTrunk('b');
    const { caller, callee } = await talk(desk, 'a', 1001);
    const stranger = desk.sip.takesOver('b', caller);
    expect(await told(desk, stranger)).toBe(`release ${stranger} 21`);
    const moved = desk.sip.takesOver('a', caller);
    await until(() => !desk.sip.legs.has(caller), 'the first has left');
    expect(connections(desk)).toEqual([[portOf(callee), portOf(moved)]]);
  });

  it.each([
    ['a telephone that has nothing to do with it', 1003],
    ['its own partner', 1002],
  ])('is not taken over by %s', async (_who, from) => {
    const desk = await talkDesk();
    const { caller, callee } = await talk(desk, 1001, 1002);
    const stranger = desk.sip.takesOver(from, caller);
    expect(await told(desk, stranger)).toBe(`release ${stranger} 21`);
    expect(connections(desk)).toEqual([[portOf(caller), portOf(callee)]]);
  });

  it('that is over, or in a flow, has no place to take', async () => {
    const desk = await talkDesk();
    const caller = desk.sip.callsIn('a', '95001');
    await until(() => newest(desk).phase === 'inFlow', 'the flow runs');
    for (const replaced of [caller, 4711]) {
      const taker = desk.sip.takesOver('a', replaced);
      expect(await told(desk, taker)).toBe(`release ${taker} 101`);
    }
  });

  it('that ends while its new telephone is answered leaves nothing behind', async () => {
    const desk = await talkDesk();
    const { caller, callee, callId } = await talk(desk, 'a', 1001);
    const other = desk.sip.takesOver(1001, callee);
    desk.sip.hangsUp(caller);
    await desk.ended(callId);
    await until(() => desk.sip.legs.size === 0, 'all have gone');
    expect(desk.sip.told).toContain(`release ${other} 101`);
  });
});
