// The stations' accounts as requests are checked against them.
import type { DigestAccount, DigestPolicy, PolicyShare } from '../auth/index.js';
import type { SipRequest } from '../message/index.js';
import type { Flow } from '../transport/index.js';
import type { StackStation } from './protocol.js';

export interface StationAccount extends DigestAccount {
  readonly station: StackStation;
  /** known by a pass and not by its own secret */
  readonly byPass?: boolean;
}

const NAMES = { md5: 'MD5', sha256: 'SHA-256' } as const;

export class Accounts {
  readonly #byName = new Map<string, StationAccount>();
  /** for a while, by name */
  readonly #passes = new Map<string, { station: number; hashes: DigestAccount['hashes'] }>();
  readonly #policies = new Map<string, { policy: DigestPolicy; accounts: number }>();
  readonly #isPage: (connection: number) => boolean;

  /** `isPage`: whether a connection is a page's, which ends when its pass does. */
  constructor(isPage: (connection: number) => boolean) {
    this.#isPage = isPage;
  }

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
    const pass = this.#passes.get(name);
    const account = this.#byName.get(pass === undefined ? name : String(pass.station));
    if (account?.station.enabled !== true) return undefined;
    return pass === undefined ? account : { ...account, hashes: pass.hashes, byPass: true };
  }

  /** Another name and secret for a station, until it is taken away; good for pages alone. */
  setPass(user: string, station: number, ha1Md5: string, ha1Sha256: string): void {
    this.#passes.set(user, { station, hashes: { MD5: ha1Md5, 'SHA-256': ha1Sha256 } });
  }

  removePass(user: string): void {
    this.#passes.delete(user);
  }

  station(number: number): StackStation | undefined {
    return this.#byName.get(String(number))?.station;
  }

  list(): StackStation[] {
    return [...this.#byName.values()].map(({ station }) => station);
  }

  /** Why somebody who has proved who he is may not do this: another's name, or a line that can be listened to. */
  refusal(
    { station, byPass }: StationAccount,
    request: SipRequest,
    flow: Flow,
  ): { status: number; reason: string } | undefined {
    // What is registered elsewhere would outlive the pass.
    if (byPass === true && !this.#isPage(flow.connection)) return { status: 403, reason: 'Not A Page' };
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
