// Who sends a request (RFC 3261 22.2 and 22.4, RFC 7616, RFC 8760). Somebody without a secret learns nothing here: for a name
// that does not exist the same is computed, compared and answered as for one that does.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../platform/index.js';
import { newResponse, parseUri, type SipRequest, type SipResponse, type SipUri } from '../message/index.js';
import { digestHash, requestDigest, type AccountAlgorithm, type DigestHashes, type HashFunction } from './algorithm.js';
import { MAX_CREDENTIALS, MAX_NONCES, NONCE_LIFE_MS } from './limits.js';
import { NonceCounts, NonceMint, type IssuedNonce } from './nonce.js';
import { formatChallenge, parseCredentials, type DigestCredentials } from './parameters.js';

export interface DigestPolicy {
  /** one challenge each, in this order: RFC 8760 has the peer take the first one it knows, and old phones know the first alone */
  algorithms: readonly AccountAlgorithm[];
  /** accepts answers without qop (RFC 2069), each nonce once */
  withoutQop: boolean;
}

export const DEFAULT_DIGEST_POLICY: DigestPolicy = { algorithms: ['SHA-256', 'MD5'], withoutQop: false };

/** How many accounts have a policy. */
export interface PolicyShare {
  policy: DigestPolicy;
  share: number;
}

export interface DigestAccount {
  readonly hashes: DigestHashes;
  readonly policy: DigestPolicy;
}

export type DigestVerdict<A> =
  | { kind: 'accepted'; username: string; account: A }
  | {
      kind: 'challenged';
      /** stale: the secret was right, but the nonce is too old, of somebody else's or used */
      why: 'missing' | 'stale' | 'wrong';
      /** WWW-Authenticate, one line each */
      challenges: readonly string[];
      /** the credentials were made with a nonce that we sent to this very source: its address is not forged */
      pathProven: boolean;
    }
  | { kind: 'malformed' };

export interface DigestServerOptions<A extends DigestAccount> {
  realm: string;
  clock: Pick<Clock, 'monotonicMs'>;
  /** undefined: no such user */
  account: (username: string) => A | undefined;
  /**
   * The policies that accounts here have. A name that does not exist is challenged by one of them, as often by each as accounts are, and
   * always by the same one as long as they stay what they are.
   */
  policies?: (() => readonly PolicyShare[]) | undefined;
  /** Chooses for names that do not exist. Kept over restarts, or a name whose challenge changes is known not to exist. */
  decoyKey?: Buffer | undefined;
  nonceLifeMs?: number | undefined;
  maxNonces?: number | undefined;
  /** for tests that count */
  hash?: HashFunction | undefined;
  random?: ((size: number) => Buffer) | undefined;
}

export class DigestServer<A extends DigestAccount> {
  readonly #options: DigestServerOptions<A>;
  readonly #hash: HashFunction;
  readonly #mint: NonceMint;
  readonly #counts: NonceCounts;
  readonly #policies: () => readonly PolicyShare[];
  readonly #decoyKey: string;
  readonly #decoyHashes: DigestHashes;

  constructor(options: DigestServerOptions<A>) {
    const { clock, nonceLifeMs = NONCE_LIFE_MS, maxNonces = MAX_NONCES, random = randomBytes } = options;
    this.#options = options;
    this.#hash = options.hash ?? digestHash;
    this.#mint = new NonceMint({ key: random(32), clock, lifeMs: nonceLifeMs });
    this.#counts = new NonceCounts(maxNonces, nonceLifeMs);
    this.#policies = options.policies ?? ((): readonly PolicyShare[] => [{ policy: DEFAULT_DIGEST_POLICY, share: 1 }]);
    this.#decoyKey = (options.decoyKey ?? random(32)).toString('hex');
    this.#decoyHashes = { MD5: random(16).toString('hex'), 'SHA-256': random(32).toString('hex') };
  }

  /** nonces whose use is remembered */
  get size(): number {
    return this.#counts.size;
  }

  /**
   * Who sent the request. `source` is the address it came from, without port. Never for ACK and CANCEL, which cannot be
   * challenged (RFC 3261 22.1). Whether the account may use the From it claims is the caller's to decide.
   */
  check(request: SipRequest, source: string): DigestVerdict<A> {
    const credentials = this.#credentials(request);
    if (credentials === 'faulty') return { kind: 'malformed' };
    if (credentials === undefined) return this.#challenge(claimedUser(request), source, 'missing', false);

    const { username, protection } = credentials;
    const account = this.#options.account(username);
    const nonce = this.#mint.read(credentials.nonce, source);
    const right = this.#isRight(credentials, request.method, account) && isFor(credentials.uri, request);
    if (account === undefined || !right) return this.#challenge(username, source, 'wrong', nonce !== undefined);
    if (nonce === undefined || !this.#firstUse(nonce, protection?.count)) {
      return this.#challenge(username, source, 'stale', nonce !== undefined);
    }
    return { kind: 'accepted', username, account };
  }

  /** The first credentials of our realm; undefined: there are none. */
  #credentials(request: SipRequest): DigestCredentials | 'faulty' | undefined {
    let faulty = false;
    for (const line of request.headers.lines('Authorization').slice(0, MAX_CREDENTIALS)) {
      const credentials = parseCredentials(line);
      if (credentials === undefined) faulty = true;
      else if (credentials !== 'other' && credentials.realm === this.#options.realm) return credentials;
    }
    return faulty ? 'faulty' : undefined;
  }

  #isRight(credentials: DigestCredentials, method: string, account: A | undefined): boolean {
    const { algorithm = 'MD5', session, uri, nonce, protection, response } = credentials;
    // What the account does not allow is computed nevertheless, with MD5 in place of what nobody here has a hash for.
    const computed = algorithm === 'SHA-512-256' ? 'MD5' : algorithm;
    const policy = account?.policy ?? DEFAULT_DIGEST_POLICY;
    const allowed =
      credentials.algorithm === computed &&
      !session &&
      policy.algorithms.includes(computed) &&
      (protection !== undefined || policy.withoutQop);
    const ha1 = (account?.hashes ?? this.#decoyHashes)[computed];
    const expected = Buffer.from(requestDigest(computed, { ha1, method, uri, nonce, protection }, this.#hash));
    const given = Buffer.from(response);
    return (
      timingSafeEqual(expected, given.length === expected.length ? given : Buffer.alloc(expected.length)) && allowed
    );
  }

  #firstUse(nonce: IssuedNonce, count: number | undefined): boolean {
    return !nonce.expired && this.#counts.use(nonce, count, this.#options.clock.monotonicMs());
  }

  #challenge(
    username: string | undefined,
    source: string,
    why: 'missing' | 'stale' | 'wrong',
    pathProven: boolean,
  ): DigestVerdict<A> {
    const { realm, account } = this.#options;
    const decoy = this.#decoyPolicy(username ?? '');
    const policy = (username === undefined ? undefined : account(username))?.policy ?? decoy;
    const nonce = this.#mint.issue(source);
    const challenges = policy.algorithms.map((one) => formatChallenge(one, realm, nonce, why === 'stale'));
    return { kind: 'challenged', why, challenges, pathProven };
  }

  /** Computed for every name, whether it is needed or not. */
  #decoyPolicy(username: string): DigestPolicy {
    const used = this.#policies().filter(({ share }) => share > 0);
    const [only] = used;
    if (only === undefined) return DEFAULT_DIGEST_POLICY;
    if (used.length === 1) return only.policy;
    // In one order whatever the order in which accounts were made: a restart reads them in another.
    const sorted = used.toSorted((a, b) => (a.policy.algorithms.join() < b.policy.algorithms.join() ? -1 : 1));
    const number = Number.parseInt(this.#hash('SHA-256', `${this.#decoyKey}:${username}`).slice(0, 12), 16);
    let left = (number / 2 ** 48) * used.reduce((sum, { share }) => sum + share, 0);
    for (const { policy, share } of sorted) {
      left -= share;
      if (left < 0) return policy;
    }
    return only.policy;
  }
}

/** The answer to a request that was not accepted: 401 with challenges (RFC 3261 22.2), or 400. */
export function digestResponse<A>(
  request: SipRequest,
  verdict: Exclude<DigestVerdict<A>, { kind: 'accepted' }>,
  toTag: string,
): SipResponse {
  if (verdict.kind === 'malformed') return newResponse(request, 400, 'Malformed Authorization', { toTag });
  const response = newResponse(request, 401, undefined, { toTag });
  for (const challenge of verdict.challenges) response.headers.add('WWW-Authenticate', challenge);
  return response;
}

/** The name that a request without credentials goes by: that of the address to register, or of the caller. */
function claimedUser(request: SipRequest): string | undefined {
  return (request.method === 'REGISTER' ? request.to : request.from).uri.user;
}

/**
 * Whether the credentials are for this request (RFC 7616 3.4.6): its URI as text, or else the same user at the same host, for
 * phones write parameters in one place and not in the other.
 */
function isFor(uriText: string, request: SipRequest): boolean {
  if (uriText === request.uriText) return true;
  const uri = parseUri(uriText);
  const { scheme, user, host } = request.uri;
  if (uri === undefined || uri.scheme !== scheme || uri.user !== user || uri.host !== host) return false;
  return portOf(uri) === portOf(request.uri);
}

function portOf({ scheme, port }: SipUri): number {
  return port ?? (scheme === 'sips' ? 5061 : 5060);
}
