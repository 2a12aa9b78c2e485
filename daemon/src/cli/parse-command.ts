import { parseArgs } from 'node:util';
import { errorText } from '../platform/index.js';
import { CliError } from './terminal.js';

type Options = Record<string, { type: 'string' | 'boolean' }>;
type Values<O extends Options> = { [Name in keyof O]?: O[Name]['type'] extends 'boolean' ? boolean : string };

/**
 * Options and what stands beside them, of which there may be `mostWords`. Throws a CliError when an option is unknown or
 * lacks its value.
 */
export function parseCommand<const O extends Options>(
  args: readonly string[],
  options: O,
  mostWords: number,
): { values: Values<O>; words: string[] } {
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: mostWords > 0, strict: true });
    const words: string[] = parsed.positionals;
    if (words.length > mostWords) throw new Error(`"${words[mostWords]}" is one word too many`);
    return { values: parsed.values as Values<O>, words };
  } catch (error) {
    throw new CliError(`${errorText(error).replace(/\.$/, '')}; see: cordboard help`);
  }
}

/** A number of seconds as typed ("1.5"), in ms. */
export function secondsToMs(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+(\.\d+)?$/.test(text)) throw new CliError(`--${option} takes a number of seconds, not "${text}".`);
  return Math.round(Number(text) * 1000);
}

/** A whole number from 1. */
export function wholeNumber(text: string | undefined, what: string): number {
  if (text === undefined || !/^[1-9][0-9]{0,4}$/.test(text))
    throw new CliError(`${what} has to be a number from 1, not "${text ?? ''}"; see: cordboard help`);
  return Number(text);
}
