// SIP messages: reading, writing, and the parts they are made of (RFC 3261 clauses 7, 19 and 20).
export * from './types.js';
export * from './limits.js';
export { parseMessage, type ParseOptions } from './parse.js';
export { glance, refusalOf, type Glance } from './glance.js';
export { serialise } from './serialise.js';
export { MessageFramer } from './framer.js';
export { newRequest, newResponse, parseCSeq, type NewRequest, type NewResponseOptions } from './message.js';
export { newHeaders } from './headers.js';
export { METHODS, reasonPhrase, type Method } from './status.js';
export { formatUri, sameUri, parseUri } from './uri.js';
export { formatNameAddr, parseNameAddr } from './name-addr.js';
export { formatVia, parseVia } from './via.js';
export { formatParams, parseParams } from './params.js';
export { decodeText, encodeText, isToken, parseNumber, quote, splitList, unquote } from './text.js';
