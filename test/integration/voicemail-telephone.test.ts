// Voicemail by telephone over the virtual card: what was said is looked for in what is heard, by correlation.
import { expect, it } from 'vitest';
import { VoicemailBoxCreate, type VoicemailBox } from '../../daemon/src/contract/index.js';
import { startBox, type Box } from '../../daemon/dist/main.js';
import { samplesOf } from '../support/audio-match.js';
import { nothingLeaks, signInByPhone, startTestBox, stationFree, waitFor } from '../support/box.js';
import { heardWell, speech } from '../support/speech.js';
import { Insider, Outsider, heardFile } from '../support/voice.js';

const HEARD = 0.8;

const make = (box: Box, id: string, over: object = {}): Promise<VoicemailBox> =>
  box.voicemail.create(VoicemailBoxCreate.parse({ id, name: id, kind: 'agent', language: 'en', ...over }));

/** Somebody calls the number of the box and leaves a message. */
async function leaves(box: Box, number: string, piece: number, from?: string): Promise<void> {
  const caller = await (await Outsider.calls(box, number, from)).answered();
  await caller.hears('vm-after-tone', { toItsEnd: true });
  await caller.says(speech(piece).path);
  await caller.press('#');
  await caller.hears('vm-review');
  await caller.press('#');
  await caller.hears('vm-sent', { toItsEnd: true });
  await caller.gone();
}

it('a message that was left is heard by its owner at his telephone, with its number, and is old then', async () => {
  const box = await startTestBox({ start: startBox });
  await make(box, 'li', { number: '7001', agents: ['2001'], stations: [1] });
  await signInByPhone(box, '2001', 1);
  await leaves(box, '7001', 5);
  expect(await box.voicemail.messages('li')).toMatchObject([{ state: 'new', callingNumber: '13800138000' }]);

  const owner = await Insider.lifts(box, 1, '*97');
  const heard = await owner.recordsWhatHeHears(heardFile(box, 'owner'));
  await owner.hears('vm-from', { toItsEnd: true });
  await owner.hears('file', { toItsEnd: true });
  await owner.hears('vm-menu');
  await owner.press('2');
  await owner.hears('vm-no-more');
  await owner.press('#');
  await owner.hears('goodbye');
  await owner.gone();
  await stationFree(box, 1);
  expect(heardWell(samplesOf(heard, 1), speech(5))).toBeGreaterThan(HEARD);
  expect(await box.voicemail.messages('li')).toMatchObject([{ state: 'read' }]);
  // What a box holds does not come into the recordings of calls.
  const recording = (await box.db.recordings.findByCall(owner.callId))!;
  expect(recording.durationMs).toBeLessThan(3000);
  await nothingLeaks(box);
});
