// Patterns of numbers (contract/dial-pattern.ts says how they are written) and the digits that fit them. No regular expressions:
// a digit is one step, whatever somebody dials.
import { parseDialPattern, type DialPatternParts } from '../contract/index.js';

export type Pattern = DialPatternParts;

/** Throws a TypeError for what the schemas do not let through. */
export function compilePattern(text: string): Pattern {
  const parts = parseDialPattern(text);
  if (parts === undefined) throw new TypeError(`not a pattern: ${text}`);
  return parts;
}

function fits(digits: string, { sets }: Pattern, length: number): boolean {
  for (let at = 0; at < length; at += 1) {
    if (((sets[at] ?? 0) & (1 << Number(digits[at]))) === 0) return false;
  }
  return true;
}

/** Whether the whole number fits. */
export function matches(pattern: Pattern, digits: string): boolean {
  const { sets, open } = pattern;
  if (open ? digits.length <= sets.length : digits.length !== sets.length) return false;
  return fits(digits, pattern, sets.length);
}

/** Whether the number can fit once there are more digits. */
export function canBecome(pattern: Pattern, digits: string): boolean {
  const { sets, open } = pattern;
  if (!open && digits.length >= sets.length) return false;
  return fits(digits, pattern, Math.min(digits.length, sets.length));
}

/** Whether it begins with what a closed pattern wants. */
export function startsWith(pattern: Pattern, digits: string): boolean {
  return digits.length >= pattern.sets.length && fits(digits, pattern, pattern.sets.length);
}

/** Whether every number that fits `pattern` fits `wider`, too. */
export function isWithin(pattern: Pattern, wider: Pattern): boolean {
  const [length, other] = [pattern.sets.length, wider.sets.length];
  const lengthFits = wider.open
    ? length > other || (pattern.open && length === other)
    : !pattern.open && length === other;
  if (!lengthFits) return false;
  return wider.sets.every((set, at) => ((pattern.sets[at] ?? 0) & ~set) === 0);
}

function size(set: number): number {
  let count = 0;
  for (let rest = set; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

/** Beyond every set of digits: there `.` stands, and nothing. */
const OPEN = 11;
const NOTHING = 12;

/**
 * Negative: `a` says more of a number than `b`. Compared digit by digit from the left, as prefixes are: where they differ first,
 * the one that lets fewer digits through is the more specific; a digit says more than `.`, `.` more than the end.
 */
export function compareSpecificity(a: Pattern, b: Pattern): number {
  const at = ({ sets, open }: Pattern, index: number): number => {
    const set = sets[index];
    if (set !== undefined) return size(set);
    return open ? OPEN : NOTHING;
  };
  for (let index = 0; index <= Math.max(a.sets.length, b.sets.length); index += 1) {
    const difference = at(a, index) - at(b, index);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether both let the same numbers through. */
export function samePattern(a: Pattern, b: Pattern): boolean {
  return a.open === b.open && a.sets.length === b.sets.length && a.sets.every((set, at) => set === b.sets[at]);
}
