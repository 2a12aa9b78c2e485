// What type an expression has, and what is wrong with it, before any caller comes to it.
import type { VariableType } from '../../contract/index.js';
import { functions } from './functions.js';
import { ExpressionError, parseExpression, type Expression } from './parse.js';
import { pattern } from './pattern.js';
import { ValueError, mayBe } from './values.js';

export type ExpressionProblem =
  | { code: 'syntax'; at: number; found: string; why: ExpressionError['code'] }
  | { code: 'noVariable'; name: string }
  | { code: 'noFunction'; name: string }
  | { code: 'argumentCount'; name: string }
  | { code: 'type'; wanted: VariableType; got: VariableType }
  | { code: 'pattern'; reason: string };

/** undefined: there is no such variable. */
export type TypeOf = (variable: string) => VariableType | undefined;

export interface CheckedExpression {
  type: VariableType;
  problems: ExpressionProblem[];
}

/** `wanted`: what it must come to; left out: anything. */
export function checkExpression(source: string, typeOf: TypeOf, wanted?: VariableType): CheckedExpression {
  let parsed: Expression;
  try {
    parsed = parseExpression(source);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const { at, found, code: why } = error;
    return { type: 'json', problems: [{ code: 'syntax', at, found, why }] };
  }
  const problems: ExpressionProblem[] = [];
  const checker = { typeOf, problems };
  const type = typeIn(parsed, checker);
  if (wanted !== undefined) want(type, wanted, checker);
  return { type, problems };
}

interface Checker {
  typeOf: TypeOf;
  problems: ExpressionProblem[];
}

function want(got: VariableType, wanted: VariableType, { problems }: Checker): void {
  if (!mayBe(got, wanted)) problems.push({ code: 'type', wanted, got });
}

function typeIn(expression: Expression, checker: Checker): VariableType {
  switch (expression.kind) {
    case 'literal':
      return typeof expression.value as 'string' | 'number' | 'boolean';
    case 'variable': {
      const type = checker.typeOf(expression.name);
      if (type === undefined) checker.problems.push({ code: 'noVariable', name: expression.name });
      return type ?? 'json';
    }
    case 'member': {
      if (typeof expression.key !== 'string') typeIn(expression.key, checker);
      const of = typeIn(expression.of, checker);
      if (of !== 'json' && of !== 'list') checker.problems.push({ code: 'type', wanted: 'json', got: of });
      return of === 'list' ? 'string' : 'json';
    }
    case 'unary':
      want(typeIn(expression.of, checker), expression.op === 'not' ? 'boolean' : 'number', checker);
      return expression.op === 'not' ? 'boolean' : 'number';
    case 'call':
      return typeOfCall(expression.name, expression.args, checker);
    case 'binary':
      return typeOfBinary(expression, checker);
  }
}

function typeOfCall(name: string, args: readonly Expression[], checker: Checker): VariableType {
  const types = args.map((arg) => typeIn(arg, checker));
  if (name === 'if') {
    if (args.length !== 3) checker.problems.push({ code: 'argumentCount', name });
    else want(types[0] ?? 'json', 'boolean', checker);
    return types[1] === types[2] ? (types[1] ?? 'json') : 'json';
  }
  const known = functions.get(name);
  if (known === undefined) {
    checker.problems.push({ code: 'noFunction', name });
    return 'json';
  }
  const { takes, optional = 0, more = false } = known;
  if (args.length < takes.length - optional || (!more && args.length > takes.length))
    checker.problems.push({ code: 'argumentCount', name });
  types.forEach((type, i) => {
    const wanted = takes[Math.min(i, takes.length - 1)];
    if (wanted !== undefined) want(type, wanted, checker);
  });
  const form = args[1];
  if (name === 'matches' && form !== undefined) checkPattern(form, checker);
  return known.gives;
}

/** A pattern must be written in the flow: one that a caller or a look-up gives is nobody's to judge beforehand. */
function checkPattern(form: Expression, { problems }: Checker): void {
  if (form.kind !== 'literal') return void problems.push({ code: 'pattern', reason: 'literal' });
  try {
    pattern(String(form.value));
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    problems.push({ code: 'pattern', reason: error.message });
  }
}

const BOOLEANS = new Set(['or', 'and']);
const ORDER = new Set(['==', '!=', '<', '<=', '>', '>=']);

function typeOfBinary({ op, left, right }: Extract<Expression, { kind: 'binary' }>, checker: Checker): VariableType {
  const [a, b] = [typeIn(left, checker), typeIn(right, checker)];
  if (BOOLEANS.has(op)) {
    want(a, 'boolean', checker);
    want(b, 'boolean', checker);
    return 'boolean';
  }
  if (ORDER.has(op)) {
    const comparable = a === b || a === 'json' || b === 'json' || a === 'string' || b === 'string';
    if (!comparable) checker.problems.push({ code: 'type', wanted: a, got: b });
    return 'boolean';
  }
  if (op === '+' && (a === 'string' || b === 'string')) return 'string';
  want(a, 'number', checker);
  want(b, 'number', checker);
  return op === '+' && (a === 'json' || b === 'json') ? 'json' : 'number';
}
