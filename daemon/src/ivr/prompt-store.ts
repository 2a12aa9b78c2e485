// A box's own prompts: uploaded in any common format, spoken by a voice, or recorded by telephone. What comes in is converted to what
// lines carry, 8 kHz, one channel, 16 bit; nothing of the file that was sent is kept.
import { execFile } from 'node:child_process';
import { mkdir, open, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClipName, type Language, type Prompt, type PromptSource } from '../contract/index.js';
import { AppError, errorText, newUlid, type Clock, type Log } from '../platform/index.js';
import { audioFormat } from './audio-format.js';
import type { SpeakerPort } from './flow-ports.js';
import type { PromptLibrary } from './prompt-library.js';

export const LARGEST_UPLOAD = 20 * 1024 * 1024;
export const LONGEST_PROMPT_MS = 15 * 60_000;
const CONVERT_LIMIT_MS = 60_000;
const AT_ONCE = 2;
const RATE_HZ = 8000;
const WAV_HEADER = 44;
const LANGUAGES: readonly Language[] = ['zh-CN', 'en'];

export interface PromptStoreOptions {
  /** a box's own: <folder>/<language>/<name>.wav */
  folder: string;
  /** the bundled ones */
  bundled: string;
  library: PromptLibrary;
  speaker: SpeakerPort;
  clock: Clock;
  log: Log;
}

interface Note {
  source: PromptSource;
  text: string;
  by: string;
  at: number;
}

/** What of a file becomes the prompt. */
interface Cut {
  left?: boolean | undefined;
  lengthMs?: number | undefined;
}

export class PromptStore {
  readonly #options: PromptStoreOptions;
  #running = 0;

  constructor(options: PromptStoreOptions) {
    this.#options = options;
  }

  /** Every prompt in every language that has it, by name; the own one where there are two. */
  async list(): Promise<Prompt[]> {
    const { folder, bundled } = this.#options;
    const found = new Map<string, Prompt>();
    for (const [root, own] of [
      [bundled, false],
      [folder, true],
    ] as const)
      for (const language of LANGUAGES)
        for (const entry of await readdir(join(root, language)).catch(() => [])) {
          const name = entry.replace(/\.wav$/, '');
          if (name === entry || !ClipName.safeParse(name).success) continue;
          const prompt = await this.#describe(root, language, name, own);
          if (prompt !== undefined) found.set(`${name}/${language}`, prompt);
        }
    return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, prompt]) => prompt);
  }

  /** Where the sound is; AppError prompt_not_found. */
  async file(name: string, language: Language): Promise<string> {
    for (const root of [this.#options.folder, this.#options.bundled]) {
      const file = join(root, language, `${ClipName.parse(name)}.wav`);
      if (await isFile(file)) return file;
    }
    throw new AppError('prompt_not_found', { name, language });
  }

  /** AppError prompt_invalid: it is no sound, too long, or empty. */
  async upload(name: string, language: Language, bytes: Buffer, by: string): Promise<Prompt> {
    const format = audioFormat(bytes);
    if (format === undefined)
      throw invalid({
        en: 'it is no WAV, MP3, AAC, M4A, Ogg, Opus, FLAC, AIFF, AMR or WebM file',
        zh: '不是 WAV、MP3、AAC、M4A、Ogg、Opus、FLAC、AIFF、AMR 或 WebM 文件',
      });
    const from = join(tmpdir(), `cordboard-${newUlid()}`);
    await writeFile(from, bytes, { mode: 0o600 });
    try {
      return await this.#convert(from, format, name, language, { source: 'upload', text: '', by, at: this.#now() });
    } finally {
      await rm(from, { force: true });
    }
  }

  /** Makes a prompt of a text. AppError prompt_invalid when it cannot be spoken. */
  async speak(name: string, language: Language, text: string, by: string): Promise<Prompt> {
    let from: string;
    try {
      from = await this.#options.speaker.speak(text, language);
    } catch (error) {
      throw invalid({ en: errorText(error), zh: errorText(error) });
    }
    return this.#convert(from, 'wav', name, language, { source: 'speech', text, by, at: this.#now() });
  }

  /** A file that was recorded on a line, left what was said there; `lengthMs`: no more of it. */
  async adopt(name: string, language: Language, from: string, by: string, lengthMs?: number): Promise<Prompt> {
    const note: Note = { source: 'telephone', text: '', by, at: this.#now() };
    return this.#convert(from, 'wav', name, language, note, { left: true, lengthMs });
  }

  /** The own one; where there is a bundled one, that is heard again. AppError prompt_not_found. */
  async remove(name: string, language: Language): Promise<void> {
    const file = join(this.#options.folder, language, `${ClipName.parse(name)}.wav`);
    if (!(await isFile(file))) throw new AppError('prompt_not_found', { name, language });
    await rm(file, { force: true });
    await rm(noteOf(file), { force: true });
    this.#options.library.forget();
  }

  /** Whether nobody would hear anything any more under this name, when the own one of this language has gone. */
  async lastOf(name: string, language: Language): Promise<boolean> {
    const { folder, bundled } = this.#options;
    for (const root of [folder, bundled])
      for (const one of LANGUAGES)
        if (!(root === folder && one === language) && (await isFile(join(root, one, `${name}.wav`)))) return false;
    return true;
  }

  /** Whether a box's own is there in any language. */
  async has(name: string): Promise<boolean> {
    for (const language of LANGUAGES)
      if (await isFile(join(this.#options.folder, language, `${ClipName.parse(name)}.wav`))) return true;
    return false;
  }

  async #convert(
    from: string,
    format: string,
    name: string,
    language: Language,
    note: Note,
    cut: Cut = {},
  ): Promise<Prompt> {
    const { folder, library, log } = this.#options;
    if (this.#running >= AT_ONCE) throw new AppError('unavailable', { what: { en: 'The converter', zh: '转换程序' } });
    this.#running += 1;
    const own = join(folder, language);
    const file = join(own, `${ClipName.parse(name)}.wav`);
    const partial = join(own, `.${newUlid()}.partial`);
    try {
      await mkdir(own, { recursive: true });
      await runConverter(from, format, partial, cut);
      const durationMs = await lengthOf(partial);
      if (durationMs < 20) throw invalid({ en: 'there is no sound in it', zh: '其中没有声音' });
      if (durationMs > LONGEST_PROMPT_MS) throw invalid({ en: 'it is longer than 15 minutes', zh: '超过 15 分钟' });
      await writeFile(noteOf(file), JSON.stringify(note));
      await rename(partial, file);
      library.forget();
      log.info({ prompt: name, language, durationMs, source: note.source, by: note.by }, 'prompt stored');
    } finally {
      this.#running -= 1;
      await rm(partial, { force: true });
    }
    const made = await this.#describe(folder, language, name, true);
    if (made === undefined) throw new AppError('prompt_not_found', { name, language });
    return made;
  }

  async #describe(root: string, language: Language, name: string, own: boolean): Promise<Prompt | undefined> {
    const file = join(root, language, `${name}.wav`);
    const found = await stat(file).catch(() => undefined);
    if (found === undefined || !found.isFile()) return undefined;
    const note = own ? await readNote(noteOf(file)) : undefined;
    return {
      ...{ name, language, own, durationMs: await lengthOf(file), bytes: found.size },
      source: own ? (note?.source ?? 'upload') : 'bundled',
      text: note?.text ?? '',
      updatedAt: note?.at ?? Math.trunc(found.mtimeMs),
      updatedBy: note?.by ?? '',
    };
  }

  #now(): number {
    return this.#options.clock.wallMs();
  }
}

const noteOf = (file: string): string => file.replace(/\.wav$/, '.json');

async function readNote(file: string): Promise<Partial<Note> | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Partial<Note>;
  } catch {
    return undefined;
  }
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() === true;
}

/** ms, by the header's rate and the file's size. */
async function lengthOf(file: string): Promise<number> {
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

const invalid = (reason: { en: string; zh: string }): AppError => new AppError('prompt_invalid', { reason });

/**
 * The format is told, so that no file chooses a reader for itself; nothing but this file is opened (a play-list could name others), and
 * memory, time and the size of what comes out are bounded.
 */
function runConverter(from: string, format: string, to: string, { left, lengthMs }: Cut): Promise<void> {
  const seconds = Math.min(LONGEST_PROMPT_MS, lengthMs ?? Infinity) / 1000 + (lengthMs === undefined ? 1 : 0);
  const limits = ['--as=1500000000', '--cpu=60', `--fsize=${Math.ceil(seconds + 1) * RATE_HZ * 2}`];
  const input = ['-nostdin', '-v', 'error', '-protocol_whitelist', 'file', '-f', format, '-i', `file:${from}`];
  const output = ['-map', '0:a:0', '-vn', '-sn', '-dn', '-map_metadata', '-1', '-bitexact', '-t', String(seconds)];
  const shape = [
    ...(left === true ? ['-af', 'pan=mono|c0=c0'] : []),
    '-ac',
    '1',
    '-ar',
    String(RATE_HZ),
    '-c:a',
    'pcm_s16le',
    '-f',
    'wav',
    '-y',
    `file:${to}`,
  ];
  const args = [...limits, 'nice', '-n', '15', 'ffmpeg', ...input, ...output, '-threads', '1', ...shape];
  return new Promise((resolve, reject) => {
    execFile('prlimit', args, { timeout: CONVERT_LIMIT_MS, maxBuffer: 1 << 16 }, (error, _stdout, stderr) => {
      if (error === null) return resolve();
      const said = stderr.trim().split('\n').at(-1)?.replace(/^.*: /, '').slice(0, 120) ?? '';
      const late = error.killed === true;
      reject(
        invalid({
          en: late ? 'it takes too long to read' : `it cannot be read (${said})`,
          zh: late ? '读取时间过长' : `无法读取（${said}）`,
        }),
      );
    });
  });
}
