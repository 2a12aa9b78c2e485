// Answers challenges of others (RFC 3261 22.1 and 22.3, RFC 7616, RFC 8760): of trunks and exchanges that we register with. Each
// answer lets the challenger try passwords on it at home, so answer only those that somebody has an account with, never one
// who merely sent us a call.
import { randomBytes } from 'node:crypto';
import type { SipRequest, SipResponse } from '../message/index.js';
import { DIGEST_ALGORITHMS, digestHash, requestDigest, type DigestAlgorithm, type HashFunction } from './algorithm.js';
import { MAX_CHALLENGES, MAX_REALMS, MAX_ROUNDS } from './limits.js';
import { formatCredentials, parseChallenges, type DigestChallenge } from './parameters.js';

export interface DigestClientOptions {
  username: string;
  password: string;
  /** those that may be answered; undefined: whatever the peer names */
  realms?: readonly string[] | undefined;
  /** those that may be used; undefined: all */
  algorithms?: readonly DigestAlgorithm[] | undefined;
  hash?: HashFunction | undefined;
  random?: ((size: number) => Buffer) | undefined;
}

export type ChallengeOutcome =
  | { kind: 'retry' }
  | {
      kind: 'failed';
      /**
       * rejected: our credentials are wrong; unsupported: there is no challenge that we can or may answer; tooMany: it would go
       * on for ever
       */
      why: 'rejected' | 'unsupported' | 'tooMany';
    };

type AnswerHeader = 'Authorization' | 'Proxy-Authorization';

/** One realm of one kind, with the nonce to use for the next request. */
interface Realm {
  header: AnswerHeader;
  challenge: DigestChallenge & { algorithm: DigestAlgorithm };
  ha1: string;
  cnonce: string;
  count: number;
}

const MAX_COUNT = 0xffff_ffff;
const CNONCE_BYTES = 12;

/** Credentials for one peer. */
export class DigestClient {
  readonly #options: DigestClientOptions;
  readonly #hash: HashFunction;
  readonly #random: (size: number) => Buffer;
  readonly #realms = new Map<string, Realm>();

  constructor(options: DigestClientOptions) {
    this.#options = options;
    this.#hash = options.hash ?? digestHash;
    this.#random = options.random ?? randomBytes;
  }

  /** Begins a request: adds credentials for the realms that have challenged before. */
  begin(request: SipRequest): DigestAttempt {
    this.#authorise(request);
    return new DigestAttempt((response, next, seen) => this.#answer(response, next, seen));
  }

  #answer(response: SipResponse, next: SipRequest, seen: Set<string>): ChallengeOutcome {
    const chosen = this.#choose(response);
    if (chosen.size === 0) return { kind: 'failed', why: 'unsupported' };
    for (const [key, { challenge }] of chosen) {
      // Credentials of this very request were refused: again with a fresh nonce is all that could change it.
      if (seen.has(key) && !challenge.stale) return { kind: 'failed', why: 'rejected' };
      seen.add(key);
    }
    for (const [key, { header, challenge }] of chosen) this.#keep(key, header, challenge);
    this.#authorise(next);
    return { kind: 'retry' };
  }

  /** Of each realm the strongest challenge that we can answer. */
  #choose(response: SipResponse): Map<string, Pick<Realm, 'header' | 'challenge'>> {
    const chosen = new Map<string, Pick<Realm, 'header' | 'challenge'>>();
    for (const { header, challenge } of challengesOf(response)) {
      const { algorithm } = challenge;
      if (algorithm === undefined || !this.#allows(challenge)) continue;
      const key = `${header} ${challenge.realm}`;
      const best = chosen.get(key);
      if (best !== undefined && strength(best.challenge.algorithm) <= strength(algorithm)) continue;
      if (best === undefined && chosen.size >= MAX_REALMS) continue;
      chosen.set(key, { header, challenge: { ...challenge, algorithm } });
    }
    return chosen;
  }

  #allows({ algorithm, session, qop, realm }: DigestChallenge): boolean {
    const { algorithms = DIGEST_ALGORITHMS, realms = [realm] } = this.#options;
    if (algorithm === undefined || !algorithms.includes(algorithm) || !realms.includes(realm)) return false;
    // Without qop no cnonce is sent, and a session cannot be computed without one.
    return qop === 'auth' || (qop === 'none' && !session);
  }

  #keep(key: string, header: AnswerHeader, challenge: Realm['challenge']): void {
    const { username, password } = this.#options;
    const { algorithm, realm, nonce, session } = challenge;
    const cnonce = this.#random(CNONCE_BYTES).toString('hex');
    const plain = this.#hash(algorithm, `${username}:${realm}:${password}`);
    const ha1 = session ? this.#hash(algorithm, `${plain}:${nonce}:${cnonce}`) : plain;
    this.#realms.delete(key);
    this.#realms.set(key, { header, challenge, ha1, cnonce, count: 0 });
    const [oldest] = this.#realms.keys();
    if (this.#realms.size > MAX_REALMS && oldest !== undefined) this.#realms.delete(oldest);
  }

  #authorise(request: SipRequest): void {
    request.headers.remove('Authorization');
    request.headers.remove('Proxy-Authorization');
    for (const [key, realm] of this.#realms) {
      if (realm.count >= MAX_COUNT) this.#realms.delete(key);
      else request.headers.add(realm.header, this.#credentials(realm, request));
    }
  }

  #credentials(realm: Realm, request: SipRequest): string {
    const { challenge, ha1, cnonce } = realm;
    const { algorithm, session, nonce, opaque, qop } = challenge;
    realm.count += 1;
    const nonceCount = realm.count.toString(16).padStart(8, '0');
    const protection = qop === 'auth' ? { qop, nonceCount, count: realm.count, cnonce } : undefined;
    const uri = request.uriText;
    const response = requestDigest(algorithm, { ha1, method: request.method, uri, nonce, protection }, this.#hash);
    const { username } = this.#options;
    const { realm: name } = challenge;
    return formatCredentials({ username, realm: name, nonce, uri, response, algorithm, session, opaque, protection });
  }
}

type Answer = (response: SipResponse, next: SipRequest, seen: Set<string>) => ChallengeOutcome;

/** One request and its tries. */
export class DigestAttempt {
  readonly #answer: Answer;
  /** realms that were answered within this attempt */
  readonly #seen = new Set<string>();
  #rounds = 0;

  /** Made by `DigestClient.begin`. */
  constructor(answer: Answer) {
    this.#answer = answer;
  }

  /**
   * Answers a 401 or 407: `next` is the request as it will be sent again, with its own CSeq and branch (RFC 3261 22.2), and gets
   * Authorization and Proxy-Authorization. An ACK for it carries the same ones.
   */
  challenged(response: SipResponse, next: SipRequest): ChallengeOutcome {
    this.#rounds += 1;
    if (this.#rounds > MAX_ROUNDS) return { kind: 'failed', why: 'tooMany' };
    return this.#answer(response, next, this.#seen);
  }
}

function strength(algorithm: DigestAlgorithm): number {
  return DIGEST_ALGORITHMS.indexOf(algorithm);
}

function challengesOf(response: SipResponse): { header: AnswerHeader; challenge: DigestChallenge }[] {
  const of = (name: string, header: AnswerHeader) =>
    response.headers
      .lines(name)
      .slice(0, MAX_CHALLENGES)
      .flatMap(parseChallenges)
      .slice(0, MAX_CHALLENGES)
      .map((challenge) => ({ header, challenge }));
  return [...of('WWW-Authenticate', 'Authorization'), ...of('Proxy-Authenticate', 'Proxy-Authorization')];
}
