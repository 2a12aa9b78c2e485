// From a URI to the places its request can be sent to (RFC 3263 clause 4), in the order to try them.
//
//     numeric host ─────────────────────────────────────────────► target
//     host:port    ───────────────────────────────► A, AAAA ────► targets
//     ;transport=  ─────────────► SRV ── none ────► A, AAAA
//     otherwise    ──► NAPTR ───► SRV of each transport ── none ─► A, AAAA
import type { Clock } from '../../platform/index.js';
import type { SipUri } from '../message/index.js';
import { addressFamily, canonicalAddress, defaultPort, isHostName, isUnicastAddress, targetKey } from './addresses.js';
import { DnsCache } from './dns-cache.js';
import { LocateError } from './locate-error.js';
import { locateLimits, type LocateLimits } from './limits.js';
import { srvOrder } from './srv-order.js';
import type {
  DnsKind,
  DnsRecords,
  DnsResolver,
  LocateOptions,
  NaptrRecord,
  OutgoingTransport,
  Target,
} from './types.js';

export interface LocatorOptions {
  resolver: DnsResolver;
  clock: Clock;
  /** 0 <= x < 1, spreads load over SRV records of one priority */
  random?: (() => number) | undefined;
  limits?: Partial<LocateLimits> | undefined;
}

/** One locate under way. */
interface Search {
  readonly transports: readonly OutgoingTransport[];
  readonly families: readonly (4 | 6)[];
  readonly secure: boolean;
  /** in lower case, without a dot at the end */
  readonly host: string;
  readonly serverName: string | undefined;
  readonly allowed: ((host: string) => boolean) | undefined;
  readonly untilMs: number;
  /** a name server did not answer: an empty result is not the last word */
  unanswered: LocateError | undefined;
}

/** What SRV records say of a name. */
interface Offered {
  /** there are records: addresses of the name itself do not count */
  any: boolean;
  targets: Target[];
}

const SERVICES: ReadonlyMap<string, OutgoingTransport> = new Map([
  ['SIP+D2U', 'udp'],
  ['SIP+D2T', 'tcp'],
  ['SIPS+D2T', 'tls'],
]);
const SRV_PREFIX: Record<OutgoingTransport, string> = { udp: '_sip._udp.', tcp: '_sip._tcp.', tls: '_sips._tcp.' };
/** Of the time left, what a question may take: some name servers drop NAPTR unanswered, and the others must still be asked. */
const SHARE: Record<DnsKind, number> = { naptr: 0.4, srv: 0.6, a: 1, aaaa: 1 };
const NOTHING: Offered = { any: false, targets: [] };

export class Locator {
  readonly #cache: DnsCache;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #limits: LocateLimits;

  constructor(options: LocatorOptions) {
    this.#clock = options.clock;
    this.#random = options.random ?? Math.random;
    this.#limits = { ...locateLimits, ...options.limits };
    this.#cache = new DnsCache(options);
  }

  get cache(): DnsCache {
    return this.#cache;
  }

  /**
   * The targets of a request to `uri` (of the topmost Route, or the request URI), at most 16, best first; never none. Rejects
   * with a LocateError. A numeric host costs no question; names cost at most `deadlineMs` (5 s).
   */
  async locate(uri: SipUri, options: LocateOptions = {}): Promise<Target[]> {
    const search = this.#search(uri, options);
    const asked = askedTransport(uri, search.secure);
    if (asked !== undefined && !search.transports.includes(asked)) throw unsupported(asked);
    const transport = asked ?? usual(search);

    if (addressFamily(search.host) !== 0) {
      const targets = this.#targets(search, transport, uri.port ?? defaultPort(transport), [search.host]);
      if (targets.length === 0) throw nowhere(search);
      return targets;
    }
    if (!isHostName(search.host)) throw new LocateError('bad_name', 'the host is no name that may be looked up');

    const offered = await this.#offered(search, uri, asked);
    const targets = offered.any
      ? offered.targets
      : await this.#ofHost(search, transport, search.host, uri.port ?? defaultPort(transport));
    const found = distinct(targets, this.#limits.targets);
    if (found.length === 0) throw search.unanswered ?? nowhere(search);
    return found;
  }

  #search(uri: SipUri, options: LocateOptions): Search {
    const secure = uri.scheme === 'sips';
    if (!secure && uri.scheme !== 'sip') throw new LocateError('unsupported_scheme', `${uri.scheme} is not looked up`);
    const transports = options.transports ?? ['udp', 'tcp', 'tls'];
    const named = addressFamily(uri.host) === 0;
    return {
      transports: secure ? transports.filter((one) => one === 'tls') : transports,
      families: options.families ?? [6, 4],
      secure,
      host: canonicalAddress(bare(uri.params.get('maddr') ?? uri.host)),
      // The name in the URI, whatever DNS makes of it: who answers for another name has not proved anything (RFC 5922 clause 4).
      serverName: named ? bare(uri.host) : undefined,
      allowed: options.allowed,
      untilMs: this.#clock.monotonicMs() + (options.deadlineMs ?? this.#limits.deadlineMs),
      unanswered: undefined,
    };
  }

  async #offered(search: Search, uri: SipUri, asked: OutgoingTransport | undefined): Promise<Offered> {
    if (uri.port !== undefined) return NOTHING;
    if (asked !== undefined) return this.#srv(search, asked, SRV_PREFIX[asked] + search.host);
    const rules = this.#rules(search, await this.#ask(search, 'naptr', search.host));
    const services: [OutgoingTransport, string][] =
      rules.length > 0 ? rules : search.transports.map((transport) => [transport, SRV_PREFIX[transport] + search.host]);
    const all = await Promise.all(services.map(([transport, name]) => this.#srv(search, transport, name)));
    return { any: all.some((one) => one.any), targets: all.flatMap((one) => one.targets) };
  }

  /** The rules we can follow: those of the lowest order that has one, most preferred first (RFC 3263 4.1, RFC 3403 4.1). */
  #rules(search: Search, records: readonly NaptrRecord[]): [OutgoingTransport, string][] {
    const usable = records.flatMap((record) => {
      const transport = SERVICES.get(record.service.toUpperCase());
      if (transport === undefined || !search.transports.includes(transport)) return [];
      const name = bare(record.replacement);
      return record.flags.toLowerCase() === 's' && isHostName(name) ? [{ record, transport, name }] : [];
    });
    const order = Math.min(...usable.map(({ record }) => record.order));
    return usable
      .filter(({ record }) => record.order === order)
      .sort((a, b) => a.record.preference - b.record.preference)
      .slice(0, this.#limits.naptrRules)
      .map(({ transport, name }) => [transport, name]);
  }

  async #srv(search: Search, transport: OutgoingTransport, name: string): Promise<Offered> {
    const records = await this.#ask(search, 'srv', name);
    const hosts = srvOrder(
      records.filter((record) => record.port > 0 && isHostName(record.name)),
      this.#random,
    ).slice(0, this.#limits.srvHosts);
    const targets = await Promise.all(hosts.map((host) => this.#ofHost(search, transport, bare(host.name), host.port)));
    return { any: records.length > 0, targets: targets.flat() };
  }

  /** Both families of a host before the next host (RFC 7984 clause 3.1). */
  async #ofHost(search: Search, transport: OutgoingTransport, host: string, port: number): Promise<Target[]> {
    const found = await Promise.all(
      search.families.map((family) => this.#ask(search, family === 6 ? 'aaaa' : 'a', host)),
    );
    const hosts = found.flatMap((addresses) => addresses.slice(0, this.#limits.addressesOfHost));
    return this.#targets(search, transport, port, hosts);
  }

  #targets(search: Search, transport: OutgoingTransport, port: number, hosts: readonly string[]): Target[] {
    return hosts
      .map(canonicalAddress)
      .filter((host) => isUnicastAddress(host) && search.allowed?.(host) !== false)
      .map((host) => ({
        transport,
        remote: { host, port },
        serverName: transport === 'tls' ? search.serverName : undefined,
      }));
  }

  /** No answer, in time or at all, counts as no records: what else is known may do. */
  async #ask<Kind extends DnsKind>(search: Search, kind: Kind, name: string): Promise<readonly DnsRecords[Kind][]> {
    const leftMs = Math.max(0, search.untilMs - this.#clock.monotonicMs());
    const limit = new AbortController();
    const late = this.#clock.sleep(leftMs * SHARE[kind], limit.signal).then(() => {
      throw new LocateError('no_answer', `no name server answered for ${name} (${kind}) in time`);
    });
    try {
      return await Promise.race([this.#cache.lookup(kind, name), late]);
    } catch (error) {
      if (!(error instanceof LocateError)) throw error;
      search.unanswered ??= error;
      return [];
    } finally {
      late.catch(() => undefined);
      limit.abort();
    }
  }
}

/** RFC 3261 clause 19.1.1 and 26.2.2: over sips everything is TLS. */
function askedTransport(uri: SipUri, secure: boolean): OutgoingTransport | undefined {
  const asked = uri.params.get('transport')?.toLowerCase();
  switch (asked) {
    case undefined:
      return undefined;
    case 'udp':
      if (secure) throw unsupported('udp over sips');
      return 'udp';
    case 'tcp':
      return secure ? 'tls' : 'tcp';
    case 'tls':
      return 'tls';
    default:
      throw unsupported(asked);
  }
}

/** What a request goes by when neither URI nor DNS says: UDP, and TLS for sips (RFC 3263 clause 4.1). */
function usual(search: Search): OutgoingTransport {
  const wanted = search.secure ? 'tls' : 'udp';
  const transport = search.transports.includes(wanted) ? wanted : search.transports[0];
  if (transport === undefined) throw unsupported(wanted);
  return transport;
}

function unsupported(transport: string): LocateError {
  return new LocateError(
    'unsupported_transport',
    `transport ${JSON.stringify(transport.slice(0, 32))} is not to be had`,
  );
}

function nowhere(search: Search): LocateError {
  return new LocateError('no_such_name', `${search.host} has no address that can be sent to`);
}

function bare(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

function distinct(targets: readonly Target[], limit: number): Target[] {
  const found = new Map<string, Target>();
  for (const target of targets) {
    const key = targetKey(target);
    if (!found.has(key)) found.set(key, target);
    if (found.size >= limit) break;
  }
  return [...found.values()];
}
