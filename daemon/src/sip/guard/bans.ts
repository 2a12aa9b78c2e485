// Who is not listened to, why and how long. A ban that comes again is longer.
import type { Clock } from '../../platform/index.js';
import type { GuardLimits } from './limits.js';
import { RecentMap } from './recent-map.js';

export type BanReason = 'failures' | 'names' | 'malformed' | 'scanner' | (string & {});

/** A ban as it is shown. */
export interface Ban {
  /** an IPv4 address, or an IPv6 network `a:b:c:d::/64` */
  source: string;
  reason: BanReason;
  /** wall clock, ms */
  sinceMs: number;
  untilMs: number;
  /** how many bans it has had, this one included */
  count: number;
  /** messages that were thrown away because of it */
  refused: number;
}

/** What is kept of a ban; its end on the clock that nobody sets. */
export interface ActiveBan {
  readonly reason: BanReason;
  readonly sinceMs: number;
  /** lies in the past as soon as it is lifted or makes room */
  endsMonotonicMs: number;
  readonly count: number;
  /** the source is really there; else it may be somebody's who has nothing to do with it */
  readonly proven: boolean;
  refused: number;
}

interface Strikes {
  count: number;
  /** monotonic, ms: end of the last ban */
  lastMs: number;
}

export class Bans {
  readonly #limits: GuardLimits;
  readonly #clock: Clock;
  readonly #active = new Map<string, ActiveBan>();
  readonly #strikes: RecentMap<Strikes>;

  constructor(limits: GuardLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#strikes = new RecentMap(limits.bans);
  }

  get(source: string): ActiveBan | undefined {
    return this.#active.get(source);
  }

  /** Bans anew: for `forMs`, or longer each time. */
  add(source: string, reason: BanReason, forMs?: number, proven = true): ActiveBan {
    const { wallMs, monotonicMs } = this.#clock.moment();
    const count = this.#strike(source, monotonicMs);
    const lengthMs = forMs ?? this.#lengthMs(count);
    const before = this.#active.get(source);
    const sinceMs = before?.sinceMs ?? wallMs;
    const endsMonotonicMs = monotonicMs + lengthMs;
    const refused = before?.refused ?? 0;
    const ban: ActiveBan = { reason, sinceMs, endsMonotonicMs, count, proven, refused };
    this.#strikes.set(source, { count, lastMs: endsMonotonicMs });
    this.remove(source);
    if (this.#active.size >= this.#limits.bans) this.#makeRoom();
    this.#active.set(source, ban);
    return ban;
  }

  /** False: there was none. The next one is a first one. */
  lift(source: string): boolean {
    this.#strikes.delete(source);
    return this.remove(source);
  }

  remove(source: string): boolean {
    const ban = this.#active.get(source);
    if (ban !== undefined) ban.endsMonotonicMs = -Infinity;
    return this.#active.delete(source);
  }

  show(source: string, ban: ActiveBan): Ban {
    const { wallMs, monotonicMs } = this.#clock.moment();
    const { reason, sinceMs, endsMonotonicMs, count, refused } = ban;
    return { source, reason, sinceMs, untilMs: Math.round(wallMs + endsMonotonicMs - monotonicMs), count, refused };
  }

  list(): Ban[] {
    this.#dropExpired();
    return [...this.#active].map(([source, ban]) => this.show(source, ban));
  }

  #strike(source: string, nowMs: number): number {
    const strikes = this.#strikes.get(source);
    return strikes === undefined || nowMs - strikes.lastMs > this.#limits.forgetMs ? 1 : strikes.count + 1;
  }

  #lengthMs(count: number): number {
    const { banMs, banGrowth, longestBanMs } = this.#limits;
    return Math.min(longestBanMs, banMs * banGrowth ** (count - 1));
  }

  #dropExpired(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [source, { endsMonotonicMs }] of this.#active) if (endsMonotonicMs <= nowMs) this.#active.delete(source);
  }

  /** There are too many: those that are over go, or else the one that ends first. */
  #makeRoom(): void {
    this.#dropExpired();
    if (this.#active.size < this.#limits.bans) return;
    let first: string | undefined;
    let firstMs = Infinity;
    for (const [source, { endsMonotonicMs }] of this.#active) {
      if (endsMonotonicMs >= firstMs) continue;
      first = source;
      firstMs = endsMonotonicMs;
    }
    if (first !== undefined) this.remove(first);
  }
}
