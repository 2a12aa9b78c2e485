// A file of settings, as the API takes them.
import { readFileSync } from 'node:fs';
import { errorText } from '../platform/index.js';
import type { LinesContext } from './lines-context.js';
import { CliError } from './terminal.js';

/** One JSON object; CliError when it is none. */
export function readSettings(file: string, context: LinesContext): object {
  try {
    const settings: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) throw new Error('{ … }?');
    return settings;
  } catch (error) {
    throw new CliError(context.say('secretFile', { file, reason: errorText(error) }));
  }
}
