// What call control does with a caller's leg, from the offer to the last row.
import { describe, expect, it } from 'vitest';
import type { FlowSession } from '../../daemon/src/calls/index.js';
import { answeredCall, callDesk, flowOf, nextEvent, type CallDesk } from '../support/call-desk.js';
import { turn, until } from '../support/turns.js';

/** A flow that waits for its call to end. */
const waits = flowOf(
  (session) =>
    new Promise((_, reject) => session.signal.addEventListener('abort', () => reject(session.signal.reason as Error))),
);

/** A flow that puts its caller into the queue; after an overflow it hangs up. */
const queues = flowOf(async (session: FlowSession) => {
  await session.queue('sales');
  session.release(16);
});

const target = { agentId: '2001', station: 1, ringTimeoutMs: 15_000, why: 'test' };

async function queuedCall(): Promise<CallDesk & { leg: number; callId: string }> {
  const desk = await callDesk(queues);
  const call = await answeredCall(desk);
  await until(() => desk.calls.find(call.callId)?.phase === 'queued', 'the call is queued');
  return { ...desk, ...call };
}

/** A call that rings station 1; `outcome` is what the offer came to. */
async function offeredCall(): Promise<CallDesk & { leg: number; callId: string; outcome: Promise<string> }> {
  const desk = await queuedCall();
  const outcome = desk.calls.offer(desk.callId, target);
  await until(() => desk.engine.ringing(1) !== undefined, 'the telephone rings');
  await turn();
  return { ...desk, outcome };
}

describe('a call that comes in', () => {
  it('has its rows on the disk and its recording under way before it is answered', async () => {
    const desk = await callDesk(waits);
    desk.engine.hold('leg.answer');
    const leg = desk.engine.offer();
    await until(() => desk.engine.sent('leg.answer').length === 1, 'the answer is sent');
    const [row] = await desk.db.calls.list({});
    expect(row).toMatchObject({ state: 'live', answeredAt: null, callingNumber: '13800138000', flowId: 'main' });
    expect(await desk.db.recordings.findByCall(row!.id)).toMatchObject({ state: 'recording' });
    expect((await desk.db.segments.listByCall(row!.id)).map((segment) => segment.kind)).toEqual(['seized']);
    expect(desk.recorder.started).toHaveLength(1);
    desk.engine.answer('leg.answer');
    await until(() => desk.seen.includes('answered'), 'the call is answered');
    desk.engine.hangUp(leg);
    const { row: last } = await desk.ended(row!.id);
    expect(last).toMatchObject({ cause: 16, releasedBy: 'caller', endedAt: expect.any(Number) });
  });

  it('is released with cause 1 when nobody has the number, and leaves a row', async () => {
    const desk = await callDesk(waits);
    desk.engine.offer({ calledNumber: '404' });
    const { call } = await nextEvent(desk.calls.events, 'call.released');
    expect(desk.seen).toEqual(['arrived', 'released 1 system arriving']);
    expect(desk.engine.sent('leg.answer')).toEqual([]);
    const { row: last, segments } = await desk.ended(call.id);
    expect(last).toMatchObject({ cause: 1, releasedBy: 'system', answeredAt: null });
    expect(segments.map((segment) => segment.kind)).toEqual(['seized', 'released']);
    expect(await desk.db.recordings.findByCall(call.id)).toBeNull();
  });

  it('is released with cause 41 when its flow is not there', async () => {
    const desk = await callDesk({ prepare: () => undefined });
    desk.engine.offer();
    await until(() => desk.seen.length === 2, 'the call is released');
    expect(desk.seen[1]).toBe('released 41 fault arriving');
  });

  it('is left alone when it comes in over a span of the exchange', async () => {
    const desk = await callDesk(waits);
    desk.engine.offer({ span: 101 });
    await turn();
    expect(desk.seen).toEqual([]);
    expect(desk.calls.live()).toEqual([]);
  });

  it('is answered although it cannot be recorded', async () => {
    const desk = await callDesk(waits);
    desk.recorder.works = false;
    await answeredCall(desk);
  });

  it('is released with cause 41 when it cannot be answered', async () => {
    const desk = await callDesk(waits);
    desk.engine.refuse('leg.answer', 'wrong_state', 'not offered');
    desk.engine.offer();
    await until(() => desk.seen.length === 2, 'the call is released');
    expect(desk.seen).toEqual(['arrived', 'released 41 fault arriving']);
    expect(desk.clock.timers).toBe(0);
  });

  it('is not answered when its caller has hung up while its rows were written', async () => {
    const desk = await callDesk(waits);
    const leg = desk.engine.offer();
    await until(() => desk.calls.live().length === 1, 'the call arrives');
    const { id } = desk.calls.live()[0]!;
    desk.engine.hangUp(leg);
    const { row } = await desk.ended(id);
    expect(row).toMatchObject({ answeredAt: null, releasedBy: 'caller' });
    expect(desk.engine.sent('leg.answer')).toEqual([]);
  });

  it('is answered when the digits that follow make its number complete', async () => {
    const desk = await callDesk(waits);
    const leg = desk.engine.offer({ calledNumber: '95', complete: false });
    for (const digit of ['0', '0', '1']) desk.engine.emit('leg.digit', { leg, digit, source: 'overlap' });
    await until(() => desk.seen.includes('answered'), 'the call is answered');
    expect(desk.calls.live()[0]).toMatchObject({ calledNumber: '95001', digits: '' });
  });

  it('is released with cause 1 when the digits that follow lead nowhere, with cause 28 when they do not come', async () => {
    const desk = await callDesk(waits);
    const leg = desk.engine.offer({ calledNumber: '95', complete: false });
    desk.engine.emit('leg.digit', { leg, digit: '7', source: 'overlap' });
    await until(() => desk.seen.length === 2, 'the call is released');
    desk.engine.offer({ calledNumber: '950', complete: false, timeslot: 2 });
    await until(() => desk.clock.timers > 0, 'the next digit is waited for');
    await desk.clock.advance(15_000);
    await until(() => desk.seen.length === 4, 'the call is released');
    expect(desk.seen.filter((event) => event !== 'arrived')).toEqual([
      'released 1 system arriving',
      'released 28 system arriving',
    ]);
    expect(desk.clock.timers).toBe(0);
  });

  it('takes digits as numbers and strips what is none from names', async () => {
    const desk = await callDesk(waits);
    const { callId } = await answeredCall(desk, { callingNumber: "1';--", callingName: 'Mal\u0000lory\r\n' });
    expect(desk.calls.find(callId)).toMatchObject({ callingNumber: '', callingName: 'Mallory' });
  });
});

describe('a call in its flow', () => {
  it('is released by the system when the flow is through', async () => {
    const desk = await callDesk(flowOf(() => Promise.resolve()));
    desk.engine.offer();
    await until(() => desk.seen.length === 3, 'the call is released');
    expect(desk.seen[2]).toBe('released 16 system inFlow');
  });

  it('is released with cause 41 when the flow breaks', async () => {
    const desk = await callDesk(flowOf(() => Promise.reject(new Error('broken'))));
    desk.engine.offer();
    await until(() => desk.seen.length === 3, 'the call is released');
    expect(desk.seen[2]).toBe('released 41 fault inFlow');
  });

  it('stops playing when the caller hangs up, and says so to the flow', async () => {
    let heard: boolean | undefined;
    const desk = await callDesk(
      flowOf(async (session) => {
        const playback = await session.play(['/tmp/a.wav']);
        heard = await playback.ended;
        session.signal.throwIfAborted();
      }),
    );
    const { leg, callId } = await answeredCall(desk);
    await until(() => desk.engine.plays.size === 1, 'the prompt plays');
    desk.engine.hangUp(leg);
    await desk.ended(callId);
    expect(heard).toBe(false);
    expect(desk.engine.plays.size).toBe(0);
    expect(desk.seen.at(-1)).toBe('released 16 caller inFlow');
  });

  it('writes down the keys that are pressed, in order', async () => {
    const desk = await callDesk(waits);
    const { leg, callId } = await answeredCall(desk);
    desk.engine.digit(leg, '1', '2');
    await until(() => desk.calls.find(callId)?.digits === '12', 'both keys came');
    desk.engine.hangUp(leg);
    const { row, segments } = await desk.ended(callId);
    expect(row.digits).toBe('12');
    expect(segments.filter(({ kind }) => kind === 'digit').map(({ data }) => data['digit'])).toEqual(['1', '2']);
  });
});

describe('a call in a queue', () => {
  it('comes back into its flow when it overflows', async () => {
    const desk = await queuedCall();
    expect(desk.calls.overflow(desk.callId)).toBe(true);
    const { segments } = await desk.ended(desk.callId);
    expect(segments.find(({ kind }) => kind === 'queued')?.data).toMatchObject({
      queueId: 'sales',
      outcome: 'overflow',
    });
    expect(desk.seen).toEqual(['arrived', 'answered', 'queued', 'overflowed', 'released 16 system inFlow']);
  });

  it('is written down as abandoned when the caller hangs up, and its music stops', async () => {
    const desk = await queuedCall();
    desk.calls.setBackground(desk.callId, { files: ['/tmp/music.wav'] });
    await until(() => desk.engine.plays.size === 1, 'the music plays');
    await desk.clock.advance(7000);
    desk.engine.hangUp(desk.leg);
    const { row, segments } = await desk.ended(desk.callId);
    expect(segments.find(({ kind }) => kind === 'queued')?.data).toMatchObject({ outcome: 'abandoned', waitMs: 7000 });
    expect(row.endedAt! - row.startedAt).toBe(7000);
    expect(desk.engine.plays.size).toBe(0);
  });

  it('rings one telephone and is connected when that is lifted', async () => {
    const desk = await offeredCall();
    desk.calls.setBackground(desk.callId, { tone: 'ringback' });
    await until(() => desk.engine.plays.size === 1, 'the tone plays');
    expect(desk.engine.sent('leg.seize')[0]).toMatchObject({ analog: 1, callingNumber: '13800138000' });
    await desk.clock.advance(3000);
    desk.engine.answerStation(1);
    expect(await desk.outcome).toBe('connected');
    await until(() => desk.engine.plays.size === 0, 'the tone stops');
    const names = desk.engine.commands.map(({ command }) => command);
    expect(names.indexOf('bus.connect')).toBeLessThan(names.indexOf('play.stop'));
    expect(desk.calls.find(desk.callId)).toMatchObject({ phase: 'talking', agentId: '2001', queueId: 'sales' });
    await desk.clock.advance(60_000);
    desk.engine.hangUp(desk.leg);
    const { segments } = await desk.ended(desk.callId);
    const talk = segments.find(({ kind }) => kind === 'talk')!;
    expect(talk.endedAt! - talk.startedAt).toBe(60_000);
    expect(segments.find(({ kind }) => kind === 'queued')?.data).toMatchObject({ outcome: 'answered', waitMs: 3000 });
    expect(desk.engine.legs.size).toBe(0);
    // The telephone's line settles.
    await desk.clock.advance(700);
    expect(desk.clock.timers).toBe(0);
  });

  it('goes back to the queue when nobody lifts, and the telephone stops ringing', async () => {
    const desk = await offeredCall();
    await desk.clock.advance(15_000);
    expect(await desk.outcome).toBe('noAnswer');
    expect(desk.calls.find(desk.callId)?.phase).toBe('queued');
    await until(() => desk.engine.ringing(1) === undefined, 'it stops ringing');
    expect(desk.engine.sent('leg.release').at(-1)).toMatchObject({ cause: 19 });
  });

  it('goes back to the queue when the telephone cannot be rung', async () => {
    const desk = await queuedCall();
    desk.engine.refuse('leg.seize', 'unavailable', 'no line');
    expect(await desk.calls.offer(desk.callId, target)).toBe('stationFailed');
    expect(desk.calls.find(desk.callId)?.phase).toBe('queued');
    desk.engine.refuse('leg.seize', 'busy', 'off the hook');
    expect(await desk.calls.offer(desk.callId, target)).toBe('stationBusy');
    expect(desk.calls.find(desk.callId)?.phase).toBe('queued');
  });

  it('goes back to the queue when the telephone fails while it rings', async () => {
    const desk = await offeredCall();
    desk.engine.fail(desk.engine.ringing(1)!.leg);
    expect(await desk.outcome).toBe('stationFailed');
  });

  it('stops the ringing when the caller hangs up', async () => {
    const desk = await offeredCall();
    desk.engine.hangUp(desk.leg);
    expect(await desk.outcome).toBe('callEnded');
    await until(() => desk.engine.ringing(1) === undefined, 'it stops ringing');
    expect(desk.seen.at(-1)).toBe('released 16 caller offering');
    expect(desk.clock.timers).toBe(0);
  });

  it('stops a ringing that had been asked for but not begun when the caller hung up', async () => {
    const desk = await queuedCall();
    desk.engine.hold('leg.seize');
    const outcome = desk.calls.offer(desk.callId, target);
    desk.engine.hangUp(desk.leg);
    expect(await outcome).toBe('callEnded');
    desk.engine.answer('leg.seize');
    await until(() => desk.engine.sent('leg.release').length === 1 && desk.engine.legs.size === 0, 'it is released');
  });

  it('connects an agent who lifts in the same tick in which the ringing begins', async () => {
    const desk = await queuedCall();
    desk.engine.hold('leg.seize');
    const outcome = desk.calls.offer(desk.callId, target);
    await turn();
    desk.engine.answer('leg.seize');
    desk.engine.answerStation(1);
    expect(await outcome).toBe('connected');
  });

  it('is not offered twice at once', async () => {
    const desk = await offeredCall();
    expect(await desk.calls.offer(desk.callId, { ...target, station: 2 })).toBe('callEnded');
    expect(desk.engine.ringing(2)).toBeUndefined();
  });

  it('does not overflow while it rings an agent', async () => {
    const desk = await offeredCall();
    expect(desk.calls.overflow(desk.callId)).toBe(false);
  });
});

describe('a call in talk', () => {
  async function talkingCall() {
    const desk = await offeredCall();
    const agentLeg = desk.engine.answerStation(1);
    await desk.outcome;
    return { ...desk, agentLeg };
  }

  it('is released with cause 16 when the agent hangs up', async () => {
    const desk = await talkingCall();
    desk.engine.hangUp(desk.agentLeg);
    const { row } = await desk.ended(desk.callId);
    expect(row).toMatchObject({ cause: 16, releasedBy: 'agent', agentId: '2001' });
    expect(desk.engine.sent('leg.release').at(-1)).toEqual({ leg: desk.leg, cause: 16 });
  });

  it('frees the telephone when the caller hangs up', async () => {
    const desk = await talkingCall();
    desk.engine.hangUp(desk.leg);
    await until(() => desk.engine.legs.size === 0, 'both legs have gone');
    expect(desk.seen.at(-1)).toBe('released 16 caller talking');
  });

  it('keeps what the caller keys in to himself', async () => {
    const desk = await talkingCall();
    expect(desk.engine.sent('detector.set').at(-1)).toMatchObject({ dtmf: false });
    desk.engine.digit(desk.leg, '4');
    desk.engine.hangUp(desk.leg);
    expect((await desk.ended(desk.callId)).row.digits).toBe('');
  });

  it('is released with cause 41 when the two cannot be connected', async () => {
    const desk = await offeredCall();
    desk.engine.refuse('bus.connect', 'unavailable', 'no');
    desk.engine.answerStation(1);
    const { row } = await desk.ended(desk.callId);
    expect(row).toMatchObject({ cause: 41, releasedBy: 'fault' });
    await until(() => desk.engine.legs.size === 0, 'both legs have gone');
  });
});

describe('call control', () => {
  it('shows calls on the timeslots of the trunks', async () => {
    const desk = await callDesk(waits);
    const { leg, callId } = await answeredCall(desk, { timeslot: 5 });
    const slot = () => desk.trunks.find(1)?.timeslots.find(({ timeslot }) => timeslot === 5);
    expect(slot()).toEqual({ timeslot: 5, busy: true, callId, blocked: 'no' });
    desk.engine.hangUp(leg);
    await turn();
    expect(slot()).toEqual({ timeslot: 5, busy: false, callId: null, blocked: 'no' });
  });

  it('closes a call whose release the engine never confirms', async () => {
    const desk = await callDesk(waits);
    const { callId } = await answeredCall(desk);
    desk.engine.hold('leg.release');
    desk.calls.release(callId, 16);
    await desk.clock.advance(9000);
    expect(desk.calls.find(callId)).toBeDefined();
    await desk.clock.advance(1000);
    expect(desk.calls.find(callId)).toBeUndefined();
    expect((await desk.ended(callId)).row).toMatchObject({ cause: 16, releasedBy: 'system' });
  });

  it('closes a call whose leg the engine does not know', async () => {
    const desk = await callDesk(waits);
    const { callId } = await answeredCall(desk);
    desk.engine.refuse('leg.release', 'not_found', 'no such leg');
    desk.calls.release(callId, 16);
    await until(() => desk.calls.find(callId) === undefined, 'the call is closed');
  });

  it('releases every call with cause 41 when it stops, and turns away those who come then', async () => {
    const desk = await callDesk(waits);
    const first = await answeredCall(desk);
    const second = await answeredCall(desk, { timeslot: 2 });
    const stopped = desk.calls.stop();
    desk.engine.offer({ timeslot: 3 });
    await stopped;
    for (const { callId } of [first, second])
      expect((await desk.db.calls.find(callId))!).toMatchObject({ state: 'ended', cause: 41, releasedBy: 'system' });
    expect(desk.engine.legs.size).toBe(0);
    expect((await desk.db.calls.list({ state: 'live' })).length).toBe(0);
  });

  it('tells the pages of every change, and last that the call has gone', async () => {
    const desk = await callDesk(waits);
    const told: string[] = [];
    desk.live.on('call.updated', (call) => void told.push(call.phase ?? `gone ${call.cause}`));
    desk.live.on('call.removed', () => void told.push('removed'));
    const { leg, callId } = await answeredCall(desk);
    desk.engine.hangUp(leg);
    await desk.ended(callId);
    expect(told[0]).toBe('arriving');
    expect(told.slice(-2)).toEqual(['gone 16', 'removed']);
  });
});
