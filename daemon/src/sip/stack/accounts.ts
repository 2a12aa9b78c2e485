// The stations' accounts as requests are checked against them.
import type { DigestAccount, DigestPolicy, PolicyShare } from '../auth/index.js';
import type { SipRequest } from '../message/index.js';
import type { Flow } from '../transport/index.js';
import type { StackStation } from './protocol.js';

export interface StationAccount extends DigestAccount {
  readonly station: StackStation;
}

const NAMES = { md5: 'MD5', sha256: 'SHA-256' } as const;

export class Accounts {
  readonly #byName = new Map<string, StationAccount>();
  readonly #policies = new Map<string, { policy: DigestPolicy; accounts: number }>();

  set(station: StackStation): void {
    const { number, ha1Md5, ha1Sha256, digest } = station;
    this.remove(number);
    const policy = this.#policy(digest);
    this.#byName.set(String(number), { station, hashes: { MD5: ha1Md5, 'SHA-256': ha1Sha256 }, policy });
  }

  remove(number: number): void {
    const account = this.#byName.get(String(number));
    if (account === undefined) return;
    this.#byName.delete(String(number));
    const kind = this.#policies.get(account.station.digest.join());
    if (kind !== undefined) kind.accounts -= 1;
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

  /** Those in use, and by how many accounts: who does not exist is challenged as one of those who do. */
  policies(): readonly PolicyShare[] {
    return [...this.#policies.values()].map(({ policy, accounts }) => ({ policy, share: accounts }));
  }

  /** One object for each kind of policy, whatever the number of accounts. */
  #policy(digest: readonly ('md5' | 'sha256')[]): DigestPolicy {
    const key = digest.join();
    let kind = this.#policies.get(key);
    if (kind === undefined) {
      kind = { policy: { algorithms: digest.map((one) => NAMES[one]), withoutQop: false }, accounts: 0 };
      this.#policies.set(key, kind);
    }
    kind.accounts += 1;
    return kind.policy;
  }
}
