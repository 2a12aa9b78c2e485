// Traps of SNMP: version 2c (RFC 3416 4.2.6) and 3 with the user-based security model (RFC 3414, 3826, 7860). Of SNMP that is all there is
// here: the box tells, nobody asks it.
import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';

export interface SnmpTarget {
  host: string;
  port: number;
  version: '2c' | '3';
  community: string;
  user: string;
  auth: 'none' | 'sha' | 'sha256';
  authSecret: string;
  privacy: 'none' | 'aes';
  privacySecret: string;
}

export interface SnmpEngine {
  /** RFC 3411 5: enterprise, form and ours */
  id: Buffer;
  /** how often it was started, and seconds since */
  boots: number;
  seconds: number;
}

export type SnmpValue = { oid: string; value: string | number | { oid: string } };

// BER (X.690), as much as RFC 3417 8 allows.
const INTEGER = 0x02;
const OCTETS = 0x04;
const OID = 0x06;
const SEQUENCE = 0x30;
const TIME_TICKS = 0x43;
const TRAP = 0xa7;

export function ber(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 128) return Buffer.concat([Buffer.from([tag, length]), content]);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest >>= 8) octets.unshift(rest & 255);
  return Buffer.concat([Buffer.from([tag, 0x80 | octets.length, ...octets]), content]);
}

export function berInteger(value: number, tag = INTEGER): Buffer {
  const octets: number[] = [];
  let rest = Math.trunc(value);
  do {
    octets.unshift(((rest % 256) + 256) % 256);
    rest = Math.floor(rest / 256);
  } while (!((rest === 0 && (octets[0] as number) < 128) || (rest === -1 && (octets[0] as number) >= 128)));
  return ber(tag, Buffer.from(octets));
}

export function berOid(text: string): Buffer {
  const [first = 1, second = 3, ...rest] = text.split('.').map(Number);
  const octets = [first * 40 + second];
  for (const arc of rest) {
    const parts = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) parts.unshift((left % 128) | 0x80);
    octets.push(...parts);
  }
  return ber(OID, Buffer.from(octets));
}

const octets = (value: string | Buffer): Buffer =>
  ber(OCTETS, Buffer.isBuffer(value) ? value : Buffer.from(value, 'utf8'));

function bound({ oid, value }: SnmpValue): Buffer {
  const coded =
    typeof value === 'number' ? berInteger(value) : typeof value === 'string' ? octets(value) : berOid(value.oid);
  return ber(SEQUENCE, berOid(oid), coded);
}

const SYS_UP_TIME = '1.3.6.1.2.1.1.3.0';
const SNMP_TRAP_OID = '1.3.6.1.6.3.1.1.4.1.0';

function trapPdu(trap: string, values: readonly SnmpValue[], upTimeMs: number, requestId: number): Buffer {
  const upTime = ber(SEQUENCE, berOid(SYS_UP_TIME), berInteger(Math.floor(upTimeMs / 10) % 2 ** 32, TIME_TICKS));
  const bindings = [bound({ oid: SNMP_TRAP_OID, value: { oid: trap } }), ...values.map(bound)];
  return ber(TRAP, berInteger(requestId), berInteger(0), berInteger(0), ber(SEQUENCE, upTime, ...bindings));
}

/** The whole datagram. */
export function trapMessage(
  target: SnmpTarget,
  engine: SnmpEngine,
  trap: string,
  values: readonly SnmpValue[],
  requestId = randomBytes(4).readUInt32BE() >>> 1,
): Buffer {
  const pdu = trapPdu(trap, values, engine.seconds * 1000, requestId);
  if (target.version === '2c') return ber(SEQUENCE, berInteger(1), octets(target.community), pdu);
  return version3(target, engine, pdu, requestId);
}

/** Octets of the authentication that stay (RFC 3414 6.3.1, RFC 7860 4.2.1). */
const HASHES = { sha: { name: 'sha1', kept: 12 }, sha256: { name: 'sha256', kept: 24 } } as const;
const USM = 3;
/** of the password, repeated (RFC 3414 A.2.2) */
const STRETCHED = 1_048_576;

export function localizedKey(hash: 'sha1' | 'sha256', password: string, engineId: Buffer): Buffer {
  const bytes = Buffer.from(password, 'utf8');
  const stretched = Buffer.alloc(STRETCHED);
  for (let at = 0; at < STRETCHED; at += bytes.length) bytes.copy(stretched, at);
  const digest = createHash(hash).update(stretched).digest();
  return createHash(hash).update(digest).update(engineId).update(digest).digest();
}

function version3(target: SnmpTarget, { id, boots, seconds }: SnmpEngine, pdu: Buffer, messageId: number): Buffer {
  const hash = target.auth === 'none' ? undefined : HASHES[target.auth];
  const secret = hash !== undefined && target.privacy === 'aes';
  const scoped = ber(SEQUENCE, octets(id), octets(''), pdu);
  const salt = secret ? randomBytes(8) : Buffer.alloc(0);
  let data = scoped;
  if (secret) {
    // RFC 3826 3.1: boots, time and the salt are where it begins; the key is the first 16 octets of the localized one.
    const key = localizedKey(hash.name, target.privacySecret, id).subarray(0, 16);
    const start = Buffer.alloc(16);
    start.writeUInt32BE(boots, 0);
    start.writeUInt32BE(seconds, 4);
    salt.copy(start, 8);
    const cipher = createCipheriv('aes-128-cfb', key, start);
    data = octets(Buffer.concat([cipher.update(scoped), cipher.final()]));
  }
  const flags = (hash === undefined ? 0 : 1) | (secret ? 2 : 0);
  const message = (signature: Buffer): Buffer => {
    const security = ber(
      SEQUENCE,
      ...[octets(id), berInteger(boots), berInteger(seconds), octets(target.user), octets(signature), octets(salt)],
    );
    const head = ber(
      SEQUENCE,
      berInteger(messageId),
      berInteger(65_507),
      octets(Buffer.from([flags])),
      berInteger(USM),
    );
    return ber(SEQUENCE, berInteger(3), head, octets(security), data);
  };
  if (hash === undefined) return message(Buffer.alloc(0));
  // Signed with nulls in the signature's place (RFC 3414 6.3.1).
  const key = localizedKey(hash.name, target.authSecret, id);
  const signed = createHmac(hash.name, key)
    .update(message(Buffer.alloc(hash.kept)))
    .digest();
  return message(signed.subarray(0, hash.kept));
}

/** Resolves when it has left: nobody answers a trap. */
export function sendTrap(address: string, port: number, message: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const done = (error: Error | null): void => {
      socket.close();
      if (error === null) resolve();
      else reject(error);
    };
    socket.once('error', done);
    socket.send(message, port, address, done);
  });
}
