// Answers of name servers, remembered. A name is asked for once however many wait for it; an answer past its time is still
// given while a new one is fetched (RFC 8767), so that a call waits for DNS only when a name is new.
import type { Clock } from '../../platform/index.js';
import { LocateError } from './locate-error.js';
import { locateLimits, type LocateLimits } from './limits.js';
import type { DnsAnswer, DnsKind, DnsRecords, DnsResolver } from './types.js';

type AnyRecords = readonly DnsRecords[DnsKind][];

interface Entry {
  records: AnyRecords;
  /** the name servers did not answer; thrown again while fresh */
  error: LocateError | undefined;
  freshUntilMs: number;
  staleUntilMs: number;
}

export interface DnsCacheOptions {
  resolver: DnsResolver;
  clock: Clock;
  limits?: Partial<LocateLimits> | undefined;
}

export class DnsCache {
  readonly #resolver: DnsResolver;
  readonly #clock: Clock;
  readonly #limits: LocateLimits;
  /** the one not used for longest first */
  readonly #entries = new Map<string, Entry>();
  readonly #underWay = new Map<string, Promise<AnyRecords>>();
  readonly counts = { hits: 0, stale: 0, questions: 0, failures: 0, refused: 0 };

  constructor(options: DnsCacheOptions) {
    this.#resolver = options.resolver;
    this.#clock = options.clock;
    this.#limits = { ...locateLimits, ...options.limits };
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * The records, none when there is no such name. Rejects with a LocateError: `no_answer` when the name servers gave none,
   * `busy` when too many questions are under way.
   */
  lookup<Kind extends DnsKind>(kind: Kind, name: string): Promise<readonly DnsRecords[Kind][]> {
    const key = `${kind} ${name}`;
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      const nowMs = this.#clock.monotonicMs();
      if (nowMs < entry.freshUntilMs) {
        this.counts.hits += 1;
        if (entry.error !== undefined) return Promise.reject(entry.error);
        return Promise.resolve(entry.records as readonly DnsRecords[Kind][]);
      }
      if (nowMs < entry.staleUntilMs) {
        this.counts.stale += 1;
        // Whether the refresh works shows in the entry; nobody waits for it.
        this.#ask(kind, name, key).catch(() => undefined);
        return Promise.resolve(entry.records as readonly DnsRecords[Kind][]);
      }
    }
    return this.#ask(kind, name, key) as Promise<readonly DnsRecords[Kind][]>;
  }

  /** Forgets what it knows, such as when the name servers were changed. */
  clear(): void {
    this.#entries.clear();
  }

  #ask(kind: DnsKind, name: string, key: string): Promise<AnyRecords> {
    const waiting = this.#underWay.get(key);
    if (waiting !== undefined) return waiting;
    if (this.#underWay.size >= this.#limits.lookupsAtOnce) {
      this.counts.refused += 1;
      return Promise.reject(new LocateError('busy', 'too many names are being looked up'));
    }
    this.counts.questions += 1;
    const answer = this.#answer(kind, name, key).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, answer);
    return answer;
  }

  async #answer(kind: DnsKind, name: string, key: string): Promise<AnyRecords> {
    try {
      const { records, ttlS } = await this.#inTime(this.#resolver.lookup(kind, name));
      const kept = records.slice(0, this.#limits.recordsOfAnswer);
      this.#store(key, kept, undefined, this.#ttlS(kept.length, ttlS), this.#limits.staleS);
      return kept;
    } catch (cause) {
      this.counts.failures += 1;
      const error = new LocateError('no_answer', `no name server answered for ${name} (${kind})`, { cause });
      const before = this.#entries.get(key);
      const nowMs = this.#clock.monotonicMs();
      if (before?.error === undefined && before !== undefined && nowMs < before.staleUntilMs) {
        before.freshUntilMs = Math.min(nowMs + this.#limits.ttlFailedS * 1000, before.staleUntilMs);
        return before.records;
      }
      this.#store(key, [], error, this.#limits.ttlFailedS, 0);
      throw error;
    }
  }

  #ttlS(records: number, ttlS: number | undefined): number {
    const { ttlMinS, ttlMaxS, ttlNegativeS, ttlUnknownS } = this.#limits;
    if (records === 0) return ttlNegativeS;
    return Math.min(Math.max(ttlS ?? ttlUnknownS, ttlMinS), ttlMaxS);
  }

  #store(key: string, records: AnyRecords, error: LocateError | undefined, ttlS: number, staleS: number): void {
    const freshUntilMs = this.#clock.monotonicMs() + ttlS * 1000;
    // That a name does not exist is not worth believing longer: it may have been entered since.
    const staleUntilMs = freshUntilMs + (records.length > 0 ? staleS * 1000 : 0);
    this.#entries.delete(key);
    this.#entries.set(key, { records, error, freshUntilMs, staleUntilMs });
    if (this.#entries.size <= this.#limits.cacheEntries) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      break;
    }
  }

  #inTime<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const timer = this.#clock.after(this.#limits.lookupTimeoutMs, () => reject(new Error('time-out')));
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}

/** For implementations of DnsResolver that have nothing to say. */
export function noRecords<Kind extends DnsKind>(): DnsAnswer<Kind> {
  return { records: [], ttlS: undefined };
}
