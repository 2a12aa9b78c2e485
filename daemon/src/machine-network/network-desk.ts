// The network for people. The box has no right to change it: it leaves a request in its home, and whoever has the right
// (cordboard-network.path of systemd) answers by doing it; how it goes is read from where only root may write.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../config/index.js';
import type { NetworkApplied, NetworkAsked, NetworkPut, NetworkState } from '../contract/index.js';
import { AppError, type Clock } from '../platform/index.js';
import { networkTold } from './apply.js';
import { findPorts, networkInForce, type Addresses } from './found.js';

/** In the home of the box. */
export const REQUEST = 'network-request';
/** What somebody says to other addresses that are on probation: keep or back. */
export const ANSWER = 'network-answer';

export interface NetworkDeskOptions {
  home: string;
  /** where /etc, /sys and /run begin */
  root: string;
  clock: Clock;
  /** Does this box own its network? */
  owned: () => boolean;
  /** null: nobody knows */
  clockFollows: () => boolean | null;
  addresses?: Addresses | undefined;
}

export class NetworkDesk {
  readonly #options: NetworkDeskOptions;
  #code = '';

  constructor(options: NetworkDeskOptions) {
    this.#options = options;
  }

  state(): NetworkState {
    const { root, owned, addresses, clock, clockFollows } = this.#options;
    const found = findPorts(root, addresses);
    return {
      possible: owned(),
      settings: networkInForce(root, found),
      found,
      clock: { now: clock.wallMs(), follows: clockFollows() },
      applied: this.#applied(),
    };
  }

  /** network_not_here, network_busy */
  ask(wanted: NetworkPut): NetworkAsked {
    if (!this.#options.owned()) throw new AppError('network_not_here');
    const now = this.#applied()?.state;
    if (now === 'waiting' || now === 'running' || now === 'unconfirmed') throw new AppError('network_busy');
    rmSync(this.#answer, { force: true });
    this.#code = randomBytes(16).toString('hex');
    writeWhole(this.#request, JSON.stringify(wanted));
    return { applied: this.#applied() ?? this.#waiting(), code: this.#code };
  }

  /** network_nothing_to_confirm */
  keep(): void {
    this.#mustWait();
    writeWhole(this.#answer, 'keep');
  }

  /** For who has the code and nothing else. network_code_wrong, network_nothing_to_confirm */
  keepByCode(code: string): void {
    this.#mustWait();
    const [given, own] = [Buffer.from(code), Buffer.from(this.#code)];
    if (own.length === 0 || given.length !== own.length || !timingSafeEqual(given, own))
      throw new AppError('network_code_wrong');
    writeWhole(this.#answer, 'keep');
    // once
    this.#code = '';
  }

  /** What nobody has begun is forgotten; what is on probation goes. network_nothing_to_confirm */
  back(): void {
    if (existsSync(this.#request)) {
      rmSync(this.#request);
      return;
    }
    this.#mustWait();
    writeWhole(this.#answer, 'back');
  }

  #mustWait(): void {
    if (this.#applied()?.state !== 'unconfirmed') throw new AppError('network_nothing_to_confirm');
  }

  get #request(): string {
    return join(this.#options.home, REQUEST);
  }

  get #answer(): string {
    return join(this.#options.home, ANSWER);
  }

  #applied(): NetworkApplied | null {
    return existsSync(this.#request) ? this.#waiting() : networkTold(this.#options.root);
  }

  #waiting(): NetworkApplied {
    const since = statSync(this.#request, { throwIfNoEntry: false })?.mtimeMs ?? this.#options.clock.wallMs();
    return { state: 'waiting', at: Math.round(since), until: null, detail: '' };
  }
}
