// Where a prompt's sound is: a box's own <home>/prompts/<language>/<name>.wav, else the bundled one. A prompt that exists in
// another language only is played in that: a caller who hears the wrong language still knows that he is not cut off.
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ClipName, type Language } from '../contract/index.js';
import { systemClock, type Clock } from '../platform/index.js';

const languages: readonly Language[] = ['zh-CN', 'en'];

/** A file that was found is taken to be there for this time, ms: in a rush a hundred callers a second ask for it. */
const FOUND_MS = 1000;

export interface FoundPrompts {
  files: string[];
  missing: string[];
  /** left out: nobody looked */
  foreign?: string[];
}

export class PromptLibrary {
  readonly #folders: readonly string[];
  readonly #clock: Clock;
  readonly #found = new Map<string, { file: string; spoken: Language; untilMs: number }>();

  /** `folders`: looked through in this order, each with a folder per language. */
  constructor(folders: readonly string[], clock: Clock = systemClock) {
    this.#folders = folders;
    this.#clock = clock;
  }

  /** The file of a prompt; undefined when there is none. A name that is not a ClipName has none. */
  async find(name: string, language: Language): Promise<string | undefined> {
    return (await this.#look(name, language))?.file;
  }

  async #look(name: string, language: Language): Promise<{ file: string; spoken: Language } | undefined> {
    const key = `${language}/${name}`;
    const known = this.#found.get(key);
    const nowMs = this.#clock.monotonicMs();
    if (known !== undefined && nowMs < known.untilMs) return known;
    this.#found.delete(key);
    if (!ClipName.safeParse(name).success) return undefined;
    for (const spoken of [language, ...languages.filter((other) => other !== language)]) {
      for (const folder of this.#folders) {
        const file = join(folder, spoken, `${name}.wav`);
        if (!(await exists(file))) continue;
        this.#found.set(key, { file, spoken, untilMs: nowMs + FOUND_MS });
        return { file, spoken };
      }
    }
    return undefined;
  }

  /** Files of the prompts that there are, in order; the names of those that are not there, and of those in another language. */
  async findAll(names: readonly string[], language: Language): Promise<FoundPrompts> {
    const files: string[] = [];
    const missing: string[] = [];
    const foreign: string[] = [];
    for (const name of names) {
      const found = await this.#look(name, language);
      if (found === undefined) missing.push(name);
      else files.push(found.file);
      if (found !== undefined && found.spoken !== language) foreign.push(name);
    }
    return { files, missing, foreign };
  }

  /** A file that was found may be another one now. */
  forget(): void {
    this.#found.clear();
  }

  /** Names that are there in at least one language. */
  async names(): Promise<Set<string>> {
    const names = new Set<string>();
    for (const folder of this.#folders) {
      for (const language of languages) {
        const entries = await readdir(join(folder, language)).catch(() => []);
        for (const entry of entries) if (entry.endsWith('.wav')) names.add(entry.slice(0, -'.wav'.length));
      }
    }
    return names;
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
