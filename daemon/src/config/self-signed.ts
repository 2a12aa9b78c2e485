// A certificate that nobody has signed but its own key (RFC 5280), for the first start: telephones can speak TLS with it until the
// administrator puts a better one in its place. Written octet by octet, because Node signs but does not make certificates.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

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
}

/** RSA of 2048 bits: there are telephones that know no curves. */
export function selfSigned({ names, notBefore, notAfter }: SelfSignedOptions): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const name = sequence(set(sequence(oid(COMMON_NAME), utf8(names[0].slice(0, 64)))));
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serialNumber()),
    SHA256_WITH_RSA,
    name,
    sequence(time(notBefore), time(notAfter)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, extensions(names)),
  );
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: pem(sequence(body, SHA256_WITH_RSA, bits(sign('sha256', body, privateKey)))),
  };
}

// Object identifiers, as they are encoded: RFC 5280 4.2.1 and appendix A, RFC 4055 5.
const COMMON_NAME = [0x55, 0x04, 0x03];
const SUBJECT_ALT_NAME = [0x55, 0x1d, 0x11];
const BASIC_CONSTRAINTS = [0x55, 0x1d, 0x13];
const EXTENDED_KEY_USAGE = [0x55, 0x1d, 0x25];
const SERVER_AUTH = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const CLIENT_AUTH = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];
const SHA256_WITH_RSA = sequence(oid([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]), element(0x05));

function extensions(names: readonly string[]): Buffer {
  const general = names.map((name) =>
    isIP(name) === 0 ? element(0x82, Buffer.from(name, 'latin1')) : element(0x87, addressOctets(name)),
  );
  return sequence(
    // It signs nothing but itself; without the extension some would take it for an authority.
    sequence(oid(BASIC_CONSTRAINTS), element(0x01, Buffer.from([0xff])), octets(sequence())),
    sequence(oid(EXTENDED_KEY_USAGE), octets(sequence(oid(SERVER_AUTH), oid(CLIENT_AUTH)))),
    sequence(oid(SUBJECT_ALT_NAME), octets(sequence(...general))),
  );
}

/** Positive, and as hard to guess as RFC 5280 4.1.2.2 lets it be. */
function serialNumber(): Buffer {
  const number = randomBytes(16);
  number[0] = ((number[0] ?? 0) & 0x3f) | 0x40;
  return number;
}

/** Of an IPv4 or IPv6 address, 4 or 16 (RFC 5280 4.2.1.6). */
function addressOctets(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => parseInt(group, 16)));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const all =
    tail === undefined ? before : [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

// DER (X.690), as much of it as a certificate needs.

function element(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const length = body.length;
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), body]);
}

function sequence(...content: Uint8Array[]): Buffer {
  return element(0x30, ...content);
}
function set(...content: Uint8Array[]): Buffer {
  return element(0x31, ...content);
}
function explicit(tag: number, content: Uint8Array): Buffer {
  return element(0xa0 | tag, content);
}
function integer(value: Uint8Array): Buffer {
  return element(0x02, value);
}
function oid(encoded: readonly number[]): Buffer {
  return element(0x06, Buffer.from(encoded));
}
function utf8(text: string): Buffer {
  return element(0x0c, Buffer.from(text));
}
function octets(content: Uint8Array): Buffer {
  return element(0x04, content);
}
function bits(content: Uint8Array): Buffer {
  return element(0x03, Buffer.from([0]), content);
}

/** UTCTime up to 2049, GeneralizedTime from then on (RFC 5280 4.1.2.5). */
function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return ms < Date.UTC(2050, 0) ? element(0x17, Buffer.from(text.slice(2))) : element(0x18, Buffer.from(text));
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
