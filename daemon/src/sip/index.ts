// SIP for the rest of the daemon; what is below knows nothing of it.
export { digestHashes, newSecret } from './auth/index.js';
export { SipService, type SipServiceOptions, type SipSettings, type TrunkHealth } from './sip-service.js';
