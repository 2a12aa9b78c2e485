// Where a request for an address of record goes (RFC 3261 16.5 and 16.6, RFC 3327 5.3, RFC 5626 5.3 and 7).
import type { SipUri } from '../message/index.js';
import type { Target } from '../transport/index.js';
import type { Binding } from './binding.js';

export interface BindingTarget {
  binding: Binding;
  /** the contact, without what may not stand in a request URI (RFC 3261 19.1.1) */
  requestUri: SipUri;
  /** values of Route */
  routes: readonly string[];
  /**
   * Where to send it; undefined: where the first route leads (RFC 3263). Without a proxy in between it is where the REGISTER came
   * from and not what the contact says, which gets through a NAT, and leads nobody's calls to a host that he cannot speak for.
   */
  target: Target | undefined;
  /** other flows to the same telephone, to be tried when this one fails; never at the same time (RFC 5626 5.3) */
  fallbacks: readonly BindingTarget[];
}

export function targetOf(binding: Binding): Target | undefined {
  const { transport, received, connection, path, contact } = binding;
  if (path.length > 0) return undefined;
  if (transport === 'udp') return { transport, remote: received };
  if (connection !== undefined) return { transport, remote: received, connection };
  // The port that it came from is not the one that it listens on.
  return { transport, remote: { host: received.host, port: contact.port ?? 5060 }, reconnect: true };
}

/** The highest q first, and of equals the one heard of last. */
export function targetsOf(bindings: readonly Binding[]): BindingTarget[] {
  const ordered = [...bindings].sort((a, b) => b.q - a.q || b.refreshedMs - a.refreshedMs);
  const targets: BindingTarget[] = [];
  const flows = new Map<string, BindingTarget[]>();
  for (const binding of ordered) {
    const requestUri = requestUriOf(binding.contact);
    const fallbacks: BindingTarget[] = [];
    const target = { binding, requestUri, routes: binding.path, target: targetOf(binding), fallbacks };
    const others = binding.regId === undefined ? undefined : flows.get(binding.instance ?? '');
    if (others !== undefined) {
      others.push(target);
      continue;
    }
    if (binding.regId !== undefined) flows.set(binding.instance ?? '', fallbacks);
    targets.push(target);
  }
  return targets;
}

function requestUriOf(contact: SipUri): SipUri {
  if (contact.headers.size === 0 && !contact.params.has('method')) return contact;
  const params = new Map(contact.params);
  params.delete('method');
  return { ...contact, params, headers: new Map() };
}
