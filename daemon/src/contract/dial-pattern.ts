// Patterns of telephone numbers, as routes and number rules write them: a digit for itself, X any digit, Z 1-9, N 2-9, [2-46] one
// of these, and `.` at the end for one digit or more. Read here, so that a page can check one while it is typed.

export interface DialPatternParts {
  /** for each digit, which it may be: bit n stands for digit n */
  readonly sets: readonly number[];
  /** ends with `.`: one digit or more may follow */
  readonly open: boolean;
}

const ANY = 0b11_1111_1111;
const LETTERS: Readonly<Record<string, number>> = { X: ANY, Z: ANY & ~1, N: ANY & ~3 };
/** of digits; no number is longer than 24 */
const MOST_SETS = 24;
const LONGEST = 128;

/** Undefined: it is no pattern. */
export function parseDialPattern(text: string): DialPatternParts | undefined {
  if (text.length > LONGEST) return undefined;
  const sets: number[] = [];
  let at = 0;
  while (at < text.length && text[at] !== '.') {
    const end = text[at] === '[' ? text.indexOf(']', at) : at;
    if (end < 0) return undefined;
    const set = end === at ? single(text[at] ?? '') : bracket(text.slice(at + 1, end));
    if (set === 0) return undefined;
    sets.push(set);
    at = end + 1;
  }
  const open = at === text.length - 1;
  if ((at < text.length && !open) || sets.length > MOST_SETS || (sets.length === 0 && !open)) return undefined;
  return { sets, open };
}

function single(character: string): number {
  return /^[0-9]$/.test(character) ? 1 << Number(character) : (LETTERS[character] ?? 0);
}

/** What stands between brackets: digits and ascending ranges; 0: it is wrong. */
function bracket(text: string): number {
  let set = 0;
  let at = 0;
  while (at < text.length) {
    const ranged = text[at + 1] === '-';
    const [first, last] = [text[at] ?? '', text[ranged ? at + 2 : at] ?? ''];
    if (!/^[0-9]$/.test(first) || !/^[0-9]$/.test(last) || first > last) return 0;
    for (let digit = Number(first); digit <= Number(last); digit += 1) set |= 1 << digit;
    at += ranged ? 3 : 1;
  }
  return set;
}

/** Whether all of a number fits. */
export function matchesPattern({ sets, open }: DialPatternParts, digits: string): boolean {
  if (open ? digits.length <= sets.length : digits.length !== sets.length) return false;
  return sets.every((set, at) => (set & (1 << Number(digits[at]))) !== 0);
}
