// Where the audio is in what the engine has written: a stereo A-law WAV whose sizes may not be true yet.
import type { PlainSource } from './plain-source.js';

export interface WavHeader {
  dataAt: number;
  dataBytes: number;
}

const LONGEST_HEADER_BYTES = 4096;

/** Rejects with an Error that says what it is instead. */
export async function readWavHeader(source: PlainSource): Promise<WavHeader> {
  const head = await source.read(0, Math.min(source.bytes, LONGEST_HEADER_BYTES));
  const id = (at: number): string => head.toString('latin1', at, at + 4);
  if (head.length < 12 || id(0) !== 'RIFF' || id(8) !== 'WAVE') throw new Error('this is not a WAV file');
  for (let at = 12; at + 8 <= head.length;) {
    const size = head.readUInt32LE(at + 4);
    if (id(at) === 'data') return { dataAt: at + 8, dataBytes: source.bytes - at - 8 };
    if (id(at) === 'fmt ' && at + 12 <= head.length) {
      const [format, channels] = [head.readUInt16LE(at + 8), head.readUInt16LE(at + 10)];
      if (format !== 6 || channels !== 2)
        throw new Error(`this WAV has format ${format} with ${channels} channel(s) and not stereo A-law`);
    }
    at += 8 + size + (size % 2);
  }
  throw new Error('this WAV has no audio chunk');
}
