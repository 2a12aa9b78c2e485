// Whether the file of the database is whole. To read all of it takes as long as it is large, and a box is to be back at once however
// many calls it keeps: a small file is read before the start, a large one beside the running box, and only when the last stop left
// it as a crash does. A note beside the file says that it is in use; who closes the file whole takes the note away.
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { QueryTypes, type Sequelize } from 'sequelize';
import sqlite3 from 'sqlite3';
import { errorText, type Clock, type Log, type Timer } from '../platform/index.js';
import { corrupt, isCorrupt, quickCheck, wrongIn } from './sqlite.js';

/** Read within half a second. */
export const CHECKED_AT_START_BYTES = 64 * 1024 * 1024;
/** The start has better things to do. */
const FIRST_LOOK_MS = 30_000;

const noteOf = (file: string): string => `${file}.open`;

/** To be asked before the file is opened, because opening takes away the log that a crash leaves. */
export function leftOpen(file: string): boolean {
  return existsSync(noteOf(file)) || (existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0);
}

/** What can be told before the start. AppError database_corrupt. True: every page was read. */
export async function checkAtStart(sequelize: Sequelize, file: string, wasOpen: boolean, most: number) {
  const { size } = statSync(file);
  if (size <= most) {
    await quickCheck(sequelize, file);
    return true;
  }
  const [said] = await sequelize.query<{ bytes: number }>(
    'SELECT "page_count" * "page_size" AS "bytes" FROM pragma_page_count, pragma_page_size',
    { type: QueryTypes.SELECT },
  );
  // After a crash the rest may still have been in the log.
  if (!wasOpen && said !== undefined && size < said.bytes)
    throw corrupt(file, `${size} of ${said.bytes} bytes are there`);
  return false;
}

export interface FileWatch {
  /** Resolves when the file is read no more. */
  stop(): Promise<void>;
  /** The file is closed; it is clean unless a check is still owed. */
  closed(): void;
}

export interface FileWatchOptions {
  file: string;
  clock: Clock;
  log: Log;
  /** every page is to be read */
  owed: boolean;
  damaged(error: Error): void;
}

export function watchFile({ file, clock, log, owed, damaged }: FileWatchOptions): FileWatch {
  let open: sqlite3.Database | undefined;
  let [stopping, reading]: [boolean, Promise<void>] = [false, Promise.resolve()];

  async function readAll(): Promise<void> {
    const begunMs = clock.monotonicMs();
    try {
      open = await openToRead(file);
      // Asked to stop while it was being opened.
      if (stopping) return;
      const wrong = wrongIn(await ask(open));
      if (wrong !== undefined) throw corrupt(file, wrong);
      owed = false;
      log.info(
        { tookMs: Math.round(clock.monotonicMs() - begunMs) },
        'the whole database was read after a crash; it is sound',
      );
    } catch (error) {
      if (stopping) return;
      const found = isCorrupt(error) ? corrupt(file, errorText(error), error) : (error as Error);
      log.error({ err: found }, errorText(found));
      damaged(found);
    } finally {
      // What is being closed can no longer be interrupted.
      const read = open;
      open = undefined;
      await new Promise<void>((resolve) => (read === undefined ? resolve() : read.close(() => resolve())));
    }
  }

  leaveNote(file, log);
  const timer: Timer | undefined = owed
    ? clock.after(FIRST_LOOK_MS, () => {
        reading = readAll();
      })
    : undefined;
  return {
    async stop() {
      stopping = true;
      timer?.cancel();
      open?.interrupt();
      await reading;
    },
    closed() {
      if (!owed) rmSync(noteOf(file), { force: true });
    },
  };
}

/** On the disk before anything else is written: it must be there after a power cut. */
function leaveNote(file: string, log: Log): void {
  try {
    closeSync(openSync(noteOf(file), 'w', 0o600));
    const folder = openSync(dirname(file), 'r');
    fsyncSync(folder);
    closeSync(folder);
  } catch (error) {
    // A full disk: the log that a crash leaves says the same in most cases.
    log.warn({ err: error }, 'it could not be noted that the database is in use');
  }
}

function openToRead(file: string): Promise<sqlite3.Database> {
  return new Promise((resolve, reject) => {
    const connection = new sqlite3.Database(file, sqlite3.OPEN_READONLY, (error) =>
      error === null ? resolve(connection) : reject(error),
    );
  });
}

function ask(connection: sqlite3.Database): Promise<{ quick_check: string }[]> {
  return new Promise((resolve, reject) => {
    connection.all<{ quick_check: string }>('PRAGMA quick_check', (error, rows) =>
      error === null ? resolve(rows) : reject(error),
    );
  });
}
