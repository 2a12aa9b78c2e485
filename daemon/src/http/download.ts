import { Readable } from 'node:stream';
import { Stream } from './stream.js';

/** A file that somebody keeps. */
export interface Download {
  bytes: Buffer;
  /** letters, digits, hyphens and dots alone */
  name: string;
  type: string;
}

export function download({ bytes, name, type }: Download): Stream {
  return new Stream(Readable.from([bytes]), 200, {
    'Content-Type': type,
    'Content-Length': String(bytes.length),
    'Content-Disposition': `attachment; filename="${name}"`,
    'X-Content-Type-Options': 'nosniff',
  });
}
