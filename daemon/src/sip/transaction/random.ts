// Random tokens and numbers from octets that are handed in (`randomBytes` of node:crypto; a seeded one in tests). Octets are
// fetched a few thousand at a time: asking the system for eight costs as much as asking for hundreds.

export type RandomBytes = (size: number) => Buffer;

const POOL_BYTES = 4096;

export class RandomSource {
  readonly #randomBytes: RandomBytes;
  #pool: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(randomBytes: RandomBytes) {
    this.#randomBytes = randomBytes;
  }

  /** Hex digits, two an octet. Nobody guesses 8 octets: tags and branches need 32 bits (RFC 3261 19.3). */
  token(octets = 8): string {
    const at = this.#take(octets);
    return this.#pool.toString('hex', at, at + octets);
  }

  /** An integer of at least 0 and below `bound`, which is at most 2^32. */
  below(bound: number): number {
    // The remainder of 48 bits: the smaller results are likelier by less than 2^-16.
    const at = this.#take(6);
    return this.#pool.readUIntBE(at, 6) % bound;
  }

  #take(octets: number): number {
    if (this.#at + octets > this.#pool.length) {
      this.#pool = this.#randomBytes(Math.max(POOL_BYTES, octets));
      this.#at = 0;
    }
    const at = this.#at;
    this.#at += octets;
    return at;
  }
}
