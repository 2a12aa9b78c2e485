// A certificate that somebody brings is looked at before it takes the place of a good one: whoever calls or opens a page would be the first
// to notice otherwise.
import { X509Certificate, createPrivateKey, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { AppError, errorText } from '../platform/index.js';

export interface CheckedCertificate {
  /** PEM, the chain in order */
  cert: string;
  /** PEM */
  key: string;
}

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const MOST_IN_CHAIN = 10;
/** browsers and Node refuse less */
const LEAST_RSA_BITS = 2048;

/**
 * `wanted`: names by which the box is reached, of which one must be among those of the certificate; empty: it is not known.
 * tls_certificate_bad, tls_key_bad, tls_key_foreign, tls_key_weak, tls_chain_broken, tls_expired, tls_not_yet, tls_names_none, tls_names_foreign
 */
export function checkCertificate(
  given: { cert: string; key: string },
  wanted: readonly string[],
  nowMs: number,
): CheckedCertificate {
  const chain = chainOf(given.cert);
  const [leaf] = chain;
  if (leaf === undefined) throw new AppError('tls_certificate_bad', { reason: '' });
  const key = keyOf(given.key);
  if (!leaf.checkPrivateKey(key)) throw new AppError('tls_key_foreign');
  if (key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) < LEAST_RSA_BITS)
    throw new AppError('tls_key_weak', { bits: LEAST_RSA_BITS });
  for (const [i, one] of chain.entries()) {
    const above = chain[i + 1];
    const name = nameOf(one);
    if (Date.parse(one.validTo) <= nowMs) throw new AppError('tls_expired', { name, at: dayOf(one.validTo) });
    if (Date.parse(one.validFrom) > nowMs) throw new AppError('tls_not_yet', { name, at: dayOf(one.validFrom) });
    if (above !== undefined && !(one.checkIssued(above) && one.verify(above.publicKey)))
      throw new AppError('tls_chain_broken', { name, above: nameOf(above) });
  }
  const names = namesOf(leaf);
  // RFC 9525 2: what stands in the subject alone counts for nobody any more.
  if (names.length === 0) throw new AppError('tls_names_none');
  if (wanted.length > 0 && !wanted.some((name) => covers(leaf, name)))
    throw new AppError('tls_names_foreign', { names: names.join(', '), wanted: wanted.join(', ') });
  return {
    cert: chain.map((one) => one.toString()).join(''),
    key: key.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

function chainOf(text: string): X509Certificate[] {
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length > MOST_IN_CHAIN) throw new AppError('tls_certificate_bad', { reason: `> ${MOST_IN_CHAIN}` });
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw new AppError('tls_certificate_bad', { reason: errorText(error) }, { cause: error });
  }
}

function keyOf(text: string): KeyObject {
  if (/ENCRYPTED/.test(text)) throw new AppError('tls_key_encrypted');
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw new AppError('tls_key_bad', { reason: errorText(error) }, { cause: error });
  }
}

/** Names and addresses (subjectAltName). */
export function namesOf(certificate: X509Certificate): string[] {
  return (certificate.subjectAltName ?? '')
    .split(', ')
    .map((one) => /^(?:DNS|IP Address):"?([^"]+)"?$/.exec(one)?.[1])
    .filter((one) => one !== undefined);
}

/** Whom a person knows it by. */
export function issuerOf(certificate: X509Certificate): string {
  const fields = new Map(certificate.issuer.split('\n').map((line) => line.split('=', 2) as [string, string]));
  return [fields.get('O'), fields.get('CN')].filter((one) => one !== undefined).join(' · ');
}

const covers = (leaf: X509Certificate, name: string): boolean =>
  (isIP(name) === 0 ? leaf.checkHost(name) : leaf.checkIP(name)) !== undefined;

const nameOf = (one: X509Certificate): string => namesOf(one)[0] ?? /CN=(.*)/.exec(one.subject)?.[1] ?? '?';
const dayOf = (date: string): string => new Date(date).toISOString().slice(0, 10);
