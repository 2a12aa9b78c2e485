// What an expression comes to. Values are typed; what only turns out at run time (JSON) is converted, or refused with a ValueError.
// The number of steps is bounded by the length of the expression: there are no loops.
import type { VariableType } from '../../contract/index.js';
import { functions, memberOf, typed, type LocalNow } from './functions.js';
import type { BinaryOp, Expression } from './parse.js';
import { LONGEST_TEXT, ValueError, convert, emptyOf, flag, number, shown, text, textOf, type Value } from './values.js';

export interface Scope {
  /** undefined: there is no such variable */
  get(name: string): Value | undefined;
  now(): LocalNow;
}

/** Throws a ValueError. */
export function evaluate(expression: Expression, scope: Scope): Value {
  switch (expression.kind) {
    case 'literal':
      return typed(expression.value);
    case 'variable': {
      const value = scope.get(expression.name);
      if (value === undefined) throw new ValueError(`there is no variable ${expression.name}`);
      return value;
    }
    case 'member': {
      const { key } = expression;
      const name = typeof key === 'string' ? key : textOf(evaluate(key, scope));
      const found = memberOf(evaluate(expression.of, scope).value, name);
      return found === undefined ? emptyOf('json') : typed(found);
    }
    case 'call':
      return call(expression.name, expression.args, scope);
    case 'unary': {
      const value = evaluate(expression.of, scope);
      if (expression.op === 'not') return flag(!truth(value));
      return number(-numeric(value));
    }
    case 'binary':
      return binary(expression.op, expression.left, expression.right, scope);
  }
}

/** A value as yes or no. */
export function truth(value: Value): boolean {
  return convert(value, 'boolean').value as boolean;
}

function numeric(value: Value): number {
  return convert(value, 'number').value as number;
}

function call(name: string, args: readonly Expression[], scope: Scope): Value {
  if (name === 'if') {
    const [condition, yes, no] = args;
    if (condition === undefined || yes === undefined || no === undefined) throw new ValueError('if needs three values');
    return evaluate(truth(evaluate(condition, scope)) ? yes : no, scope);
  }
  const known = functions.get(name);
  if (known === undefined) throw new ValueError(`there is no function ${name}`);
  const given = args.map((arg, i) => {
    const wanted = known.takes[Math.min(i, known.takes.length - 1)];
    const value = evaluate(arg, scope);
    return wanted === undefined || wanted === 'json' ? value : convert(value, wanted);
  });
  return known.run(given, () => scope.now());
}

function binary(op: BinaryOp, left: Expression, right: Expression, scope: Scope): Value {
  const a = evaluate(left, scope);
  if (op === 'or') return flag(truth(a) || truth(evaluate(right, scope)));
  if (op === 'and') return flag(truth(a) && truth(evaluate(right, scope)));
  const b = evaluate(right, scope);
  switch (op) {
    case '==':
      return flag(compare(a, b, op) === 0);
    case '!=':
      return flag(compare(a, b, op) !== 0);
    case '<':
      return flag(compare(a, b, op) < 0);
    case '<=':
      return flag(compare(a, b, op) <= 0);
    case '>':
      return flag(compare(a, b, op) > 0);
    case '>=':
      return flag(compare(a, b, op) >= 0);
    case '+': {
      if (a.type !== 'string' && b.type !== 'string') return number(numeric(a) + numeric(b));
      const joined = textOf(a) + textOf(b);
      if (joined.length > LONGEST_TEXT) throw new ValueError(`a text has more than ${LONGEST_TEXT} characters`);
      return text(joined);
    }
    case '-':
      return number(numeric(a) - numeric(b));
    case '*':
      return number(numeric(a) * numeric(b));
    case '/':
      if (numeric(b) === 0) throw new ValueError('division by zero');
      return number(numeric(a) / numeric(b));
    case '%':
      if (numeric(b) === 0) throw new ValueError('division by zero');
      return number(numeric(a) % numeric(b));
  }
}

/** Below zero, zero or above; as numbers when one is one, else by their letters, as which dates and times sort, too. */
function compare(a: Value, b: Value, op: BinaryOp): number {
  if (a.type === 'number' || b.type === 'number') {
    // An empty answer of a look-up is equal to no number.
    const equality = op === '==' || op === '!=';
    if (equality && (notNumeric(a) || notNumeric(b))) return 1;
    return numeric(a) - numeric(b);
  }
  if (a.type === 'boolean' || b.type === 'boolean') {
    if (a.value === null || b.value === null) return 1;
    return Number(truth(a)) - Number(truth(b));
  }
  if ((typeof a.value === 'object' || typeof b.value === 'object') && op !== '==' && op !== '!=')
    throw new ValueError(`${shown(a.value)} and ${shown(b.value)} have no order`);
  const type: VariableType =
    a.type === 'date' || b.type === 'date' ? 'date' : a.type === 'time' || b.type === 'time' ? 'time' : 'string';
  const [x, y] = [textOf(convert(a, type)), textOf(convert(b, type))];
  return x < y ? -1 : x > y ? 1 : 0;
}

function notNumeric(value: Value): boolean {
  try {
    numeric(value);
    return false;
  } catch {
    return true;
  }
}
