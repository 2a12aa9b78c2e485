// Makes a recording that was cut off playable again. The engine writes the header first, with sizes that are true only
// after the end, and then nothing but audio: so whatever is in the file after the header is audio, and the right sizes
// follow from the length of the file alone. Format: RIFF WAVE, tag 6 (A-law), 8 kHz, stereo, with a fact chunk
// (Microsoft, Multimedia Programming Interface 1.0, and the 1994 revision, which demands fact for all but PCM).
import { open, type FileHandle } from 'node:fs/promises';

const RIFF_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
const FORMAT_ALAW = 6;
const SAMPLE_RATE_HZ = 8000;
const CHANNELS = 2;
/** bytes of one sample of both sides */
const FRAME_BYTES = CHANNELS;
/** where the search for the data chunk gives up: what the engine writes is 58 or 60 bytes long */
const LONGEST_HEADER_BYTES = 4096;

export interface RepairedWav {
  /** size of the file now */
  bytes: number;
  durationMs: number;
  /** something in the file was put right */
  changed: boolean;
}

interface Header {
  factAt: number | null;
  /** where the size of the data chunk stands */
  dataSizeAt: number;
  dataAt: number;
}

/** The header of an empty stereo A-law WAV: what is written when a power cut left no header at all. */
export function alawHeader(frames = 0): Buffer {
  const dataBytes = frames * FRAME_BYTES;
  const header = Buffer.alloc(58);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(header.length - 8 + dataBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(18, 16);
  header.writeUInt16LE(FORMAT_ALAW, 20);
  header.writeUInt16LE(CHANNELS, 22);
  header.writeUInt32LE(SAMPLE_RATE_HZ, 24);
  header.writeUInt32LE(SAMPLE_RATE_HZ * FRAME_BYTES, 28);
  header.writeUInt16LE(FRAME_BYTES, 32);
  header.writeUInt16LE(8, 34);
  header.writeUInt16LE(0, 36);
  header.write('fact', 38, 'latin1');
  header.writeUInt32LE(4, 42);
  header.writeUInt32LE(frames, 46);
  header.write('data', 50, 'latin1');
  header.writeUInt32LE(dataBytes, 54);
  return header;
}

/**
 * Sets the sizes in the header from the length of the file and drops a last half frame.
 * Rejects with the file system's error (ENOENT when there is no file), or with an Error saying what the file is
 * when it is not a stereo A-law WAV: such a file is left as it is.
 */
export async function repairWav(path: string): Promise<RepairedWav> {
  const file = await open(path, 'r+');
  try {
    const size = (await file.stat()).size;
    const head = Buffer.alloc(Math.min(size, LONGEST_HEADER_BYTES));
    await file.read(head, 0, head.length, 0);
    if (size < RIFF_HEADER_BYTES || blank(head)) return await writeEmpty(file);
    const header = findChunks(head);
    const dataBytes = Math.floor((size - header.dataAt) / FRAME_BYTES) * FRAME_BYTES;
    const bytes = header.dataAt + dataBytes;
    let changed = bytes !== size;
    if (changed) await file.truncate(bytes);
    changed = (await fixSize(file, head, 4, bytes - CHUNK_HEADER_BYTES)) || changed;
    changed = (await fixSize(file, head, header.dataSizeAt, dataBytes)) || changed;
    if (header.factAt !== null)
      changed = (await fixSize(file, head, header.factAt, dataBytes / FRAME_BYTES)) || changed;
    if (changed) await file.datasync();
    return { bytes, durationMs: Math.round((dataBytes / FRAME_BYTES / SAMPLE_RATE_HZ) * 1000), changed };
  } finally {
    await file.close();
  }
}

/** A file system that had not yet written the first block leaves zeros, or nothing. */
function blank(head: Buffer): boolean {
  return head.subarray(0, RIFF_HEADER_BYTES).every((byte) => byte === 0);
}

async function writeEmpty(file: FileHandle): Promise<RepairedWav> {
  const header = alawHeader();
  await file.truncate(0);
  await file.write(header, 0, header.length, 0);
  await file.datasync();
  return { bytes: header.length, durationMs: 0, changed: true };
}

async function fixSize(file: FileHandle, head: Buffer, at: number, value: number): Promise<boolean> {
  if (head.readUInt32LE(at) === value) return false;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  await file.write(bytes, 0, 4, at);
  return true;
}

function findChunks(head: Buffer): Header {
  const id = (at: number): string => head.toString('latin1', at, at + 4);
  if (id(0) !== 'RIFF' || id(8) !== 'WAVE') throw new Error('this is not a WAV file');
  let factAt: number | null = null;
  let at = RIFF_HEADER_BYTES;
  while (at + CHUNK_HEADER_BYTES <= head.length) {
    const size = head.readUInt32LE(at + 4);
    const body = at + CHUNK_HEADER_BYTES;
    if (id(at) === 'data') return { factAt, dataSizeAt: at + 4, dataAt: body };
    if (id(at) === 'fmt ' && body + 4 <= head.length) {
      const format = head.readUInt16LE(body);
      const channels = head.readUInt16LE(body + 2);
      if (format !== FORMAT_ALAW || channels !== CHANNELS)
        throw new Error(`this WAV has format ${format} with ${channels} channel(s) and not stereo A-law`);
    }
    if (id(at) === 'fact' && body + 4 <= head.length) factAt = body;
    at = body + size + (size % 2);
  }
  throw new Error('this WAV has no audio chunk');
}
