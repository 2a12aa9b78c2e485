// Whose certificate it is (RFC 5922).
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { addressFamily, isHostName } from '../locate/index.js';

/** Certificates in PEM, one or several in a text. */
export type Authorities = string | Buffer | readonly (string | Buffer)[];

/** As Node takes them. Throws when one is no certificate: Node would leave it out and trust nobody. */
export function readAuthorities(ca: Authorities): (string | Buffer)[] {
  const all = [ca].flat();
  for (const one of all) new X509Certificate(one);
  return all;
}

/** What the peer of a TLS connection showed; undefined: nothing, or what cannot be read. */
export function peerCertificate(socket: TLSSocket): X509Certificate | undefined {
  try {
    const certificate = socket.getPeerX509Certificate();
    // Its names are read now, where it does no harm when somebody made them so that they cannot be.
    if (certificate !== undefined) alternativeNames(certificate);
    return certificate;
  } catch {
    return undefined;
  }
}

/** SHA-256 of the certificate, upper case, octets apart by colons, as `openssl x509 -fingerprint -sha256` prints it. */
export function certificateFingerprint(certificate: X509Certificate): string {
  return certificate.fingerprint256;
}

/** Whether two fingerprints are the same, however they are written. */
export function sameFingerprint(a: string, b: string): boolean {
  const bare = (text: string): string => text.replaceAll(':', '').replaceAll(' ', '').toUpperCase();
  return bare(a) === bare(b);
}

/**
 * Whether a certificate, whose chain is verified elsewhere, is good for a SIP domain or an address. The domain is the whole of a
 * `sip:` URI without a user in subjectAltName or, where there is no such URI, of a DNS name there (RFC 5922 clauses 7.1 and 7.2);
 * the common name is not looked at. With `wildcards`, which RFC 5922 forbids and some carriers use, `*.example.com` is good for
 * one label more.
 */
export function isGoodFor(certificate: X509Certificate, name: string, wildcards = false): boolean {
  if (addressFamily(name) !== 0) return certificate.checkIP(name) !== undefined;
  if (!isHostName(name)) return false;
  const domains = sipDomains(certificate);
  if (domains.length > 0) return domains.includes(name.toLowerCase());
  return certificate.checkHost(name, { subject: 'never', wildcards, partialWildcards: false }) !== undefined;
}

/** The first SIP domain of a certificate, else its first DNS name that is no pattern; undefined: it names nobody. */
export function certificateName(certificate: X509Certificate): string | undefined {
  const names = alternativeNames(certificate).filter((one) => one.startsWith('DNS:'));
  return sipDomains(certificate)[0] ?? names.map((one) => one.slice(4).toLowerCase()).find(isHostName);
}

function sipDomains(certificate: X509Certificate): string[] {
  return alternativeNames(certificate).flatMap((one) => {
    if (!/^URI:sip:/i.test(one)) return [];
    const domain = one.slice(8).toLowerCase();
    // With a user or parameters it names a person or a device, not a domain.
    return isHostName(domain) ? [domain] : [];
  });
}

/** Node quotes those that hold a comma or a quote: no domain does, and none of them counts. */
function alternativeNames(certificate: X509Certificate): string[] {
  const text = certificate.subjectAltName ?? '';
  return text
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
    .split(', ')
    .filter((one) => one !== '');
}
