// Nonces that nobody needs to remember: a time, a number and what proves that we made them for this source. Only those that
// were used successfully are remembered, so that they are not used again in the same way.
import { hash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../platform/index.js';

const TIME_BYTES = 6;
const ID_BYTES = 6;
const HEAD_BYTES = TIME_BYTES + ID_BYTES;
/** 144 bits; with the head before it, 40 characters of base64url without a rest */
const PROOF_BYTES = 18;
const NONCE_CHARS = ((HEAD_BYTES + PROOF_BYTES) * 4) / 3;

const BLOCK_BYTES = 64;
/** an address has 45 characters at most; of anything longer the beginning counts */
const SOURCE_BYTES = 64;

/**
 * HMAC-SHA-256 (RFC 2104) by two one-shot digests: half of the time of an object made for each nonce, and no work for the garbage
 * collector.
 */
class Seal {
  readonly #inner = Buffer.alloc(BLOCK_BYTES + HEAD_BYTES + SOURCE_BYTES);
  readonly #outer = Buffer.alloc(BLOCK_BYTES + 32);

  constructor(key: Buffer) {
    if (key.length > BLOCK_BYTES) throw new RangeError('a key of HMAC-SHA-256 has 64 bytes at most');
    for (let i = 0; i < BLOCK_BYTES; i++) {
      this.#inner[i] = (key[i] ?? 0) ^ 0x36;
      this.#outer[i] = (key[i] ?? 0) ^ 0x5c;
    }
  }

  /** Writes the first bytes of the code for `head` and `source` into `to`. */
  write(head: Buffer, source: string, to: Buffer): void {
    head.copy(this.#inner, BLOCK_BYTES);
    const end = BLOCK_BYTES + HEAD_BYTES + this.#inner.write(source, BLOCK_BYTES + HEAD_BYTES);
    this.#outer.write(hash('sha256', this.#inner.subarray(0, end)), BLOCK_BYTES, 'hex');
    to.write(hash('sha256', this.#outer), 'hex');
  }
}

/** One of our nonces. */
export interface IssuedNonce {
  /** different for every nonce of this process */
  id: number;
  /** monotonic clock, ms */
  issuedMs: number;
  expired: boolean;
}

export interface NonceMintOptions {
  /** of this process alone: nonces end with it */
  key: Buffer;
  clock: Pick<Clock, 'monotonicMs'>;
  lifeMs: number;
}

export class NonceMint {
  readonly #options: NonceMintOptions;
  readonly #seal: Seal;
  readonly #proof = Buffer.alloc(PROOF_BYTES);
  #lastId = 0;

  constructor(options: NonceMintOptions) {
    this.#options = options;
    this.#seal = new Seal(options.key);
  }

  /** A fresh nonce, good for requests from `source` (an address without port: behind a NAT that changes). */
  issue(source: string): string {
    const bytes = Buffer.allocUnsafe(HEAD_BYTES + PROOF_BYTES);
    this.#lastId += 1;
    bytes.writeUIntBE(this.#nowMs(), 0, TIME_BYTES);
    bytes.writeUIntBE(this.#lastId, TIME_BYTES, ID_BYTES);
    this.#seal.write(bytes.subarray(0, HEAD_BYTES), source, bytes.subarray(HEAD_BYTES));
    return bytes.toString('base64url');
  }

  /** undefined: not ours, or not for this source. */
  read(nonce: string, source: string): IssuedNonce | undefined {
    if (nonce.length !== NONCE_CHARS) return undefined;
    const bytes = Buffer.from(nonce, 'base64url');
    if (bytes.length !== HEAD_BYTES + PROOF_BYTES) return undefined;
    this.#seal.write(bytes.subarray(0, HEAD_BYTES), source, this.#proof);
    if (!timingSafeEqual(this.#proof, bytes.subarray(HEAD_BYTES))) return undefined;
    const issuedMs = bytes.readUIntBE(0, TIME_BYTES);
    const expired = this.#nowMs() - issuedMs > this.#options.lifeMs;
    return { id: bytes.readUIntBE(TIME_BYTES, ID_BYTES), issuedMs, expired };
  }

  #nowMs(): number {
    return Math.floor(this.#options.clock.monotonicMs());
  }
}

/** Counts so far below the highest one may come late: requests overtake one another over UDP. */
const WINDOW = 32;

interface Uses {
  issuedMs: number;
  highest: number;
  /** bit n: highest - n has been used */
  used: number;
}

/** Which counts of a nonce have been used (RFC 7616 3.4, nc). */
export class NonceCounts {
  readonly #limit: number;
  readonly #lifeMs: number;
  readonly #uses = new Map<number, Uses>();
  /** Nonces issued until then are refused unless they are known: some of them have been forgotten. */
  #forgottenMs = -1;

  constructor(limit: number, lifeMs: number) {
    this.#limit = limit;
    this.#lifeMs = lifeMs;
  }

  get size(): number {
    return this.#uses.size;
  }

  /** False: it may have been used before. `count` undefined (RFC 2069): the nonce is good for one use. */
  use({ id, issuedMs }: IssuedNonce, count: number | undefined, nowMs: number): boolean {
    const uses = this.#uses.get(id);
    if (uses !== undefined) return count !== undefined && mark(uses, count);
    if (issuedMs <= this.#forgottenMs || count === 0) return false;
    // In whole ms as they are read: none may be forgotten here that is still good there.
    this.#makeRoom(Math.floor(nowMs));
    // Without a count there is none that could be higher.
    this.#uses.set(id, { issuedMs, highest: count ?? Number.MAX_SAFE_INTEGER, used: 1 });
    return true;
  }

  /** Takes away the oldest: those past their life, and one more when there are too many. */
  #makeRoom(nowMs: number): void {
    for (const [id, { issuedMs }] of this.#uses) {
      const expired = nowMs - issuedMs > this.#lifeMs;
      if (!expired && this.#uses.size < this.#limit) return;
      this.#uses.delete(id);
      if (!expired) this.#forgottenMs = Math.max(this.#forgottenMs, issuedMs);
    }
  }
}

function mark(uses: Uses, count: number): boolean {
  const above = count - uses.highest;
  if (above > 0) {
    uses.used = (above < WINDOW ? uses.used << above : 0) | 1;
    uses.highest = count;
    return true;
  }
  if (count === 0 || -above >= WINDOW) return false;
  const bit = 1 << -above;
  if ((uses.used & bit) !== 0) return false;
  uses.used |= bit;
  return true;
}
