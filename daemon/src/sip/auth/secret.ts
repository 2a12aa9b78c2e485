// Passwords that the appliance makes up for phones and trunks.
import { randomBytes } from 'node:crypto';
import { MIN_SECRET_CHARS } from './limits.js';

/** No 0 O o, 1 I i l, 2 Z z, 5 S s, 8 B: people type these into phones. */
const LETTERS = 'ACDEFGHJKLMNPQRTUVWXYabcdefghjkmnpqrtuvwxy34679';

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
