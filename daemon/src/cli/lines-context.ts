// What the commands for telephones, trunks and routes have in common: the box they speak to, the language they speak, and --json.
import type { Language } from '../contract/index.js';
import { columns } from './columns.js';
import { say, type LinesWord } from './lines-words.js';
import { LocalApi } from './local-api.js';
import { parseCommand } from './parse-command.js';
import { CliError, terminalLanguage } from './terminal.js';
import type { LinesCommand } from './lines-usage.js';

const COMMON = { home: { type: 'string' }, json: { type: 'boolean' } } as const;

type Options = Record<string, { type: 'string' | 'boolean' }>;

export class LinesContext {
  readonly language: Language = terminalLanguage();
  readonly api: LocalApi;
  readonly json: boolean;
  readonly #command: LinesCommand;

  constructor(command: LinesCommand, values: { home?: string; json?: boolean }) {
    this.#command = command;
    this.api = new LocalApi(values.home);
    this.json = values.json ?? false;
  }

  say(word: LinesWord, params?: Readonly<Record<string, string | number>>): string {
    return say(this.language, word, params);
  }

  /** What came of it, for programs; else the lines for people. */
  result(value: unknown, lines: () => readonly string[]): void {
    const text = this.json ? [JSON.stringify(value)] : lines();
    for (const line of text) process.stdout.write(`${line}\n`);
  }

  list<T>(all: readonly T[], row: (one: T) => readonly string[]): void {
    this.result(all, () => (all.length === 0 ? [this.say('none')] : columns(all.map(row))));
  }

  /** Every field, one a line, under the names that the API has for them. */
  show(value: object): void {
    this.result(value, () => columns(Object.entries(value).map(([name, field]) => [name, fieldText(field)])));
  }

  done(
    word: 'made' | 'changed' | 'removed' | 'lifted',
    what: LinesWord,
    id: string | number,
    value: unknown = {},
  ): void {
    this.result(value, () => [this.say(word, { what: this.say(what, { id }) })]);
  }

  /** The word at a place, which must be there. */
  needed(words: readonly string[], at = 0): string {
    const word = words[at];
    if (word === undefined) throw new CliError(this.say('which', { command: this.#command }));
    return word;
  }

  /** Of one thing. */
  at(path: string, word: string): string {
    return `${path}/${encodeURIComponent(word)}`;
  }

  /** A change that changes nothing was not meant. */
  mustChange<T extends object>(change: T): T {
    if (Object.keys(change).length === 0) throw new CliError(this.say('nothing', { command: this.#command }));
    return change;
  }
}

/** Parses what stands behind the verb. Throws a CliError when it is not understood, or when no box runs. */
export function linesCommand<const O extends Options>(
  command: LinesCommand,
  args: readonly string[],
  options: O,
  mostWords = 1,
) {
  const { values, words } = parseCommand(args, { ...COMMON, ...options }, mostWords);
  return { values, words, context: new LinesContext(command, values as { home?: string; json?: boolean }) };
}

type Verbs = Readonly<Record<string, (args: readonly string[]) => Promise<number>>>;

/** The first word says what is to be done. */
export function runVerb(command: LinesCommand, verbs: Verbs, args: readonly string[]): Promise<number> {
  const [verb = '', ...rest] = args;
  const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (run !== undefined) return run(rest);
  const params = { verbs: Object.keys(verbs).join(', '), verb, command };
  return Promise.reject(new CliError(say(terminalLanguage(), 'verb', params)));
}

function fieldText(field: unknown): string {
  if (Array.isArray(field)) return field.map(fieldText).join(', ');
  if (typeof field === 'object' && field !== null) return JSON.stringify(field);
  return field === '' || field === null ? '-' : String(field);
}
