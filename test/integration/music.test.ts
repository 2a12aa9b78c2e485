// What those hear who wait and who are on hold, with real audio: a bundled piece as it was recorded, then a playlist of the box's own.
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { findSound, samplesOf } from '../support/audio-match.js';
import { callIn, nothingLeaks, phase, recordingOf, startTestBox, storedCall } from '../support/box.js';
import { talkFor } from '../support/talk-time.js';
import { until } from '../support/turns.js';

const SOUND = '/usr/share/asterisk/sounds/en_US_f_Allison/tt-weasels.wav';
/** of what was heard */
const CAN_BE_JUDGED = 2.5 * 8000;

it('one who waits hears the music of the box, and that of the queue when it has one of its own', async () => {
  const box = await startTestBox({ env: { CORDBOARD_MUSIC_STANDARD: 'opsound' } });
  const waits = async (): Promise<Float64Array> => {
    const { callId, exchangeId } = await callIn(box, { digits: '1' });
    await phase(box, callId, 'queued');
    await talkFor(box, 4000);
    await box.exchange.hangUp(exchangeId);
    await storedCall(box, callId);
    return samplesOf(await recordingOf(box, callId), 2);
  };
  const heard = (await waits()).subarray(-CAN_BE_JUDGED);
  const pieces = (await box.music.list()).find(({ id }) => id === 'opsound')!.pieces;
  expect(pieces).toHaveLength(5);
  const peaks = await Promise.all(
    pieces.map(async ({ name }) => {
      const whole = samplesOf(await box.music.file('opsound', name)).subarray(0, 8000 * 12);
      return findSound(whole, heard).peak;
    }),
  );
  expect(Math.max(...peaks), peaks.join(' ')).toBeGreaterThan(0.9);

  await box.music.put('ours', { name: 'Ours', shuffle: false }, 'admin');
  await box.music.upload('ours', 'speech', readFileSync(SOUND), 'admin');
  await box.db.write((tx) => tx.queues.update('sales', { music: 'ours' }));
  await until(() => box.queues.find('sales')?.music === 'ours', 'the queue is changed');
  const said = samplesOf(join(box.config.home, 'music', 'ours', 'speech.wav'));
  expect(findSound(await waits(), said.subarray(1600, 9600)).peak).toBeGreaterThan(0.9);
  await nothingLeaks(box);
});
