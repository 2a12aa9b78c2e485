import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ensureHoldMusic, holdMusicSamples } from '../../daemon/src/acd/hold-music.js';
import { temporaryFolder } from '../support/temporary-folder.js';

it('the music for those who wait is quiet, never clips, and begins where it ends', () => {
  const samples = holdMusicSamples();
  expect(samples.length).toBe(8 * 8 * 4000);
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  expect(peak).toBeLessThan(20_000);
  const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
  // -10 to -30 dBm0: as loud as speech, no louder.
  expect(20 * Math.log10(rms / 22_000)).toBeGreaterThan(-30);
  expect(20 * Math.log10(rms / 22_000)).toBeLessThan(-10);
  expect(Math.abs(samples[0]! - samples.at(-1)!)).toBeLessThan(3000);
});

it('the music is made once', async () => {
  const file = join(temporaryFolder(), 'cache', 'music', 'cordboard.wav');
  await ensureHoldMusic(file);
  const first = readFileSync(file);
  expect(first.toString('latin1', 0, 4)).toBe('RIFF');
  expect(first.readUInt32LE(4)).toBe(first.length - 8);
  await ensureHoldMusic(file);
  expect(readFileSync(file).equals(first)).toBe(true);
});
