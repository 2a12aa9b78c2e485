// WAV files as tests need them: the two sides of a recording, speech to be played, how loud something is.
import { readFileSync, writeFileSync } from 'node:fs';

/** A-law octet of silence (G.711: even bits inverted) */
export const SILENCE = 0xd5;

interface Chunks {
  format: number;
  channels: number;
  rateHz: number;
  bits: number;
  data: Buffer;
}

function chunks(path: string): Chunks {
  const file = readFileSync(path);
  let at = 12;
  const wav: Chunks = { format: 0, channels: 0, rateHz: 0, bits: 0, data: Buffer.alloc(0) };
  while (at + 8 <= file.length) {
    const id = file.toString('latin1', at, at + 4);
    const size = file.readUInt32LE(at + 4);
    if (id === 'fmt ') {
      wav.format = file.readUInt16LE(at + 8);
      wav.channels = file.readUInt16LE(at + 10);
      wav.rateHz = file.readUInt32LE(at + 12);
      wav.bits = file.readUInt16LE(at + 22);
    }
    if (id === 'data') wav.data = file.subarray(at + 8, at + 8 + size);
    at += 8 + size + (size % 2);
  }
  return wav;
}

/** Left and right of a stereo A-law WAV, octets as they were on the bus. Throws when it is anything else. */
export function stereoAlaw(path: string): { left: Uint8Array; right: Uint8Array } {
  const { format, channels, rateHz, data } = chunks(path);
  if (format !== 6 || channels !== 2 || rateHz !== 8000)
    throw new Error(`${path} has format ${format}, ${channels} channels, ${rateHz} Hz`);
  const frames = data.length / 2;
  const left = new Uint8Array(frames);
  const right = new Uint8Array(frames);
  for (let i = 0; i < frames; i += 1) {
    left[i] = data[2 * i]!;
    right[i] = data[2 * i + 1]!;
  }
  return { left, right };
}

/** The octets that a 16-bit mono WAV of 8 kHz becomes on the bus. */
export function speechAlaw(path: string): Uint8Array {
  const { format, channels, rateHz, bits, data } = chunks(path);
  if (format !== 1 || channels !== 1 || rateHz !== 8000 || bits !== 16)
    throw new Error(`${path} is not 16 bit mono 8 kHz`);
  return Uint8Array.from({ length: data.length / 2 }, (_, i) => toAlaw(data.readInt16LE(2 * i)));
}

/** G.711 A-law, table 1a: 13 bits, sign and magnitude, even bits inverted. */
export function toAlaw(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0;
  let magnitude = Math.min(sample >= 0 ? sample : ~sample, 32_767) >> 3;
  let exponent = 0;
  let rest = magnitude >> 5;
  while (rest !== 0) {
    exponent += 1;
    rest >>= 1;
  }
  magnitude = exponent > 1 ? magnitude >> exponent : magnitude >> 1;
  return (sign | (exponent << 4) | (magnitude & 0x0f)) ^ 0x55;
}

/** Linear value of an A-law octet, 16 bits. */
export function fromAlaw(octet: number): number {
  const value = octet ^ 0x55;
  const exponent = (value >> 4) & 7;
  const mantissa = value & 0x0f;
  const magnitude = exponent === 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 0x108) << (exponent - 1);
  return (value & 0x80) !== 0 ? magnitude : -magnitude;
}

/** Root mean square, 16-bit scale. */
export function loudness(octets: Uint8Array): number {
  let sum = 0;
  for (const octet of octets) sum += fromAlaw(octet) ** 2;
  return octets.length === 0 ? 0 : Math.sqrt(sum / octets.length);
}

/** Where `part` begins in `whole`, octet for octet; -1 when it is not there in one piece. */
export function indexOfPart(whole: Uint8Array, part: Uint8Array): number {
  return Buffer.from(whole).indexOf(Buffer.from(part));
}

/** A 16-bit mono WAV with a tone: a prompt that takes no time to make. */
export function toneWav(hertz: number, durationMs: number): Buffer {
  const samples = Math.round(durationMs * 8);
  const file = Buffer.alloc(44 + samples * 2);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(36 + samples * 2, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(8000, 24);
  file.writeUInt32LE(16_000, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(samples * 2, 40);
  for (let i = 0; i < samples; i += 1)
    file.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * hertz * i) / 8000)), 44 + 2 * i);
  return file;
}

export function writeTone(path: string, hertz: number, durationMs: number): void {
  writeFileSync(path, toneWav(hertz, durationMs));
}
