// Whether somebody heard what somebody else said: normalised cross-correlation, which finds the place by itself and does not
// mind gain or a delay. 1 is the same wave, 0 has nothing in common.
import { spawnSync } from 'node:child_process';

export const RATE_HZ = 8000;

/** Any sound file as samples of 8 kHz; `channel` 1 is the left. Throws with what sox says. */
export function samplesOf(path: string, channel = 1): Float64Array {
  const raw = ['-t', 'raw', '-e', 'signed-integer', '-b', '16', '-r', String(RATE_HZ), '-', 'remix', String(channel)];
  const { stdout, stderr, status } = spawnSync('sox', ['-V1', path, ...raw], { maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`sox cannot read ${path}: ${String(stderr)}`);
  return Float64Array.from({ length: stdout.length >> 1 }, (_, i) => stdout.readInt16LE(2 * i));
}

export interface Match {
  /** -1 to 1, of the best place */
  peak: number;
  /** sample of `heard` where `said` begins there */
  at: number;
}

/** Where `said` is in `heard` as a whole. */
export function findSound(heard: Float64Array, said: Float64Array): Match {
  if (said.length === 0 || heard.length < said.length) return { peak: 0, at: -1 };
  let size = 1;
  while (size < heard.length + said.length) size *= 2;
  const [a, b] = [spectrum(heard, size), spectrum(said, size)];
  // The product with the conjugate is the correlation; its transform backwards is that of the conjugate.
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  for (let i = 0; i < size; i += 1) {
    re[i] = a.re[i]! * b.re[i]! + a.im[i]! * b.im[i]!;
    im[i] = -(a.im[i]! * b.re[i]! - a.re[i]! * b.im[i]!);
  }
  transform(re, im);
  const saidEnergy = energy(said);
  let window = energy(heard.subarray(0, said.length));
  // Silence correlates with nothing, and rounding would make something of it.
  const least = saidEnergy * 1e-4;
  const best: Match = { peak: 0, at: -1 };
  for (let at = 0; at + said.length <= heard.length; at += 1) {
    if (at > 0) window += heard[at + said.length - 1]! ** 2 - heard[at - 1]! ** 2;
    if (window < least) continue;
    const peak = re[at]! / size / Math.sqrt(window * saidEnergy);
    if (peak > best.peak) Object.assign(best, { peak, at });
  }
  return best;
}

/** Root mean square, 16-bit scale. */
export function rms(samples: Float64Array): number {
  return samples.length === 0 ? 0 : Math.sqrt(energy(samples) / samples.length);
}

function energy(samples: Float64Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return sum;
}

function spectrum(samples: Float64Array, size: number): { re: Float64Array; im: Float64Array } {
  const re = new Float64Array(size);
  re.set(samples);
  const im = new Float64Array(size);
  transform(re, im);
  return { re, im };
}

/** Fourier transform in place, radix 2; the length is a power of two. */
export function transform(re: Float64Array, im: Float64Array): void {
  const size = re.length;
  for (let i = 1, j = 0; i < size; i += 1) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    [re[i], re[j]] = [re[j]!, re[i]!];
    [im[i], im[j]] = [im[j]!, im[i]!];
  }
  for (let half = 1; half < size; half *= 2) {
    for (let k = 0; k < half; k += 1) {
      const angle = (-Math.PI * k) / half;
      const [wr, wi] = [Math.cos(angle), Math.sin(angle)];
      for (let i = k; i < size; i += 2 * half) {
        const j = i + half;
        const tr = re[j]! * wr - im[j]! * wi;
        const ti = re[j]! * wi + im[j]! * wr;
        re[j] = re[i]! - tr;
        im[j] = im[i]! - ti;
        re[i] = re[i]! + tr;
        im[i] = im[i]! + ti;
      }
    }
  }
}
