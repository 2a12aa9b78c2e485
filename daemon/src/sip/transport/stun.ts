// STUN over the SIP port, as far as phones need it to keep a NAT open and to learn their outer address (RFC 5626 clauses 4.4.2
// and 8, RFC 5389). One request in, one answer of at most 44 bytes out; nothing is remembered.
import { SocketAddress as NetSocketAddress } from 'node:net';
import { addressFamily } from '../locate/index.js';
import type { SocketAddress } from './types.js';

const HEADER_BYTES = 20;
const MAGIC_COOKIE = 0x2112a442;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const BINDING_ERROR = 0x0111;
const XOR_MAPPED_ADDRESS = 0x0020;
const ERROR_CODE = 0x0009;
const UNKNOWN_ATTRIBUTES = 0x000a;
/** Attributes that must be understood and are: MAPPED-ADDRESS to UNKNOWN-ATTRIBUTES, REALM, NONCE; we ask for no password. */
const UNDERSTOOD = new Set([0x0001, 0x0006, 0x0008, 0x0009, 0x000a, 0x0014, 0x0015, 0x0020]);
/** bytes; RFC 5389 clause 7.1 lets no request be larger */
const MAX_REQUEST_BYTES = 548;
const MAX_UNKNOWN = 4;

/** True when a datagram is STUN and not SIP: the first two bits are 0 and the cookie is there (RFC 5389 clause 6). */
export function isStun(bytes: Buffer): boolean {
  return bytes.length >= HEADER_BYTES && (bytes[0] ?? 255) < 64 && bytes.readUInt32BE(4) === MAGIC_COOKIE;
}

/** The answer to a Binding request from `remote`; undefined: it is none, or one that is not whole. */
export function answerStun(bytes: Buffer, remote: SocketAddress): Buffer | undefined {
  if (!isStun(bytes) || bytes.length > MAX_REQUEST_BYTES) return undefined;
  if (bytes.readUInt16BE(0) !== BINDING_REQUEST || bytes.readUInt16BE(2) !== bytes.length - HEADER_BYTES)
    return undefined;
  const unknown = unknownAttributes(bytes);
  if (unknown === undefined) return undefined;
  const transaction = bytes.subarray(4, HEADER_BYTES);
  return unknown.length > 0 ? refusal(transaction, unknown) : success(transaction, remote);
}

/** undefined: the lengths are not right. */
function unknownAttributes(bytes: Buffer): number[] | undefined {
  const unknown: number[] = [];
  let at = HEADER_BYTES;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) return undefined;
    const type = bytes.readUInt16BE(at);
    if (type < 0x8000 && !UNDERSTOOD.has(type) && unknown.length < MAX_UNKNOWN) unknown.push(type);
    at += 4 + Math.ceil(bytes.readUInt16BE(at + 2) / 4) * 4;
  }
  return at === bytes.length ? unknown : undefined;
}

function success(transaction: Buffer, remote: SocketAddress): Buffer {
  const address = addressBytes(remote.host);
  const value = Buffer.alloc(4 + address.length);
  value[1] = address.length === 4 ? 1 : 2;
  value.writeUInt16BE(remote.port ^ (MAGIC_COOKIE >>> 16), 2);
  // The transaction begins with the cookie: together they are what addresses are mixed with (RFC 5389 clause 15.2).
  for (const [i, octet] of address.entries()) value[4 + i] = octet ^ (transaction[i] ?? 0);
  return message(BINDING_SUCCESS, transaction, [attribute(XOR_MAPPED_ADDRESS, value)]);
}

function refusal(transaction: Buffer, unknown: number[]): Buffer {
  const types = Buffer.alloc(unknown.length * 2);
  for (const [i, type] of unknown.entries()) types.writeUInt16BE(type, i * 2);
  // 420 Unknown Attribute, with an empty phrase
  return message(BINDING_ERROR, transaction, [
    attribute(ERROR_CODE, Buffer.from([0, 0, 4, 20])),
    attribute(UNKNOWN_ATTRIBUTES, types),
  ]);
}

function message(type: number, transaction: Buffer, attributes: Buffer[]): Buffer {
  const length = attributes.reduce((sum, one) => sum + one.length, 0);
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(length, 2);
  return Buffer.concat([head, transaction, ...attributes]);
}

function attribute(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(value.length, 2);
  value.copy(bytes, 4);
  return bytes;
}

function addressBytes(host: string): number[] {
  if (addressFamily(host) === 4) return host.split('.').map(Number);
  const zoneAt = host.indexOf('%');
  const { address } = new NetSocketAddress({ address: zoneAt < 0 ? host : host.slice(0, zoneAt), family: 'ipv6' });
  const [front = '', back] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const head = groups(front);
  const tail = groups(back ?? '');
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
