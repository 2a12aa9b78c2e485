// Telephones that send on the calls they get, to numbers that are dialled as if they did it themselves.
import { describe, expect, it } from 'vitest';
import { newest, type CallDesk } from '../support/call-desk.js';
import { dialDesk, dialSegment, rung, talk, talkDesk, toStation } from '../support/talks.js';
import { turn, until } from '../support/turns.js';

/** 1001 has called 1002, whose telephone has sent the call on. */
async function sentOn(to: string, desk?: CallDesk): Promise<CallDesk & { caller: number; callId: string }> {
  const used = desk ?? (await dialDesk());
  const caller = used.sip.dials(1001, '1002', 'Lina');
  const callId = newest(used).id;
  used.sip.sendsOn(await rung(used, 1002), to);
  return { ...used, caller, callId };
}

const released = (desk: CallDesk): Promise<void> =>
  until(() => desk.sip.told.some((what) => what.startsWith('release')), 'the caller is released');

describe('a telephone that sends its call on', () => {
  it('to another one: that rings, knows who has sent it on, and answers', async () => {
    const desk = await sentOn('1003');
    const callee = await rung(desk, 1003);
    expect(desk.plan.asked.at(-1)).toEqual({ number: '1003', from: { station: 1002, trunk: null } });
    expect(desk.sip.seized.at(-1)).toMatchObject({
      ...{ target: toStation(1003), calledNumber: '1003', callingNumber: '1001', callingName: 'Lina' },
      ...{ divertedFrom: '1002', forwards: true },
    });
    desk.sip.answers(callee);
    await until(() => newest(desk).phase === 'talking', 'they talk');
    desk.sip.hangsUp(callee);
    const { segments } = await desk.ended(desk.callId);
    expect(dialSegment(segments)).toEqual({
      ...{ number: '1002', kind: 'station', outcome: 'answered' },
      attempts: [
        { to: 'station 1002', outcome: 'forwarded', forwardedTo: '1003', ms: 0 },
        { to: 'station 1003', outcome: 'answered', ms: 0 },
      ],
    });
  });

  it('to somebody outside: as if it dialled itself, with its number, one trunk after the other', async () => {
    const desk = await sentOn('9');
    desk.sip.hangsUp(await rung(desk, 'a'), 34);
    const callee = await rung(desk, 'b');
    expect(desk.sip.seized.at(-1)).toMatchObject({
      ...{ calledNumber: 'b-13800138000', callingNumber: '66668888', divertedFrom: '66668888' },
    });
    expect(desk.sip.seized.at(-1)?.forwards).toBeUndefined();
    desk.sip.answers(callee);
    await until(() => newest(desk).phase === 'talking', 'they talk');
  });

  it('whoever does not want that known has it hidden from those outside', async () => {
    const desk = await dialDesk();
    desk.sip.callsIn('b', '1002', '13800138000', { privateHistory: true });
    desk.sip.sendsOn(await rung(desk, 1002), '9');
    await rung(desk, 'a');
    expect(desk.sip.seized.at(-1)).toMatchObject({ divertedFrom: '66668888', privateHistory: true, privacy: false });
    // Nothing was sent on yet when the first was called.
    expect(desk.sip.seized[0]?.privateHistory).toBeUndefined();
  });

  it('takes a caller from outside out again, since that is its own doing', async () => {
    const desk = await dialDesk();
    desk.sip.callsIn('a', '1002');
    desk.sip.sendsOn(await rung(desk, 1002), '9');
    desk.sip.hangsUp(await rung(desk, 'a'), 17);
    await released(desk);
    expect(desk.sip.told).toEqual([expect.stringMatching(/ 17$/)]);
    // What the called party says is the last word.
    expect(desk.sip.legAt('b')).toBeUndefined();
  });

  it('to a group, of which nobody sends it on any further', async () => {
    const desk = await dialDesk();
    desk.plan.numbers.set('7', { kind: 'group', strategy: 'all', stations: [1003], ringTimeoutMs: 10_000 });
    const { caller } = await sentOn('7', desk);
    const member = await rung(desk, 1003);
    expect(desk.sip.seized.at(-1)?.forwards).toBeUndefined();
    desk.sip.sendsOn(member, '9');
    await released(desk);
    expect(desk.sip.told).toEqual([`release ${caller} 17`]);
    expect(desk.sip.legAt('a')).toBeUndefined();
  });

  it('into a flow, which answers the caller', async () => {
    const desk = await sentOn('95001');
    await until(() => newest(desk).phase === 'inFlow', 'it is in the flow');
    await until(() => newest(desk).answeredAt !== null, 'it is answered');
    expect(desk.sip.told).toEqual([`answer ${desk.caller}`]);
    expect(newest(desk)).toMatchObject({ flowId: 'main' });
    await until(() => desk.engine.sent('detector.set').length > 0, 'the flow runs');
    await turn();
    desk.sip.hangsUp(desk.caller);
    const { segments } = await desk.ended(desk.callId);
    expect(dialSegment(segments)).toMatchObject({ outcome: 'flow' });
    expect(segments.map(({ kind }) => kind)).toEqual(['seized', 'recording', 'dial', 'flow', 'released']);
    expect(desk.recorder.started).toHaveLength(1);
  });

  it('may do so five times in one call', async () => {
    const desk = await dialDesk();
    const stations = [1002, 1003, 1004, 1005, 1006, 1007, 1008];
    for (const station of stations) {
      desk.sip.register(station);
      desk.plan.numbers.set(String(station), toStation(station));
    }
    const caller = desk.sip.dials(1001, '1002');
    for (const station of stations.slice(0, 6)) desk.sip.sendsOn(await rung(desk, station), String(station + 1));
    await released(desk);
    expect(desk.sip.told).toEqual([`release ${caller} 25`]);
    expect(desk.sip.legAt(1008)).toBeUndefined();
  });

  describe('to several numbers', () => {
    /** 1002 sends its call on to them; with 1004 and 1005 besides. */
    async function sentOnTo(...to: string[]) {
      const desk = await dialDesk();
      for (const station of [1004, 1005]) {
        desk.sip.register(station);
        desk.plan.numbers.set(String(station), toStation(station));
      }
      const caller = desk.sip.dials(1001, '1002');
      desk.sip.sendsOn(await rung(desk, 1002), ...to);
      return { ...desk, caller, callId: newest(desk).id };
    }
    const called = ({ sip }: CallDesk) =>
      sip.seized.map(({ target }) => ('station' in target ? target.station : 'trunk' in target ? target.trunk : '?'));

    it('they are called one after the other until one answers', async () => {
      const desk = await sentOnTo('1003', '404', '1004', '1005');
      desk.sip.hangsUp(await rung(desk, 1003), 17);
      desk.sip.answers(await rung(desk, 1004));
      await until(() => newest(desk).phase === 'talking', 'they talk');
      expect(called(desk)).toEqual([1002, 1003, 1004]);
      desk.sip.hangsUp(desk.caller);
      const { segments } = await desk.ended(desk.callId);
      expect(dialSegment(segments)).toMatchObject({
        attempts: [
          { to: 'station 1002', outcome: 'forwarded', forwardedTo: '1003, 404, 1004, 1005' },
          { to: 'station 1003', outcome: 'failed', cause: 17 },
          { to: 'station 1004', outcome: 'answered' },
        ],
      });
    });

    it('what the last who was called has said is told, and not that the rest lead nowhere', async () => {
      const desk = await sentOnTo('404', '1003', '1002');
      desk.sip.hangsUp(await rung(desk, 1003), 19);
      await released(desk);
      expect(desk.sip.told).toEqual([`release ${desk.caller} 19`]);
    });

    it('one who does not want to be tried elsewhere ends it', async () => {
      const desk = await sentOnTo('1003', '1004');
      desk.sip.hangsUp(await rung(desk, 1003), 21, { globalFailure: true });
      await released(desk);
      expect([desk.sip.told, called(desk)]).toEqual([[`release ${desk.caller} 21`], [1002, 1003]]);
    });

    it('one of a group does not say that for the others', async () => {
      const desk = await dialDesk();
      desk.plan.numbers.set('7', { kind: 'group', strategy: 'all', stations: [1003], ringTimeoutMs: 10_000 });
      desk.sip.dials(1001, '1002');
      desk.sip.sendsOn(await rung(desk, 1002), '7', '9');
      desk.sip.hangsUp(await rung(desk, 1003), 21, { globalFailure: true });
      await rung(desk, 'a');
    });

    it('nobody is called any more when the caller has gone', async () => {
      const desk = await sentOnTo('1003', '1004');
      const first = await rung(desk, 1003);
      desk.sip.hangsUp(desk.caller);
      desk.sip.hangsUp(first, 17);
      await desk.ended(desk.callId);
      await turn();
      expect(called(desk)).toEqual([1002, 1003]);
    });

    it('one of them may send it on in his turn, and then the rest are called, each telephone once', async () => {
      const desk = await sentOnTo('1003', '1005');
      desk.sip.sendsOn(await rung(desk, 1003), '1004', '1002', '1003');
      const nested = await rung(desk, 1004);
      expect(desk.sip.seized.at(-1)).toMatchObject({ divertedFrom: '1003' });
      desk.sip.sendsOn(nested, '1003', '1002');
      desk.sip.answers(await rung(desk, 1005));
      expect(desk.sip.seized.at(-1)).toMatchObject({ divertedFrom: '1002' });
      expect(called(desk)).toEqual([1002, 1003, 1004, 1005]);
      await until(() => newest(desk).phase === 'talking', 'they talk');
    });

    it('ten in all, whoever names them', async () => {
      const desk = await dialDesk();
      const stations = Array.from({ length: 20 }, (_, i) => 1002 + i);
      for (const station of stations) {
        desk.sip.register(station);
        desk.plan.numbers.set(String(station), toStation(station));
      }
      const caller = desk.sip.dials(1001, '1002');
      desk.sip.sendsOn(await rung(desk, 1002), '1003', '1004');
      desk.sip.sendsOn(await rung(desk, 1003), '1005', '1006', '1007', '1008', '1009');
      desk.sip.sendsOn(await rung(desk, 1005), '1010', '1011', '1012', '1013', '1014');
      for (const station of [1010, 1011, 1012, 1013, 1014, 1006, 1007, 1008])
        desk.sip.hangsUp(await rung(desk, station), 17);
      await released(desk);
      expect([desk.sip.told, desk.sip.seized.length]).toEqual([[`release ${caller} 17`], 11]);
      expect([desk.sip.legAt(1009), desk.sip.legAt(1004)]).toEqual([undefined, undefined]);
    });
  });

  it.each([
    ['in a circle', 25, '1002'],
    ['to the one who calls', 17, '1001'],
    ['to nobody', 1, '404'],
    ['to half a number', 28, '100'],
    ['to what is no number', 28, "1';DROP TABLE"],
    ['to an emergency number', 21, '110'],
    ['to what it may not dial', 21, '900'],
  ])('%s leaves the caller without an answer (%i)', async (_what, cause, to) => {
    const desk = await dialDesk();
    const attempts = [{ trunk: 'a', number: '110', callingNumber: '1' }];
    desk.plan.numbers.set('110', { kind: 'out', attempts, emergency: true });
    desk.plan.numbers.set('900', { kind: 'refused', cause: 21, reason: 'premium' });
    desk.plan.numbers.set('1001', toStation(1001));
    const { caller, callId } = await sentOn(to, desk);
    const { row } = await desk.ended(callId);
    expect(row).toMatchObject({ cause, releasedBy: 'system', answeredAt: null });
    expect(desk.sip.told).toEqual([`release ${caller} ${cause}`]);
    expect(desk.sip.seized).toHaveLength(1);
  });

  it('is not followed when the caller has gone, or the plan cannot tell', async () => {
    const desk = await dialDesk();
    const caller = desk.sip.dials(1001, '1002');
    const { id } = newest(desk);
    const callee = await rung(desk, 1002);
    desk.sip.sendsOn(callee, '1003');
    desk.sip.hangsUp(caller);
    await desk.ended(id);
    await turn();
    expect(desk.sip.seized).toHaveLength(1);
    const again = desk.sip.dials(1001, '1002');
    const second = await rung(desk, 1002);
    desk.plan.broken = true;
    desk.sip.sendsOn(second, '1003');
    await released(desk);
    expect(desk.sip.told).toEqual([`release ${again} 41`]);
  });

  it('is followed for one who is put through, into a flow as well', async () => {
    const desk = await talkDesk();
    const { caller, callee, callId } = await talk(desk, 'a', 1002);
    const outcomes = desk.sip.refers(callee, { number: '1003' });
    desk.sip.sendsOn(await rung(desk, 1003), '95001');
    await until(() => desk.calls.find(callId)?.phase === 'inFlow', 'it is in the flow');
    expect(outcomes).toEqual([{ state: 'accepted' }, { state: 'done' }]);
    await until(() => desk.engine.plays.size === 0, 'the music is over');
    desk.sip.hangsUp(caller);
    await desk.ended(callId);
  });

  it('is not followed when it is called back by one whom it has put through in vain', async () => {
    const desk = await talkDesk();
    const { callee, callId } = await talk(desk, 'a', 1002);
    desk.sip.refers(callee, { number: '1003' });
    const target = await rung(desk, 1003);
    desk.sip.hangsUp(callee);
    desk.sip.hangsUp(target, 17);
    const back = await rung(desk, 1002, callee);
    expect(desk.sip.seized.at(-1)?.forwards).toBeUndefined();
    desk.sip.sendsOn(back, '1004');
    expect((await desk.ended(callId)).row).toMatchObject({ cause: 17 });
    expect(desk.sip.legAt(1004)).toBeUndefined();
  });
});
