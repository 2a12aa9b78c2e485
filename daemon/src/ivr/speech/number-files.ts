// A number as other services say it: files of single words.
import type { Language } from '../../contract/index.js';
import type { PromptLibrary } from '../prompt-library.js';
import { sayable } from './say.js';
import { tokenFiles } from './token-files.js';

/** None: not all of its words are there. */
export async function numberFiles(value: number, language: Language, prompts: PromptLibrary): Promise<string[]> {
  const { tokens } = sayable('number', { type: 'number', value }, language, 'CNY');
  return (await tokenFiles(tokens, language, prompts)) ?? [];
}
