// What a simulated caller does, and when.
import { describe, expect, it } from 'vitest';
import { Exchange } from '../../daemon/src/exchange/index.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import { callDesk, flowOf } from '../support/call-desk.js';
import { turn, until } from '../support/turns.js';

async function exchange() {
  const desk = await callDesk(flowOf(async (session) => void (await session.queue('sales'))));
  const { engine, clock, calls } = desk;
  const made = new Exchange({
    engine: engine.client,
    calls,
    findClip: (name) => Promise.resolve(name === 'hello' ? '/clips/hello.wav' : undefined),
    clock,
    log: silentLog,
  });
  await made.start();
  /** The box answers the call's leg. */
  const answered = async (id: string) => {
    const leg = [...engine.legs.values()].find((one) => one.span === 101)!;
    engine.emit('leg.answered', { leg: leg.leg, port: leg.port });
    await until(() => made.find(id)?.state === 'answered', 'it is answered');
    return leg;
  };
  return { ...desk, exchange: made, answered };
}

describe('a simulated caller', () => {
  it("calls over the far end of the span's cable", async () => {
    const { exchange: made, engine } = await exchange();
    const call = await made.place({ calledNumber: '95001', callingNumber: '13800138000', span: 1, timeslot: 7 });
    expect(engine.sent('leg.seize')).toEqual([
      { span: 101, timeslot: 7, calledNumber: '95001', callingNumber: '13800138000', callingName: '' },
    ]);
    expect(call).toMatchObject({ state: 'calling', span: 1, timeslot: 7, cause: null });
    expect(made.calls()).toEqual([call]);
  });

  it.each([
    ['not_found', 'span_not_found'],
    ['busy', 'span_busy'],
    ['unavailable', 'engine_refused'],
  ] as const)('that the engine refuses (%s) is refused with %s', async (engineCode, code) => {
    const { exchange: made, engine } = await exchange();
    engine.refuse('leg.seize', engineCode, 'no');
    await expect(made.place({ calledNumber: '95001' })).rejects.toMatchObject({ code });
    expect(made.calls()).toEqual([]);
  });

  it('cannot say what there is no clip of', async () => {
    const { exchange: made } = await exchange();
    await expect(made.place({ calledNumber: '95001', play: 'nothing' })).rejects.toMatchObject({
      code: 'clip_not_found',
    });
    await expect(made.place({ calledNumber: '95001', span: 200 })).rejects.toMatchObject({ code: 'span_not_found' });
  });

  it('presses its keys 800 ms after the answer, speaks then, and hangs up in time', async () => {
    const { exchange: made, engine, clock, answered } = await exchange();
    const { id } = await made.place({ calledNumber: '95001', digits: '12', play: 'hello', hangUpAfterMs: 5000 });
    const { port } = await answered(id);
    await clock.advance(799);
    expect(engine.sent('digits.send')).toEqual([]);
    await clock.advance(1);
    expect(engine.sent('digits.send')).toEqual([{ port, digits: '12' }]);
    engine.finishPlays();
    await until(() => engine.sent('play.start').length === 1, 'it speaks');
    await clock.advance(4200);
    await until(() => made.find(id)?.state === 'released', 'it hangs up');
    expect(made.find(id)).toMatchObject({ cause: 16, releasedBy: 'caller' });
    expect(clock.timers).toBe(0);
  });

  it('with a time to talk speaks when the box has put it through, and hangs up when the time is over', async () => {
    const { exchange: made, engine, clock, calls, answered } = await exchange();
    const { id, timeslot } = await made.place({ calledNumber: '95001', play: 'hello', talkMs: 3000, timeslot: 3 });
    const boxLeg = engine.offer({ timeslot });
    await answered(id);
    await until(() => calls.live()[0]?.phase === 'queued', 'it waits');
    expect(engine.sent('play.start')).toEqual([]);
    const outcome = calls.offer(calls.live()[0]!.id, { agentId: '2001', station: 1, ringTimeoutMs: 9000, why: '' });
    await until(() => engine.ringing(1) !== undefined, 'a telephone rings');
    engine.answerStation(1);
    await outcome;
    await until(() => engine.sent('play.start').length === 1, 'it speaks');
    await clock.advance(3000);
    await until(() => made.find(id)?.state === 'released', 'it hangs up');
    engine.hangUp(boxLeg);
  });

  it('that the box releases is released by the box', async () => {
    const { exchange: made, engine, answered } = await exchange();
    const { id } = await made.place({ calledNumber: '95001' });
    const { leg } = await answered(id);
    engine.hangUp(leg, 17);
    await turn();
    expect(made.find(id)).toMatchObject({ state: 'released', cause: 17, releasedBy: 'box' });
    expect(await made.hangUp(id)).toMatchObject({ state: 'released' });
    await expect(made.sendDigits(id, '1')).rejects.toMatchObject({ code: 'exchange_call_not_found' });
    await expect(made.hangUp('none')).rejects.toMatchObject({ code: 'exchange_call_not_found' });
  });

  it('keeps a name that is too long to what the line carries, whole characters', async () => {
    const { exchange: made, engine } = await exchange();
    await made.place({ calledNumber: '95001', callingName: '名'.repeat(40) });
    expect(engine.sent('leg.seize')[0]?.callingName).toBe('名'.repeat(21));
  });
});

describe('faults', () => {
  it('are made on the right end of the cable', async () => {
    const { exchange: made, engine } = await exchange();
    await made.setAlarm(1, { alarm: 'red', active: true });
    await made.cutDchannel(1, { cut: true });
    await made.restart(1, { timeslot: 4 });
    expect(engine.commands.slice(-3)).toEqual([
      { command: 'virtual.setAlarm', params: { span: 1, alarm: 'red', active: true } },
      { command: 'virtual.cutDchannel', params: { span: 1, cut: true } },
      { command: 'span.restart', params: { span: 101, timeslot: 4 } },
    ]);
    engine.refuse('virtual.setAlarm', 'not_found', 'no span');
    await expect(made.setAlarm(9, { alarm: 'red', active: true })).rejects.toMatchObject({ code: 'span_not_found' });
    await expect(made.setAlarm(101, { alarm: 'red', active: true })).rejects.toMatchObject({ code: 'span_not_found' });
  });
});
