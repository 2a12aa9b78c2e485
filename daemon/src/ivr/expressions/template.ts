// Texts with values in them: "Your balance is {round(balance, 2)}." A brace that is meant stands twice.
import { evaluate, type Scope } from './evaluate.js';
import { ExpressionError, parseExpression, type Expression } from './parse.js';
import { textOf } from './values.js';

export type TemplatePart = { text: string } | { source: string };

/** The parts of a text. Throws an ExpressionError when a brace is left open. */
export function templateParts(source: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let plain = '';
  for (let at = 0; at < source.length; at += 1) {
    const letter = source.charAt(at);
    if ((letter === '{' || letter === '}') && source.charAt(at + 1) === letter) {
      plain += letter;
      at += 1;
    } else if (letter === '{') {
      const end = closing(source, at + 1);
      if (end < 0) throw new ExpressionError('unfinished', at + 1, '{');
      if (plain !== '') parts.push({ text: plain });
      plain = '';
      parts.push({ source: source.slice(at + 1, end) });
      at = end;
    } else if (letter === '}') throw new ExpressionError('unexpected', at + 1, '}');
    else plain += letter;
  }
  if (plain !== '') parts.push({ text: plain });
  return parts;
}

/** The brace that ends an expression; one within quotes does not. */
function closing(source: string, from: number): number {
  let quote = '';
  for (let at = from; at < source.length; at += 1) {
    const letter = source.charAt(at);
    if (quote !== '') {
      if (letter === '\\') at += 1;
      else if (letter === quote) quote = '';
    } else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === '}') return at;
  }
  return -1;
}

const parsed = new Map<string, (string | Expression)[]>();
const MOST_KEPT = 1000;

/** Throws an ExpressionError or a ValueError. */
export function fill(source: string, scope: Scope, limit: number): string {
  let parts = parsed.get(source);
  if (parts === undefined) {
    parts = templateParts(source).map((part) => ('text' in part ? part.text : parseExpression(part.source)));
    if (parsed.size >= MOST_KEPT) parsed.clear();
    parsed.set(source, parts);
  }
  return parts
    .map((part) => (typeof part === 'string' ? part : textOf(evaluate(part, scope))))
    .join('')
    .slice(0, limit);
}
