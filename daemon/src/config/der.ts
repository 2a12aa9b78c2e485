// DER (X.690), as much of it as certificates and requests for them need: Node signs, but makes neither.
import { isIP } from 'node:net';

// Object identifiers, as they are encoded: RFC 5280 4.2.1 and appendix A, RFC 4055 5.
const COMMON_NAME = [0x55, 0x04, 0x03];
const SUBJECT_ALT_NAME = [0x55, 0x1d, 0x11];
/** RFC 5758 3.2 */
export const SHA256_WITH_ECDSA = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
export const SHA256_WITH_RSA = sequence(oid([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]), element(0x05));

/** A name that is nothing but a common name, of which 64 letters are the most (RFC 5280 appendix A.1). */
export function commonName(name: string): Buffer {
  return sequence(set(sequence(oid(COMMON_NAME), utf8(name.slice(0, 64)))));
}

/** The extension with names and addresses (RFC 5280 4.2.1.6). */
export function subjectAltName(names: readonly string[]): Buffer {
  const general = names.map((name) =>
    isIP(name) === 0 ? element(0x82, Buffer.from(name, 'latin1')) : element(0x87, addressOctets(name)),
  );
  return sequence(oid(SUBJECT_ALT_NAME), octets(sequence(...general)));
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

export function element(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const length = body.length;
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), body]);
}

export function sequence(...content: Uint8Array[]): Buffer {
  return element(0x30, ...content);
}
export function set(...content: Uint8Array[]): Buffer {
  return element(0x31, ...content);
}
export function explicit(tag: number, content: Uint8Array): Buffer {
  return element(0xa0 | tag, content);
}
export function integer(value: Uint8Array): Buffer {
  return element(0x02, value);
}
export function oid(encoded: readonly number[]): Buffer {
  return element(0x06, Buffer.from(encoded));
}
export function utf8(text: string): Buffer {
  return element(0x0c, Buffer.from(text));
}
export function octets(content: Uint8Array): Buffer {
  return element(0x04, content);
}
export function bits(content: Uint8Array): Buffer {
  return element(0x03, Buffer.from([0]), content);
}

/** UTCTime up to 2049, GeneralizedTime from then on (RFC 5280 4.1.2.5). */
export function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return ms < Date.UTC(2050, 0) ? element(0x17, Buffer.from(text.slice(2))) : element(0x18, Buffer.from(text));
}

export function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
