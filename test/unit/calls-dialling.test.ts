// Telephones and trunks that are called for somebody, until one answers or none does.
import { describe, expect, it } from 'vitest';
import { callDesk, dials, newest, nextEvent, type CallDesk } from '../support/call-desk.js';
import { dialDesk, dialSegment, portOf as port, rung, toStation, waits } from '../support/talks.js';
import { turn, until } from '../support/turns.js';

describe('a telephone that calls another', () => {
  it('has its rows on the disk and its recording under way before anybody is rung', async () => {
    const desk = await dialDesk();
    desk.sip.hold();
    const caller = desk.sip.dials(1001, '1002', 'Lina');
    await until(() => desk.sip.seized.length === 1, 'it is rung');
    const [row] = await desk.db.calls.list({});
    expect(row).toMatchObject({ direction: 'internal', callingNumber: '1001', calledNumber: '1002', span: 0 });
    expect(await desk.db.recordings.findByCall(row!.id)).toMatchObject({ state: 'recording' });
    expect(desk.recorder.started).toMatchObject([{ port: port(caller) }]);
    expect(desk.sip.seized[0]).toMatchObject({ calledNumber: '1002', callingNumber: '1001', callingName: 'Lina' });
    expect(newest(desk).phase).toBe('dialling');
  });

  it('hears that it rings, is answered when the other is, and both hear each other', async () => {
    const desk = await dialDesk();
    const caller = desk.sip.dials(1001, '1002');
    const callee = await rung(desk, 1002);
    desk.sip.progress(callee, 'proceeding');
    expect(desk.sip.told).toEqual([]);
    desk.sip.progress(callee, 'alerting');
    desk.sip.progress(callee, 'alerting');
    expect(desk.sip.told).toEqual([`alert ${caller}`]);
    await desk.clock.advance(3000);
    const connected = nextEvent(desk.calls.events, 'call.connected');
    desk.sip.answers(callee);
    expect(await connected).toMatchObject({ agentId: null, queueId: null, station: 1002, waitMs: 3000 });
    expect(desk.sip.told).toEqual([`alert ${caller}`, `answer ${caller}`]);
    expect(desk.engine.sent('bus.connect')).toEqual([{ a: port(caller), b: port(callee) }]);
    const { id } = newest(desk);
    expect(newest(desk)).toMatchObject({ phase: 'talking', answeredAt: expect.any(Number) as number });
    await desk.clock.advance(60_000);
    desk.sip.hangsUp(caller);
    await until(() => desk.sip.legs.size === 0, 'both have gone');
    const { row, segments } = await desk.ended(id);
    expect(row).toMatchObject({ cause: 16, releasedBy: 'caller', state: 'ended' });
    expect(segments.map(({ kind }) => kind)).toEqual(['seized', 'recording', 'dial', 'talk', 'released']);
    expect(dialSegment(segments)).toEqual({
      number: '1002',
      kind: 'station',
      outcome: 'answered',
      attempts: [{ to: 'station 1002', outcome: 'answered', ms: 3000 }],
    });
    const talk = segments.find(({ kind }) => kind === 'talk')!;
    expect(talk.endedAt! - talk.startedAt).toBe(60_000);
    expect(desk.seen).toEqual(['arrived', 'dialling', 'answered', 'connected', 'released 16 caller talking']);
    expect(desk.clock.timers).toBe(0);
  });

  it('is free when the one who was called hangs up', async () => {
    const desk = await dialDesk();
    const caller = desk.sip.dials(1001, '1002');
    const callee = await rung(desk, 1002);
    desk.sip.answers(callee);
    await until(() => newest(desk).phase === 'talking', 'they talk');
    const { id } = newest(desk);
    desk.sip.hangsUp(callee);
    expect((await desk.ended(id)).row).toMatchObject({ cause: 16, releasedBy: 'callee' });
    expect(desk.sip.told.at(-1)).toBe(`release ${caller} 16`);
  });

  it('hears what there is to be heard before the answer, one way', async () => {
    const desk = await dialDesk();
    const caller = desk.sip.dials(1001, '9');
    const callee = await rung(desk, 'a');
    desk.sip.progress(callee, 'inband');
    desk.sip.progress(callee, 'alerting');
    expect(desk.engine.sent('bus.listen')).toEqual([{ listener: port(caller), source: port(callee) }]);
    expect(desk.sip.told).toEqual([`alert ${caller} early`]);
    expect(desk.engine.sent('bus.connect')).toEqual([]);
    desk.sip.answers(callee);
    await until(() => newest(desk).phase === 'talking', 'they talk');
    expect(desk.engine.sent('bus.connect')).toEqual([{ a: port(caller), b: port(callee) }]);
  });

  it('is told why, when the other is busy or does not want', async () => {
    const desk = await dialDesk();
    const caller = desk.sip.dials(1001, '1002');
    const callee = await rung(desk, 1002);
    const { id } = newest(desk);
    desk.sip.hangsUp(callee, 21);
    const { row, segments } = await desk.ended(id);
    expect(row).toMatchObject({ cause: 21, releasedBy: 'callee', answeredAt: null });
    expect(desk.sip.told).toEqual([`release ${caller} 21`]);
    expect(dialSegment(segments)).toMatchObject({ outcome: 'failed', cause: 21 });
  });

  it('is told that the other cannot be reached', async () => {
    const desk = await dialDesk();
    desk.sip.unregister(1002);
    const caller = desk.sip.dials(1001, '1002');
    await until(() => desk.sip.told.length === 1, 'it is released');
    expect(desk.sip.told).toEqual([`release ${caller} 20`]);
  });

  it('is told that nobody lifts', async () => {
    const desk = await dialDesk();
    const caller = desk.sip.dials(1001, '1002');
    const callee = await rung(desk, 1002);
    const { id } = newest(desk);
    await desk.clock.advance(60_000);
    const { row } = await desk.ended(id);
    expect(row).toMatchObject({ cause: 19, releasedBy: 'system' });
    expect([...desk.sip.told].sort()).toEqual([`release ${caller} 19`, `release ${callee} 19`].sort());
  });

  it('that calls itself is busy', async () => {
    const desk = await dialDesk();
    const caller = desk.sip.dials(1001, '1001');
    await until(() => desk.sip.told.length === 1, 'it is released');
    expect(desk.sip.told).toEqual([`release ${caller} 17`]);
    expect(desk.sip.seized).toEqual([]);
  });

  it.each([
    ['nobody has the number', '404', 1],
    ['the number is incomplete', '100', 28],
    ['it is no number', "1';DROP", 28],
    ['it is a name', 'alice', 28],
    ['it is nothing', '', 28],
  ])('is told that %s, and leaves a row', async (_what, number, cause) => {
    const desk = await dialDesk();
    const caller = desk.sip.dials(1001, number);
    const { id } = newest(desk);
    expect((await desk.ended(id)).row).toMatchObject({ cause, releasedBy: 'system', calledNumber: number });
    expect(desk.sip.told).toEqual([`release ${caller} ${cause}`]);
    expect(desk.sip.seized).toEqual([]);
  });

  it('is released when the plan fails', async () => {
    const desk = await dialDesk();
    desk.plan.broken = true;
    const caller = desk.sip.dials(1001, '1002');
    await until(() => desk.sip.told.length === 1, 'it is released');
    expect(desk.sip.told).toEqual([`release ${caller} 41`]);
  });

  it('gets into a flow with the number of one', async () => {
    const desk = await dialDesk();
    const caller = desk.sip.dials(1001, '95001');
    await until(() => newest(desk).phase === 'inFlow', 'the flow runs');
    expect(newest(desk)).toMatchObject({ direction: 'internal', flowId: 'main', callingNumber: '1001' });
    expect(desk.sip.told).toEqual([`answer ${caller}`]);
  });

  it('is told by the plan what it may dial', async () => {
    const desk = await dialDesk();
    desk.sip.dials(1001, '1002');
    await rung(desk, 1002);
    expect(desk.plan.asked).toEqual([{ number: '1002', from: { station: 1001, trunk: null } }]);
  });
});

describe('an analog telephone', () => {
  it('calls another: it hears the ringing tone, and then the other one', async () => {
    const desk = await callDesk(waits);
    desk.plan.numbers.set('2', toStation(2));
    const caller = await dials(desk, 1, '2');
    await until(() => desk.engine.ringing(2) !== undefined, 'it rings');
    await turn();
    const callee = desk.engine.ringing(2)!;
    desk.engine.emit('leg.progressed', { leg: callee.leg, port: callee.port, progress: 'alerting' });
    await until(() => desk.engine.plays.size === 1, 'the tone plays');
    expect(desk.engine.sent('tone.start')).toMatchObject([{ tone: 'ringback' }]);
    desk.engine.answerStation(2);
    await until(() => newest(desk).answeredAt !== null, 'they talk');
    await until(() => desk.engine.plays.size === 0, 'the tone has stopped');
    const ports = [desk.engine.legs.get(caller)!.port, callee.port];
    expect(desk.engine.sent('bus.connect')).toEqual([{ a: ports[0], b: ports[1] }]);
    const { id } = newest(desk);
    desk.engine.hangUp(caller);
    expect((await desk.ended(id)).row).toMatchObject({ direction: 'internal', releasedBy: 'caller' });
    await until(() => desk.engine.legs.size === 0, 'both have gone');
  });

  it('calls out over the E1, and the pages show on which timeslot', async () => {
    const desk = await callDesk(waits);
    desk.plan.numbers.set('013800138000', {
      kind: 'out',
      attempts: [{ trunk: 'e1', number: '13800138000', callingNumber: '66668888' }],
    });
    await dials(desk, 1, '013800138000');
    await until(() => desk.engine.sent('leg.seize').length === 1, 'it is called');
    await turn();
    expect(desk.engine.sent('leg.seize')[0]).toMatchObject({
      ...{ span: 1, timeslot: 0, calledNumber: '13800138000', callingNumber: '66668888' },
    });
    const callee = [...desk.engine.legs.values()].find(({ span }) => span === 1)!;
    // The exchange chooses timeslot 9.
    desk.engine.emit('leg.progressed', { leg: callee.leg, port: 109, progress: 'alerting' });
    await turn();
    const { id } = newest(desk);
    expect(newest(desk).direction).toBe('out');
    const slots = () => desk.trunks.find(1)!.timeslots.filter(({ busy }) => busy);
    expect(slots()).toEqual([{ timeslot: 9, busy: true, callId: id, blocked: 'no' }]);
    desk.engine.emit('leg.answered', { leg: callee.leg, port: 109 });
    await until(() => newest(desk).phase === 'talking', 'they talk');
    expect(desk.engine.sent('bus.connect')[0]).toMatchObject({ b: 109 });
    desk.engine.hangUp(callee.leg);
    const { row, segments } = await desk.ended(id);
    expect(row).toMatchObject({ direction: 'out', releasedBy: 'callee' });
    expect(dialSegment(segments)).toMatchObject({ attempts: [{ to: 'E1 1/9 13800138000', outcome: 'answered' }] });
    expect(slots()).toEqual([]);
  });
});

describe('somebody who calls in', () => {
  it('reaches a telephone by its number', async () => {
    const desk = await dialDesk();
    const caller = desk.engine.offer({ calledNumber: '1002' });
    const callee = await rung(desk, 1002);
    desk.sip.progress(callee, 'alerting');
    await until(() => desk.engine.sent('leg.alert').length === 1, 'he is told');
    desk.sip.answers(callee);
    await until(() => desk.engine.sent('leg.answer').length === 1, 'he is answered');
    expect(desk.engine.sent('leg.answer')).toEqual([{ leg: caller }]);
    expect(newest(desk)).toMatchObject({ direction: 'in', phase: 'talking', callingNumber: '13800138000' });
    expect(desk.plan.asked).toEqual([
      { number: '1002', from: { station: null, trunk: 'e1', callingNumber: '13800138000' } },
    ]);
  });

  it('does not get out again, whatever the plan says', async () => {
    const desk = await dialDesk();
    const caller = desk.sip.callsIn('a', '9');
    await until(() => desk.sip.told.length === 1, 'he is released');
    expect(desk.sip.told).toEqual([`release ${caller} 21`]);
    expect(desk.sip.seized).toEqual([]);
  });
});

describe('a caller who goes', () => {
  it('while it rings stops the ringing', async () => {
    const desk = await dialDesk();
    const caller = desk.sip.dials(1001, '1002');
    const callee = await rung(desk, 1002);
    const { id } = newest(desk);
    desk.sip.hangsUp(caller);
    const { row, segments } = await desk.ended(id);
    expect(row).toMatchObject({ cause: 16, releasedBy: 'caller', answeredAt: null });
    expect(dialSegment(segments)).toMatchObject({ outcome: 'callerGone', attempts: [{ outcome: 'callerGone' }] });
    expect(desk.sip.told).toEqual([`release ${callee} 16`]);
    expect(desk.clock.timers).toBe(0);
  });

  it('before anybody rings leaves nobody ringing', async () => {
    const desk = await dialDesk();
    desk.sip.hold();
    const caller = desk.sip.dials(1001, '1002');
    await until(() => desk.sip.seized.length === 1, 'it is being rung');
    desk.sip.hangsUp(caller);
    desk.sip.go();
    await until(() => desk.sip.told.length === 1, 'it is released');
    await until(() => desk.sip.legs.size === 0, 'it has gone');
  });

  it('while his rows are written is not called for', async () => {
    const desk = await dialDesk();
    const caller = desk.sip.dials(1001, '1002');
    const { id } = newest(desk);
    desk.sip.hangsUp(caller);
    await desk.ended(id);
    expect(desk.sip.seized).toEqual([]);
  });

  it('at the moment of the answer is not connected', async () => {
    const desk = await dialDesk();
    const caller = desk.sip.dials(1001, '1002');
    const callee = await rung(desk, 1002);
    const { id } = newest(desk);
    desk.sip.answers(callee);
    desk.sip.hangsUp(caller);
    await desk.ended(id);
    await until(() => desk.sip.legs.size === 0, 'the other is released');
    expect(desk.seen).not.toContain('connected');
    expect(desk.sip.told).toEqual([`release ${callee} 16`]);
  });

  it('is not answered again by one who answers too late', async () => {
    const desk = await dialDesk();
    const caller = desk.sip.dials(1001, '1002');
    const callee = await rung(desk, 1002);
    await desk.clock.advance(60_000);
    desk.sip.answers(callee);
    await turn();
    expect(desk.seen).not.toContain('connected');
    expect(desk.sip.told).not.toContain(`answer ${caller}`);
    expect(desk.engine.sent('bus.connect')).toEqual([]);
  });
});

describe('a talk', () => {
  async function talk(): Promise<CallDesk & { caller: number; callee: number; id: string }> {
    const desk = await dialDesk();
    const caller = desk.sip.dials(1001, '1002');
    const callee = await rung(desk, 1002);
    desk.sip.answers(callee);
    await until(() => newest(desk).answeredAt !== null, 'they talk');
    return { ...desk, caller, callee, id: newest(desk).id };
  }

  it('is over with cause 41 when the caller cannot be answered', async () => {
    const desk = await dialDesk();
    const caller = desk.sip.dials(1001, '1002');
    desk.sip.failAnswer(caller);
    const callee = await rung(desk, 1002);
    const { id } = newest(desk);
    desk.sip.answers(callee);
    expect((await desk.ended(id)).row).toMatchObject({ cause: 41, releasedBy: 'fault', answeredAt: null });
    await until(() => desk.sip.legs.size === 0, 'both have gone');
  });

  it('passes a tone on beside the audio to one who takes his keys there, and lets the line send what it can', async () => {
    const desk = await dialDesk();
    const caller = desk.sip.dials(1001, '1002');
    const callee = await rung(desk, 1002);
    desk.sip.legKeys.set(callee, { takesBeside: true, givesEvents: false });
    desk.sip.infoLegs.add(callee);
    desk.sip.answers(callee);
    await until(() => newest(desk).answeredAt !== null, 'they talk');
    // Tones of the caller are listened for; those of the callee nobody needs.
    const watched = new Map(desk.engine.sent('detector.set').map((one) => [one.port, one.dtmf]));
    expect([watched.get(port(caller)), watched.get(port(callee))]).toEqual([true, false]);
    desk.sip.presses(caller, '5', 'tone');
    desk.sip.presses(callee, '6', 'tone');
    await until(() => desk.sip.keysSent.length === 1, 'the line has sent it');
    await turn();
    expect(desk.sip.keysSent).toEqual([{ leg: callee, digit: '5' }]);
    expect(desk.engine.sent('digits.send')).toEqual([]);
    expect(newest(desk).digits).toBe('');
  });

  it('passes on keys that are not in the audio, one after the other', async () => {
    const desk = await talk();
    desk.sip.presses(desk.caller, '1');
    desk.sip.presses(desk.caller, '2', 'info');
    desk.sip.presses(desk.caller, '3', 'tone');
    await until(() => desk.engine.sent('digits.send').length === 1, 'the first is sent');
    await turn();
    expect(desk.engine.sent('digits.send')).toHaveLength(1);
    desk.engine.finishPlays();
    await until(() => desk.engine.sent('digits.send').length === 2, 'the second is sent');
    await turn();
    desk.engine.finishPlays();
    desk.sip.presses(desk.callee, '9');
    await until(() => desk.engine.sent('digits.send').length === 3, 'the other way, too');
    expect(desk.engine.sent('digits.send')).toEqual([
      { port: port(desk.callee), digits: '1' },
      { port: port(desk.callee), digits: '2' },
      { port: port(desk.caller), digits: '9' },
    ]);
    expect(newest(desk).digits).toBe('');
  });

  it('ends for both with cause 41 when the box stops', async () => {
    const desk = await talk();
    await desk.calls.stop();
    expect(desk.sip.legs.size).toBe(0);
    expect(await desk.db.calls.find(desk.id)).toMatchObject({ state: 'ended', cause: 41, releasedBy: 'system' });
  });
});
