// Whether a recording has somebody's voice on both of its sides.
import { readFileSync } from 'node:fs';

/** Root mean square of 100 ms, 16-bit scale, above which somebody speaks: about -40 dBm0. */
const SPEECH_RMS = 300;
const WINDOW_FRAMES = 800;
/** Seconds of speech, in windows, that each side must have at least. */
const LEAST_WINDOWS = 5;

/** Throws an Error that says what is wrong with the recording. */
export function bothSidesSpoke(path: string): void {
  const file = readFileSync(path);
  const format = file.readUInt16LE(20);
  const channels = file.readUInt16LE(22);
  const dataAt = file.indexOf('data', 12, 'latin1') + 8;
  if (file.toString('latin1', 0, 4) !== 'RIFF' || format !== 6 || channels !== 2 || dataAt < 8)
    throw new Error('the recording is not a stereo A-law WAV');
  const frames = file.subarray(dataAt);
  for (const [side, name] of ['caller', 'agent'].entries()) {
    const spoken = windowsWithSpeech(frames, side);
    if (spoken < LEAST_WINDOWS) throw new Error(`the ${name} is not heard in the recording`);
  }
}

function windowsWithSpeech(frames: Buffer, side: number): number {
  let spoken = 0;
  for (let at = 0; at + 2 * WINDOW_FRAMES <= frames.length; at += 2 * WINDOW_FRAMES) {
    let sum = 0;
    for (let i = 0; i < WINDOW_FRAMES; i += 1) sum += alawToLinear(frames[at + 2 * i + side] ?? 0) ** 2;
    if (Math.sqrt(sum / WINDOW_FRAMES) > SPEECH_RMS) spoken += 1;
  }
  return spoken;
}

/** G.711 table 1a. */
function alawToLinear(octet: number): number {
  const value = octet ^ 0x55;
  const segment = (value >> 4) & 7;
  const step = ((value & 15) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 256) << (segment - 1);
  return (value & 0x80) !== 0 ? magnitude : -magnitude;
}
