// The bundled music for those who wait: sixteen bars of our own on three sine voices with a soft attack, computed once and
// kept as a file. Quiet, slow and with no beat, so that it bears repeating and passes A-law without rasping.
import { access, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

const SAMPLE_RATE_HZ = 8000;
const NOTE_S = 0.5;
const LEVEL = 0.16;

/** semitones above A3 (220 Hz): a chord a bar, broken upwards and back */
const CHORDS: readonly (readonly [number, number, number, number])[] = [
  [3, 7, 10, 15],
  [0, 3, 7, 12],
  [-4, 0, 3, 8],
  [-2, 2, 5, 10],
  [3, 7, 10, 15],
  [0, 5, 8, 12],
  [-4, 3, 8, 12],
  [-2, 2, 5, 10],
];
const PATTERN = [0, 1, 2, 3, 2, 1, 2, 1] as const;

function frequency(semitones: number): number {
  return 220 * 2 ** (semitones / 12);
}

/** 16-bit mono samples of the whole piece; its end leads into its beginning. */
export function holdMusicSamples(): Int16Array {
  const noteSamples = NOTE_S * SAMPLE_RATE_HZ;
  // Each note rings on under the next two, round the end into the beginning.
  const ringing = noteSamples * 3;
  const notes = CHORDS.flatMap((chord) => PATTERN.map((place) => ({ pitch: chord[place], bass: chord[0] })));
  const total = notes.length * noteSamples;
  const envelope = Float64Array.from({ length: ringing }, (_, i) => {
    const t = i / SAMPLE_RATE_HZ;
    return Math.min(1, t / 0.02) * Math.exp(-2.2 * t) * Math.min(1, (NOTE_S * 3 - t) / 0.05);
  });
  const sine = once((semitones) => {
    const step = (2 * Math.PI * frequency(semitones)) / SAMPLE_RATE_HZ;
    return Float64Array.from(envelope, (level, i) => level * Math.sin(step * i));
  });
  const sum = new Float64Array(total);
  const add = (index: number, voice: Float64Array, level: number): void => {
    for (let i = 0, at = index * noteSamples; i < ringing; i += 1, at = at + 1 === total ? 0 : at + 1)
      sum[at] = (sum[at] ?? 0) + level * (voice[i] ?? 0);
  };
  notes.forEach(({ pitch, bass }, index) => {
    add(index, sine(pitch), 1);
    add(index, sine(pitch + 12), 0.25);
    if (index % PATTERN.length === 0) add(index, sine(bass), 0.7);
  });
  return Int16Array.from(sum, (value) => Math.round(Math.max(-1, Math.min(1, value * LEVEL)) * 32_767));
}

/** A dozen pitches make all the notes: each is computed once. */
function once(voice: (semitones: number) => Float64Array): (semitones: number) => Float64Array {
  const known = new Map<number, Float64Array>();
  return (semitones) => {
    const found = known.get(semitones) ?? voice(semitones);
    known.set(semitones, found);
    return found;
  };
}

/** Makes the file unless it is there. Rejects with the file system's error. */
export async function ensureHoldMusic(path: string): Promise<void> {
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (there) return;
  const samples = holdMusicSamples();
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + samples.byteLength, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(SAMPLE_RATE_HZ, 24);
  header.writeUInt32LE(SAMPLE_RATE_HZ * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(samples.byteLength, 40);
  await mkdir(dirname(path), { recursive: true });
  // In one piece: a daemon that was killed half-way does not leave half a file that would be taken for the whole.
  const partial = `${path}.partial`;
  await writeFile(partial, Buffer.concat([header, Buffer.from(samples.buffer)]));
  await rename(partial, path);
}
