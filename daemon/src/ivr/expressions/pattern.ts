// Patterns of matches(): those of RE2, whose time grows with the text alone, whatever the pattern.
import { RE2JS } from 're2js';
import { ValueError } from './values.js';

const LONGEST_PATTERN = 200;
/** Patterns that are compiled are kept; flows have few. */
const MOST_KEPT = 200;

const kept = new Map<string, RE2JS>();

/** Throws a ValueError when it is no pattern of RE2 (back references and look-around are none), or too long. */
export function pattern(source: string): RE2JS {
  const known = kept.get(source);
  if (known !== undefined) return known;
  if (source.length > LONGEST_PATTERN) throw new ValueError(`a pattern has ${LONGEST_PATTERN} characters at most`);
  // A repetition is compiled as so many copies of what is repeated.
  for (const [, low, high] of source.matchAll(/\{(\d+)(?:,(\d*))?\}/g))
    if (Number(low) > 100 || Number(high ?? 0) > 100) throw new ValueError('a pattern repeats 100 times at most');
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source);
  } catch (error) {
    throw new ValueError(`the pattern is not allowed: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (compiled.programSize() > 5000) throw new ValueError('the pattern is too large');
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(source, compiled);
  return compiled;
}

/** Whether the whole text has the form. */
export function matches(text: string, source: string): boolean {
  return pattern(source).matches(text);
}
