// Who may ask, and how often. Whoever is turned away learns nothing of why: it is one answer for all.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../platform/index.js';

export interface PhoneRequest {
  /** of the URL, undecoded */
  path: string;
  /** at the other end of the connection */
  address: string;
  userAgent: string | undefined;
  authorization: string | undefined;
}

export const PREFIX = '/provision/';

/** What names a folder and a file, and nothing else: no escapes, no dots before a name. */
const PATH = /^\/provision\/([A-Za-z0-9_-]{20,60})\/([A-Za-z0-9][A-Za-z0-9._-]{0,63})$/;

export function readPath(path: string): { token: string; file: string } | undefined {
  if (path.length > 160) return undefined;
  const [, token, file] = PATH.exec(path) ?? [];
  return token === undefined || file === undefined ? undefined : { token, file };
}

/** A token is found by this: what is looked up does not tell how much of a guess was right. */
export const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url');

/** Basic authentication (RFC 7617), the only kind that telephones of all makers have. */
export function authorised(
  header: string | undefined,
  { username, password }: { username: string; password: string },
): boolean {
  const [, given = ''] = /^basic +([A-Za-z0-9+/=]{1,400})$/i.exec(header ?? '') ?? [];
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(Buffer.from(given, 'base64').toString('utf8')), digest(`${username}:${password}`));
}

/** in vain, from one address, before it is not listened to */
const BURST = 30;
/** ms; one comes back after it */
const REFILL_MS = 10_000;
const MOST_ADDRESSES = 5000;

/** Counts what was asked in vain, by address. */
export class VainLimit {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#buckets.size;
  }

  exhausted(address: string): boolean {
    return this.#tokens(address) < 1;
  }

  take(address: string): void {
    const tokens = this.#tokens(address) - 1;
    // The one that asked last goes to the end; the first is forgotten when there are too many.
    this.#buckets.delete(address);
    this.#buckets.set(address, { tokens: Math.max(0, tokens), atMs: this.#clock.monotonicMs() });
    if (this.#buckets.size <= MOST_ADDRESSES) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }

  #tokens(address: string): number {
    const bucket = this.#buckets.get(address);
    if (bucket === undefined) return BURST;
    return Math.min(BURST, bucket.tokens + (this.#clock.monotonicMs() - bucket.atMs) / REFILL_MS);
  }
}
