// Expressions of flows: arithmetic, comparison, and / or / not, texts, dates, and the functions of functions.ts. Parsed here, never
// handed to JavaScript.
//
//   or → and → not → comparison → sum → product → sign → value [index or .member]*

/** Longest expression, characters. */
export const LONGEST_EXPRESSION = 2000;
/** Deepest nesting: every level is a call of this program, too. */
const DEEPEST = 40;

export type Expression =
  | { kind: 'literal'; value: string | number | boolean; at: number }
  | { kind: 'variable'; name: string; at: number }
  | { kind: 'member'; of: Expression; key: string | Expression; at: number }
  | { kind: 'call'; name: string; args: Expression[]; at: number }
  | { kind: 'unary'; op: 'not' | '-'; of: Expression; at: number }
  | { kind: 'binary'; op: BinaryOp; left: Expression; right: Expression; at: number };
export type BinaryOp = 'or' | 'and' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%';

/** Why a text is no expression; `at`: the place, from 1. */
export class ExpressionError extends Error {
  constructor(
    readonly code: 'tooLong' | 'tooDeep' | 'unexpected' | 'unfinished' | 'badNumber',
    readonly at: number,
    readonly found = '',
  ) {
    super(`${code} at ${at}: ${found}`);
    this.name = 'ExpressionError';
  }
}

type Token =
  | { kind: 'number'; value: number; at: number }
  | { kind: 'string'; value: string; at: number }
  | { kind: 'name'; value: string; at: number }
  | { kind: 'op'; value: string; at: number }
  | { kind: 'end'; value: ''; at: number };

const TOKEN =
  /\s*(?:(\d+(?:\.\d+)?)|([A-Za-z_][A-Za-z0-9_]*)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(==|!=|<=|>=|&&|\|\||[-+*/%<>()[\],.!=]))/y;
const WORDS: Record<string, string> = { '&&': 'and', '||': 'or', '!': 'not', '=': '==' };

/** Throws an ExpressionError. */
export function parseExpression(source: string): Expression {
  if (source.length > LONGEST_EXPRESSION) throw new ExpressionError('tooLong', LONGEST_EXPRESSION);
  return new Parser(tokens(source)).whole();
}

function tokens(source: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  while (source.slice(at).trim() !== '') {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    if (match === null) {
      const place = at + (source.slice(at).length - source.slice(at).trimStart().length);
      throw new ExpressionError('unexpected', place + 1, source.charAt(place));
    }
    const [whole, digits, name, quoted, op] = match;
    const place = at + whole.length - whole.trimStart().length + 1;
    at = TOKEN.lastIndex;
    if (digits !== undefined) {
      if (digits.length > 20 || /^[A-Za-z_]/.test(source.slice(at)))
        throw new ExpressionError('badNumber', place, digits);
      found.push({ kind: 'number', value: Number(digits), at: place });
    } else if (name !== undefined) found.push({ kind: 'name', value: name, at: place });
    else if (quoted !== undefined)
      found.push({ kind: 'string', value: quoted.slice(1, -1).replace(/\\(.)/gs, '$1'), at: place });
    else if (op !== undefined) found.push({ kind: 'op', value: WORDS[op] ?? op, at: place });
  }
  found.push({ kind: 'end', value: '', at: source.length + 1 });
  return found;
}

const LEVELS: readonly (readonly BinaryOp[])[] = [
  ['or'],
  ['and'],
  ['==', '!=', '<', '<=', '>', '>='],
  ['+', '-'],
  ['*', '/', '%'],
];
/** `not` binds closer than `and`, and wider than a comparison. */
const NOT_LEVEL = 2;

class Parser {
  readonly #tokens: Token[];
  readonly #end: Token;
  #next = 0;
  #depth = 0;

  constructor(found: Token[]) {
    this.#tokens = found;
    this.#end = { kind: 'end', value: '', at: found.at(-1)?.at ?? 1 };
  }

  whole(): Expression {
    const expression = this.#level(0);
    const rest = this.#peek();
    if (rest.kind !== 'end') throw this.#unexpected(rest);
    return expression;
  }

  #level(level: number): Expression {
    if (level === 0 && (this.#depth += 1) > DEEPEST) throw new ExpressionError('tooDeep', this.#peek().at);
    const ops = LEVELS[level];
    if (ops === undefined) return this.#sign();
    const { at: begun } = this.#peek();
    if (level === NOT_LEVEL && this.#takes('not')) {
      return { kind: 'unary', op: 'not', of: this.#deeper(() => this.#level(NOT_LEVEL)), at: begun };
    }
    let left = this.#level(level + 1);
    for (;;) {
      const op = ops.find((one) => this.#is(one));
      if (op === undefined) break;
      const { at } = this.#peek();
      this.#next += 1;
      left = { kind: 'binary', op, left, right: this.#level(level + 1), at };
      if (level === 2 && ops.some((one) => this.#is(one))) throw this.#unexpected(this.#peek());
    }
    if (level === 0) this.#depth -= 1;
    return left;
  }

  #sign(): Expression {
    const { at } = this.#peek();
    if (this.#takes('-')) return { kind: 'unary', op: '-', of: this.#deeper(() => this.#sign()), at };
    let value = this.#value();
    for (;;) {
      const place = this.#peek().at;
      if (this.#takes('.')) {
        const key = this.#peek();
        if (key.kind !== 'name') throw this.#unexpected(key);
        this.#next += 1;
        if (value.kind === 'variable' && value.name === 'call') value = { ...value, name: `call.${key.value}` };
        else value = { kind: 'member', of: value, key: key.value, at: place };
      } else if (this.#takes('[')) {
        const key = this.#level(0);
        this.#expect(']');
        value = { kind: 'member', of: value, key, at: place };
      } else return value;
    }
  }

  #value(): Expression {
    const token = this.#peek();
    const { at } = token;
    this.#next += 1;
    if (token.kind === 'number' || token.kind === 'string') return { kind: 'literal', value: token.value, at };
    if (token.kind === 'name') {
      if (token.value === 'true' || token.value === 'false')
        return { kind: 'literal', value: token.value === 'true', at };
      if (['and', 'or', 'not'].includes(token.value)) throw this.#unexpected(token);
      if (!this.#takes('(')) return { kind: 'variable', name: token.value, at };
      return { kind: 'call', name: token.value, args: this.#args(), at };
    }
    if (token.kind === 'op' && token.value === '(') {
      const inner = this.#level(0);
      this.#expect(')');
      return inner;
    }
    throw this.#unexpected(token);
  }

  #args(): Expression[] {
    const args: Expression[] = [];
    if (this.#takes(')')) return args;
    do args.push(this.#level(0));
    while (this.#takes(','));
    this.#expect(')');
    return args;
  }

  #deeper(inner: () => Expression): Expression {
    if ((this.#depth += 1) > DEEPEST) throw new ExpressionError('tooDeep', this.#peek().at);
    const found = inner();
    this.#depth -= 1;
    return found;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? this.#end;
  }

  #is(word: string): boolean {
    const token = this.#peek();
    return (token.kind === 'op' || token.kind === 'name') && token.value === word;
  }

  #takes(word: string): boolean {
    const found = this.#is(word);
    if (found) this.#next += 1;
    return found;
  }

  #expect(word: string): void {
    if (!this.#takes(word)) throw this.#unexpected(this.#peek());
  }

  #unexpected(token: Token): ExpressionError {
    return token.kind === 'end'
      ? new ExpressionError('unfinished', token.at)
      : new ExpressionError('unexpected', token.at, String(token.value));
  }
}
