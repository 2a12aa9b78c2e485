// Passwords that the appliance makes up for phones and trunks.
import { randomBytes } from 'node:crypto';
import { MIN_SECRET_CHARS } from './limits.js';

/** No 0 and o, no 1, i and l; small letters alone, because a telephone's keys take several presses for a capital. */
const LETTERS = '23456789abcdefghjkmnpqrstuvwxyz';

/**
 * A password of letters and digits that do not look alike, each equally likely. Throws a RangeError for fewer than 16.
 */
export function newSecret(length = 20, random: (size: number) => Uint8Array = randomBytes): string {
  if (!Number.isInteger(length) || length < MIN_SECRET_CHARS) {
    throw new RangeError(`a secret has ${MIN_SECRET_CHARS} characters at least`);
  }
  // Octets beyond the last whole multiple would make the first letters more likely.
  const limit = 256 - (256 % LETTERS.length);
  let secret = '';
  while (secret.length < length) {
    for (const octet of random(length)) {
      if (octet < limit && secret.length < length) secret += LETTERS.charAt(octet % LETTERS.length);
    }
  }
  return secret;
}
