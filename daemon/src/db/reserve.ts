// A full disk must not cost a call its record. Some space is kept in a file of its own beside the database; when a write finds
// the disk full, the file goes and the write is done again. When there is room, it comes back.
import { existsSync, rmSync } from 'node:fs';
import { open, rename, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorText, type Clock, type Log, type Timer } from '../platform/index.js';

/** About 40,000 calls with their segments. */
const RESERVE_BYTES = 16 * 1024 * 1024;
/** It is laid down only where it takes no more than this share of what is free. */
const MOST_OF_FREE = 1 / 4;
const LOOK_EVERY_MS = 60_000;
/** The start has better things to do. */
const FIRST_LOOK_MS = 5000;

export interface Reserve {
  readonly there: boolean;
  /** Frees the space; false when there was none. */
  use(): boolean;
  /** Resolves when nothing is written any more. */
  stop(): Promise<void>;
}

export interface ReserveOptions {
  /** of the database */
  file: string;
  clock: Clock;
  log: Log;
  bytes?: number | undefined;
}

export function keepReserve(options: ReserveOptions): Reserve {
  const { clock, log } = options;
  const path = `${options.file}.reserve`;
  const bytes = options.bytes ?? RESERVE_BYTES;
  const stopping = new AbortController();
  let laying: Promise<void> = Promise.resolve();

  async function layDown(): Promise<void> {
    if (existsSync(path)) return;
    const draft = `${path}.new`;
    try {
      const { bavail, bsize } = await statfs(dirname(path));
      if (bavail * bsize * MOST_OF_FREE < bytes) return;
      await writeZeros(draft, bytes, stopping.signal);
      await rename(draft, path);
      log.debug({ path, bytes }, 'space was laid by for the database');
    } catch (error) {
      await rm(draft, { force: true }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      log.warn({ err: error, path }, `no space could be laid by for the database: ${errorText(error)}`);
    }
  }
  const look = (): void => {
    laying = laying.then(layDown);
  };

  const timers: Timer[] = [clock.after(FIRST_LOOK_MS, look), clock.every(LOOK_EVERY_MS, look)];
  return {
    get there() {
      return existsSync(path);
    },
    use() {
      const there = existsSync(path);
      rmSync(path, { force: true });
      return there;
    },
    async stop() {
      for (const timer of timers) timer.cancel();
      stopping.abort();
      await laying;
    },
  };
}

/** Really written: a file with holes would take no space. In pieces, beside everything else. */
async function writeZeros(path: string, bytes: number, signal: AbortSignal): Promise<void> {
  const block = Buffer.alloc(256 * 1024);
  const file = await open(path, 'w', 0o600);
  try {
    for (let done = 0; done < bytes; done += block.length) {
      signal.throwIfAborted();
      await file.write(block, 0, Math.min(block.length, bytes - done));
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
