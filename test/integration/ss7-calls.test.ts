// Calls over E1s signalled by No. 7: into a queue and out again, with the simulated exchange at the other end of the cables.
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

/** Two E1s of one link set, with a link on each. */
async function ss7Box(variant: 'itu' | 'china'): Promise<Box> {
  const home = mkdtempSync(join(tmpdir(), 'cordboard-ss7-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const codes = variant === 'china' ? ['23-2-3', '23-10-1'] : ['2-125-1', '2-125-2'];
  const settings = {
    version: 3,
    virtual: { spans: 2 },
    linkSets: [
      {
        name: 'Telecom',
        variant,
        pointCode: codes[0],
        destination: codes[1],
        links: [
          { span: 1, code: 0 },
          { span: 2, code: 1 },
        ],
      },
    ],
    e1: [
      { span: 1, signalling: 'ss7', ss7: { linkSet: 'Telecom', firstCircuit: 1 } },
      { span: 2, signalling: 'ss7', ss7: { linkSet: 'Telecom', firstCircuit: 33 } },
    ],
  };
  writeFileSync(join(home, 'settings.json'), JSON.stringify(settings));
  const box = await startTestBox({ home });
  await until(() => box.trunks.find(1)?.dchannelUp === true, 'the other exchange can be reached');
  return box;
}

it.each(['itu', 'china'] as const)(
  'a call over ISUP (%s) reaches an agent through the queue',
  async (variant) => {
    const box = await ss7Box(variant);
    expect(box.trunks.find(1)).toMatchObject({ signalling: 'ss7', dchannelUp: true });
    expect(box.trunks.find(1)!.timeslots.map(({ timeslot }) => timeslot)).not.toContain(16);
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
  },
  90_000,
);

it('a telephone calls out over ISUP; a subscriber who is busy is heard of by his cause', async () => {
  const box = await ss7Box('china');
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

it('a whole E1 that the far end blocks is shown, and calls go by the other', async () => {
  const box = await ss7Box('china');
  const blocked = (): number => box.trunks.find(1)!.timeslots.filter((at) => at.blocked === 'there').length;
  await box.engine.command('span.block', { span: 101, timeslot: 0, blocked: true });
  await waitFor(box.live, 'span.updated', () => blocked() === 30);
  await box.engine.command('span.block', { span: 101, timeslot: 0, blocked: false });
  await waitFor(box.live, 'span.updated', () => blocked() === 0);
}, 60_000);
