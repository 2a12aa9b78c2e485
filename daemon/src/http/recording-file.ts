// Sends a recording or a part of it. The client names an id; the path comes from the database and must lie within the recordings
// folder, links resolved.
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { Readable } from 'node:stream';
import type { RecordingRow } from '../db/index.js';
import { AppError } from '../platform/index.js';
import { Stream } from './stream.js';

/** AppError recording_not_found, range_unsatisfiable. */
export async function recordingFile(
  folder: string,
  row: RecordingRow,
  range: string | undefined,
  ifRange: string | undefined,
): Promise<Stream> {
  const { path, bytes, modifiedMs } = await locate(folder, row);
  const etag = `"${row.id}-${bytes}-${Math.trunc(modifiedMs)}"`;
  const headers: Record<string, string> = {
    'Content-Type': 'audio/wav',
    'Accept-Ranges': 'bytes',
    ETag: etag,
    'Cache-Control': 'private, no-cache',
    'Content-Disposition': `inline; filename="${row.callId}.wav"`,
  };
  // Another version than the one he has parts of: he gets the whole (RFC 9110 13.1.5).
  const part = ifRange === undefined || ifRange === etag ? parseRange(range, bytes) : undefined;
  if (part === 'unsatisfiable') throw new AppError('range_unsatisfiable', { bytes });
  if (part === undefined) {
    return new Stream(read(path, 0, bytes), 200, { ...headers, 'Content-Length': String(bytes) });
  }
  const length = part.end - part.start + 1;
  return new Stream(read(path, part.start, length), 206, {
    ...headers,
    'Content-Length': String(length),
    'Content-Range': `bytes ${part.start}-${part.end}/${bytes}`,
  });
}

async function locate(folder: string, row: RecordingRow): Promise<{ path: string; bytes: number; modifiedMs: number }> {
  try {
    const [root, path] = await Promise.all([realpath(folder), realpath(join(folder, row.path))]);
    if (!path.startsWith(root + sep)) throw new Error('outside');
    const found = await stat(path);
    if (!found.isFile()) throw new Error('no file');
    return { path, bytes: found.size, modifiedMs: found.mtimeMs };
  } catch (error) {
    throw new AppError('recording_not_found', { id: row.id }, { cause: error });
  }
}

/** `length` bytes and no more: the file of a call in progress grows while it is read. */
function read(path: string, start: number, length: number): Readable {
  return length === 0 ? Readable.from([]) : createReadStream(path, { start, end: start + length - 1 });
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
