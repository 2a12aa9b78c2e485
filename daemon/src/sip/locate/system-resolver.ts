// The name servers of the machine, or those that are set, by way of Node's resolver (c-ares): nothing blocks, and nothing is
// read from /etc/hosts.
import { promises as dns } from 'node:dns';
import { noRecords } from './dns-cache.js';
import { locateLimits } from './limits.js';
import type { DnsAnswer, DnsKind, DnsRecords, DnsResolver } from './types.js';

export interface SystemResolverOptions {
  /** `192.0.2.1`, `192.0.2.1:5353`, `[2001:db8::1]:53`; left out: those of resolv.conf */
  servers?: readonly string[] | undefined;
  /** ms for the first try; c-ares doubles it for the next */
  timeoutMs?: number | undefined;
  tries?: number | undefined;
}

export class SystemResolver implements DnsResolver {
  readonly #resolver: dns.Resolver;

  /** Throws when `servers` holds something that is no address. */
  constructor(options: SystemResolverOptions = {}) {
    this.#resolver = new dns.Resolver({
      timeout: options.timeoutMs ?? locateLimits.queryTimeoutMs,
      tries: options.tries ?? locateLimits.queryTries,
    });
    if (options.servers !== undefined) this.#resolver.setServers(options.servers);
  }

  /** Rejects with Node's error when no server answers (ETIMEOUT, ESERVFAIL, EREFUSED, EBADRESP, ECANCELLED …). */
  async lookup<Kind extends DnsKind>(kind: Kind, name: string): Promise<DnsAnswer<Kind>> {
    try {
      return (await this.#lookup(kind, name)) as DnsAnswer<Kind>;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === dns.NOTFOUND || code === dns.NODATA) return noRecords();
      throw error;
    }
  }

  /** Questions under way reject. */
  close(): void {
    this.#resolver.cancel();
  }

  async #lookup(kind: DnsKind, name: string): Promise<DnsAnswer<DnsKind>> {
    switch (kind) {
      case 'a':
        return addresses(await this.#resolver.resolve4(name, { ttl: true }));
      case 'aaaa':
        return addresses(await this.#resolver.resolve6(name, { ttl: true }));
      case 'srv':
        return { records: await this.#resolver.resolveSrv(name), ttlS: undefined };
      case 'naptr':
        return { records: await this.#resolver.resolveNaptr(name), ttlS: undefined };
    }
  }
}

function addresses(found: { address: string; ttl: number }[]): DnsAnswer<'a' | 'aaaa'> {
  const records: DnsRecords['a'][] = found.map(({ address }) => address);
  return {
    records,
    ttlS: found.reduce<number | undefined>((least, { ttl }) => Math.min(least ?? ttl, ttl), undefined),
  };
}
