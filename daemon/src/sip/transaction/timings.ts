// The times of RFC 3261 table 4, all of them made from T1, T2 and T4.

/** ms */
export interface SipTimes {
  /** estimate of a round trip */
  t1Ms: number;
  /** longest wait between retransmissions of a non-INVITE request or an INVITE response */
  t2Ms: number;
  /** how long a message stays in the network */
  t4Ms: number;
  /** how long a UAS may think about an INVITE before 100 is sent for it, RFC 3261 17.2.1 */
  tryingMs: number;
}

export const DEFAULT_TIMES: SipTimes = { t1Ms: 500, t2Ms: 4000, t4Ms: 5000, tryingMs: 200 };

/** Timer D over UDP is at least this, whatever T1 is (RFC 3261 17.1.1.2), ms */
const SHORTEST_D_MS = 32_000;

/** Timers B, F, H, J, L, M: when a transaction gives up, or can be sure that no more of it comes. */
export function longestMs(times: SipTimes): number {
  return 64 * times.t1Ms;
}

export function timerDMs(times: SipTimes): number {
  return Math.max(SHORTEST_D_MS, longestMs(times));
}

/** How long a client's timer E takes to reach T2: from then on a 100 saves retransmissions (RFC 4320 4.1). */
export function timerEToT2Ms(times: SipTimes): number {
  let sum = 0;
  for (let wait = times.t1Ms; wait < times.t2Ms; wait *= 2) sum += wait;
  return sum;
}
