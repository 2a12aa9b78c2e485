// A certificate that nobody has signed but its own key (RFC 5280), for the first start: telephones can speak TLS with it until the
// administrator puts a better one in its place. Written octet by octet, because Node signs but does not make certificates.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import {
  SHA256_WITH_ECDSA,
  SHA256_WITH_RSA,
  bits,
  commonName,
  element,
  explicit,
  integer,
  octets,
  oid,
  pem,
  sequence,
  subjectAltName,
  time,
} from './der.js';

export interface SelfSigned {
  /** PKCS #8, PEM */
  key: string;
  /** X.509, PEM */
  cert: string;
}

export interface SelfSignedOptions {
  /** names and addresses it is good for (RFC 5922 7.1); the first is its subject, too */
  names: readonly [string, ...string[]];
  /** ms since 1970 */
  notBefore: number;
  notAfter: number;
  /** left out: rsa */
  kind?: KeyKind | undefined;
}

/** rsa: 2048 bits, for there are telephones that know no curves; p256: a fraction of the work and of the octets. */
export type KeyKind = 'rsa' | 'p256';

export function selfSigned({ names, notBefore, notAfter, kind = 'rsa' }: SelfSignedOptions): SelfSigned {
  const { privateKey, publicKey } =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = kind === 'rsa' ? SHA256_WITH_RSA : SHA256_WITH_ECDSA;
  const name = commonName(names[0]);
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serialNumber()),
    algorithm,
    name,
    sequence(time(notBefore), time(notAfter)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, extensions(names)),
  );
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: pem('CERTIFICATE', sequence(body, algorithm, bits(sign('sha256', body, privateKey)))),
  };
}

// Object identifiers, as they are encoded: RFC 5280 4.2.1 and appendix A, RFC 4055 5.
const BASIC_CONSTRAINTS = [0x55, 0x1d, 0x13];
const EXTENDED_KEY_USAGE = [0x55, 0x1d, 0x25];
const SERVER_AUTH = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const CLIENT_AUTH = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];

function extensions(names: readonly string[]): Buffer {
  return sequence(
    // It signs nothing but itself; without the extension some would take it for an authority.
    sequence(oid(BASIC_CONSTRAINTS), element(0x01, Buffer.from([0xff])), octets(sequence())),
    sequence(oid(EXTENDED_KEY_USAGE), octets(sequence(oid(SERVER_AUTH), oid(CLIENT_AUTH)))),
    subjectAltName(names),
  );
}

/** Positive, and as hard to guess as RFC 5280 4.1.2.2 lets it be. */
function serialNumber(): Buffer {
  const number = randomBytes(16);
  number[0] = ((number[0] ?? 0) & 0x3f) | 0x40;
  return number;
}
