// Recording under call control: rules that are asked again, and people who start, pause and stop it.
import { describe, expect, it } from 'vitest';
import type { RecordingCondition } from '../../daemon/src/contract/index.js';
import { answeredCall, callDesk, flowOf, type CallDesk } from '../support/call-desk.js';
import { outcome } from '../support/archive-box.js';
import { until } from '../support/turns.js';

/** Until the call ends. */
const waits = flowOf(
  ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
);
const intoSales = flowOf(async (session) => void (await session.queue('sales')));

async function recordedCall(flow = waits): Promise<{ desk: CallDesk; callId: string; leg: number }> {
  const desk = await callDesk(flow);
  return { desk, ...(await answeredCall(desk)) };
}

describe('the recording of a call', () => {
  it('is paused and goes on, and everybody hears of it', async () => {
    const { desk, callId } = await recordedCall();
    const heard: RecordingCondition[] = [];
    desk.live.on('recording.updated', (condition) => void heard.push(condition));
    expect(await desk.calls.record(callId, 'pause', '2001')).toEqual({ callId, state: 'paused' });
    expect(await outcome(desk.calls.record(callId, 'pause', '2001'))).toBe('recording_wrong_state');
    expect(await desk.calls.record(callId, 'resume', '2001')).toEqual({ callId, state: 'recording' });
    expect(desk.recorder.controlled.map((text) => text.split(' ')[0])).toEqual(['pause', 'resume']);
    expect(heard.map(({ state }) => state)).toEqual(['paused', 'recording']);
  });

  it('that is paused ends with the call', async () => {
    const { desk, callId, leg } = await recordedCall();
    await desk.calls.record(callId, 'pause', '2001');
    expect(desk.recorder.stopped).toEqual([]);
    desk.engine.hangUp(leg);
    await desk.ended(callId);
    expect(desk.recorder.stopped).toEqual([desk.recorder.started[0]!.port]);
  });

  it('is stopped and started again as another one', async () => {
    const { desk, callId } = await recordedCall();
    expect(await desk.calls.record(callId, 'stop', 'boss')).toMatchObject({ state: 'off' });
    expect(await outcome(desk.calls.record(callId, 'resume', 'boss'))).toBe('recording_wrong_state');
    expect(await desk.calls.record(callId, 'start', 'boss')).toMatchObject({ state: 'recording' });
    expect(desk.recorder.started.map(({ row }) => row.path)).toEqual([`${callId}-1.wav`, `${callId}-2.wav`]);
    desk.recorder.works = false;
    await desk.calls.record(callId, 'stop', 'boss');
    expect(await outcome(desk.calls.record(callId, 'start', 'boss'))).toBe('recording_not_started');
    expect(await outcome(desk.calls.record('no such call', 'start', 'boss'))).toBe('call_not_found');
  });

  it('is not begun where no rule wants it, until somebody asks', async () => {
    const desk = await callDesk(waits);
    desk.recorder.wished = () => false;
    const { callId } = await answeredCall(desk);
    expect(desk.recorder.started).toEqual([]);
    expect(desk.calls.recordingOf(callId)).toEqual({ callId, state: 'off' });
    await desk.calls.record(callId, 'start', '2001');
    expect(desk.recorder.started).toHaveLength(1);
  });

  it('begins when its queue is one that is recorded', async () => {
    const desk = await callDesk(intoSales);
    desk.recorder.wished = ({ queueId }) => queueId === 'sales';
    await answeredCall(desk);
    await until(() => desk.recorder.started.length === 1, 'it is recorded');
    expect(desk.recorder.controlled).toEqual([]);
  });

  it('is given up when its queue is one that is not recorded, unless somebody has asked for it', async () => {
    const desk = await callDesk(intoSales);
    desk.recorder.wished = ({ queueId }) => queueId === null;
    await answeredCall(desk);
    await until(() => desk.recorder.controlled.length === 1, 'it is given up');
    expect(desk.recorder.controlled[0]).toMatch(/^discard /);
  });
});
