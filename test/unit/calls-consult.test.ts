// One of two in talk asks somebody else while his partner waits, and what comes of it.
import { describe, expect, it } from 'vitest';
import type { CallAction } from '../../daemon/src/contract/index.js';
import { hears, music, portOf, rung, talk, talkDesk, type Talk } from '../support/talks.js';
import { turn, until } from '../support/turns.js';
import type { CallDesk } from '../support/call-desk.js';

type Floor = CallDesk & Talk & { act: (wanted: CallAction) => Promise<unknown> };

/** Somebody has called in over trunk a and talks with 1001, who acts. */
async function floor(): Promise<Floor> {
  const desk = await talkDesk();
  const talking = await talk(desk, 'a', 1001);
  return { ...desk, ...talking, act: (wanted) => desk.calls.act(talking.callId, 1001, wanted) };
}

/** 1001 asks 1002, who has answered. */
async function consulting(): Promise<Floor & { asked: number }> {
  const desk = await floor();
  await desk.act({ action: 'consult', to: '1002' });
  const asked = await rung(desk, 1002);
  desk.sip.answers(asked);
  await until(() => heard(desk, desk.callee, asked), 'they talk');
  return { ...desk, asked };
}

const heard = (desk: CallDesk, one: number, other: number): boolean =>
  hears(desk)[portOf(one)]?.includes(portOf(other)) === true;
const alone = (desk: CallDesk, leg: number): boolean => hears(desk)[portOf(leg)]?.length === 0;
const dto = ({ calls, callId }: Floor) => calls.find(callId);

describe('a consultation', () => {
  it('has the partner wait with music from the beginning, and be back when nobody answers', async () => {
    const desk = await floor();
    await desk.act({ action: 'consult', to: '1002' });
    await until(() => music(desk).includes(portOf(desk.caller)), 'the caller hears music');
    expect(alone(desk, desk.caller)).toBe(true);
    const asked = await rung(desk, 1002);
    desk.sip.hangsUp(asked, 17);
    await until(() => heard(desk, desk.caller, desk.callee), 'the two talk again');
    await until(() => music(desk).length === 0, 'the music is over');
    expect(dto(desk)?.parties).toHaveLength(2);
  });

  it('is between the two alone, in turn with the partner', async () => {
    const desk = await consulting();
    const { caller, callee, asked } = desk;
    expect(hears(desk)).toEqual({
      [portOf(caller)]: [],
      [portOf(callee)]: [portOf(asked)],
      [portOf(asked)]: [portOf(callee)],
    });
    expect(dto(desk)?.parties.map(({ state }) => state)).toEqual(['waiting', 'talking', 'talking']);
    await desk.act({ action: 'swap' });
    await until(() => music(desk).join() === String(portOf(asked)), 'the other one waits');
    expect(hears(desk)[portOf(callee)]).toEqual([portOf(caller)]);
    await desk.act({ action: 'swap' });
    await until(() => music(desk).join() === String(portOf(caller)), 'the caller waits');
    expect(hears(desk)[portOf(callee)]).toEqual([portOf(asked)]);
  });

  it('that is completed leaves the caller with the one who was asked', async () => {
    const desk = await consulting();
    const { caller, callee, asked, callId } = desk;
    await desk.act({ action: 'completeConsult' });
    await until(() => !desk.sip.legs.has(callee), 'who asked has gone');
    expect(hears(desk)).toEqual({ [portOf(caller)]: [portOf(asked)], [portOf(asked)]: [portOf(caller)] });
    await until(() => music(desk).length === 0, 'nobody waits');
    desk.sip.hangsUp(asked);
    const { row, segments } = await desk.ended(callId);
    expect(row.cause).toBe(16);
    expect(segments.find(({ kind }) => kind === 'consult')?.data).toMatchObject({ by: 1001, outcome: 'completed' });
    expect(segments.find(({ kind }) => kind === 'transferred')?.data).toMatchObject({ by: 1001, outcome: 'consulted' });
    expect(desk.seen.filter((name) => name === 'transferred')).toHaveLength(1);
  });

  it('is completed by hanging up', async () => {
    const desk = await consulting();
    desk.sip.hangsUp(desk.callee);
    await until(() => heard(desk, desk.caller, desk.asked), 'the two others talk');
    expect(dto(desk)?.phase).toBe('talking');
  });

  it('ends with its target, who hangs up, or is sent away', async () => {
    for (const leaves of [
      (desk: Floor & { asked: number }) => Promise.resolve(desk.sip.hangsUp(desk.asked)),
      (desk: Floor & { asked: number }) => desk.act({ action: 'cancelConsult' }),
    ]) {
      const desk = await consulting();
      await leaves(desk);
      await until(() => heard(desk, desk.caller, desk.callee), 'the two talk again');
      await until(() => !desk.sip.legs.has(desk.asked), 'the third has gone');
      await until(() => music(desk).length === 0, 'the music is over');
    }
  });

  it('ends with the call when the partner hangs up', async () => {
    const desk = await consulting();
    desk.sip.hangsUp(desk.caller);
    await desk.ended(desk.callId);
    await until(() => desk.sip.legs.size === 0, 'everybody has gone');
    await until(() => music(desk).length === 0, 'the music is over');
  });

  it('that rings is given up when who asks hangs up, and the caller is released', async () => {
    const desk = await floor();
    await desk.act({ action: 'consult', to: '1002' });
    await rung(desk, 1002);
    desk.sip.hangsUp(desk.callee);
    await desk.ended(desk.callId);
    await until(() => desk.sip.legs.size === 0, 'everybody has gone');
  });

  it('is refused with what is wrong', async () => {
    const desk = await floor();
    await expect(desk.act({ action: 'consult', to: '7777' })).rejects.toMatchObject({ code: 'number_leads_nowhere' });
    await expect(desk.act({ action: 'swap' })).rejects.toMatchObject({ code: 'call_wrong_state' });
    await expect(desk.calls.act(desk.callId, 1003, { action: 'hold' })).rejects.toMatchObject({ code: 'not_in_call' });
    await desk.act({ action: 'consult', to: '1002' });
    await expect(desk.act({ action: 'consult', to: '1003' })).rejects.toMatchObject({ code: 'call_wrong_state' });
    await expect(desk.act({ action: 'completeConsult' })).rejects.toMatchObject({ code: 'call_wrong_state' });
  });
});

describe('a talk of three', () => {
  async function three(): Promise<Floor & { asked: number }> {
    const desk = await consulting();
    await desk.act({ action: 'merge' });
    await until(() => heard(desk, desk.caller, desk.asked), 'all three talk');
    return desk;
  }

  it('has everybody hear everybody', async () => {
    const desk = await three();
    const ports = [desk.caller, desk.callee, desk.asked].map(portOf);
    for (const port of ports)
      expect(hears(desk)[port]).toEqual(ports.filter((other) => other !== port).sort((a, b) => a - b));
    await until(() => music(desk).length === 0, 'nobody waits');
  });

  it.each(['caller', 'callee', 'asked'] as const)(
    'goes on between two when the %s leaves, without a conference',
    async (who) => {
      const desk = await three();
      const { caller, callee, asked, callId } = desk;
      desk.sip.hangsUp(desk[who]);
      const [one, other] = [caller, callee, asked].filter((leg) => leg !== desk[who]) as [number, number];
      await until(() => heard(desk, one, other) && heard(desk, other, one), 'the two others talk');
      expect(desk.engine.sent('conference.close')).toHaveLength(1);
      expect(dto(desk)?.phase).toBe('talking');
      desk.sip.hangsUp(one);
      await desk.ended(callId);
      await until(() => desk.sip.legs.size === 0, 'everybody has gone');
    },
  );

  it('has the one who is muted hear, and not be heard', async () => {
    const desk = await three();
    await desk.act({ action: 'mute' });
    await turn();
    expect(heard(desk, desk.caller, desk.callee)).toBe(false);
    expect(heard(desk, desk.callee, desk.caller)).toBe(true);
    expect(heard(desk, desk.caller, desk.asked)).toBe(true);
    await desk.act({ action: 'unmute' });
    await turn();
    expect(heard(desk, desk.caller, desk.callee)).toBe(true);
  });

  it('loses only the one who holds it', async () => {
    const desk = await three();
    await desk.act({ action: 'hold' });
    await until(() => alone(desk, desk.callee), 'he is away');
    expect(heard(desk, desk.caller, desk.asked)).toBe(true);
    expect(music(desk)).toEqual([]);
    await desk.act({ action: 'retrieve' });
    await until(() => heard(desk, desk.caller, desk.callee), 'he is back');
  });
});

describe('a party in talk', () => {
  it('who is muted hears, and is not heard', async () => {
    const desk = await floor();
    await desk.act({ action: 'mute' });
    await turn();
    expect(hears(desk)).toEqual({ [portOf(desk.caller)]: [], [portOf(desk.callee)]: [portOf(desk.caller)] });
    expect(dto(desk)?.parties.map(({ muted }) => muted)).toEqual([false, true]);
    await desk.act({ action: 'unmute' });
    await turn();
    expect(heard(desk, desk.caller, desk.callee)).toBe(true);
  });

  it('holds, retrieves, hangs up and puts through from a page', async () => {
    const desk = await floor();
    await desk.act({ action: 'hold' });
    await until(() => music(desk).includes(portOf(desk.caller)), 'the caller hears music');
    await desk.act({ action: 'retrieve' });
    await until(() => heard(desk, desk.caller, desk.callee), 'they talk');
    await desk.act({ action: 'transfer', to: '1003' });
    const third = await rung(desk, 1003);
    desk.sip.answers(third);
    await until(() => heard(desk, desk.caller, third), 'the caller is put through');
    await desk.calls.act(desk.callId, 1003, { action: 'hangUp' });
    await desk.ended(desk.callId);
  });

  it('sends his caller into a queue or a flow', async () => {
    for (const wanted of [
      { action: 'transferToQueue', queueId: 'sales' },
      { action: 'transferToFlow', flowId: 'main', back: false },
    ] as const) {
      const desk = await floor();
      await desk.act(wanted);
      await until(() => !desk.sip.legs.has(desk.callee), 'he has gone');
      await until(
        () => dto(desk)?.phase === (wanted.action === 'transferToQueue' ? 'queued' : 'inFlow'),
        'the caller is there',
      );
      desk.sip.hangsUp(desk.caller);
      await desk.ended(desk.callId);
    }
    const desk = await floor();
    await expect(desk.act({ action: 'transferToFlow', flowId: 'none', back: false })).rejects.toMatchObject({
      code: 'flow_not_found',
    });
  });
});
