// JSON as people write it into a file: where JSON.parse only says that something is wrong, this says what and where. It also
// refuses a name that stands twice in one object, of which JSON.parse would silently take the last.

export interface JsonProblem {
  /** from 1 */
  line: number;
  /** from 1, in characters */
  column: number;
  reason: { en: string; zh: string };
}

export type JsonText = { ok: true; value: unknown } | { ok: false; problem: JsonProblem };

/** Deeper than any settings; a file of a million brackets must not overflow the stack. */
const DEEPEST = 64;

export function parseJsonText(text: string): JsonText {
  const scanner = new Scanner(text.startsWith('\uFEFF') ? text.slice(1) : text);
  try {
    scanner.document();
    return { ok: true, value: JSON.parse(scanner.text) as unknown };
  } catch (error) {
    if (error instanceof Wrong) return { ok: false, problem: locate(scanner.text, error) };
    throw error;
  }
}

class Wrong extends Error {
  constructor(
    readonly at: number,
    readonly en: string,
    readonly zh: string,
  ) {
    super(en);
  }
}

function locate(text: string, wrong: Wrong): JsonProblem {
  const before = text.slice(0, wrong.at);
  const line = before.split('\n').length;
  const column = [...before.slice(before.lastIndexOf('\n') + 1)].length + 1;
  return { line, column, reason: { en: wrong.en, zh: wrong.zh } };
}

class Scanner {
  #at = 0;

  constructor(readonly text: string) {}

  document(): void {
    this.#value(0);
    this.#space();
    if (this.#at < this.text.length) throw this.#wrong('nothing may follow the end', '结尾之后不能再有内容');
  }

  #value(depth: number): void {
    if (depth > DEEPEST) throw this.#wrong('it is nested too deeply', '嵌套过深');
    this.#space();
    const first = this.text[this.#at];
    if (first === '{') this.#object(depth);
    else if (first === '[') this.#array(depth);
    else if (first === '"') this.#string();
    else if (first === undefined) throw this.#wrong('the text ends where a value must stand', '文本在应有值的位置结束');
    else this.#word();
  }

  #object(depth: number): void {
    const names = new Set<string>();
    this.#at += 1;
    this.#space();
    if (this.#take('}')) return;
    for (;;) {
      this.#space();
      if (this.text[this.#at] !== '"')
        throw this.#wrong('a name in double quotes must stand here', '此处应为双引号中的名称');
      const start = this.#at;
      const name = this.#string();
      if (names.has(name)) throw new Wrong(start, `"${name}" stands here a second time`, `"${name}" 重复出现`);
      names.add(name);
      this.#space();
      if (!this.#take(':')) throw this.#wrong(`a colon must follow "${name}"`, `"${name}" 后应为冒号`);
      this.#value(depth + 1);
      this.#space();
      if (this.#take('}')) return;
      if (!this.#take(',')) throw this.#wrong('a comma or } must stand here', '此处应为逗号或 }');
    }
  }

  #array(depth: number): void {
    this.#at += 1;
    this.#space();
    if (this.#take(']')) return;
    for (;;) {
      this.#value(depth + 1);
      this.#space();
      if (this.#take(']')) return;
      if (!this.#take(',')) throw this.#wrong('a comma or ] must stand here', '此处应为逗号或 ]');
    }
  }

  #string(): string {
    const start = this.#at;
    // eslint-disable-next-line no-control-regex -- RFC 8259 7: control characters must be escaped
    const match = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
    match.lastIndex = start;
    const found = match.exec(this.text);
    if (found === null) {
      throw this.#wrong(
        'this text does not end on its line or has a wrong backslash',
        '该字符串未在本行结束，或反斜杠用法有误',
      );
    }
    this.#at = match.lastIndex;
    return JSON.parse(found[0]) as string;
  }

  #word(): void {
    const match = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
    match.lastIndex = this.#at;
    if (match.exec(this.text) === null) {
      throw this.#wrong('a value must stand here', '此处应为值');
    }
    this.#at = match.lastIndex;
  }

  #space(): void {
    const match = /[ \t\r\n]*/y;
    match.lastIndex = this.#at;
    match.exec(this.text);
    this.#at = match.lastIndex;
  }

  #take(character: string): boolean {
    if (this.text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #wrong(en: string, zh: string): Wrong {
    return new Wrong(this.#at, en, zh);
  }
}
