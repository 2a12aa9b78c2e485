// What the command line prints, and in which language.
import type { Language } from '../contract/index.js';
import { isAppError, pickLanguage } from '../platform/index.js';
import { reasonOf } from '../main/reason.js';

/** Something the one who typed can mend; printed as it is. */
export class CliError extends Error {}

/** From LC_ALL, LC_MESSAGES or LANG, as programs do. */
export function terminalLanguage(env: NodeJS.ProcessEnv = process.env): Language {
  const locale = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '';
  return pickLanguage(locale.replace(/[._@].*$/, ''), 'en');
}

/** The sentence of whatever was thrown. */
export function cliSentence(error: unknown, language: Language = terminalLanguage()): string {
  return isAppError(error) ? error.text(language) : reasonOf(error);
}
