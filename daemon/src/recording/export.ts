// Recordings in forms that other programs play. The audio goes through ffmpeg by pipes: nothing of it is written to the disk.
import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ExportFormat } from '../contract/index.js';
import { AppError, errorText } from '../platform/index.js';
import { piecesOf, type PlainSource } from './plain-source.js';

export interface Exported {
  body: Readable;
  type: string;
  /** of the file's name */
  ending: string;
}

const FORMATS: Record<Exclude<ExportFormat, 'wav'>, { type: string; ending: string; args: string[] }> = {
  mp3: { type: 'audio/mpeg', ending: 'mp3', args: ['-c:a', 'libmp3lame', '-b:a', '48k', '-f', 'mp3'] },
  opus: { type: 'audio/ogg', ending: 'opus', args: ['-c:a', 'libopus', '-b:a', '32k', '-f', 'ogg'] },
};
/** of programs at once: each takes a processor */
const MOST_AT_ONCE = 2;
const MOST_ERROR_TEXT = 500;

export class Exporter {
  #running = 0;

  /** Closes the source. AppError export_busy, export_failed. */
  async convert(source: PlainSource, format: Exclude<ExportFormat, 'wav'>): Promise<Exported> {
    if (this.#running >= MOST_AT_ONCE) {
      await source.close();
      throw new AppError('export_busy');
    }
    this.#running += 1;
    const { type, ending, args } = FORMATS[format];
    const ffmpeg = ['ffmpeg', '-nostdin', '-v', 'error', '-f', 'wav', '-i', 'pipe:0', ...args, 'pipe:1'];
    const child = spawn('nice', ['-n', '10', ...ffmpeg], { stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (data: Buffer) => (said = (said + data.toString()).slice(0, MOST_ERROR_TEXT)));
    const failed = (reason: string): AppError => new AppError('export_failed', { format, reason });
    const ended = new Promise<void>((resolve, reject) => {
      child.once('error', (error) => reject(failed(errorText(error))));
      child.once('close', (code, signal) =>
        code === 0 ? resolve() : reject(failed(said.trim() || `it ended with ${code ?? signal}`)),
      );
    }).finally(() => (this.#running -= 1));
    ended.catch(() => undefined);
    // A program that has gone breaks the pipe; what it said is the reason.
    const fed = pipeline(Readable.from(piecesOf(source)), child.stdin).catch((error: unknown) => {
      child.kill('SIGKILL');
      return error;
    });
    const body = Readable.from(output(), { objectMode: false });
    // The first bytes tell whether it works at all.
    return { body: await firstOf(body, () => child.kill('SIGKILL')), type, ending };

    async function* output(): AsyncGenerator<Buffer> {
      try {
        for await (const piece of child.stdout) yield piece as Buffer;
        const broken = await fed;
        await ended;
        if (broken !== undefined) throw broken as Error;
      } finally {
        child.kill('SIGKILL');
      }
    }
  }
}

/** Rejects with what went wrong before the first byte; else a stream of all of it. */
async function firstOf(body: Readable, stop: () => void): Promise<Readable> {
  const pieces = body.iterator();
  const first = (await pieces.next()) as IteratorResult<Buffer>;
  const rest = async function* (): AsyncGenerator<Buffer> {
    try {
      if (first.done !== true) yield first.value;
      for (;;) {
        const next = (await pieces.next()) as IteratorResult<Buffer>;
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      stop();
      body.destroy();
    }
  };
  const stream = Readable.from(rest(), { objectMode: false });
  stream.once('close', stop);
  return stream;
}
