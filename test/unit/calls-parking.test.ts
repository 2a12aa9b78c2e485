// Calls that are parked, taken from elsewhere, or come back.
import { describe, expect, it } from 'vitest';
import { hears, music, portOf, rung, talk, talkDesk, type Talk } from '../support/talks.js';
import { until } from '../support/turns.js';
import type { CallDesk } from '../support/call-desk.js';

async function parked(): Promise<CallDesk & Talk> {
  const desk = await talkDesk();
  const talking = await talk(desk, 'a', 1001);
  await desk.calls.act(talking.callId, 1001, { action: 'park' });
  await until(() => music(desk).includes(portOf(talking.caller)), 'the caller hears music');
  return { ...desk, ...talking };
}

const dto = (desk: CallDesk & Talk) => desk.calls.find(desk.callId);
const together = (desk: CallDesk, one: number, other: number): boolean =>
  hears(desk)[portOf(one)]?.join() === String(portOf(other)) &&
  hears(desk)[portOf(other)]?.join() === String(portOf(one));

describe('a parked call', () => {
  it('waits with music at the first free place, and the one who parked it is free', async () => {
    const desk = await parked();
    expect(dto(desk)).toMatchObject({ phase: 'parked', parkingSlot: 1 });
    await until(() => !desk.sip.legs.has(desk.callee), 'he has gone');
    const second = await talk(desk, 1002, 1003);
    await desk.calls.act(second.callId, 1003, { action: 'park' });
    expect(desk.calls.find(second.callId)?.parkingSlot).toBe(2);
  });

  it('is taken by any telephone that dials the place', async () => {
    const desk = await parked();
    const taker = desk.sip.dials(1003, '*71', 'Phone 1003');
    await until(() => together(desk, desk.caller, taker), 'they talk');
    await until(() => music(desk).length === 0, 'the music is over');
    expect(desk.pickedUp).toEqual([true]);
    expect(dto(desk)).toMatchObject({ phase: 'talking', parkingSlot: null });
    desk.sip.dials(1002, '*71', 'Phone 1002');
    expect(desk.pickedUp).toEqual([true, false]);
    desk.sip.hangsUp(taker);
    const { segments } = await desk.ended(desk.callId);
    expect(segments.find(({ kind }) => kind === 'parked')?.data).toEqual({ by: 1001, slot: 1, outcome: 'taken' });
  });

  it('is taken from a page, at a telephone that rings', async () => {
    const desk = await parked();
    await desk.calls.takeParkedAt(desk.callId, 1002);
    await expect(desk.calls.takeParkedAt(desk.callId, 1003)).rejects.toMatchObject({ code: 'call_wrong_state' });
    desk.sip.hangsUp(await rung(desk, 1002), 21);
    await until(() => desk.sip.legAt(1002) === undefined, 'he does not want it');
    expect(dto(desk)?.phase).toBe('parked');
    await desk.calls.takeParkedAt(desk.callId, 1003);
    const taker = await rung(desk, 1003);
    desk.sip.answers(taker);
    await until(() => together(desk, desk.caller, taker), 'they talk');
  });

  it('comes back to the telephone that parked it', async () => {
    const desk = await parked();
    await until(() => !desk.sip.legs.has(desk.callee), 'he has gone');
    await desk.clock.advance(120_000);
    const back = await rung(desk, 1001);
    expect(dto(desk)).toMatchObject({ phase: 'dialling', parkingSlot: null });
    desk.sip.answers(back);
    await until(() => together(desk, desk.caller, back), 'they talk');
  });

  it('leaves its place when the caller hangs up, or everything stops', async () => {
    const desk = await parked();
    desk.sip.hangsUp(desk.caller);
    await desk.ended(desk.callId);
    const again = await talk(desk, 'a', 1002);
    await desk.calls.act(again.callId, 1002, { action: 'park' });
    expect(desk.calls.find(again.callId)?.parkingSlot).toBe(1);
    await desk.calls.stop();
    expect((await desk.ended(again.callId)).row.cause).toBe(41);
  });
});
