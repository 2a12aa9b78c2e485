// Which entries of lists a number is on, for millions of them: whole numbers stand in a sorted table of numbers (20 bytes an entry),
// patterns and what was changed since beside it.
import { matchesPattern, parseDialPattern, type DialPatternParts } from '../contract/index.js';
import type { ScannedEntry } from '../db/index.js';

export interface ListHit {
  entryId: number;
  listId: string;
}

interface Entry extends ListHit {
  expiresAt: number | null;
}
interface PatternEntry extends Entry {
  parts: DialPatternParts;
  number: string;
}

/** Longer ones would not be told apart as numbers. */
const PACKED_DIGITS = 15;

/** Leading zeros count: 1 stands before. */
const pack = (digits: string): number => Number(`1${digits}`);

export class ListIndex {
  readonly #lists: string[] = [];
  #keys = new Float64Array(0);
  #ids = new Uint32Array(0);
  #expires = new Float64Array(0);
  #listOf = new Uint16Array(0);
  /** of numbers put since, and of those too long to be packed */
  readonly #loose = new Map<string, Entry[]>();
  /** numbers of a list whose packed entries do not count any more */
  readonly #stale = new Map<number, Set<string>>();
  #patterns: PatternEntry[] = [];

  get size(): number {
    return this.#keys.length + this.#loose.size + this.#patterns.length;
  }

  /** In place of all there was. */
  async load(pages: AsyncIterable<readonly ScannedEntry[]>): Promise<void> {
    let [keys, ids, expires, listOf, count] = [
      new Float64Array(1024),
      new Uint32Array(1024),
      new Float64Array(1024),
      new Uint16Array(1024),
      0,
    ];
    this.#loose.clear();
    this.#stale.clear();
    this.#patterns = [];
    for await (const page of pages) {
      if (count + page.length > keys.length) {
        const room = Math.max(keys.length * 2, count + page.length);
        [keys, ids, expires, listOf] = [grown(keys, room), grown(ids, room), grown(expires, room), grown(listOf, room)];
      }
      for (const entry of page) {
        if (entry.pattern || entry.number.length > PACKED_DIGITS) {
          this.#addLoose(entry);
          continue;
        }
        keys[count] = pack(entry.number);
        ids[count] = entry.id;
        expires[count] = entry.expiresAt ?? Infinity;
        listOf[count] = this.#listNumber(entry.listId);
        count += 1;
      }
    }
    const order = Uint32Array.from({ length: count }, (_, at) => at).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
    this.#keys = Float64Array.from(order, (at) => keys[at] ?? 0);
    this.#ids = Uint32Array.from(order, (at) => ids[at] ?? 0);
    this.#expires = Float64Array.from(order, (at) => expires[at] ?? 0);
    this.#listOf = Uint16Array.from(order, (at) => listOf[at] ?? 0);
  }

  /** What a list has of these numbers now. */
  put(listId: string, numbers: readonly string[], entries: readonly ScannedEntry[]): void {
    for (const number of numbers) {
      const rest = this.#loose.get(number)?.filter((one) => one.listId !== listId) ?? [];
      if (rest.length === 0) this.#loose.delete(number);
      else this.#loose.set(number, rest);
      if (/^[0-9]{1,15}$/.test(number)) {
        const key = pack(number);
        const stale = this.#stale.get(key) ?? new Set();
        this.#stale.set(key, stale.add(listId));
      }
    }
    this.#patterns = this.#patterns.filter((one) => one.listId !== listId || !numbers.includes(one.number));
    for (const entry of entries) this.#addLoose(entry);
  }

  /** How many changes lie beside the table. */
  get changes(): number {
    return this.#stale.size;
  }

  find(number: string, nowMs: number): ListHit[] {
    const hits: ListHit[] = [];
    const add = ({ entryId, listId, expiresAt }: Entry): void => {
      if (expiresAt === null || expiresAt > nowMs) hits.push({ entryId, listId });
    };
    if (/^[0-9]{1,15}$/.test(number)) {
      const key = pack(number);
      const stale = this.#stale.get(key);
      for (let at = this.#firstOf(key); this.#keys[at] === key; at += 1) {
        const listId = this.#lists[this.#listOf[at] ?? 0] ?? '';
        if (stale?.has(listId) !== true)
          add({ entryId: this.#ids[at] ?? 0, listId, expiresAt: this.#expires[at] ?? Infinity });
      }
    }
    this.#loose.get(number)?.forEach(add);
    for (const entry of this.#patterns) if (matchesPattern(entry.parts, number)) add(entry);
    return hits;
  }

  #firstOf(key: number): number {
    let [low, high] = [0, this.#keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] ?? 0) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #addLoose({ id, listId, number, pattern, expiresAt }: ScannedEntry): void {
    const entry = { entryId: id, listId, expiresAt };
    const parts = pattern ? parseDialPattern(number) : undefined;
    if (parts !== undefined) this.#patterns.push({ ...entry, parts, number });
    else this.#loose.set(number, [...(this.#loose.get(number) ?? []), entry]);
  }

  #listNumber(id: string): number {
    const at = this.#lists.indexOf(id);
    return at < 0 ? this.#lists.push(id) - 1 : at;
  }
}

function grown<T extends Float64Array | Uint32Array | Uint16Array>(old: T, room: number): T {
  const larger = new (old.constructor as new (length: number) => T)(room);
  larger.set(old as never);
  return larger;
}
