// Digest authentication (RFC 3261 clause 22, RFC 7616, RFC 8760), of others to us and of us to others.
export * from './limits.js';
export {
  DIGEST_ALGORITHMS,
  digestHash,
  digestHashes,
  requestDigest,
  type AccountAlgorithm,
  type DigestAlgorithm,
  type DigestHashes,
  type DigestInput,
  type HashFunction,
} from './algorithm.js';
export {
  formatChallenge,
  formatCredentials,
  parseChallenges,
  parseCredentials,
  type DigestChallenge,
  type DigestCredentials,
} from './parameters.js';
export {
  DEFAULT_DIGEST_POLICY,
  DigestServer,
  digestResponse,
  type DigestAccount,
  type DigestPolicy,
  type PolicyShare,
  type DigestServerOptions,
  type DigestVerdict,
} from './server.js';
export { DigestAttempt, DigestClient, type ChallengeOutcome, type DigestClientOptions } from './client.js';
export { newSecret } from './secret.js';
