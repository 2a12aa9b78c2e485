import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';

/** A reply that is a file, or a part of one. */
export class Stream {
  constructor(
    readonly body: Readable,
    readonly status: number,
    readonly headers: Readonly<Record<string, string>>,
  ) {}
}

/** A whole WAV, as it is now. */
export async function wavFile(file: string): Promise<Stream> {
  const { size } = await stat(file);
  return new Stream(createReadStream(file), 200, {
    'Content-Type': 'audio/wav',
    'Content-Length': String(size),
    'Cache-Control': 'private, no-cache',
  });
}
