// Calls over E1s signalled by No. 7: into a queue and out again, with the simulated exchange at the other end of the cables.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Box } from '../../daemon/src/main.js';
import { phase, startTestBox, storedCall, waitFor } from '../support/box.js';
import { callsOut, dialOut, speaksWithAgent } from '../support/line-calls.js';
import { until } from '../support/turns.js';

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
    await speaksWithAgent(box);
  },
  90_000,
);

it('a telephone calls out over ISUP; a subscriber who is busy is heard of by his cause', async () => {
  await callsOut(await ss7Box('china'));
}, 120_000);

it('a whole E1 that the far end blocks is shown, and calls go by the other', async () => {
  const box = await ss7Box('china');
  const blocked = (): number => box.trunks.find(1)!.timeslots.filter((at) => at.blocked === 'there').length;
  await box.engine.command('span.block', { span: 101, timeslot: 0, blocked: true });
  await waitFor(box.live, 'span.updated', () => blocked() === 30);
  box.exchange.subscribers.setPlan('13900139000', { answerAfterMs: 200 });
  const call = await dialOut(box, '013900139000#');
  await phase(box, call, 'talking');
  const busyOn = (span: number) => box.trunks.find(span)!.timeslots.filter(({ busy }) => busy).length;
  expect([busyOn(1), busyOn(2)]).toEqual([0, 1]);
  await box.exchange.subscribers.hangUp(box.exchange.subscribers.list()[0]!.leg);
  await storedCall(box, call);
  await box.engine.command('span.block', { span: 101, timeslot: 0, blocked: false });
  await waitFor(box.live, 'span.updated', () => blocked() === 0);
}, 60_000);
