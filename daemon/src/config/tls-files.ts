// <home>/tls: the key and the certificate of SIP over TLS. Made at the first start; whoever has better ones puts them there.
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, errorText } from '../platform/index.js';
import { selfSigned, type KeyKind } from './self-signed.js';

export interface TlsFiles {
  /** PEM */
  key: string;
  /** PEM; those who signed it may follow */
  cert: string;
  /** SHA-256 of the certificate with colons: what a telephone's page shows */
  fingerprint: string;
  /** ms since 1970; it is no good any more then */
  notAfter: number;
  /** made now, and signed by nobody */
  made: boolean;
}

/** In the place of what is there. A power cut leaves the old pair or the new one: `tlsFiles` ends what was begun. */
export function putTlsFiles(folder: string, { key, cert }: Pick<TlsFiles, 'key' | 'cert'>): void {
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  writeFileSync(`${keyFile}.new`, key, { mode: 0o600, flush: true });
  writeFileSync(`${certFile}.new`, cert, { mode: 0o644, flush: true });
  // Both are on the disk before either has its name.
  for (const file of [keyFile, certFile]) renameSync(`${file}.new`, file);
}

/** The key has its name already and the certificate has not: what goes with the key is in the draft. */
function finish(keyFile: string, certFile: string): void {
  const draft = `${certFile}.new`;
  if (!existsSync(draft) || !existsSync(keyFile)) return;
  try {
    const key = createPrivateKey(readFileSync(keyFile));
    if (new X509Certificate(readFileSync(draft)).checkPrivateKey(key)) renameSync(draft, certFile);
  } catch {
    // A draft that was cut off while it was written: the old pair is whole.
  }
}

const DAY_MS = 86_400_000;
/** An appliance runs for years, and a certificate that is pinned by hand must not end in the meantime. */
const LIFE_DAYS = 3650;

/**
 * Reads key.pem and cert.pem, or makes both when neither is there. `names`: what the box is reached under; `kind`: of a key that is made. AppError
 * tls_incomplete when one of the two is missing, tls_unreadable when they are no key and certificate or do not belong together.
 */
export function tlsFiles(
  folder: string,
  names: readonly [string, ...string[]],
  nowMs: number,
  kind: KeyKind = 'rsa',
): TlsFiles {
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const made = !existsSync(keyFile) && !existsSync(certFile);
  if (made) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // A day back: a telephone's clock may be behind ours.
    const [notBefore, notAfter] = [nowMs - DAY_MS, nowMs + LIFE_DAYS * DAY_MS];
    const { key, cert } = selfSigned({ names, notBefore, notAfter, kind });
    putTlsFiles(folder, { key, cert });
  } else finish(keyFile, certFile);
  for (const file of [keyFile, certFile]) if (!existsSync(file)) throw new AppError('tls_incomplete', { folder, file });
  try {
    const [key, cert] = [readFileSync(keyFile, 'utf8'), readFileSync(certFile, 'utf8')];
    const certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) throw new Error('the key is not that of the certificate');
    return { key, cert, fingerprint: certificate.fingerprint256, notAfter: Date.parse(certificate.validTo), made };
  } catch (error) {
    throw new AppError('tls_unreadable', { folder, reason: errorText(error) }, { cause: error });
  }
}

/** When the certificate there ends, wall clock ms; undefined: there is none that can be read. */
export function certificateEndsAt(folder: string): number | undefined {
  try {
    return Date.parse(new X509Certificate(readFileSync(join(folder, 'cert.pem'))).validTo);
  } catch {
    return undefined;
  }
}
