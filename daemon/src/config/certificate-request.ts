// What an authority is asked for a certificate with (PKCS #10, RFC 2986): the names, the key's public half, signed by the key.
import { generateKeyPairSync, sign } from 'node:crypto';
import { SHA256_WITH_RSA, bits, commonName, element, integer, oid, sequence, set, subjectAltName } from './der.js';

/** extensionRequest, RFC 2985 5.4.2 */
const EXTENSION_REQUEST = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e];

export interface CertificateRequest {
  /** PKCS #8, PEM */
  key: string;
  der: Buffer;
}

/** With a key of its own, RSA of 2048 bits as that of the box's own certificate. */
export function certificateRequest(names: readonly [string, ...string[]]): CertificateRequest {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const attributes = element(0xa0, sequence(oid(EXTENSION_REQUEST), set(sequence(subjectAltName(names)))));
  const body = sequence(
    integer(Buffer.from([0])),
    commonName(names[0]),
    publicKey.export({ type: 'spki', format: 'der' }),
    attributes,
  );
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    der: sequence(body, SHA256_WITH_RSA, bits(sign('sha256', body, privateKey))),
  };
}
