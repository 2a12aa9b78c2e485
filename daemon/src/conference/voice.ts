// What is said to one who comes to a room or is in it, and what he keys in.
import type { FlowSession, Playback } from '../calls/index.js';
import type { Language } from '../contract/index.js';
import type { Log } from '../platform/index.js';

export interface Prompts {
  /** files of the prompts that there are, in order, and the names of those that are not */
  findAll(names: readonly string[], language: Language): Promise<{ files: string[]; missing: string[] }>;
  /** a number as it is said; none: there are no words for it */
  number(value: number, language: Language): Promise<string[]>;
}

const FIRST_KEY_MS = 10_000;
const NEXT_KEY_MS = 5000;
const LONGEST = 16;

export class Voice {
  constructor(
    readonly prompts: Prompts,
    readonly log: Log,
  ) {}

  /** What is missing is left out, and logged. */
  async files(names: readonly (string | number)[], language: Language): Promise<string[]> {
    const files: string[] = [];
    for (const name of names) {
      if (typeof name === 'number') files.push(...(await this.prompts.number(name, language)));
      else {
        const found = await this.prompts.findAll([name], language);
        files.push(...found.files);
        if (found.missing.length > 0) this.log.warn({ prompt: name, language }, 'a prompt of conferences is missing');
      }
    }
    return files;
  }

  /** Says it to its end, or until a key is pressed. Rejects with the signal's reason when the call ends. */
  async say(session: FlowSession, ...names: readonly (string | number)[]): Promise<void> {
    const files = await this.files(names, session.language);
    session.signal.throwIfAborted();
    if (files.length === 0 || session.digits.length > 0) return;
    const segment = session.segment('prompt', { prompts: names.map(String), language: session.language });
    const playback = await session.play(files);
    const { pressed, stop } = session.digits.wait(session.signal);
    try {
      const cut = await Promise.race([pressed, playback.ended.then(() => false)]);
      if (cut) playback.stop();
      segment.end({ finished: !cut });
    } finally {
      stop();
      pressed.catch(() => undefined);
    }
    session.signal.throwIfAborted();
  }

  /** Digits up to #, or until nobody presses any more; '' when none was. They are written down nowhere when they are `secret`. */
  async digits(session: FlowSession, secret: boolean): Promise<string> {
    session.hideKeys?.(secret);
    try {
      let typed = '';
      while (typed.length < LONGEST) {
        const key = await session.digits.next(typed === '' ? FIRST_KEY_MS : NEXT_KEY_MS, session.signal);
        if (key === undefined || key === '#') break;
        if (key !== '*') typed += key;
      }
      return typed;
    } finally {
      session.hideKeys?.(false);
    }
  }
}

/** Resolves when it has been heard, or was stopped. */
export const heard = async (playing: Promise<Playback>): Promise<void> => void (await (await playing).ended);
