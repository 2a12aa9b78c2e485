// Session descriptions (RFC 8866), offers and answers (RFC 3264). No clock, no socket; random octets are handed in.
export * from './types.js';
export * from './limits.js';
export { formatSdp, parseSdp } from './parse.js';
export {
  attribute,
  attributeValue,
  attributeValues,
  connectionOf,
  directionOf,
  hasRtcpMux,
  packetTime,
  receives,
  rtcpAddress,
  sends,
} from './attributes.js';
export { CODECS, codecOf, formatParameters, isTelephoneEvent, payloadFormats, type CodecShape } from './codecs.js';
export { ALL_SUITES, cryptoLines, formatCrypto, parseCrypto, SUITE_KEY_BYTES } from './crypto.js';
export {
  fingerprintsOf,
  iceOf,
  MAX_CANDIDATES,
  parseCandidate,
  parseFingerprint,
  setupOf,
  type DtlsSetup,
  type Fingerprint,
  type IceCandidate,
  type IceDescription,
} from './ice.js';
export { t38Attributes, t38Parameters } from './t38.js';
export { isWebRtc } from './webrtc.js';
export { makeOffer } from './offer.js';
export { answerOffer, type Answer } from './answer.js';
export { readAnswer } from './outcome.js';
