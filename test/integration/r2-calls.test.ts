// Calls over an E1 with MFC/R2: into a queue and out again, with the simulated exchange at the other end of the cable.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Box } from '../../daemon/src/main.js';
import { startTestBox, waitFor } from '../support/box.js';
import { callsOut, speaksWithAgent } from '../support/line-calls.js';

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
  await speaksWithAgent(box);
}, 90_000);

it('a telephone calls out over R2; a subscriber who is busy is heard of by his cause', async () => {
  await callsOut(await r2Box());
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
