// SIP status codes and causes of Q.850, one from the other (RFC 3398 7.2.4.1 and 8.2.6.1, filled up from Q.1912.5), and the Reason
// header that carries either (RFC 3326, RFC 6432).
import { parseNumber, parseParams, quote, type SipMessage } from '../message/index.js';

/** Normal clearing. */
export const NORMAL_CAUSE = 16;
/** Interworking, unspecified. */
const OTHER_CAUSE = 127;
const HIGHEST_CAUSE = 127;

const CAUSE_OF_STATUS: ReadonlyMap<number, number> = new Map([
  [400, 41],
  [401, 21],
  [402, 21],
  [403, 21],
  [404, 1],
  [405, 63],
  [406, 79],
  [407, 21],
  [408, 102],
  [410, 22],
  [413, 127],
  [414, 127],
  [415, 79],
  [416, 127],
  [420, 127],
  [421, 127],
  [423, 127],
  // Rejected for want of the caller's number (RFC 5079).
  [433, 24],
  [480, 18],
  [481, 41],
  [482, 25],
  [483, 25],
  [484, 28],
  [485, 1],
  [486, 17],
  // The answer to our own CANCEL.
  [487, 16],
  [488, 88],
  [500, 41],
  [501, 79],
  [502, 38],
  [503, 41],
  [504, 102],
  [505, 127],
  [513, 127],
  [580, 47],
  [600, 17],
  [603, 21],
  [604, 1],
  [606, 88],
  [607, 21],
  [608, 21],
]);

const STATUS_OF_CAUSE: ReadonlyMap<number, number> = new Map([
  [1, 404],
  [2, 404],
  [3, 404],
  [4, 404],
  // A call that was not answered cannot be cleared normally for the one who calls.
  [16, 480],
  [17, 486],
  [18, 408],
  [19, 480],
  [20, 480],
  [21, 403],
  [22, 410],
  [23, 410],
  [24, 433],
  [25, 483],
  [26, 404],
  [27, 502],
  [28, 484],
  [29, 501],
  [31, 480],
  [34, 503],
  [38, 503],
  [41, 503],
  [42, 503],
  [43, 503],
  [44, 503],
  [47, 503],
  [55, 403],
  [57, 403],
  [58, 503],
  [63, 503],
  [65, 488],
  [69, 501],
  [70, 488],
  [79, 501],
  [87, 403],
  [88, 488],
  // What was asked for does not fit the call.
  [101, 481],
  [102, 504],
  [111, 500],
  [127, 500],
]);

/** The Q.850 cause of a final answer to an INVITE; 127 for those that no table names. */
export function causeOfStatus(status: number): number {
  return CAUSE_OF_STATUS.get(status) ?? OTHER_CAUSE;
}

/** The status that refuses an INVITE for a Q.850 cause; 500 for those that no table names (RFC 3398 7.2.4.1). */
export function statusOfCause(cause: number): number {
  return STATUS_OF_CAUSE.get(cause) ?? 500;
}

/** One value of the Reason header. */
export interface Reason {
  /** as it was written: `Q.850`, `SIP` */
  protocol: string;
  /** undefined: it has none, or one that is no number */
  cause: number | undefined;
  text: string;
}

export function parseReasons(message: SipMessage): Reason[] {
  return message.headers.list('Reason').map((value) => {
    const semicolon = value.indexOf(';');
    const params = parseParams(semicolon < 0 ? '' : value.slice(semicolon));
    return {
      protocol: (semicolon < 0 ? value : value.slice(0, semicolon)).trim(),
      cause: parseNumber(params.get('cause') ?? '', 999),
      text: params.get('text') ?? '',
    };
  });
}

/** The Q.850 cause that a message names, undefined: none between 1 and 127. */
export function q850Cause(message: SipMessage): number | undefined {
  for (const { protocol, cause } of parseReasons(message)) {
    if (protocol.toUpperCase() === 'Q.850' && cause !== undefined && cause >= 1 && cause <= HIGHEST_CAUSE) return cause;
  }
  return undefined;
}

/** A value of Reason for a Q.850 cause. */
export function q850Reason(cause: number, text = ''): string {
  return text === '' ? `Q.850;cause=${cause}` : `Q.850;cause=${cause};text=${quote(text)}`;
}
