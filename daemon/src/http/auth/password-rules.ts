// What a password must be like. Every rule that it breaks is told at once.
import { randomInt } from 'node:crypto';
import type { PasswordRules } from '../../contract/index.js';
import { AppError } from '../../platform/index.js';

/** Those that everybody tries first, without digits and signs at their end; trade names and this product's own among them. */
const COMMON = new Set(
  [
    'password passwort passw0rd letmein welcome iloveyou admin administrator root default changeme secret qwerty qwertyuiop',
    'qwertz azerty asdfgh asdfghjkl zxcvbn zxcvbnm monkey dragon football baseball sunshine princess superman batman master',
    'shadow michael jordan trustno login guest test testing user abc abcd abcdef abcdefg abcdefgh abcabc aaaaaa woaini',
    'woaiwojia wodemima mima nihao zhongguo callcenter callcentre cordboard agent supervisor zaq xsw qazwsx qweasd qweasdzxc',
    'starwars freedom whatever computer internet samsung google company summer winter spring autumn',
  ]
    .join(' ')
    .split(' '),
);
const ROWS = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890123456789',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  '1qaz2wsx3edc4rfv',
];

/** Whether it is among what is tried first: a common word with digits behind it, a row of keys, a few signs repeated. */
export function isCommon(password: string): boolean {
  const text = password.toLowerCase();
  if (new Set(text).size <= 3) return true;
  const word = text.replace(/[^a-z]+$/, '').replace(/^[^a-z]+/, '');
  const spelt = word
    .replace(/[@4]/g, 'a')
    .replace(/0/g, 'o')
    .replace(/[1!]/g, 'i')
    .replace(/3/g, 'e')
    .replace(/[$5]/g, 's');
  if (COMMON.has(word) || COMMON.has(spelt) || COMMON.has(text)) return true;
  const backwards = (row: string): string => [...row].reverse().join('');
  if (ROWS.some((row) => row.includes(text) || backwards(row).includes(text))) return true;
  // The same few signs again and again.
  return [1, 2, 3, 4].some(
    (n) =>
      text.length >= 2 * n &&
      text
        .slice(0, n)
        .repeat(Math.ceil(text.length / n))
        .startsWith(text),
  );
}

export function classesOf(password: string): number {
  return [/\p{Ll}/u, /\p{Lu}|\p{Lo}/u, /\p{Nd}/u, /[^\p{L}\p{Nd}]/u].filter((kind) => kind.test(password)).length;
}

/** What is wrong with it, each with its sentence; none: nothing. */
export function passwordProblems(rules: PasswordRules, username: string, password: string): AppError[] {
  const problems: AppError[] = [];
  const length = [...password].length;
  if (length < rules.minLength) problems.push(new AppError('password_too_short', { least: rules.minLength }));
  if (classesOf(password) < rules.classes)
    problems.push(new AppError('password_too_plain', { classes: rules.classes }));
  if (rules.notName && username.length >= 3 && password.toLowerCase().includes(username.toLowerCase()))
    problems.push(new AppError('password_has_name'));
  if (rules.notCommon && isCommon(password)) problems.push(new AppError('password_common'));
  return problems;
}

/** AppError body_invalid, at `path`. */
export function mustFitRules(rules: PasswordRules, username: string, password: string, path = 'password'): void {
  const problems = passwordProblems(rules, username, password);
  if (problems.length === 0) return;
  const details = (language: Parameters<AppError['text']>[0]) =>
    problems.map((problem) => ({ path, message: problem.text(language) }));
  throw new AppError('body_invalid', {}, { details });
}

// Without letters and digits that look alike: it is read out over the telephone.
const SMALL = 'abcdefghjkmnpqrstuvwxyz';
const CAPITAL = 'ABCDEFGHJKMNPQRSTUVWXYZ';
const DIGITS = '23456789';

/** Four groups of five: 20 of 53 letters and digits are more than 100 bits. It has letters, digits and hyphens. */
export function oneTimePassword(): string {
  const all = SMALL + CAPITAL + DIGITS;
  const one = (of: string): string => of[randomInt(of.length)] ?? '';
  const group = (): string => Array.from({ length: 5 }, () => one(all)).join('');
  for (;;) {
    const text = [group(), group(), group(), group()].join('-');
    if (classesOf(text) === 4) return text;
  }
}
