// The arithmetic of digest authentication (RFC 7616 3.4.1 to 3.4.3, with the algorithms of RFC 8760).
import { hash } from 'node:crypto';

/** In the order of their strength: what a client prefers. */
export const DIGEST_ALGORITHMS = ['SHA-512-256', 'SHA-256', 'MD5'] as const;
export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number];

/** A digest of text in UTF-8: hexadecimal, lower case. */
export type HashFunction = (algorithm: DigestAlgorithm, text: string) => string;

const NAMES = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' } as const;

export const digestHash: HashFunction = (algorithm, text) => hash(NAMES[algorithm], text);

/** The algorithms that accounts here have a hash for. */
export type AccountAlgorithm = 'MD5' | 'SHA-256';

/** What is stored of a password: H(username:realm:password) of each algorithm. As good as the password within the realm. */
export type DigestHashes = Readonly<Record<AccountAlgorithm, string>>;

/** The hashes to store for an account (RFC 7616 3.4.2). A colon in a user name would make it that of somebody else. */
export function digestHashes(username: string, realm: string, password: string): DigestHashes {
  if (username.includes(':')) throw new RangeError('a user name for digest authentication has no colon');
  const text = `${username}:${realm}:${password}`;
  return { MD5: digestHash('MD5', text), 'SHA-256': digestHash('SHA-256', text) };
}

export interface DigestInput {
  /** H(A1), hexadecimal */
  ha1: string;
  method: string;
  /** as it stands in the credentials */
  uri: string;
  nonce: string;
  /** undefined: the form of RFC 2069 */
  protection: { qop: 'auth'; nonceCount: string; cnonce: string } | undefined;
}

/** The `response` parameter (RFC 7616 3.4.1; RFC 2617 3.2.2.1 without qop). Two digests are computed. */
export function requestDigest(
  algorithm: DigestAlgorithm,
  { ha1, method, uri, nonce, protection }: DigestInput,
  hashText: HashFunction = digestHash,
): string {
  const ha2 = hashText(algorithm, `${method}:${uri}`);
  if (protection === undefined) return hashText(algorithm, `${ha1}:${nonce}:${ha2}`);
  const { qop, nonceCount, cnonce } = protection;
  return hashText(algorithm, `${ha1}:${nonce}:${nonceCount}:${cnonce}:${qop}:${ha2}`);
}
