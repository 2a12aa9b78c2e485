// What a session description may hold: far above what phones and browsers send, and so low that reading one at all of its limits
// costs about a millisecond.

/** bytes; no SIP message is larger */
export const MAX_SDP_BYTES = 65_535;

/** characters; a browser's fmtp or candidate line has a few hundred */
export const MAX_SDP_LINE_CHARS = 4096;

/** m lines; a video conference has a dozen */
export const MAX_MEDIA = 16;

/** payload types of one m line; browsers offer about 40 for video */
export const MAX_FORMATS = 64;

/** a lines of the session, and of each media; a browser's video has about 120 */
export const MAX_ATTRIBUTES = 256;

/** b lines of the session, and of each media */
export const MAX_BANDWIDTHS = 8;

/** crypto lines that are looked at; there are five suites worth a line */
export const MAX_CRYPTO_LINES = 16;
