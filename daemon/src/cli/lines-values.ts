// Options as they are typed, in the form that the API takes. What the API checks is left to it: its sentences name the place.
import { readFileSync } from 'node:fs';
import type { NumberRule } from '../contract/index.js';
import { errorText } from '../platform/index.js';
import { say, type LinesWord } from './lines-words.js';
import { CliError, terminalLanguage } from './terminal.js';

function refuse(word: LinesWord, params: Readonly<Record<string, string>>): CliError {
  return new CliError(say(terminalLanguage(), word, params));
}

/** Separated by commas. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

export function numberOf(text: string, what: string): number {
  if (!/^\d{1,15}$/.test(text)) throw refuse('number', { what, text });
  return Number(text);
}

export function numbersOf(text: string, what: string): number[] {
  return listOf(text).map((entry) => numberOf(entry, what));
}

export interface TypedHost {
  host: string;
  port?: number;
  priority?: number;
  weight?: number;
}

/**
 * `sip.example.com`, `192.0.2.7:5060`, `[2001:db8::7]:5060/10/60`: priority and weight stand behind. Without a port it is looked up
 * (RFC 3263).
 */
export function hostsOf(text: string): TypedHost[] {
  return listOf(text).map((entry) => {
    const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^[\]:/\s]+))(?::(\d{1,5}))?(?:\/(\d{1,5}))?(?:\/(\d{1,5}))?$/.exec(entry);
    const host = match?.[1] ?? match?.[2];
    if (host === undefined) throw refuse('host', { text: entry });
    const number = (at: number): number | undefined => (match?.[at] === undefined ? undefined : Number(match[at]));
    return { host, ...given({ port: number(3), priority: number(4), weight: number(5) }) };
  });
}

/** `MATCH:STRIP:PREPEND`, separated by commas. */
export function rulesOf(text: string): NumberRule[] {
  return listOf(text).map((entry) => {
    const [match = '', strip = '', prepend, ...more] = entry.split(':');
    if (match === '' || !/^\d{1,2}$/.test(strip) || prepend === undefined || more.length > 0)
      throw refuse('rule', { text: entry });
    return { match, strip: Number(strip), prepend };
  });
}

/** Two options of which one may be given: true, false, or neither. */
export function eitherOf(values: Readonly<Record<string, unknown>>, yes: string, no: string): boolean | undefined {
  if (values[yes] === true && values[no] === true) throw refuse('both', { a: `--${yes}`, b: `--${no}` });
  return values[yes] === true ? true : values[no] === true ? false : undefined;
}

/** From the command line, which others on this machine can see, or from a file; - is the standard input. */
export function secretOf(text: string | undefined, file: string | undefined): string | undefined {
  if (text !== undefined && file !== undefined) throw refuse('both', { a: '--secret', b: '--secret-file' });
  if (file === undefined) return text;
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw refuse('secretFile', { file, reason: errorText(error) });
  }
}

/** Without the fields that were not given. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
