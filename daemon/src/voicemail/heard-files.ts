// Messages in the clear for as long as somebody hears them: the engine plays files. They lie in memory where the system has a
// place for that, readable by nobody else, and are gone when they have been heard; what a crash has left goes at the next start.
import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { VoiceSource } from './voicemail-service.js';

const MEMORY = '/dev/shm';
/** of what is kept: a stereo A-law WAV, left what the caller said */
const SOURCE_HEADER = 58;
const PIECE = 65_536;

export class HeardFiles {
  readonly #home: string;
  #folder: string | undefined;

  constructor(home: string) {
    this.#home = home;
  }

  async start(): Promise<void> {
    const name = `cordboard-${createHash('sha256').update(this.#home).digest('hex').slice(0, 16)}`;
    const inMemory = await access(MEMORY, constants.W_OK).then(
      () => true,
      () => false,
    );
    this.#folder = inMemory ? join(MEMORY, name) : join(this.#home, 'cache', 'heard');
    await this.stop();
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
  }

  async stop(): Promise<void> {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }

  /** A name for a file that somebody speaks into. */
  fresh(): string {
    if (this.#folder === undefined) throw new Error('there is no place for what is heard yet');
    return join(this.#folder, `${randomUUID()}.wav`);
  }

  /** Hands `work` a file with what the caller said, and closes the source. */
  async with<T>(source: VoiceSource, work: (file: string) => Promise<T>): Promise<T> {
    const path = this.fresh();
    try {
      await write(path, source).finally(() => source.close());
      return await work(path);
    } finally {
      await rm(path, { force: true });
    }
  }
}

async function write(path: string, source: VoiceSource): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    const samples = Math.max(0, Math.floor((source.bytes - SOURCE_HEADER) / 2));
    await file.write(monoHeader(samples));
    for (let at = SOURCE_HEADER; at + 1 < source.bytes; at += PIECE) {
      const both = await source.read(at, Math.min(PIECE, source.bytes - at));
      const left = Buffer.alloc(both.length >> 1);
      for (let i = 0; i < left.length; i += 1) left[i] = both[2 * i] as number;
      await file.write(left);
    }
  } finally {
    await file.close();
  }
}

/** Of a mono A-law WAV of 8 kHz. */
function monoHeader(samples: number): Buffer {
  const header = Buffer.alloc(58);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(50 + samples, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(18, 16);
  header.writeUInt16LE(6, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(8000, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('fact', 38, 'latin1');
  header.writeUInt32LE(4, 42);
  header.writeUInt32LE(samples, 46);
  header.write('data', 50, 'latin1');
  header.writeUInt32LE(samples, 54);
  return header;
}
