// What digest authentication remembers and reads.

/** characters of one header with credentials or a challenge; nonces of carriers are a few hundred long */
export const MAX_AUTH_CHARS = 4096;

/** parameters of one challenge; RFC 7616 knows twelve */
export const MAX_AUTH_PARAMS = 24;

/** header lines that are looked at for credentials of our realm; one for each proxy on the way */
export const MAX_CREDENTIALS = 8;

/** challenges of one response that are looked at: realms times algorithms */
export const MAX_CHALLENGES = 24;

/** realms for which a client keeps a nonce */
export const MAX_REALMS = 8;

/** times that one request is sent again with credentials; each proxy on the way may want its own */
export const MAX_ROUNDS = 4;

/** how long one of our nonces may be used, ms: over several requests of a call, and a sniffed one not for long */
export const NONCE_LIFE_MS = 300_000;

/** nonces whose counts are remembered; one for each source that proved who it is within NONCE_LIFE_MS */
export const MAX_NONCES = 100_000;

/** characters of a generated secret: 31 letters and digits to the power of 16 are 79 bits, and of the 20 that are made 99 */
export const MIN_SECRET_CHARS = 16;
