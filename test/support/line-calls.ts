// Calls over an E1 whatever its signalling, between the box and the simulated exchange.
import { expect } from 'vitest';
import type { Box } from '../../daemon/src/main.js';
import { callIn, nothingLeaks, phase, recordingOf, signInByPhone, stationFree, storedCall } from './box.js';
import { until } from './turns.js';
import { indexOfPart, speechAlaw, stereoAlaw } from './wav.js';

const CALLER_SAYS = '/usr/share/asterisk/sounds/en_US_f_Allison/hello-world.wav';

/** A caller comes through the menu and the queue to an agent; his numbers, his call's end and his sound are as they were sent. */
export async function speaksWithAgent(box: Box): Promise<void> {
  await signInByPhone(box, '2001', 1);
  const { callId, exchangeId } = await callIn(box, { digits: '1', playFile: CALLER_SAYS, talkMs: 4000 });
  expect(box.calls.find(callId)).toMatchObject({ calledNumber: '95001', callingNumber: '13800138000' });
  await phase(box, callId, 'offering');
  await until(() => box.exchange.phones()[0]!.ringing, 'the telephone rings');
  await box.exchange.lift(1);
  await phase(box, callId, 'talking');
  const { row } = await storedCall(box, callId);
  expect(row).toMatchObject({ cause: 16, releasedBy: 'caller', agentId: '2001', queueId: 'sales' });
  expect(box.exchange.callers.find(exchangeId)).toMatchObject({ state: 'released' });
  const recorded = stereoAlaw(await recordingOf(box, callId));
  expect(indexOfPart(recorded.left, speechAlaw(CALLER_SAYS)), 'the caller, octet for octet').toBeGreaterThan(0);
  await nothingLeaks(box);
}

/** Lifts telephone 1 and dials; resolves with the call. */
export async function dialOut(box: Box, number: string): Promise<string> {
  const arrived = new Promise<string>((resolve) =>
    box.calls.events.once('call.arrived', ({ call }) => resolve(call.id)),
  );
  await box.exchange.lift(1);
  await box.exchange.dial(1, number);
  return arrived;
}

/** A telephone calls a subscriber who answers, and one who is busy. */
export async function callsOut(box: Box): Promise<void> {
  box.exchange.subscribers.setPlan('13900139000', { answerAfterMs: 200 });
  box.exchange.subscribers.setPlan('13900139001', { refuseCause: 17 });
  const answered = await dialOut(box, '013900139000#');
  await phase(box, answered, 'talking');
  const [called] = box.exchange.subscribers.list();
  expect(called).toMatchObject({ calledNumber: '13900139000', state: 'answered' });
  await box.exchange.subscribers.hangUp(called!.leg);
  expect((await storedCall(box, answered)).row).toMatchObject({ direction: 'out', cause: 16, releasedBy: 'callee' });
  await stationFree(box, 1);
  await nothingLeaks(box);

  const refused = await dialOut(box, '013900139001#');
  const { row } = await storedCall(box, refused);
  expect(row).toMatchObject({ cause: 17, releasedBy: 'callee', answeredAt: null });
}
