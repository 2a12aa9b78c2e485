// Speaks texts by espeak-ng. What was spoken once is kept, up to a number of files; who asks while a text is being spoken gets the
// same file.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import type { Language } from '../../contract/index.js';
import { newUlid, type Log } from '../../platform/index.js';
import type { SpeakerPort } from '../flow-ports.js';

/** As set-up speaks the bundled prompts: best first. */
const VOICES: Record<Language, { voices: readonly string[]; speed: number }> = {
  'zh-CN': { voices: ['cmn-latn-pinyin', 'cmn'], speed: 160 },
  en: { voices: ['en-gb', 'en'], speed: 150 },
};
export const LONGEST_TEXT = 1000;
const SPEAK_LIMIT_MS = 10_000;
const AT_ONCE = 2;
const MOST_WAITING = 50;
const MOST_FILES = 5000;

export interface SpeakerOptions {
  folder: string;
  log: Log;
  /** program; for tests */
  program?: string | undefined;
}

export class Speaker implements SpeakerPort {
  readonly #options: SpeakerOptions;
  readonly #under = new Map<string, Promise<string>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #voices: Promise<Set<string>> | undefined;
  #made = 0;

  constructor(options: SpeakerOptions) {
    this.#options = options;
  }

  /** The file with the text spoken. Rejects when there is no voice, the text is empty or too long, or too many wait. */
  async speak(text: string, language: Language): Promise<string> {
    const clean = text
      .replace(/[\p{Cc}\p{Cs}]+/gu, ' ')
      .trim()
      .slice(0, LONGEST_TEXT);
    if (clean === '') throw new Error('there is no text to speak');
    const { voice, speed } = await this.#voice(language);
    const digest = createHash('sha256').update(`${voice}\0${speed}\0${clean}`).digest('hex').slice(0, 40);
    const folder = join(this.#options.folder, language);
    const file = join(folder, `${digest}.wav`);
    let under = this.#under.get(file);
    if (under === undefined) {
      under = this.#spoken(file, folder, clean, voice, speed).finally(() => this.#under.delete(file));
      this.#under.set(file, under);
    }
    return under;
  }

  async #spoken(file: string, folder: string, text: string, voice: string, speed: number): Promise<string> {
    const there = await stat(file).catch(() => undefined);
    if (there !== undefined) {
      // Those that nobody has asked for longest go first.
      const now = new Date();
      await utimes(file, now, now).catch(() => undefined);
      return file;
    }
    await this.#turn();
    try {
      await mkdir(folder, { recursive: true });
      const partial = join(folder, `.${newUlid()}.partial`);
      await this.#run(['-v', voice, '-s', String(speed), '-b', '1', '--stdin', '-w', partial], text);
      await rename(partial, file);
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
    this.#made += 1;
    if (this.#made % 200 === 0) await this.#tidy(folder);
    return file;
  }

  async #turn(): Promise<void> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= MOST_WAITING) throw new Error('too many texts wait to be spoken');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running += 1;
  }

  #run(args: string[], input: string): Promise<string> {
    const program = this.#options.program ?? 'espeak-ng';
    return new Promise((resolve, reject) => {
      const child = execFile(program, args, { timeout: SPEAK_LIMIT_MS, maxBuffer: 1 << 20 }, (error, stdout) =>
        error === null ? resolve(stdout) : reject(new Error(`${program}: ${error.message.slice(0, 200)}`)),
      );
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
    });
  }

  async #voice(language: Language): Promise<{ voice: string; speed: number }> {
    this.#voices ??= this.#run(['--voices'], '').then(
      (output) => new Set(output.split('\n').map((line) => line.trim().split(/\s+/)[1] ?? '')),
    );
    const known = await this.#voices.catch((error: unknown) => {
      this.#voices = undefined;
      throw error;
    });
    const { voices, speed } = VOICES[language];
    const voice = voices.find((name) => known.has(name));
    if (voice === undefined) throw new Error(`espeak-ng has no voice for ${language}`);
    return { voice, speed };
  }

  async #tidy(folder: string): Promise<void> {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.wav'));
    if (names.length <= MOST_FILES) return;
    const files = await Promise.all(
      names.map(async (name) => ({ name, at: (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0 })),
    );
    files.sort((a, b) => a.at - b.at);
    for (const { name } of files.slice(0, files.length - MOST_FILES)) await rm(join(folder, name), { force: true });
    this.#options.log.info(
      { folder, removed: files.length - MOST_FILES },
      'spoken texts that nobody asked for were removed',
    );
  }
}
