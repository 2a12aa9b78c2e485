// Passwords are kept as Argon2id hashes with OWASP's parameters (19 MiB, two passes, one lane). Hashing is heavy on purpose, and
// shares Node's four threads with the database: few at a time, and a line that is not endless.
import { hash, verify } from '@node-rs/argon2';
import { AppError } from '../../platform/index.js';

const OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const AT_ONCE = 2;
const MOST_WAITING = 50;

export interface Passwords {
  hash(password: string): Promise<string>;
  /** `stored` undefined (no such user): takes as long and is false. */
  verify(stored: string | undefined, password: string): Promise<boolean>;
}

/** AppError unavailable when too many wait. */
export function passwordHashing(): Passwords {
  let running = 0;
  const waiting: (() => void)[] = [];
  // Verified in place of the hash of a user who does not exist; made before anybody signs in, so that the first is no slower.
  const nobody = inTurn(() => hash('no password is this one', OPTIONS));
  nobody.catch(() => undefined);

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= AT_ONCE) {
      if (waiting.length >= MOST_WAITING) {
        throw new AppError('unavailable', { what: { en: 'Signing in', zh: '登录' } });
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }

  return {
    hash: (password) => inTurn(() => hash(password, OPTIONS)),
    async verify(stored, password) {
      const against = stored ?? (await nobody);
      const matches = await inTurn(() => verify(against, password).catch(() => false));
      return matches && stored !== undefined;
    },
  };
}
