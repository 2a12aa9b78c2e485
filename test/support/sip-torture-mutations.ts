// Hostile messages by the thousand, the same ones each time: octets that were right, changed by a generator with a seed.

/** Numbers from 0 up to, not including, 1; the same for a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What parsers stumble over. */
const STUMBLING_BLOCKS = [
  '\r\n',
  '\r',
  '\n',
  '\r\n\r\n',
  '\r\n ',
  '\0',
  '"',
  '\\',
  '\\"',
  '<',
  '>',
  ';',
  ';;',
  ',',
  '=',
  ':',
  '@',
  '%',
  '%00',
  '%zz',
  '?',
  '&',
  '[',
  ']',
  '/',
  ' ',
  '\t',
  '*',
  '-1',
  '0',
  '4294967296',
  '99999999999999999999999',
  'sip:',
  'tel:',
  'SIP/2.0',
  'Content-Length: 3\r\n',
  'Via: SIP/2.0/UDP a\r\n',
  'm=audio 4 RTP/AVP 0\r\n',
  'a=rtpmap:0 PCMU/8000\r\n',
  'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\r\n',
  '\u00e9',
  '\u5f20',
];

export class Mutator {
  readonly #random: () => number;
  readonly #seeds: readonly Buffer[];

  constructor(seeds: readonly Buffer[], seed: number) {
    this.#seeds = seeds;
    this.#random = seeded(seed);
  }

  /** One of the seeds with one to four changes. */
  next(): Buffer {
    let bytes = this.#pick(this.#seeds);
    for (let changes = 1 + this.below(4); changes > 0; changes--) bytes = this.#change(bytes);
    return bytes;
  }

  /** An integer from 0 up to, not including, the limit. */
  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('there is nothing to pick from');
    return item;
  }

  #change(bytes: Buffer): Buffer {
    const at = this.below(bytes.length + 1);
    const end = Math.min(bytes.length, at + 1 + this.below(this.below(8) === 0 ? 200 : 12));
    switch (this.below(9)) {
      case 0:
        return this.#replace(bytes, at, end, Buffer.alloc(0));
      case 1:
        return this.#replace(bytes, at, at, Buffer.from(this.#pick(STUMBLING_BLOCKS)));
      case 2:
        return this.#replace(bytes, at, end, Buffer.from(this.#pick(STUMBLING_BLOCKS)));
      case 3:
        return this.#replace(bytes, at, Math.min(bytes.length, at + 1), Buffer.of(this.below(256)));
      case 4:
        // Again and again: lists, folds, parameters, nested quotes.
        return this.#replace(
          bytes,
          at,
          at,
          Buffer.concat(Array<Buffer>(1 + this.below(40)).fill(bytes.subarray(at, end))),
        );
      case 5: {
        const other = this.#pick(this.#seeds);
        return Buffer.concat([bytes.subarray(0, at), other.subarray(this.below(other.length))]);
      }
      case 6:
        return bytes.subarray(0, at);
      case 7:
        return this.#exchangeLines(bytes);
      default:
        return this.#replace(bytes, at, at, Buffer.alloc(1 + this.below(3000), this.#pick([...STUMBLING_BLOCKS, 'a'])));
    }
  }

  #replace(bytes: Buffer, start: number, end: number, by: Buffer): Buffer {
    return Buffer.concat([bytes.subarray(0, start), by, bytes.subarray(end)]);
  }

  #exchangeLines(bytes: Buffer): Buffer {
    const lines = bytes.toString('latin1').split('\r\n');
    const from = this.below(lines.length);
    const [line = ''] = lines.splice(from, 1);
    lines.splice(this.below(lines.length + 1), 0, line);
    return Buffer.from(lines.join('\r\n'), 'latin1');
  }
}
