// How much looking up is done. A name comes from a peer as often as from a setting: none of them may cost more than this.

export const locateLimits = {
  /** targets given out; nobody lives to try more of them, 32 s each (RFC 3261 timer B) */
  targets: 16,
  /** records of one answer that are looked at; the rest is somebody's joke */
  recordsOfAnswer: 64,
  /** hosts of one SRV answer whose addresses are asked for */
  srvHosts: 8,
  /** NAPTR records that are followed */
  naptrRules: 4,
  /** addresses of one host and one family */
  addressesOfHost: 8,
  /** ms for one locate: a caller waits for it */
  deadlineMs: 5_000,
  /** ms a name server has for an answer, and how often it is asked */
  queryTimeoutMs: 2_000,
  queryTries: 2,
  /** ms after which a question is given up whatever the resolver says: it doubles its time-outs and has several servers */
  lookupTimeoutMs: 8_000,
  /** questions under way; more of them only come from somebody who invents names */
  lookupsAtOnce: 256,
  /** answers remembered; the one not used for longest makes room */
  cacheEntries: 10_000,
  /** s: an answer is believed at least and at most so long */
  ttlMinS: 5,
  ttlMaxS: 3_600,
  /** s, for answers that came without (Node gives none for SRV and NAPTR) */
  ttlUnknownS: 60,
  /** s that a name is remembered not to exist */
  ttlNegativeS: 30,
  /** s that nobody is asked again after an error */
  ttlFailedS: 5,
  /** s beyond its time that an answer is still good while a new one is fetched, or while none can be had (RFC 8767) */
  staleS: 86_400,
  /** ms that a target which failed is put last, for the first time; doubled each time after, up to the maximum */
  failedMs: 30_000,
  failedMaxMs: 300_000,
  /** failed targets remembered */
  failedTargets: 2_000,
} as const;

export type LocateLimits = { readonly [Name in keyof typeof locateLimits]: number };
