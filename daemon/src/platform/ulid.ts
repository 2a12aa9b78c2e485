// ULID: 48 bits of time and 80 random bits in Crockford's base 32 (github.com/ulid/spec). Those made in the same
// millisecond, or after the wall clock was set back, count up, so that identities made by one daemon always ascend.
import { randomFillSync } from 'node:crypto';
import { systemClock, type Clock } from './clock.js';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_CHARACTERS = 10;
const RANDOM_CHARACTERS = 16;
const LATEST_MS = 2 ** 48 - 1;

/** Fetched in one piece: each way to the system's source costs more than all else that makes an identity. */
const pool = new Uint8Array(4096);
let poolLeft = 0;

function fillFromPool(bytes: Uint8Array): void {
  if (poolLeft < bytes.length) {
    randomFillSync(pool);
    poolLeft = pool.length;
  }
  bytes.set(pool.subarray(poolLeft - bytes.length, poolLeft));
  poolLeft -= bytes.length;
}

export type UlidFactory = () => string;

/** Makes a factory of ascending ULIDs; `fill` supplies random bytes. */
export function ulidFactory(
  clock: Pick<Clock, 'wallMs'> = systemClock,
  fill: (bytes: Uint8Array) => void = fillFromPool,
): UlidFactory {
  let lastMs = -1;
  const bytes = new Uint8Array(RANDOM_CHARACTERS);
  const random = new Uint8Array(RANDOM_CHARACTERS);

  return () => {
    const nowMs = Math.min(Math.max(0, Math.trunc(clock.wallMs())), LATEST_MS);
    if (nowMs > lastMs) {
      lastMs = nowMs;
      fill(bytes);
      for (let i = 0; i < RANDOM_CHARACTERS; i++) random[i] = (bytes[i] ?? 0) & 31;
    } else if (!increment(random)) {
      // 2^80 were made in one millisecond, or the random part began at its end: borrow from the next millisecond.
      lastMs += 1;
    }
    return encodeTime(lastMs) + encodeRandom(random);
  };
}

/** The time within a ULID, ms since 1970. */
export function ulidTimeMs(ulid: string): number {
  let timeMs = 0;
  for (const character of ulid.slice(0, TIME_CHARACTERS)) timeMs = timeMs * 32 + ALPHABET.indexOf(character);
  return timeMs;
}

/** Adds one; false when it wrapped to zero. */
function increment(digits: Uint8Array): boolean {
  for (let i = digits.length - 1; i >= 0; i--) {
    const digit = digits[i] ?? 0;
    if (digit < 31) {
      digits[i] = digit + 1;
      return true;
    }
    digits[i] = 0;
  }
  return false;
}

function encodeTime(timeMs: number): string {
  let text = '';
  let rest = timeMs;
  for (let i = 0; i < TIME_CHARACTERS; i++) {
    text = (ALPHABET[rest % 32] ?? '0') + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function encodeRandom(digits: Uint8Array): string {
  let text = '';
  for (const digit of digits) text += ALPHABET[digit] ?? '0';
  return text;
}

/** Identities of this process. */
export const newUlid: UlidFactory = ulidFactory();
