// Which entries of lists a number is on, for millions of them: whole numbers stand in a sorted table of numbers (22 bytes an entry),
// patterns and what was changed since beside it.
import { setImmediate as turn } from 'node:timers/promises';
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

/** so many are put into the table before calls have their turn */
const TURN_ENTRIES = 5000;

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

  /** In place of all there was; until it is whole the old one holds. Others have their turn meanwhile. */
  async load(pages: AsyncIterable<readonly ScannedEntry[]>): Promise<void> {
    const [packed, beside]: [ScannedEntry[][], ScannedEntry[]] = [[], []];
    let count = 0;
    for await (const page of pages) {
      const some = page.filter((entry) => !entry.pattern && entry.number.length <= PACKED_DIGITS);
      if (some.length < page.length) beside.push(...page.filter((entry) => !some.includes(entry)));
      packed.push(some);
      count += some.length;
    }
    const keys = new Float64Array(count);
    let at = 0;
    for (const page of packed) {
      for (const { number } of page) keys[at++] = pack(number);
      await turn();
    }
    keys.sort();
    await turn();
    const [ids, expires, listOf] = [new Uint32Array(count), new Float64Array(count), new Uint16Array(count)];
    for (const page of packed) {
      for (const [index, entry] of page.entries()) {
        const key = pack(entry.number);
        let slot = firstOf(keys, key);
        while (ids[slot] !== 0) slot += 1;
        ids[slot] = entry.id;
        expires[slot] = entry.expiresAt ?? Infinity;
        listOf[slot] = this.#listNumber(entry.listId);
        if (index % TURN_ENTRIES === 0) await turn();
      }
    }
    [this.#keys, this.#ids, this.#expires, this.#listOf] = [keys, ids, expires, listOf];
    this.#loose.clear();
    this.#stale.clear();
    this.#patterns = [];
    for (const entry of beside) this.#addLoose(entry);
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
      for (let at = firstOf(this.#keys, key); this.#keys[at] === key; at += 1) {
        const listId = this.#lists[this.#listOf[at] ?? 0] ?? '';
        if (stale?.has(listId) !== true)
          add({ entryId: this.#ids[at] ?? 0, listId, expiresAt: this.#expires[at] ?? Infinity });
      }
    }
    this.#loose.get(number)?.forEach(add);
    for (const entry of this.#patterns) if (matchesPattern(entry.parts, number)) add(entry);
    return hits;
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

function firstOf(keys: Float64Array, key: number): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? 0) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
