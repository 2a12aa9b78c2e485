// The little that the figures need of WAV files. The encoder is written from the tables of G.711, not from the engine's.
import { readFileSync } from 'node:fs';

function chunk(file, wanted) {
  for (let at = 12; at + 8 <= file.length;) {
    const size = file.readUInt32LE(at + 4);
    if (file.toString('latin1', at, at + 4) === wanted) return file.subarray(at + 8, at + 8 + size);
    at += 8 + size + (size % 2);
  }
  throw new Error(`no ${wanted} chunk`);
}

/** A-law octet of a 16-bit sample: G.711 table 1a, sign and 12 bits of magnitude, even bits inverted. */
function alaw(sample) {
  const sign = sample >= 0 ? 0x80 : 0;
  const magnitude = (sample >= 0 ? sample : ~sample) >> 4;
  let segment = 0;
  while (segment < 7 && magnitude >> (segment + 4) !== 0) segment += 1;
  const step = segment < 2 ? magnitude & 15 : (magnitude >> (segment - 1)) & 15;
  return (sign | (segment << 4) | step) ^ 0x55;
}

/** The octets that a 16-bit mono 8 kHz WAV is on a timeslot. */
export function alawOf(path) {
  const data = chunk(readFileSync(path), 'data');
  return Buffer.from(Array.from({ length: data.length >> 1 }, (_, i) => alaw(data.readInt16LE(2 * i))));
}

/** Both channels of a stereo A-law recording. */
export function stereoAlaw(path) {
  const data = chunk(readFileSync(path), 'data');
  const side = (which) => Buffer.from(Array.from({ length: data.length >> 1 }, (_, i) => data[2 * i + which]));
  return { left: side(0), right: side(1) };
}

/** How many octets of `wanted`, from its beginning, stand in `whole` in one piece. */
export function longestRun(whole, wanted) {
  let [found, missing] = [0, wanted.length + 1];
  while (missing - found > 1) {
    const middle = (found + missing) >> 1;
    if (whole.includes(wanted.subarray(0, middle))) found = middle;
    else missing = middle;
  }
  return found;
}
