// Calls over an E1 with MFC/R2: into a queue and out again, with the simulated exchange at the other end of the cable.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Box } from '../../daemon/src/main.js';
import {
  callIn,
  nothingLeaks,
  phase,
  recordingOf,
  signInByPhone,
  startTestBox,
  stationFree,
  storedCall,
  waitFor,
} from '../support/box.js';
import { until } from '../support/turns.js';
import { indexOfPart, speechAlaw, stereoAlaw } from '../support/wav.js';

const CALLER_SAYS = '/usr/share/asterisk/sounds/en_US_f_Allison/hello-world.wav';

async function r2Box(): Promise<Box> {
  const home = mkdtempSync(join(tmpdir(), 'cordboard-r2-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const e1 = [{ span: 1, signalling: 'r2', r2: { protocol: 'cn', calledDigits: 5 } }];
  writeFileSync(join(home, 'settings.json'), JSON.stringify({ version: 3, e1 }));
  return startTestBox({ home });
}

it('a call over R2 with its numbers reaches an agent through the queue and is recorded', async () => {
  const box = await r2Box();
  expect(box.trunks.find(1)).toMatchObject({ signalling: 'r2', dchannelUp: true });
  await signInByPhone(box, '2001', 1);
  const placedAt = performance.now();
  const { callId, exchangeId } = await callIn(box, { digits: '1', playFile: CALLER_SAYS, talkMs: 4000 });
  console.log(`arrived ${Math.round(performance.now() - placedAt)} ms after the seizure`);
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
}, 90_000);

it('a telephone calls out over R2; a subscriber who is busy is heard of by his cause', async () => {
  const box = await r2Box();
  box.exchange.subscribers.setPlan('13900139000', { answerAfterMs: 200 });
  box.exchange.subscribers.setPlan('13900139001', { refuseCause: 17 });
  const dial = async (number: string): Promise<string> => {
    const arrived = new Promise<string>((resolve) =>
      box.calls.events.once('call.arrived', ({ call }) => resolve(call.id)),
    );
    await box.exchange.lift(1);
    await box.exchange.dial(1, number);
    return arrived;
  };
  const answered = await dial('013900139000#');
  await phase(box, answered, 'talking');
  const [called] = box.exchange.subscribers.list();
  expect(called).toMatchObject({ calledNumber: '13900139000', state: 'answered' });
  await box.exchange.subscribers.hangUp(called!.leg);
  expect((await storedCall(box, answered)).row).toMatchObject({ direction: 'out', cause: 16, releasedBy: 'callee' });
  await stationFree(box, 1);
  await nothingLeaks(box);

  const refused = await dial('013900139001#');
  const { row } = await storedCall(box, refused);
  expect(row).toMatchObject({ cause: 17, releasedBy: 'callee', answeredAt: null });
}, 120_000);

it('a timeslot that the far end blocks is shown', async () => {
  const box = await r2Box();
  const blocked = (): unknown => box.trunks.find(1)?.timeslots.find(({ timeslot }) => timeslot === 9)?.blocked;
  await waitFor(box.live, 'span.updated', () => blocked() === 'no');
  await box.engine.command('span.block', { span: 101, timeslot: 9, blocked: true });
  await waitFor(box.live, 'span.updated', () => blocked() === 'there');
  await box.engine.command('span.block', { span: 101, timeslot: 9, blocked: false });
  await waitFor(box.live, 'span.updated', () => blocked() === 'no');
}, 60_000);
