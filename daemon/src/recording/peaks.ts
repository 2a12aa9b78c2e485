// The picture of a recording for the player: the loudest sample of each stretch, left and right.
import type { RecordingPeaks } from '../contract/index.js';
import { piecesOf, type PlainSource } from './plain-source.js';
import { readWavHeader } from './wav-header.js';

const MOST_BUCKETS = 1000;
const SHORTEST_BUCKET_FRAMES = 160;
const FRAMES_PER_MS = 8;

/** Loudness of an A-law octet, 0 to 255 (G.711: bits of even places are inverted; the sign does not matter). */
const LOUDNESS = Uint8Array.from({ length: 256 }, (_, octet) => {
  const value = octet ^ 0x55;
  const [exponent, mantissa] = [(value >> 4) & 7, value & 15];
  const magnitude = exponent === 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 0x108) << (exponent - 1);
  return Math.round((magnitude / 0x7e00) * 255);
});

/** Closes the source. */
export async function peaksOf(source: PlainSource): Promise<RecordingPeaks> {
  const { dataAt, dataBytes } = await readWavHeader(source).catch(async (error: unknown) => {
    await source.close();
    throw error;
  });
  const frames = Math.floor(dataBytes / 2);
  const bucketFrames = Math.max(SHORTEST_BUCKET_FRAMES, Math.ceil(frames / MOST_BUCKETS));
  const buckets = Math.ceil(frames / bucketFrames);
  const sides = [new Uint8Array(buckets), new Uint8Array(buckets)] as const;
  let at = 0;
  for await (const piece of piecesOf(source, dataAt, frames * 2)) {
    for (let i = 0; i < piece.length; i++, at++) {
      const side = sides[at & 1] as Uint8Array;
      const bucket = Math.floor((at >> 1) / bucketFrames);
      const loud = LOUDNESS[piece[i] as number] as number;
      if (loud > (side[bucket] as number)) side[bucket] = loud;
    }
  }
  return { bucketMs: bucketFrames / FRAMES_PER_MS, left: [...sides[0]], right: [...sides[1]] };
}
