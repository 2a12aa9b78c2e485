// Sends a recording or a part of it, whether it is encrypted or not.
import { Readable } from 'node:stream';
import { AppError } from '../platform/index.js';
import type { AudioSource } from './ports.js';
import { Stream } from './stream.js';

const PIECE_BYTES = 65_536;

/** Closes the source in the end. AppError range_unsatisfiable, and what reading rejects with before the first byte. */
export async function recordingFile(
  source: AudioSource,
  { tag, name }: { tag: string; name: string },
  range: string | undefined,
  ifRange: string | undefined,
): Promise<Stream> {
  const { bytes } = source;
  // What is at rest never changes; what is being made grows.
  const etag = `"${tag}-${bytes}"`;
  const headers: Record<string, string> = {
    'Content-Type': 'audio/wav',
    'Accept-Ranges': 'bytes',
    ETag: etag,
    'Cache-Control': 'private, no-cache',
    'Content-Disposition': `inline; filename="${name}.wav"`,
  };
  // Another version than the one he has parts of: he gets the whole (RFC 9110 13.1.5).
  const part = ifRange === undefined || ifRange === etag ? parseRange(range, bytes) : undefined;
  if (part === 'unsatisfiable') {
    await source.close();
    throw new AppError('range_unsatisfiable', { bytes });
  }
  const { start, end } = part ?? { start: 0, end: bytes - 1 };
  const length = end - start + 1;
  const body = await streamOf(source, start, length);
  if (part === undefined) return new Stream(body, 200, { ...headers, 'Content-Length': String(bytes) });
  return new Stream(body, 206, {
    ...headers,
    'Content-Length': String(length),
    'Content-Range': `bytes ${start}-${end}/${bytes}`,
  });
}

/**
 * The first piece is read before this resolves: what cannot be read is refused, and not cut off. The source is closed with the
 * stream, also when nobody reads it to its end.
 */
async function streamOf(source: AudioSource, start: number, length: number): Promise<Readable> {
  const end = start + length;
  // Up to the next boundary, so that an encrypted piece is opened once.
  const next = (at: number): Promise<Buffer> => source.read(at, Math.min(PIECE_BYTES - (at % PIECE_BYTES), end - at));
  let piece: Buffer | undefined;
  try {
    if (length > 0) piece = await next(start);
  } catch (error) {
    await source.close();
    throw error;
  }
  let at = start;
  return new Readable({
    read() {
      if (at >= end) return void this.push(null);
      const ready = piece === undefined ? next(at) : Promise.resolve(piece);
      piece = undefined;
      ready.then(
        (bytes) => {
          at += bytes.length;
          this.push(bytes);
        },
        (error: unknown) => this.destroy(error as Error),
      );
    },
    destroy(error, done) {
      source.close().then(
        () => done(error),
        () => done(error),
      );
    },
  });
}

/** One range of bytes; undefined: send the whole (none, several, or not understood: RFC 9110 14.2). */
export function parseRange(
  header: string | undefined,
  bytes: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  const [, from = '', to = ''] = match ?? [];
  if (match === null || (from === '' && to === '')) return undefined;
  if (from === '') {
    const last = Math.min(Number(to), bytes);
    return last === 0 ? 'unsatisfiable' : { start: bytes - last, end: bytes - 1 };
  }
  const start = Number(from);
  const end = to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1);
  if (to !== '' && Number(to) < start) return undefined;
  return start >= bytes ? 'unsatisfiable' : { start, end };
}
