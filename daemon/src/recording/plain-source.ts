// Audio as it is read, wherever it comes from: a plain file, parts joined into one, or an encrypted file. A source is bytes of
// a known number that are read from any place.
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';

export interface PlainSource {
  readonly bytes: number;
  /** Exactly `length` bytes from `start`; rejects when there are not so many, or when they are not what was written. */
  read(start: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

const PIECE_BYTES = 65_536;

/** Of a file within the folder, links resolved; rejects when it lies outside, whatever a row says. */
export async function pathWithin(folder: string, path: string): Promise<string> {
  const [root, whole] = await Promise.all([realpath(folder), realpath(join(folder, path))]);
  if (!whole.startsWith(root + sep)) throw new Error(`${path} lies outside of the recordings`);
  return whole;
}

/** A file as it was when it was opened: what is written behind its end meanwhile is not read. */
export async function openPlain(path: string): Promise<PlainSource> {
  const file = await open(path, 'r');
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new Error(`${path} is no file`);
    const { size } = found;
    return { bytes: size, read: (start, length) => readExactly(file, start, length), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

export async function readExactly(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, start + done);
    if (bytesRead === 0) throw new Error(`the file ends at ${start + done}, and not at ${start + length}`);
    done += bytesRead;
  }
  return bytes;
}

/** `length` bytes from `start`, in pieces; closes the source at its end, or when nobody reads any more. */
export async function* piecesOf(
  source: PlainSource,
  start = 0,
  length = source.bytes - start,
): AsyncGenerator<Buffer, void> {
  try {
    for (let at = start; at < start + length;) {
      // Up to the next boundary, so that an encrypted piece is opened once.
      const most = PIECE_BYTES - (at % PIECE_BYTES);
      const piece = await source.read(at, Math.min(most, start + length - at));
      at += piece.length;
      yield piece;
    }
  } finally {
    await source.close();
  }
}
