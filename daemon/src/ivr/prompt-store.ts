// A box's own prompts: uploaded in any common format, spoken by a voice, or recorded by telephone. What comes in is converted to what
// lines carry, 8 kHz, one channel, 16 bit; nothing of the file that was sent is kept.
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ClipName,
  type Language,
  type NamedPrompt,
  type Prompt,
  type PromptPage,
  type PromptSearch,
  type PromptSource,
} from '../contract/index.js';
import { writeWhole } from '../config/index.js';
import { AppError, errorText, type Clock, type Log } from '../platform/index.js';
import { convertFile, convertUpload, invalidSound, wavLengthMs } from './convert.js';
import type { SpeakerPort } from './flow-ports.js';
import type { PromptLibrary } from './prompt-library.js';

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

export class PromptStore {
  readonly #options: PromptStoreOptions;

  constructor(options: PromptStoreOptions) {
    this.#options = options;
  }

  /** Every prompt in every language that has it, by name; the own one where there are two. */
  async list(): Promise<Prompt[]> {
    const { folder, bundled } = this.#options;
    const found = new Map<string, Prompt>();
    const labels = await this.#labels();
    for (const [root, own] of [
      [bundled, false],
      [folder, true],
    ] as const)
      for (const language of LANGUAGES) {
        const texts = own ? {} : await bundledTexts(root, language);
        const entries = await readdir(join(root, language)).catch((): string[] => []);
        // side by side: a library has hundreds, and each is looked into
        await Promise.all(
          entries.map(async (entry) => {
            const name = entry.replace(/\.wav$/, '');
            if (name === entry || !ClipName.safeParse(name).success) return;
            const prompt = await this.#describe(root, language, name, own);
            if (prompt === undefined) return;
            const text = own ? prompt.text : (texts[name] ?? '');
            found.set(`${name}/${language}`, { ...prompt, text, label: labels[name] ?? '' });
          }),
        );
      }
    return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, prompt]) => prompt);
  }

  /** A page of names, the box's own first. */
  async search({ show, search, offset, limit }: PromptSearch): Promise<PromptPage> {
    const word = search.toLowerCase();
    const isOwn = (named: NamedPrompt): boolean => named.in.some(({ own }) => own);
    const found = (await this.#byName())
      .filter((named) => show === 'all' || (show === 'own' ? isOwn(named) : named.in.length < LANGUAGES.length))
      .filter(({ name, label, in: spoken }) =>
        [name, label, ...spoken.map(({ text }) => text)].some((text) => text.toLowerCase().includes(word)),
      )
      .sort((a, b) => Number(isOwn(b)) - Number(isOwn(a)) || (a.name < b.name ? -1 : 1));
    return { prompts: found.slice(offset, offset + limit), total: found.length };
  }

  /** What people call it, for all languages; AppError prompt_not_found. */
  async call(name: string, label: string): Promise<NamedPrompt> {
    const named = (await this.#byName()).find((one) => one.name === name);
    if (named === undefined) throw new AppError('prompt_not_found', { name, language: LANGUAGES.join(', ') });
    const labels = { ...(await this.#labels()), [name]: label };
    if (label === '') delete labels[name];
    await mkdir(this.#options.folder, { recursive: true });
    writeWhole(this.#labelsFile, JSON.stringify(labels, null, 2));
    return { name, label, in: named.in.map((prompt) => ({ ...prompt, label })) };
  }

  async #byName(): Promise<NamedPrompt[]> {
    const found = new Map<string, NamedPrompt>();
    for (const prompt of await this.list()) {
      const { name, label } = prompt;
      const named = found.get(name) ?? { name, label, in: [] };
      named.in.push(prompt);
      found.set(name, named);
    }
    return [...found.values()];
  }

  get #labelsFile(): string {
    return join(this.#options.folder, 'names.json');
  }

  async #labels(): Promise<Record<string, string>> {
    return (await readJson<Record<string, string>>(this.#labelsFile)) ?? {};
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
    return this.#keep(name, language, { source: 'upload', text: '', by, at: this.#now() }, (file, note) =>
      convertUpload(bytes, file, note),
    );
  }

  /** Makes a prompt of a text. AppError prompt_invalid when it cannot be spoken. */
  async speak(name: string, language: Language, text: string, by: string): Promise<Prompt> {
    let from: string;
    try {
      from = await this.#options.speaker.speak(text, language);
    } catch (error) {
      throw invalidSound({ en: errorText(error), zh: errorText(error) });
    }
    return this.#keep(name, language, { source: 'speech', text, by, at: this.#now() }, (file, note) =>
      convertFile(from, 'wav', file, note),
    );
  }

  /** A file that was recorded on a line, left what was said there; `lengthMs`: no more of it. */
  async adopt(name: string, language: Language, from: string, by: string, lengthMs?: number): Promise<Prompt> {
    return this.#keep(name, language, { source: 'telephone', text: '', by, at: this.#now() }, (file, note) =>
      convertFile(from, 'wav', file, note, { left: true, lengthMs }),
    );
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

  /** `make` writes the file, and calls what it is given before the file is in its place. */
  async #keep(
    name: string,
    language: Language,
    note: Note,
    make: (file: string, before: () => Promise<void>) => Promise<number>,
  ): Promise<Prompt> {
    const { folder, library, log } = this.#options;
    const own = join(folder, language);
    const file = join(own, `${ClipName.parse(name)}.wav`);
    await mkdir(own, { recursive: true });
    const durationMs = await make(file, () => writeFile(noteOf(file), JSON.stringify(note)));
    library.forget();
    log.info({ prompt: name, language, durationMs, source: note.source, by: note.by }, 'prompt stored');
    const made = await this.#describe(folder, language, name, true);
    if (made === undefined) throw new AppError('prompt_not_found', { name, language });
    return { ...made, label: (await this.#labels())[name] ?? '' };
  }

  async #describe(root: string, language: Language, name: string, own: boolean): Promise<Prompt | undefined> {
    const file = join(root, language, `${name}.wav`);
    const found = await stat(file).catch(() => undefined);
    if (found === undefined || !found.isFile()) return undefined;
    const note = own ? await readJson<Partial<Note>>(noteOf(file)) : undefined;
    return {
      label: '',
      ...{ name, language, own, durationMs: await wavLengthMs(file), bytes: found.size },
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

async function readJson<T>(file: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/** What the bundled prompts say (install/prompts.mjs writes it beside them). */
async function bundledTexts(root: string, language: Language): Promise<Partial<Record<string, string>>> {
  try {
    return JSON.parse(await readFile(join(root, language, '.texts.json'), 'utf8')) as Record<string, string>;
  } catch {
    return {};
  }
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() === true;
}
