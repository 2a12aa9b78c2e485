// a=crypto: keys of SRTP in SDP (RFC 4568, suites of RFC 6188 and 7714).
import { parseNumber } from '../message/index.js';
import { attributeValues } from './attributes.js';
import { MAX_CRYPTO_LINES } from './limits.js';
import { words } from './parse.js';
import type { CryptoLine, CryptoSuite, SdpMedia } from './types.js';

const MAX_TAG = 999_999_999;
const MAX_MKI_BYTES = 128;

/** bytes of master key and salt */
export const SUITE_KEY_BYTES: Readonly<Record<CryptoSuite, number>> = {
  AEAD_AES_256_GCM: 32 + 12,
  AEAD_AES_128_GCM: 16 + 12,
  AES_256_CM_HMAC_SHA1_80: 32 + 14,
  AES_CM_128_HMAC_SHA1_80: 16 + 14,
  AES_CM_128_HMAC_SHA1_32: 16 + 14,
};

/** All suites. Phones take the first they know: the one that all know is before those that few know. */
export const ALL_SUITES: readonly CryptoSuite[] = [
  'AES_CM_128_HMAC_SHA1_80',
  'AEAD_AES_256_GCM',
  'AEAD_AES_128_GCM',
  'AES_256_CM_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
];

/** Also said of the same suites (RFC 6188 7.1 has AES_256_CM, drafts had it the other way round). */
const ALIASES: Readonly<Record<string, CryptoSuite>> = { AES_CM_256_HMAC_SHA1_80: 'AES_256_CM_HMAC_SHA1_80' };

/** The value of one a=crypto; undefined: malformed, of a suite we do not know, or with several keys. */
export function parseCrypto(value: string): CryptoLine | undefined {
  const [tagText = '', suiteText = '', keyText = '', ...sessionParameters] = words(value);
  const tag = parseNumber(tagText, MAX_TAG);
  const suite = suiteOf(suiteText);
  // Several keys, set apart by semicolons, need MKIs to be told from one another: they are in no form that is read here.
  const [inline = '', ...more] = keyText.split('|');
  if (tag === undefined || suite === undefined || more.length > 2) return undefined;
  if (inline.slice(0, 7).toLowerCase() !== 'inline:') return undefined;
  const key = decodeKey(inline.slice(7), SUITE_KEY_BYTES[suite]);
  const extras = readExtras(more);
  return key === undefined || extras === undefined ? undefined : { tag, suite, key, ...extras, sessionParameters };
}

function suiteOf(text: string): CryptoSuite | undefined {
  if (Object.hasOwn(SUITE_KEY_BYTES, text)) return text as CryptoSuite;
  return Object.hasOwn(ALIASES, text) ? ALIASES[text] : undefined;
}

/** Base64 of exactly so many bytes; padding may be missing, for some leave it out. */
function decodeKey(text: string, bytes: number): Buffer | undefined {
  const plain = text.replace(/={1,2}$/, '');
  if (plain.length !== Math.ceil((bytes * 4) / 3) || !/^[A-Za-z0-9+/]+$/.test(plain)) return undefined;
  return Buffer.from(plain, 'base64');
}

/** Lifetime and MKI in this order, each may be missing (RFC 4568 6.1). */
function readExtras(parts: string[]): Pick<CryptoLine, 'lifetime' | 'mki'> | undefined {
  let lifetime: bigint | undefined;
  let mki: CryptoLine['mki'];
  for (const part of parts) {
    const power = /^2\^(\d{1,2})$/.exec(part);
    const identifier = /^(\d{1,38}):(\d{1,3})$/.exec(part);
    if (mki === undefined && identifier !== null) {
      const bytes = Number(identifier[2]);
      if (bytes < 1 || bytes > MAX_MKI_BYTES) return undefined;
      mki = { value: BigInt(identifier[1] ?? 0), bytes };
    } else if (lifetime === undefined && mki === undefined && power !== null) {
      lifetime = 1n << BigInt(power[1] ?? 0);
    } else if (lifetime === undefined && mki === undefined && /^\d{1,16}$/.test(part)) {
      lifetime = BigInt(part);
    } else return undefined;
  }
  return { lifetime, mki };
}

/** The crypto lines of a stream that can be read; of two with the same tag the first. */
export function cryptoLines(media: SdpMedia): CryptoLine[] {
  const lines: CryptoLine[] = [];
  for (const value of attributeValues(media, 'crypto').slice(0, MAX_CRYPTO_LINES)) {
    const line = parseCrypto(value);
    if (line !== undefined && !lines.some(({ tag }) => tag === line.tag)) lines.push(line);
  }
  return lines;
}

/**
 * Whether we can do what the line asks. Session parameters must be obeyed or the line left alone (RFC 4568 6.3): WSH is a hint to the
 * receiver, all others change the packets or take the protection away. An MKI we do not write.
 */
export function isUsable(line: CryptoLine): boolean {
  return line.mki === undefined && line.sessionParameters.every((parameter) => /^(-|WSH=\d{1,9}$)/.test(parameter));
}

export function formatCrypto(tag: number, suite: CryptoSuite, key: Buffer): string {
  return `${tag} ${suite} inline:${key.toString('base64')}`;
}
