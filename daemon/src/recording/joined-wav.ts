// A recording that was paused is several files of the engine: nothing of the pause is on the disk. They are read as one WAV, with
// silence where the pauses were, so that a place in it is the time since the recording began.
import { join } from 'node:path';
import { alawHeader } from './wav-repair.js';
import { openPlain, type PlainSource } from './plain-source.js';
import { readWavHeader, type WavHeader } from './wav-header.js';

export interface Part {
  /** relative to the recordings folder */
  path: string;
  /** since the recording began, on the monotonic clock */
  offsetMs: number;
}

/** A-law's idle code: +0 (G.711, even bits inverted) */
const SILENCE = 0xd5;
const FRAMES_PER_MS = 8;
const FRAME_BYTES = 2;
/** A pause that somebody forgot does not make a file of days. */
const LONGEST_GAP_MS = 4 * 3_600_000;

interface Stretch {
  at: number;
  bytes: number;
  /** undefined: silence */
  from?: { source: PlainSource; at: number };
}

/** Rejects with the file system's error when a file is missing, or with an Error when one is no recording. */
export async function openJoined(folder: string, parts: readonly Part[]): Promise<PlainSource> {
  const opened: { source: PlainSource; header: WavHeader; offsetMs: number }[] = [];
  const close = async (): Promise<void> => {
    for (const { source } of opened) await source.close();
  };
  try {
    for (const { path, offsetMs } of parts) {
      const source = await openPlain(join(folder, path));
      const one = { source, header: { dataAt: 0, dataBytes: 0 }, offsetMs };
      opened.push(one);
      one.header = await readWavHeader(source);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const stretches: Stretch[] = [];
  let at = 0;
  for (const { source, header, offsetMs } of opened) {
    const gap = Math.max(0, offsetMs * FRAMES_PER_MS * FRAME_BYTES - at);
    const silence = Math.min(gap, LONGEST_GAP_MS * FRAMES_PER_MS * FRAME_BYTES);
    if (silence > 0) stretches.push({ at, bytes: silence });
    at += silence;
    const bytes = header.dataBytes - (header.dataBytes % FRAME_BYTES);
    stretches.push({ at, bytes, from: { source, at: header.dataAt } });
    at += bytes;
  }
  const head = alawHeader(at / FRAME_BYTES);
  return { bytes: head.length + at, close, read };

  async function read(start: number, length: number): Promise<Buffer> {
    if (start < 0 || start + length > head.length + at) throw new RangeError(`there is no byte ${start + length}`);
    const pieces: Buffer[] = [];
    if (start < head.length) pieces.push(head.subarray(start, Math.min(head.length, start + length)));
    const [from, to] = [start - head.length, start + length - head.length];
    for (const stretch of stretches) {
      const [first, last] = [Math.max(from, stretch.at), Math.min(to, stretch.at + stretch.bytes)];
      if (first >= last) continue;
      if (stretch.from === undefined) pieces.push(Buffer.alloc(last - first, SILENCE));
      else pieces.push(await stretch.from.source.read(stretch.from.at + first - stretch.at, last - first));
    }
    return Buffer.concat(pieces);
  }
}
