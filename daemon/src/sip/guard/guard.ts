// Who may talk to us, asked for every datagram before it is parsed. Anybody can write a telephone's address on a UDP datagram, so
// what arrives under an address slows that address down at most; a ban that shuts it out needs proof that the source really is there:
// a TCP connection, or an answer made with a nonce that we sent to it. Datagrams of a scanner ban their address without proof: then a
// message a second is still heard, so that a telephone there can show its secret and end the ban, and connections are taken. An address
// whose telephone did so lately, or which is a carrier's, is not banned for what it may not have sent.
import { TypedEmitter, silentLog, type Clock, type EventSource, type Log } from '../../platform/index.js';
import type { SipRequest } from '../message/index.js';
import { Networks, isAddress, sourceOf } from './address.js';
import { Bans, type ActiveBan, type Ban, type BanReason } from './bans.js';
import { GUARD_LIMITS, type GuardLimits } from './limits.js';
import { Rate } from './rate.js';
import { RecentMap } from './recent-map.js';

export interface GuardEvents {
  banned: Ban;
  /** by a person; a ban that is over makes no event */
  lifted: { source: string };
}

export interface GuardOptions {
  clock: Clock;
  /** networks (CIDR) that are never slowed down nor banned; undefined: this machine */
  trusted?: readonly string[] | undefined;
  /** whether the address is one that must be heard, whatever is sent in its name: a carrier's */
  exempt?: ((address: string) => boolean) | undefined;
  limits?: Partial<GuardLimits> | undefined;
  log?: Log | undefined;
}

export interface GuardCounters {
  /** messages thrown away because their source is banned */
  banned: number;
  /** because there were too many of them */
  limited: number;
  /** because a scanner sent them */
  scanners: number;
}

/** One source. Times are of the monotonic clock, ms. */
class Source {
  requestsFullAtMs = 0;
  malformedFullAtMs = 0;
  failuresFullAtMs = 0;
  suspectedFullAtMs = 0;
  /** it is a telephone's until then */
  knownUntilMs = -Infinity;
  /** hashes of names that it tried and has not shown the secret of, and since when */
  names: Set<number> | undefined;
  namesSinceMs = 0;
  ban: ActiveBan | undefined;

  constructor(readonly trusted: boolean) {}
}

const THIS_MACHINE = ['127.0.0.0/8', '::1'];

/** Programs that look for exchanges to abuse, by the names they give themselves. */
const SCANNERS =
  /friendly-scanner|friendly-request|sipvicious|sipcli|sip-scan|sipscan|sundayddr|sivus|iwar|vaxsipuseragent|vaxipuseragent|pplsip|smap|sip-bruteforce|sipptk/i;
const SCANNED_CHARS = 100;

export class Guard {
  readonly #limits: GuardLimits;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #trusted: Networks;
  readonly #requests: Rate;
  readonly #malformed: Rate;
  readonly #failures: Rate;
  readonly #suspected: Rate;
  readonly #suspicions: Rate;
  #suspicionsFullAtMs = 0;
  readonly #exempt: (address: string) => boolean;
  readonly #sources: RecentMap<Source>;
  readonly #bans: Bans;
  readonly #events: TypedEmitter<GuardEvents>;
  readonly counters: GuardCounters = { banned: 0, limited: 0, scanners: 0 };

  /** Throws a RangeError when one of `trusted` is no network. */
  constructor({ clock, trusted = THIS_MACHINE, exempt = () => false, limits, log = silentLog }: GuardOptions) {
    this.#limits = { ...GUARD_LIMITS, ...limits };
    this.#clock = clock;
    this.#log = log;
    this.#trusted = new Networks(trusted);
    this.#requests = new Rate(this.#limits.requests);
    this.#malformed = new Rate(this.#limits.malformed);
    this.#failures = new Rate(this.#limits.failures);
    this.#suspected = new Rate(this.#limits.suspected);
    this.#suspicions = new Rate(this.#limits.suspicions);
    this.#exempt = exempt;
    this.#sources = new RecentMap(this.#limits.sources);
    this.#bans = new Bans(this.#limits, clock);
    this.#events = new TypedEmitter(log);
  }

  get events(): EventSource<GuardEvents> {
    return this.#events;
  }

  /** sources that are remembered */
  get size(): number {
    return this.#sources.size;
  }

  /** Whether to read what came from this address: asked once for a datagram or a part of a stream. */
  admit(address: string): 'pass' | 'drop' {
    const key = sourceOf(address);
    const source = this.#source(key);
    if (source.trusted) return 'pass';
    const nowMs = this.#clock.monotonicMs();
    if (source.ban !== undefined && this.#isBanned(key, source, source.ban, nowMs) && !this.#spares(source, nowMs)) {
      source.ban.refused += 1;
      this.counters.banned += 1;
      return 'drop';
    }
    const fullAtMs = this.#requests.take(source.requestsFullAtMs, nowMs);
    if (fullAtMs === undefined) {
      this.counters.limited += 1;
      return 'drop';
    }
    source.requestsFullAtMs = fullAtMs;
    return 'pass';
  }

  /** Whether a connection may not be made, without counting it. Making one proves that the source is there. */
  isBanned(address: string): boolean {
    const key = sourceOf(address);
    const source = this.#source(key);
    return source.ban?.proven === true && this.#isBanned(key, source, source.ban, this.#clock.monotonicMs());
  }

  /**
   * A request outside of any dialog, before anything is done for it. `drop`: its sender is a scanner and gets no answer, which
   * would tell it that somebody is here. `proven`: it came by a connection.
   */
  inspect(request: SipRequest, address: string, proven: boolean): 'pass' | 'drop' {
    const agent = request.headers.get('User-Agent') ?? request.headers.get('Server');
    if (agent === undefined || !this.isScanner(agent)) return 'pass';
    this.counters.scanners += 1;
    if (proven) this.#convict(address, 'scanner');
    else this.#suspect(address, 'scanner');
    return 'drop';
  }

  /** By the name that it gives itself in User-Agent or Server. */
  isScanner(agent: string): boolean {
    return SCANNERS.test(agent.slice(0, SCANNED_CHARS));
  }

  /** Bytes that are no message, or a method that nobody knows. `silent`: no answer, there have been too many. */
  malformed(address: string, proven: boolean): 'answer' | 'silent' {
    const source = this.#source(sourceOf(address));
    const fullAtMs = this.#malformed.take(source.malformedFullAtMs, this.#clock.monotonicMs());
    if (fullAtMs !== undefined) {
      source.malformedFullAtMs = fullAtMs;
      return 'answer';
    }
    if (proven) this.#convict(address, 'malformed');
    return source.trusted ? 'answer' : 'silent';
  }

  /** A request was challenged that had no credentials, under this name. Of a source that is not proven it says nothing. */
  challenged(address: string, name: string, proven: boolean): void {
    if (proven) this.#tried(address, name);
  }

  /** Credentials were wrong. `proven`: they were made with our nonce for this source, or came by a connection. */
  failed(address: string, name: string, proven: boolean): void {
    if (!proven) return;
    this.#tried(address, name);
    const source = this.#source(sourceOf(address));
    const fullAtMs = this.#failures.take(source.failuresFullAtMs, this.#clock.monotonicMs());
    if (fullAtMs === undefined) this.#convict(address, 'failures');
    else source.failuresFullAtMs = fullAtMs;
  }

  /** Credentials were right: the source is a telephone's, or a site of many with one that has a wrong password. */
  succeeded(address: string, name: string): void {
    const source = this.#source(sourceOf(address));
    source.failuresFullAtMs = this.#failures.giveBack(source.failuresFullAtMs);
    source.names?.delete(hashOf(name));
    this.#know(source);
    if (source.ban?.proven === false) this.lift(address);
  }

  /** A telephone was registered there when we began: it counts as if it had just shown its secret. */
  known(address: string): void {
    this.#know(this.#source(sourceOf(address)));
  }

  /**
   * A person bans an address or a source as `bans` shows it, for `forMs`. undefined: it is trusted or no address. Also brings back
   * bans that were kept over a restart.
   */
  ban(address: string, reason: BanReason, forMs: number): Ban | undefined {
    if (!isAddress(address.replace(/\/64$/, ''))) return undefined;
    // Whether a scanner had been there in person is not kept.
    return this.#ban(address, reason, forMs, reason !== 'scanner');
  }

  /** False: it was not banned. The source begins anew in every respect. */
  lift(address: string): boolean {
    const key = sourceOf(address);
    const { knownUntilMs } = this.#source(key);
    const lifted = this.#bans.lift(key);
    this.#sources.delete(key);
    this.#source(key).knownUntilMs = knownUntilMs;
    if (lifted) this.#events.emit('lifted', { source: key });
    return lifted;
  }

  /** Bans that are in force. */
  bans(): Ban[] {
    return this.#bans.list();
  }

  #source(key: string): Source {
    const known = this.#sources.get(key);
    if (known !== undefined) return known;
    const source = new Source(this.#trusted.hasSource(key));
    source.ban = this.#bans.get(key);
    this.#sources.set(key, source);
    return source;
  }

  #isBanned(key: string, source: Source, ban: ActiveBan, nowMs: number): boolean {
    if (nowMs < ban.endsMonotonicMs) return true;
    this.#bans.remove(key);
    source.ban = undefined;
    return false;
  }

  #know(source: Source): void {
    source.knownUntilMs = this.#clock.monotonicMs() + this.#limits.knownMs;
  }

  /** Of a source that may be another's than who got it banned, a little is heard all the same. */
  #spares(source: Source, nowMs: number): boolean {
    if (source.ban?.proven !== false) return false;
    const fullAtMs = this.#suspected.take(source.suspectedFullAtMs, nowMs);
    if (fullAtMs !== undefined) source.suspectedFullAtMs = fullAtMs;
    return fullAtMs !== undefined;
  }

  /** Bans for what came under an address, sent by whomever. */
  #suspect(address: string, reason: BanReason): void {
    const key = sourceOf(address);
    const source = this.#source(key);
    const nowMs = this.#clock.monotonicMs();
    if (source.ban !== undefined && this.#isBanned(key, source, source.ban, nowMs)) return;
    if (source.trusted || nowMs < source.knownUntilMs || this.#exempt(address)) return;
    const fullAtMs = this.#suspicions.take(this.#suspicionsFullAtMs, nowMs);
    if (fullAtMs === undefined) return;
    this.#suspicionsFullAtMs = fullAtMs;
    this.#ban(address, reason, undefined, false);
  }

  #tried(address: string, name: string): void {
    const source = this.#source(sourceOf(address));
    const nowMs = this.#clock.monotonicMs();
    if (source.names === undefined || nowMs - source.namesSinceMs > this.#limits.namesMs) {
      source.names = new Set();
      source.namesSinceMs = nowMs;
    }
    source.names.add(hashOf(name));
    if (source.names.size > this.#limits.names) this.#convict(address, 'names');
  }

  /** Bans for what a source has done; the counts that led to it begin anew. */
  #convict(address: string, reason: BanReason): void {
    const source = this.#source(sourceOf(address));
    source.names = undefined;
    source.failuresFullAtMs = 0;
    source.malformedFullAtMs = 0;
    this.#ban(address, reason);
  }

  #ban(address: string, reason: BanReason, forMs?: number, proven = true): Ban | undefined {
    const key = sourceOf(address);
    const source = this.#source(key);
    if (source.trusted) return undefined;
    source.ban = this.#bans.add(key, reason, forMs, proven);
    const ban = this.#bans.show(key, source.ban);
    this.#log.warn({ source: key, reason, untilMs: ban.untilMs, count: ban.count }, 'SIP source banned');
    this.#events.emit('banned', ban);
    return ban;
  }
}

/** FNV-1a: names are only told apart, and one that collides counts once. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  const length = Math.min(name.length, 64);
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash | 0;
}
