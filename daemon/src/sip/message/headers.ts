// The headers of a message: names and texts in their order. There are few of them, so they are searched, not indexed.
import { headerName, type HeaderName } from './names.js';
import { splitAtCommas, splitList, trimmed } from './text.js';
import type { Headers } from './types.js';

const LINE_BREAKERS = /[\r\n\0]/;

/**
 * Whether the text may stand in a header line: no CR, no LF, and NUL only where RFC 3261 25.1 has it, escaped in a quoted string
 * (a request that holds one there is answered with it).
 */
export function isLineText(text: string): boolean {
  if (!LINE_BREAKERS.test(text)) return true;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x0d || code === 0x0a || code === 0) return false;
    if (code === 0x22) quoted = !quoted;
    else if (code === 0x5c && quoted && text.charCodeAt(i + 1) !== 0x0d && text.charCodeAt(i + 1) !== 0x0a) i += 1;
  }
  return true;
}

const ANSWERED = new Set(['via', 'from', 'to', 'call-id', 'cseq', 'timestamp']);
const NONE: readonly string[] = [];

function known(name: string): HeaderName {
  const found = headerName(name);
  if (found === undefined) throw new RangeError('the name of a header is no token');
  return found;
}

function checked(value: string): string {
  if (!isLineText(value)) throw new RangeError('the value of a header holds CR, LF or NUL');
  return trimmed(value);
}

/** Headers as this folder makes them: the only ones there are, but who knows. */
export function sipHeaders(headers: Headers): SipHeaders {
  return headers instanceof SipHeaders ? headers : newHeaders(headers.entries());
}

export class SipHeaders implements Headers {
  #names: HeaderName[] = [];
  #values: string[] = [];
  #revision = 0;

  /** Counts changes, so that typed views know when they are old. */
  get revision(): number {
    return this.#revision;
  }

  get size(): number {
    return this.#names.length;
  }

  /** For the parser, which has checked both. */
  append(name: HeaderName, value: string): void {
    this.#names.push(name);
    this.#values.push(value);
    this.#revision += 1;
  }

  get(name: string): string | undefined {
    const at = this.#indexOf(keyOf(name));
    return at < 0 ? undefined : this.#values[at];
  }

  lines(name: string): readonly string[] {
    return this.#linesOf(keyOf(name));
  }

  list(name: string): readonly string[] {
    const found = headerName(name);
    const lines = found === undefined ? NONE : this.#linesOf(found.key);
    if (found?.list !== true || lines.length === 0) return lines;
    const [only] = lines;
    return lines.length === 1 && only !== undefined ? splitList(only) : lines.flatMap(splitList);
  }

  /** `get` for those who have the key of the name already. */
  first(key: string): string | undefined {
    const at = this.#indexOf(key);
    return at < 0 ? undefined : this.#values[at];
  }

  /** `list` of a list header by its key, with the empty values between commas: for those who must refuse them. */
  strictList(key: string): readonly string[] {
    let values: string[] | undefined;
    for (let i = 0; i < this.#names.length; i++) {
      if (this.#names[i]?.key !== key) continue;
      const parts = splitAtCommas(this.#values[i] ?? '');
      values = values === undefined ? parts : values.concat(parts);
    }
    return values ?? NONE;
  }

  has(name: string): boolean {
    return this.#indexOf(keyOf(name)) >= 0;
  }

  add(name: string, value: string): void {
    const header = known(name);
    const text = checked(value);
    let at = this.#names.length;
    while (at > 0 && this.#names[at - 1]?.key !== header.key) at -= 1;
    this.#insert(at === 0 ? this.#names.length : at, header, text);
  }

  prepend(name: string, value: string): void {
    const header = known(name);
    const text = checked(value);
    this.#insert(Math.max(0, this.#indexOf(header.key)), header, text);
  }

  set(name: string, value: string): void {
    const header = known(name);
    const text = checked(value);
    const first = this.#indexOf(header.key);
    if (first >= 0) this.#removeFrom(first + 1, header.key);
    if (first >= 0) this.#values[first] = text;
    else this.#insert(this.#names.length, header, text);
    this.#revision += 1;
  }

  remove(name: string): void {
    const key = keyOf(name);
    const first = this.#indexOf(key);
    if (first >= 0) this.#removeFrom(first, key);
  }

  shift(name: string): string | undefined {
    const header = known(name);
    for (let at = this.#indexOf(header.key); at >= 0; at = this.#indexOf(header.key)) {
      const [first, ...others] = header.list ? splitList(this.#values[at] ?? '') : [this.#values[at] ?? ''];
      if (others.length > 0) this.#values[at] = others.join(', ');
      else {
        this.#names.splice(at, 1);
        this.#values.splice(at, 1);
      }
      this.#revision += 1;
      if (first !== undefined) return first;
    }
    return undefined;
  }

  *entries(): Generator<readonly [name: string, value: string]> {
    for (let i = 0; i < this.#names.length; i++) yield [this.#names[i]?.name ?? '', this.#values[i] ?? ''];
  }

  clone(): SipHeaders {
    const copy = new SipHeaders();
    copy.#names = this.#names.slice();
    copy.#values = this.#values.slice();
    return copy;
  }

  /** The header lines with their line ends; Content-Length says `length`, wherever it stands or at the end. */
  format(length: number): string {
    let text = '';
    let measured = false;
    for (let i = 0; i < this.#names.length; i++) {
      const name = this.#names[i]?.name ?? '';
      if (name !== 'Content-Length') text += `${name}: ${this.#values[i] ?? ''}\r\n`;
      else if (!measured) {
        text += `Content-Length: ${length}\r\n`;
        measured = true;
      }
    }
    return measured ? text : `${text}Content-Length: ${length}\r\n`;
  }

  /** The lines that an answer takes over, Timestamp too when it is a 100 (RFC 3261 8.2.6). */
  forResponse(status: number): SipHeaders {
    const copy = new SipHeaders();
    for (let i = 0; i < this.#names.length; i++) {
      const header = this.#names[i];
      if (header === undefined || !ANSWERED.has(header.key)) continue;
      if (status === 100 || header.key !== 'timestamp') copy.append(header, this.#values[i] ?? '');
    }
    return copy;
  }

  #linesOf(key: string): readonly string[] {
    let lines: string[] | undefined;
    for (let i = 0; i < this.#names.length; i++) {
      if (this.#names[i]?.key !== key) continue;
      const value = this.#values[i] ?? '';
      if (lines === undefined) lines = [value];
      else lines.push(value);
    }
    return lines ?? NONE;
  }

  #indexOf(key: string): number {
    const names = this.#names;
    for (let i = 0; i < names.length; i++) if (names[i]?.key === key) return i;
    return -1;
  }

  #insert(at: number, header: HeaderName, value: string): void {
    if (at === this.#names.length) {
      this.#names.push(header);
      this.#values.push(value);
    } else {
      this.#names.splice(at, 0, header);
      this.#values.splice(at, 0, value);
    }
    this.#revision += 1;
  }

  #removeFrom(start: number, key: string): void {
    let kept = start;
    for (let i = start; i < this.#names.length; i++) {
      const header = this.#names[i];
      if (header === undefined || header.key === key) continue;
      this.#names[kept] = header;
      this.#values[kept] = this.#values[i] ?? '';
      kept += 1;
    }
    this.#names.length = kept;
    this.#values.length = kept;
    this.#revision += 1;
  }
}

function keyOf(name: string): string {
  return headerName(name)?.key ?? '';
}

/** New headers of these names and values. Throws a RangeError when one holds CR, LF or NUL. */
export function newHeaders(entries: Iterable<readonly [name: string, value: string]> = []): SipHeaders {
  const headers = new SipHeaders();
  for (const [name, value] of entries) headers.add(name, value);
  return headers;
}
