import { matchesPattern, parseDialPattern } from '@cordboard/daemon/contract';

type Translate = (key: string, named?: Record<string, unknown>) => string;

const digitsOf = (set: number): string =>
  Array.from({ length: 10 }, (_, digit) => digit)
    .filter((digit) => (set & (1 << digit)) !== 0)
    .join('');

/** What a pattern lets through, in words: "begins with 013, 11 digits or more". */
export function patternWords(pattern: string, t: Translate): string {
  if (pattern === '') return t('lines.parts.pattern.any');
  const parts = parseDialPattern(pattern);
  if (parts === undefined) return t('lines.parts.pattern.invalid');
  const { sets, open } = parts;
  const texts = sets.map(digitsOf);
  const fixed = texts.findIndex((text) => text.length !== 1);
  const head = (fixed < 0 ? texts : texts.slice(0, fixed)).join('');
  if (fixed < 0 && !open) return t('lines.parts.pattern.exactly', { digits: head });
  const said = head === '' ? [] : [t('lines.parts.pattern.starts', { digits: head })];
  const next = fixed < 0 ? undefined : texts[fixed];
  if (next !== undefined && next.length < 10) said.push(t('lines.parts.pattern.from', { digits: [...next].join(' ') }));
  said.push(
    open
      ? t('lines.parts.pattern.more', { count: sets.length + 1 })
      : t('lines.parts.pattern.length', { count: sets.length }),
  );
  return said.join(t('lines.parts.pattern.comma'));
}

/** A number that fits, to show what comes of it; '' when the pattern is none. */
export function exampleOf(pattern: string): string {
  const parts = parseDialPattern(pattern);
  if (parts === undefined) return '';
  const { sets, open } = parts;
  // behind the digits that are given a mobile's number, as far as it may go
  const filling = '1380013800013800138000138';
  const given = sets.findIndex((set) => digitsOf(set).length !== 1);
  const from = given < 0 ? sets.length : given;
  const digits = sets.map((set, at) => {
    const liked = filling[at - from] ?? '1';
    return (set & (1 << Number(liked))) !== 0 ? liked : (digitsOf(set)[0] ?? '');
  });
  const rest = sets.length - from;
  return digits.join('') + (open ? filling.slice(rest, Math.max(rest + 1, 11)) : '');
}

export interface Rewriting {
  match: string;
  strip: number;
  prepend: string;
}

export function fits(pattern: string, number: string): boolean {
  const parts = parseDialPattern(pattern);
  return parts !== undefined && /^[0-9]+$/.test(number) && matchesPattern(parts, number);
}

/** The first rule that fits rewrites; undefined: none does. */
export function rewritten(rules: readonly Rewriting[], number: string): string | undefined {
  const rule = rules.find(({ match }) => fits(match, number));
  return rule && rule.prepend + number.slice(rule.strip);
}
