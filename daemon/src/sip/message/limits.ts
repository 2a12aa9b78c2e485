// What a message may hold. Every limit is far above what phones, proxies and carriers send, and low enough that a message at
// all of its limits costs less than a millisecond.

/** bytes; the largest UDP datagram, so that a message which came over TCP can go on over UDP as well */
export const MAX_MESSAGE_BYTES = 65_535;

/** bytes from the start line to the empty line: half of a message, since it is the body that is large in practice */
export const MAX_HEAD_BYTES = 32_768;

/** characters of one header with its continuation lines; 8 KiB holds an Identity header with its token and certificate URL */
export const MAX_HEADER_CHARS = 8192;

/** lines; a request that passed ten proxies has about 40 */
export const MAX_HEADER_LINES = 128;

/** values of one header line, and of all lines of Via, Contact, Route and Record-Route; Max-Forwards begins at 70, but no path of 64 proxies answers in time */
export const MAX_LIST_VALUES = 64;

/** characters; RFC 3261 names no limit, and 2 KiB holds a Replaces header and a token in a Refer-To */
export const MAX_URI_CHARS = 2048;

/** characters; it is a key of tables, and what others hand out is below 200 */
export const MAX_CALL_ID_CHARS = 1024;

/** characters; names of methods are words */
export const MAX_METHOD_CHARS = 128;

/** parameters of one URI or header value; Contacts of phones that announce all they can have about 20 */
export const MAX_PARAMS = 64;

/** UTF-16 units of a display name; what is longer is cut, for it is shown to people */
export const MAX_DISPLAY_NAME_CHARS = 256;

/** RFC 3261 8.1.1.5: below 2^31 */
export const MAX_CSEQ = 2_147_483_647;

/** RFC 3261 20.22 */
export const MAX_MAX_FORWARDS = 255;
