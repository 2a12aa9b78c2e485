// What dialogs and sessions may hold, so that no peer can make us hold more.

export interface DialogLimits {
  /** dialogs at once; a call and its two sides are about 10 kB */
  dialogs: number;
  /** early dialogs of one INVITE: more phones than that do not ring for one number */
  forks: number;
  /** values of Record-Route that a dialog takes over; each of its requests carries them */
  routes: number;
  /** subscriptions beside the INVITE usage of a dialog */
  usages: number;
  /** digits that wait to be sent one after the other */
  digits: number;
  /** times that a request is sent again with credentials: a nonce may be stale once, and proxy and server may both ask */
  authorizations: number;
  /** times that a re-INVITE, UPDATE or INVITE is tried again after 491, 422, or 500 with Retry-After */
  retries: number;
}

export const DEFAULT_DIALOG_LIMITS: DialogLimits = {
  dialogs: 50_000,
  forks: 20,
  routes: 20,
  usages: 8,
  digits: 64,
  authorizations: 3,
  retries: 5,
};

/** ms; how often a provisional answer is repeated, so that proxies go on waiting (RFC 3261 13.3.1.1) */
export const PROVISIONAL_REFRESH_MS = 60_000;

/** s; how long the subscription of a REFER lives unless it is renewed: longer than a call rings */
export const REFER_EXPIRES_S = 300;

/** s; the longest Retry-After that is waited for in a session: people wait for what comes after it */
export const LONGEST_RETRY_AFTER_S = 10;
