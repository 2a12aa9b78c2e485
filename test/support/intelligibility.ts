// How well what arrived is understood: short-time objective intelligibility (STOI; Taal, Hendriks, Heusdens, Jensen, "An Algorithm for
// Intelligibility Prediction of Time-Frequency Weighted Noisy Speech", IEEE TASLP 19(7), 2011). 1 is what was said. The measure wants
// both in step, while a jitter buffer stretches what it plays: so it is put in step first, piece by piece.
import { RATE_HZ, rms, transform } from './audio-match.js';

// Figures of the paper, section II.
const STOI_HZ = 10_000;
const FRAME = 256;
const HOP = FRAME / 2;
const POINTS = 512;
const BANDS = 15;
const LOWEST_HZ = 150;
/** 384 ms */
const SEGMENT = 30;
const CLIP = 1 + 10 ** (15 / 20);
const SILENT_DB = 40;

const WINDOW = Float64Array.from(
  { length: FRAME },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 1)) / (FRAME + 1)),
);
/** first bin, and the one behind the last, of each third of an octave */
const THIRDS = Array.from({ length: BANDS }, (_, k) =>
  [-1, 1].map((edge) => Math.round((LOWEST_HZ * 2 ** ((2 * k + edge) / 6) * POINTS) / STOI_HZ)),
) as [number, number][];

/** Of two that are in step, 8 kHz, 0 to 1 (less than 0 is chance). */
export function stoi(said: Float64Array, heard: Float64Array): number {
  const [clean, other] = withoutSilence(resampled(said), resampled(heard));
  const [x, y] = [bandsOf(clean), bandsOf(other)];
  const segments = x.length - SEGMENT + 1;
  if (segments < 1) throw new RangeError('less than 384 ms are said');
  let sum = 0;
  for (let from = 0; from < segments; from += 1)
    for (let band = 0; band < BANDS; band += 1) sum += likeness(x, y, from, band);
  return sum / (segments * BANDS);
}

/** The share of words of sentences that listeners understand at such a score: the paper's fit to listeners, table II. */
export function wordsUnderstood(score: number): number {
  return 1 / (1 + Math.exp(-17.4906 * score + 9.6921));
}

function likeness(x: Float64Array[], y: Float64Array[], from: number, band: number): number {
  const a = new Float64Array(SEGMENT);
  const b = new Float64Array(SEGMENT);
  for (let i = 0; i < SEGMENT; i += 1) [a[i], b[i]] = [x[from + i]![band]!, y[from + i]![band]!];
  const gain = norm(a) / (norm(b) + Number.EPSILON);
  for (let i = 0; i < SEGMENT; i += 1) b[i] = Math.min(b[i]! * gain, a[i]! * CLIP);
  centre(a);
  centre(b);
  let sum = 0;
  for (let i = 0; i < SEGMENT; i += 1) sum += a[i]! * b[i]!;
  return sum / ((norm(a) + Number.EPSILON) * (norm(b) + Number.EPSILON));
}

const norm = (values: Float64Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

function centre(values: Float64Array): void {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  for (let i = 0; i < values.length; i += 1) values[i]! -= mean;
}

/** 8 kHz as 10 kHz, by a windowed sinc. */
function resampled(samples: Float64Array): Float64Array {
  const REACH = 32;
  return Float64Array.from({ length: Math.floor((samples.length * STOI_HZ) / RATE_HZ) }, (_, n) => {
    const at = (n * RATE_HZ) / STOI_HZ;
    let sum = 0;
    for (let i = Math.ceil(at) - REACH; i < at + REACH; i += 1) {
      const x = i - at;
      const shape = 0.5 + 0.5 * Math.cos((Math.PI * x) / REACH);
      sum += (samples[i] ?? 0) * shape * (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
    }
    return sum;
  });
}

/** Frames in which nothing is said are left out of both; the others are put together again. */
function withoutSilence(said: Float64Array, heard: Float64Array): [Float64Array, Float64Array] {
  const frames: number[] = [];
  for (let at = 0; at + FRAME < said.length; at += HOP) frames.push(at);
  const levels = frames.map((at) => 20 * Math.log10(norm(windowed(said, at)) + Number.EPSILON));
  const least = Math.max(...levels) - SILENT_DB;
  const kept = frames.filter((_, i) => levels[i]! > least);
  const joined = (samples: Float64Array): Float64Array => {
    const out = new Float64Array(kept.length === 0 ? 0 : (kept.length - 1) * HOP + FRAME);
    for (const [i, at] of kept.entries())
      for (const [k, sample] of windowed(samples, at).entries()) out[i * HOP + k]! += sample;
    return out;
  };
  return [joined(said), joined(heard)];
}

const windowed = (samples: Float64Array, at: number): Float64Array =>
  WINDOW.map((weight, i) => weight * (samples[at + i] ?? 0));

/** Of each frame, what is in each third of an octave. */
function bandsOf(samples: Float64Array): Float64Array[] {
  const frames: Float64Array[] = [];
  for (let at = 0; at + FRAME < samples.length; at += HOP) {
    const [re, im] = [new Float64Array(POINTS), new Float64Array(POINTS)];
    re.set(windowed(samples, at));
    transform(re, im);
    frames.push(
      Float64Array.from(THIRDS, ([from, to]) => {
        let energy = 0;
        for (let bin = from; bin < to; bin += 1) energy += re[bin]! ** 2 + im[bin]! ** 2;
        return Math.sqrt(energy);
      }),
    );
  }
  return frames;
}

/** 200 ms with 50 ms on each side that go over into the next */
const PIECE = RATE_HZ / 5;
const OVER = RATE_HZ / 20;
/** How far a jitter buffer moves in one piece, at most. */
const REACH = (60 * RATE_HZ) / 1000;

/**
 * What was heard in step with what was said, which begins there `delay` samples in. Of each piece the place is found that is most like it, near
 * that of the piece before; where nothing is like it, as in a gap, the place stays.
 */
export function inStep(said: Float64Array, heard: Float64Array, delay: number): Float64Array {
  const out = new Float64Array(said.length);
  for (let at = 0; at < said.length; at += PIECE) {
    const [from, to] = [Math.max(0, at - OVER), Math.min(said.length, at + PIECE + OVER)];
    delay = bestDelay(said.subarray(from, to), heard, from, delay);
    for (let i = from; i < to; i += 1) {
      const rises = at === 0 ? 1 : Math.min(1, (i - from) / (2 * OVER));
      const falls = to === said.length ? 1 : Math.min(1, (to - i) / (2 * OVER));
      out[i]! += Math.min(rises, falls) * (heard[i + delay] ?? 0);
    }
  }
  return out;
}

function bestDelay(piece: Float64Array, heard: Float64Array, from: number, near: number): number {
  const loud = rms(piece);
  let [best, delay] = [0.3, near];
  for (let shift = -REACH; shift <= REACH; shift += 1) {
    const begin = from + near + shift;
    if (loud === 0 || begin < 0 || begin + piece.length > heard.length) continue;
    const part = heard.subarray(begin, begin + piece.length);
    let product = 0;
    let energy = 0;
    for (let i = 0; i < piece.length; i += 1) {
      product += piece[i]! * part[i]!;
      energy += part[i]! * part[i]!;
    }
    const peak = product / (loud * Math.sqrt(energy * piece.length) + Number.EPSILON);
    if (peak > best) [best, delay] = [peak, near + shift];
  }
  return delay;
}
