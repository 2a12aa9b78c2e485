// The measure that judges sound over bad networks: its values beside those of the authors' method carried out by numpy and scipy, and
// that putting in step finds what a jitter buffer does and invents nothing.
import { describe, expect, it } from 'vitest';
import { RATE_HZ } from '../support/audio-match.js';
import { inStep, stoi, wordsUnderstood } from '../support/intelligibility.js';
import { speech } from '../support/speech.js';

const SAMPLES = 3 * RATE_HZ;

function noise(seed: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length: SAMPLES }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Five tones whose loudness goes up and down as that of syllables does. */
const said = Float64Array.from({ length: SAMPLES }, (_, i) => {
  const turn = (2 * Math.PI * i) / RATE_HZ;
  const tones = [180, 450, 900, 1700, 3100].map((hertz, k) => {
    const syllables = 1 + Math.sin([3.1, 4.3, 2.7, 5.1, 3.7][k]! * turn);
    return Math.sin(hertz * turn) * syllables;
  });
  return tones.reduce((sum, tone) => sum + tone, 0) * (1 + 0.9 * Math.sin(1.3 * turn)) * 1000;
});
const withNoise = (gain: number): Float64Array => {
  const other = noise(7);
  return said.map((sample, i) => sample + gain * other[i]!);
};

describe('intelligibility', () => {
  it.each([
    [500, 0.7454],
    [2000, 0.6882],
    [8000, 0.5346],
    [32_000, 0.371],
  ])('with noise of %d is what the reference says', (gain, score) => {
    expect(stoi(said, withNoise(gain))).toBeCloseTo(score, 2);
  });

  it('with a gap of 40 ms in every 200 ms is what the reference says', () => {
    const gaps = said.map((sample, i) => (i % 1600 < 320 ? 0 : sample));
    expect(stoi(said, gaps)).toBeCloseTo(0.602, 2);
  });

  it('of the same is 1, whatever the gain, and of another text next to nothing', () => {
    const one = speech(0).samples.subarray(0, SAMPLES);
    expect(
      stoi(
        one,
        one.map((sample) => sample / 3),
      ),
    ).toBeCloseTo(1, 6);
    expect(Math.abs(stoi(one, speech(1).samples.subarray(0, SAMPLES)))).toBeLessThan(0.2);
  });

  it('is words: all but few at 0.75, next to none at 0.3', () => {
    expect(wordsUnderstood(0.75)).toBeCloseTo(0.968, 2);
    expect(wordsUnderstood(0.3)).toBeLessThan(0.02);
  });
});

describe('putting in step', () => {
  const one = speech(0).samples.subarray(0, SAMPLES);

  it('finds what a jitter buffer left out and put in', () => {
    // 700 samples late; 20 ms are put in after a second, 30 ms are left out after two.
    const heard = Float64Array.from([
      ...new Float64Array(700),
      ...one.subarray(0, 8000),
      ...one.subarray(7840, 16_000),
      ...one.subarray(16_240),
      ...new Float64Array(800),
    ]);
    expect(stoi(one, heard.subarray(700, 700 + SAMPLES))).toBeLessThan(0.9);
    expect(stoi(one, inStep(one, heard, 700))).toBeGreaterThan(0.93);
  });

  it('finds no speech in noise, and none in another text', () => {
    const loud = noise(3).map((sample) => 3000 * sample);
    expect(wordsUnderstood(stoi(one, inStep(one, loud, 0)))).toBeLessThan(0.1);
    expect(wordsUnderstood(stoi(one, inStep(one, speech(2).samples, 0)))).toBeLessThan(0.15);
  });
});
