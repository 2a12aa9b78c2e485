// The stations' accounts as requests are checked against them.
import type { DigestAccount, DigestPolicy } from '../auth/index.js';
import type { SipRequest } from '../message/index.js';
import type { Flow } from '../transport/index.js';
import type { StackStation } from './protocol.js';

export interface StationAccount extends DigestAccount {
  readonly station: StackStation;
}

const NAMES = { md5: 'MD5', sha256: 'SHA-256' } as const;

export class Accounts {
  /** Those that accounts have: names that do not exist are challenged by one of them, and look like one of these accounts. */
  readonly policies: DigestPolicy[] = [];
  readonly #byName = new Map<string, StationAccount>();
  readonly #policies = new Map<string, DigestPolicy>();

  set(station: StackStation): void {
    const { number, ha1Md5, ha1Sha256, digest } = station;
    const policy = this.#policy(digest);
    this.#byName.set(String(number), { station, hashes: { MD5: ha1Md5, 'SHA-256': ha1Sha256 }, policy });
  }

  remove(number: number): void {
    this.#byName.delete(String(number));
  }

  /** undefined: there is none, or it may do nothing; the two look alike from outside. */
  find(name: string): StationAccount | undefined {
    const account = this.#byName.get(name);
    return account?.station.enabled === true ? account : undefined;
  }

  station(number: number): StackStation | undefined {
    return this.#byName.get(String(number))?.station;
  }

  list(): StackStation[] {
    return [...this.#byName.values()].map(({ station }) => station);
  }

  /** Why somebody who has proved who he is may not do this: another's name, or a line that can be listened to. */
  refusal(
    { station }: StationAccount,
    request: SipRequest,
    flow: Flow,
  ): { status: number; reason: string } | undefined {
    const claimed = (request.method === 'REGISTER' ? request.to : request.from).uri.user;
    if (claimed !== String(station.number)) return { status: 403, reason: 'Not Your Address' };
    if (station.security === 'tls' && flow.transport !== 'tls' && flow.transport !== 'wss')
      return { status: 403, reason: 'TLS Required' };
    return undefined;
  }

  /** One object for each kind of policy, whatever the number of accounts. */
  #policy(digest: readonly ('md5' | 'sha256')[]): DigestPolicy {
    const key = digest.join();
    let policy = this.#policies.get(key);
    if (policy === undefined) {
      policy = { algorithms: digest.map((one) => NAMES[one]), withoutQop: false };
      this.#policies.set(key, policy);
      this.policies.push(policy);
      // In the same order after every start.
      this.policies.sort((a, b) => (a.algorithms.join() < b.algorithms.join() ? -1 : 1));
    }
    return policy;
  }
}
