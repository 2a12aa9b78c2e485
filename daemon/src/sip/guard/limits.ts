// What a source may do before it is slowed down or banned. A telephone sends a message a second at most; a site of hundreds of
// them behind one address belongs on the list of trusted networks.

export interface RateLimit {
  /** in the long run */
  perS: number;
  /** at once, after a pause */
  burst: number;
}

export interface GuardLimits {
  /** messages of one source; 200 a second cost about 1 % of a core */
  requests: RateLimit;
  /** what is no message, or has a method that nobody knows */
  malformed: RateLimit;
  /** wrong answers to challenges; each right one makes up for a wrong one */
  failures: RateLimit;
  /** names that a source has tried within `namesMs` without success; when we start, all telephones of a site come at once */
  names: number;
  namesMs: number;
  /** messages of a source that is banned for datagrams which somebody else may have sent under its address */
  suspected: RateLimit;
  /** such bans of all sources together: a flood with made up addresses makes no list of a million */
  suspicions: RateLimit;
  /** ms after right credentials in which a source is a telephone's, whatever else comes under its address */
  knownMs: number;
  /** ms; the first ban */
  banMs: number;
  /** each further ban is so many times as long as the one before */
  banGrowth: number;
  /** ms; no ban is longer, unless a person made it */
  longestBanMs: number;
  /** ms without a ban after which the next one is a first one again */
  forgetMs: number;
  /** sources that are remembered; about 30 MB when all are taken */
  sources: number;
  /** bans at a time; beyond, the one that ends first makes room */
  bans: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export const GUARD_LIMITS: GuardLimits = {
  requests: { perS: 200, burst: 1000 },
  malformed: { perS: 0.1, burst: 20 },
  failures: { perS: 1 / 60, burst: 10 },
  names: 200,
  namesMs: 60 * MINUTE_MS,
  suspected: { perS: 1, burst: 10 },
  suspicions: { perS: 0.2, burst: 50 },
  knownMs: 2 * 60 * MINUTE_MS,
  banMs: 5 * MINUTE_MS,
  banGrowth: 4,
  longestBanMs: DAY_MS,
  forgetMs: 7 * DAY_MS,
  sources: 100_000,
  bans: 10_000,
};

/** digits of a number as dialled: an access code, an international prefix and the 15 of E.164 */
export const MAX_NUMBER_DIGITS = 24;
