// A message is left while the call is recorded, too: the engine writes both, and what is kept is what the caller said.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { VoicemailBoxCreate } from '../../daemon/src/contract/index.js';
import { callIn, phase, startTestBox, storedCall, waitFor } from '../support/box.js';
import { indexOfPart, speechAlaw, stereoAlaw } from '../support/wav.js';

const SAYS = '/usr/share/asterisk/sounds/en_US_f_Allison/tt-weasels.wav';

it('a caller leaves a message', async () => {
  const box = await startTestBox();
  await box.voicemail.create(VoicemailBoxCreate.parse({ id: 'sales', name: 'Sales', kind: 'queue' }));
  const { callId, exchangeId, timeslot } = await callIn(box, {});
  await phase(box, callId, 'inFlow');
  const { legs } = await box.engine.command('engine.snapshot', {});
  const portOn = (span: number): number => legs.find((leg) => leg.span === span && leg.timeslot === timeslot)!.port;

  const { id, path } = await box.voicemail.begin('sales', { callId, callingNumber: '13800138000' });
  const { recording } = await box.engine.command('recording.start', { port: portOn(1), path });
  const { play } = await box.engine.command('play.start', { port: portOn(101), files: [SAYS] });
  let over = false;
  box.engine.events.on('play.ended', (ended) => void (over ||= ended.play === play));
  await waitFor(box.engine.events, 'play.ended', () => over);
  await box.engine.command('recording.stop', { recording });
  const message = (await box.voicemail.finish(id))!;
  expect(message).toMatchObject({ state: 'new', callId, callingNumber: '13800138000' });
  expect(readdirSync(join(box.config.home, 'voicemail'))).toEqual([`${id}.cbr`]);

  const source = await box.voicemail.open(id);
  const file = join(box.config.home, 'message.wav');
  writeFileSync(file, await source.read(0, source.bytes));
  await source.close();
  expect(indexOfPart(stereoAlaw(file).left, speechAlaw(SAYS).subarray(320, -800))).toBeGreaterThanOrEqual(0);
  await box.exchange.hangUp(exchangeId);
  await storedCall(box, callId);
});
