// Subscriptions: how many, how long, how often they are told something.

export interface NotifierLimits {
  /** s; shorter is refused with 423 (RFC 6665 4.2.1.1) */
  minS: number;
  /** s; longer is shortened */
  maxS: number;
  /** of one account: a telephone with three side-cars of lamps has 180 */
  perAccount: number;
  /** altogether; a walk over all of them, once a second, takes less than a millisecond */
  total: number;
  /** ms between two notifications of a subscription; what changes meanwhile comes in one */
  gapMs: number;
}

export const NOTIFIER_LIMITS: NotifierLimits = { minS: 60, maxS: 7200, perAccount: 250, total: 20_000, gapMs: 500 };

/** s; what stands for an Expires that cannot be read (RFC 3261 20.19) */
export const UNREADABLE_EXPIRES_S = 3600;

/** of a dialog-info document: a station has a few calls, and what it is sent must fit into a datagram */
export const MAX_SHOWN_CALLS = 8;

/** of a reginfo document */
export const MAX_SHOWN_CONTACTS = 10;

/** ms (64*T1, RFC 6665 4.1.2.4, timer N): the first NOTIFY must have come by then */
export const FIRST_NOTIFY_MS = 32_000;

/** ms between tries to subscribe when it is refused for the time being */
export const RESUBSCRIBE_MS = { first: 30_000, longest: 1_800_000 };

/** ms; a notifier that ends every subscription at once is not asked more often */
export const RESUBSCRIBE_GAP_MS = 5000;

/** s; beyond, a notifier's Min-Expires is not believed */
export const LONGEST_MIN_EXPIRES_S = 86_400;
