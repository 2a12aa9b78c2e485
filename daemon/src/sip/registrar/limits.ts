// What may be registered, and for how long.

export interface RegistrarLimits {
  /** s; shorter is refused with 423 (RFC 3261 10.3): telephones that register all the time are of no use to anybody */
  minS: number;
  /** s; longer is shortened */
  maxS: number;
  /** s; when the telephone names none (RFC 3261 10.2.1.1) */
  defaultS: number;
  /** of an address of record, unless the registrant may have fewer */
  contacts: number;
  /** altogether; a walk over all of them, once a second, takes about a millisecond */
  bindings: number;
}

export const REGISTRAR_LIMITS: RegistrarLimits = {
  minS: 60,
  maxS: 3600,
  defaultS: 3600,
  contacts: 10,
  bindings: 50_000,
};

/** values of Path; each proxy on the way adds one */
export const MAX_PATH = 8;

/** characters of +sip.instance; a URN with a UUID has 45 */
export const MAX_INSTANCE_CHARS = 256;

/** characters of User-Agent that are kept, to be shown */
export const MAX_USER_AGENT_CHARS = 128;

/** s; what stands for an Expires that cannot be read (RFC 3261 20.19) */
export const UNREADABLE_EXPIRES_S = 3600;

/** RFC 5626 clause 11: below 2^31 */
export const MAX_REG_ID = 2_147_483_647;

/**
 * ms (64*T1); a REGISTER that was overtaken arrives within that time. A lower CSeq that comes later is that of a telephone which was
 * switched off and has a Call-ID that it always uses; RFC 3261 10.3 would have it wait until its binding expires.
 */
export const OVERTAKEN_MS = 32_000;

/** ms; changes are saved together */
export const SAVE_DELAY_MS = 500;

/** ms; between tries to save when the store does not take it */
export const SAVE_RETRY_MS = { first: 1000, longest: 30_000 };
