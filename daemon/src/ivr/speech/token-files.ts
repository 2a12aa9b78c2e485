// Recordings of single words, from which numbers are put together: prompts named say-…, a box's own or the bundled ones; in English
// besides those of Debian's asterisk-core-sounds-en-wav.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Language } from '../../contract/index.js';
import type { PromptLibrary } from '../prompt-library.js';
import { MONTHS, WEEKDAYS } from './numbers-en.js';

export const RECORDED_ENGLISH = '/usr/share/asterisk/sounds/en_US_f_Allison';

/** The names of the Chinese words' prompts. */
const CHINESE: Readonly<Record<string, string>> = {
  ...{ 零: '0', 一: '1', 二: '2', 三: '3', 四: '4', 五: '5', 六: '6', 七: '7', 八: '8', 九: '9' },
  ...{ 两: 'liang', 幺: 'yao', 十: 'ten', 百: 'hundred', 千: 'thousand', 万: 'ten-thousand', 亿: 'hundred-million' },
  ...{ 点: 'point', 负: 'minus', 元: 'yuan', 角: 'jiao', 分: 'fen', 年: 'year', 月: 'month', 日: 'day', 整: 'sharp' },
  ...{ 美元: 'dollar', 美分: 'cent', 欧元: 'euro', 欧分: 'euro-cent', 英镑: 'pound', 便士: 'penny' },
};

const NUMBERS = [
  ...['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'],
  ...['thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen'],
];
const TENS = ['twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];
const ORDINALS = [
  ...['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth', 'eleventh'],
  ...['twelfth', 'thirteenth', 'fourteenth', 'fifteenth', 'sixteenth', 'seventeenth', 'eighteenth', 'nineteenth'],
];

const recorded = new Map<string, string>([
  ...NUMBERS.map((word, i) => [word, `digits/${i}`] as const),
  ...TENS.map((word, i) => [word, `digits/${(i + 2) * 10}`] as const),
  ...ORDINALS.map((word, i) => [word, `digits/h-${i + 1}`] as const),
  ...MONTHS.map((word, i) => [word, `digits/mon-${i}`] as const),
  ...WEEKDAYS.map((word, i) => [word, `digits/day-${i}`] as const),
  ...(['hundred', 'thousand', 'million', 'billion', 'minus', 'dollars', 'oh'] as const).map(
    (word) => [word, `digits/${word}`] as const,
  ),
  ['twentieth', 'digits/h-20'],
  ['thirtieth', 'digits/h-30'],
  ['a.m.', 'digits/a-m'],
  ['p.m.', 'digits/p-m'],
  ['and', 'vm-and'],
  ...[...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].map((letter) => [letter, `letters/${letter.toLowerCase()}`] as const),
]);
const there = new Map<string, boolean>();

/** A file for each word; undefined when one has none, or has it in another language alone. */
export async function tokenFiles(
  tokens: readonly string[],
  language: Language,
  prompts: Pick<PromptLibrary, 'findAll'>,
): Promise<string[] | undefined> {
  const names = tokens.map((token) => promptOf(token, language));
  const { missing, foreign = [] } = await prompts.findAll([...new Set(names)], language);
  const lacking = new Set([...missing, ...foreign]);
  const files: string[] = [];
  for (const [i, token] of tokens.entries()) {
    const name = names[i] ?? '';
    if (!lacking.has(name)) {
      files.push(...(await prompts.findAll([name], language)).files);
      continue;
    }
    const file = language === 'en' ? recordedFile(token) : undefined;
    if (file === undefined) return undefined;
    files.push(file);
  }
  return files;
}

/** Name of the prompt of a word; a letter's is say-letter-a. */
export function promptOf(token: string, language: Language): string {
  if (/^[A-Z]$/.test(token)) return `say-letter-${token.toLowerCase()}`;
  const name = language === 'en' ? token.toLowerCase().replace(/[^a-z]/g, '') : CHINESE[token];
  return `say-${name ?? 'none'}`;
}

function recordedFile(token: string): string | undefined {
  const name = recorded.get(token);
  if (name === undefined) return undefined;
  const file = join(RECORDED_ENGLISH, `${name}.wav`);
  let found = there.get(file);
  if (found === undefined) there.set(file, (found = existsSync(file)));
  return found ? file : undefined;
}
