// What comes in, in any common format, becomes what lines carry: WAV, 8 kHz, one channel, 16 bit.
import { execFile } from 'node:child_process';
import { open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { AppError, newUlid } from '../platform/index.js';
import { audioFormat } from './audio-format.js';

export const LARGEST_UPLOAD = 20 * 1024 * 1024;
export const LONGEST_SOUND_MS = 15 * 60_000;
const CONVERT_LIMIT_MS = 60_000;
const AT_ONCE = 2;
const RATE_HZ = 8000;
const WAV_HEADER = 44;

/** Of the whole process: converting takes a core away from nobody who talks. */
let running = 0;

export const invalidSound = (reason: { en: string; zh: string }): AppError =>
  new AppError('prompt_invalid', { reason });

/** Writes a sound that was sent to `file`, whole or not at all; its length. AppError prompt_invalid, unavailable. */
export async function convertUpload(bytes: Buffer, file: string, before?: () => Promise<void>): Promise<number> {
  const format = audioFormat(bytes);
  if (format === undefined)
    throw invalidSound({
      en: 'it is no WAV, MP3, AAC, M4A, Ogg, Opus, FLAC, AIFF, AMR or WebM file',
      zh: '不是 WAV、MP3、AAC、M4A、Ogg、Opus、FLAC、AIFF、AMR 或 WebM 文件',
    });
  const from = join(tmpdir(), `cordboard-${newUlid()}`);
  await writeFile(from, bytes, { mode: 0o600 });
  try {
    return await convertFile(from, format, file, before);
  } finally {
    await rm(from, { force: true });
  }
}

/** The same of a file whose format is known; the folder of `file` is there. `before`: done before it is in its place. */
export async function convertFile(
  from: string,
  format: string,
  file: string,
  before: () => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  if (running >= AT_ONCE) throw new AppError('unavailable', { what: { en: 'The converter', zh: '转换程序' } });
  running += 1;
  const partial = join(dirname(file), `.${basename(file)}-${newUlid()}.partial`);
  try {
    await runConverter(from, format, partial);
    const durationMs = await wavLengthMs(partial);
    if (durationMs < 20) throw invalidSound({ en: 'there is no sound in it', zh: '其中没有声音' });
    if (durationMs > LONGEST_SOUND_MS) throw invalidSound({ en: 'it is longer than 15 minutes', zh: '超过 15 分钟' });
    await before();
    await rename(partial, file);
    return durationMs;
  } finally {
    running -= 1;
    await rm(partial, { force: true });
  }
}

/** ms, by the header's rate and the file's size; 0: it is none. */
export async function wavLengthMs(file: string): Promise<number> {
  const [head, found] = await Promise.all([headOf(file), stat(file)]).catch(
    () => [Buffer.alloc(0), undefined] as const,
  );
  if (found === undefined || head.length < WAV_HEADER || head.toString('latin1', 0, 4) !== 'RIFF') return 0;
  const bytesPerSecond = head.readUInt32LE(28);
  return bytesPerSecond === 0 ? 0 : Math.max(0, Math.round(((found.size - WAV_HEADER) * 1000) / bytesPerSecond));
}

async function headOf(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(WAV_HEADER), 0, WAV_HEADER, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/**
 * The format is told, so that no file chooses a reader for itself; nothing but this file is opened (a play-list could name others), and
 * memory, time and the size of what comes out are bounded.
 */
function runConverter(from: string, format: string, to: string): Promise<void> {
  const seconds = LONGEST_SOUND_MS / 1000 + 1;
  const limits = ['--as=1500000000', '--cpu=60', `--fsize=${(seconds + 1) * RATE_HZ * 2}`];
  const input = ['-nostdin', '-v', 'error', '-protocol_whitelist', 'file', '-f', format, '-i', `file:${from}`];
  const output = ['-map', '0:a:0', '-vn', '-sn', '-dn', '-map_metadata', '-1', '-bitexact', '-t', String(seconds)];
  const shape = ['-ac', '1', '-ar', String(RATE_HZ), '-c:a', 'pcm_s16le', '-f', 'wav', '-y', `file:${to}`];
  const args = [...limits, 'nice', '-n', '15', 'ffmpeg', ...input, ...output, '-threads', '1', ...shape];
  return new Promise((resolve, reject) => {
    execFile('prlimit', args, { timeout: CONVERT_LIMIT_MS, maxBuffer: 1 << 16 }, (error, _stdout, stderr) => {
      if (error === null) return resolve();
      const said = stderr.trim().split('\n').at(-1)?.replace(/^.*: /, '').slice(0, 120) ?? '';
      const late = error.killed === true;
      reject(
        invalidSound({
          en: late ? 'it takes too long to read' : `it cannot be read (${said})`,
          zh: late ? '读取时间过长' : `无法读取（${said}）`,
        }),
      );
    });
  });
}
