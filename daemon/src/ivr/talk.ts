// Speaking with somebody at a telephone, for services whose dialogues are programs and no flows: prompts, values and files to hear, keys
// to press.
import { rm } from 'node:fs/promises';
import type { FlowSession } from '../calls/flow-session.js';
import type { Language } from '../contract/index.js';
import { errorText, type Clock, type Log } from '../platform/index.js';
import { date, number, text, time, type Value } from './expressions/index.js';
import { nextKey, playFiles, readDigits, type FlowContext, type SpeakOptions } from './flow-context.js';
import type { FlowPorts } from './flow-ports.js';
import type { PromptLibrary } from './prompt-library.js';
import { sayable, type SayAs } from './speech/say.js';
import { tokenFiles } from './speech/token-files.js';
import { Variables } from './variables.js';

/** A prompt by its name, a value, or a file. */
export type Spoken =
  string | { file: string } | { as: 'number'; value: number } | { as: 'digits' | 'date' | 'time'; value: string };

export interface TalkOptions {
  prompts: PromptLibrary;
  ports: FlowPorts;
  clock: Clock;
  log: Log;
}

/** While he types a secret, his keys are written down nowhere. */
export interface DigitsAsked {
  maxDigits: number;
  timeoutMs?: number;
  secret?: boolean;
}

/** how often he may begin again */
const DICTATIONS = 10;
const SILENCE_MS = 4000;
const TONE_MS = 400;
const FIRST_KEY_MS = 8000;
const NEXT_KEY_MS = 4000;

export class Talk {
  readonly #options: TalkOptions;

  constructor(options: TalkOptions) {
    this.#options = options;
  }

  /**
   * Says all of it, until he presses a key, which stays for whoever asks. What is missing is left out. Rejects with the signal's reason
   * when the call ends.
   */
  async say(session: FlowSession, parts: readonly Spoken[], options: SpeakOptions = {}): Promise<void> {
    const files: string[] = [];
    for (const part of parts) files.push(...(await this.#files(part, session.language)));
    session.signal.throwIfAborted();
    if (files.length === 0) return;
    const names = parts.map((part) => (typeof part === 'string' ? part : 'file' in part ? 'file' : part.as));
    await playFiles(this.#context(session), files, { prompts: names }, options);
  }

  /** The next key; undefined: none in time. */
  key(session: FlowSession, timeoutMs = FIRST_KEY_MS): Promise<string | undefined> {
    return nextKey(session, timeoutMs);
  }

  /** Digits up to #, the last that there may be, or a pause. */
  async digits(session: FlowSession, { maxDigits, timeoutMs = FIRST_KEY_MS, secret }: DigitsAsked): Promise<string> {
    if (secret === true) session.hideKeys?.(true);
    try {
      return await readDigits(this.#context(session), {
        ...{ maxDigits, terminator: '#', timeoutMs, interDigitMs: NEXT_KEY_MS },
      });
    } finally {
      if (secret === true) session.hideKeys?.(false);
    }
  }

  /**
   * He speaks into a file, hears it, and keeps it (1), begins again (2), hears it again (3) or leaves it (*). How long it is; undefined: he
   * does not want it, and the file is removed.
   */
  async dictate(session: FlowSession, path: string, maxMs: number): Promise<number | undefined> {
    let saidMs: number | undefined;
    try {
      for (let round = 0; round < DICTATIONS; round += 1) {
        await rm(path, { force: true });
        await this.say(session, ['record-after-tone']);
        await session.tone('dial', TONE_MS);
        const captured = await session.capture(path, { maxMs, silenceMs: SILENCE_MS, terminator: '#' });
        session.signal.throwIfAborted();
        if (!captured.spoke) {
          await this.say(session, ['vm-nothing-said']);
          continue;
        }
        const verdict = await this.#judge(session, path);
        if (verdict === 'again') continue;
        if (verdict === 'keep') saidMs = captured.saidMs;
        return saidMs;
      }
      return undefined;
    } finally {
      if (saidMs === undefined) await rm(path, { force: true });
    }
  }

  async #judge(session: FlowSession, path: string): Promise<'keep' | 'again' | 'leave'> {
    for (let silent = 0; silent < 2;) {
      await this.say(session, [{ file: path }, 'record-review']);
      const key = await this.key(session);
      if (key === '1' || key === '#') return 'keep';
      if (key === '2') return 'again';
      if (key === '*') return 'leave';
      if (key === undefined) silent += 1;
    }
    return 'leave';
  }

  async #files(part: Spoken, language: Language): Promise<string[]> {
    const { prompts, ports, log } = this.#options;
    if (typeof part === 'string') {
      const { files, missing } = await prompts.findAll([part], language);
      if (missing.length > 0) log.warn({ prompt: part }, 'there is no such prompt; it is left out');
      return files;
    }
    if ('file' in part) return [part.file];
    try {
      const { tokens, text: words } = sayable(part.as as SayAs, valueOf(part), language, 'CNY');
      const spoken = await tokenFiles(tokens, language, prompts);
      return spoken ?? (ports.speaker === undefined ? [] : [await ports.speaker.speak(words, language)]);
    } catch (error) {
      log.warn({ err: error, as: part.as }, `a value cannot be said: ${errorText(error)}`);
      return [];
    }
  }

  #context(session: FlowSession): FlowContext {
    const { prompts, ports, clock, log } = this.#options;
    return {
      ...{ node: '', flow: '', session, prompts, ports, clock, log },
      variables: new Variables({ start: '', nodes: {} }, session, clock),
      warn: () => undefined,
      note: () => undefined,
      call: () => Promise.resolve(undefined),
    };
  }
}

function valueOf(part: Exclude<Spoken, string | { file: string }>): Value {
  switch (part.as) {
    case 'number':
      return number(part.value);
    case 'date':
      return date(part.value);
    case 'time':
      return time(part.value);
    case 'digits':
      return text(part.value);
  }
}
