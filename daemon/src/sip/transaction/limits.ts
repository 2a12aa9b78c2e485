// What the transaction layer may hold. Answered, a transaction lives on for 32 s over UDP and costs about 3 kB with its answer.

export interface TransactionLimits {
  /**
   * server transactions that new calls and other requests outside a dialog may make: 1,500 calls/s of two requests each for 32 s,
   * and half as much again
   */
  server: number;
  /** more of them for requests in dialogs, for BYE and PRACK: calls in progress end properly when new ones find no room */
  serverReserve: number;
  /** client transactions; the owner of one beyond it is told `closed` at once */
  client: number;
}

export const DEFAULT_LIMITS: TransactionLimits = { server: 150_000, serverReserve: 50_000, client: 200_000 };

/** s; what Retry-After says when there is no room: by then the transactions of a burst have ended */
export const NO_ROOM_RETRY_AFTER_S = 32;
