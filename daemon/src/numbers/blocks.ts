// Regions and carriers of Chinese numbers, from firmware-config/numbers/cn.txt (its head says how it is written).
import { readFileSync } from 'node:fs';
import type { BothLanguages } from '../contract/index.js';

export interface Place {
  province: BothLanguages;
  city: BothLanguages | null;
}

const FIRST_BLOCK = 1_300_000;
const BLOCKS = 700_000;

export class NumberBlocks {
  readonly #places = new Map<number, Place>();
  readonly #carriers = new Map<string, BothLanguages>();
  readonly #areas = new Map<string, number>();
  /** number of the place of each block of 10,000 mobile numbers; 0: not known */
  readonly #mobile = new Uint16Array(BLOCKS);

  constructor(file: string) {
    let at = 0;
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const [kind, first = '', ...rest] = line.split('\t');
      const [a = '', b = '', c = '', d = ''] = rest;
      if (kind === 'p')
        this.#places.set(Number(first), { province: { zh: a, en: b }, city: c === '' ? null : { zh: c, en: d } });
      else if (kind === 'c') this.#carriers.set(first, { zh: a, en: b });
      else if (kind === 'a') this.#areas.set(first, Number(a));
      else if (kind === 'm') {
        for (const run of first.split(' ')) {
          const [place = '0', count = '1'] = run.split('*');
          const end = at + parseInt(count, 36);
          this.#mobile.fill(parseInt(place, 36), at, end);
          at = end;
        }
      }
    }
    if (at !== BLOCKS) throw new Error(`${file} has ${at} blocks, not ${BLOCKS}`);
  }

  /** Of a national significant number: 11 digits of a mobile one, area code and number of a fixed one. */
  placeOf(national: string): Place | null {
    if (/^1[3-9]\d{9}$/.test(national))
      return this.#places.get(this.#mobile[Number(national.slice(0, 7)) - FIRST_BLOCK] ?? 0) ?? null;
    for (const length of [3, 2]) {
      const place = this.#areas.get(national.slice(0, length));
      if (place !== undefined) return this.#places.get(place) ?? null;
    }
    return null;
  }

  /** To whom a mobile number's block was given. */
  carrierOf(national: string): BothLanguages | null {
    if (!/^1[3-9]\d{9}$/.test(national)) return null;
    for (let length = 5; length > 1; length -= 1) {
      const carrier = this.#carriers.get(national.slice(0, length));
      if (carrier !== undefined) return carrier;
    }
    return null;
  }
}
