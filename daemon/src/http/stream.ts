import type { Readable } from 'node:stream';

/** A reply that is a file, or a part of one. */
export class Stream {
  constructor(
    readonly body: Readable,
    readonly status: number,
    readonly headers: Readonly<Record<string, string>>,
  ) {}
}
