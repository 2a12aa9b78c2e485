// Digits in INFO: application/dtmf-relay and application/dtmf, as gateways and phones send them. No RFC defines either; RFC 6086
// leaves such use of INFO, without an Info-Package, as it was.
import type { ServerTransaction } from '../../transaction/index.js';
import { bodyType } from './bodies.js';
import type { Digit } from './types.js';
import type { InviteUsage } from './usage.js';

export const DTMF_RELAY = 'application/dtmf-relay';
const DTMF = 'application/dtmf';

/** More than any body of a digit has; the rest is not looked at. */
const LONGEST_BODY = 256;
/** ms; a longer one is a fault of the peer */
const LONGEST_DIGIT_MS = 10_000;
const DIGITS = '0123456789*#ABCD';

export function receiveInfo(usage: InviteUsage, transaction: ServerTransaction): void {
  const { request } = transaction;
  const type = bodyType(request);
  if (request.headers.has('Info-Package')) {
    // RFC 6086 4.2.2: we have announced none.
    usage.refuse(transaction, 469, [['Recv-Info', '']]);
    return;
  }
  if (type !== undefined && type !== DTMF && type !== DTMF_RELAY) {
    usage.refuse(transaction, 415, [['Accept', `${DTMF_RELAY}, ${DTMF}`]]);
    return;
  }
  // An empty INFO asks whether we are there (RFC 2976).
  const digit = type === undefined ? undefined : parseDigit(request.body, type);
  if (type !== undefined && digit === undefined) {
    usage.refuse(transaction, 400);
    return;
  }
  transaction.respond(transaction.response(200));
  if (digit !== undefined) usage.owner.emitter.emit('digit', digit);
}

/** undefined: it is none. */
export function parseDigit(body: Buffer, type: string): Digit | undefined {
  const text = body.toString('latin1', 0, LONGEST_BODY);
  if (type === DTMF) return digitOf(text, 0);
  let signal: string | undefined;
  let durationMs = 0;
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    const name = line.slice(0, Math.max(0, equals)).trim().toLowerCase();
    const value = line.slice(equals + 1).trim();
    if (name === 'signal') signal = value;
    else if (name === 'duration' && /^\d{1,6}$/.test(value)) durationMs = Math.min(Number(value), LONGEST_DIGIT_MS);
  }
  return signal === undefined ? undefined : digitOf(signal, durationMs);
}

/** A digit, or its number as an event of RFC 4733. */
function digitOf(text: string, durationMs: number): Digit | undefined {
  const name = text.trim().toUpperCase();
  const digit = name.length === 2 && /^1[0-5]$/.test(name) ? DIGITS[Number(name)] : name;
  return digit?.length === 1 && DIGITS.includes(digit) ? { digit, durationMs } : undefined;
}

/** The body of an INFO for a digit. Throws a RangeError for what is no digit. */
export function formatDigit({ digit, durationMs }: Digit): Buffer {
  const name = digit.toUpperCase();
  if (name.length !== 1 || !DIGITS.includes(name)) throw new RangeError('no such digit');
  return Buffer.from(`Signal=${name}\r\nDuration=${Math.round(durationMs)}\r\n`);
}
