// Where a request in a dialog goes (RFC 3261 12.2.1.1): where its route set or remote target says, but for peers who are only
// reached the way they were last heard: by a connection of theirs, or through a NAT that their Contact knows nothing of.
import { addressFamily, type Locator, type Target } from '../locate/index.js';
import type { SipUri } from '../message/index.js';
import type { Flow } from '../transport/index.js';

/** Rejects with a LocateError when there is no place. */
export async function inDialogTargets(
  uri: SipUri,
  flow: Flow | undefined,
  locator: Locator,
): Promise<readonly Target[]> {
  if (flow === undefined) return locator.locate(uri);
  const back: Target = {
    transport: flow.transport,
    remote: flow.remote,
    connection: flow.connection,
    local: flow.local,
  };
  if (flow.connection !== 0) {
    // When it has gone, the peer may take a new connection, unless it is a browser.
    if (flow.transport === 'ws' || flow.transport === 'wss') return [back];
    return [back, ...(await locator.locate(uri).catch(() => []))];
  }
  const literal = addressFamily(uri.host) !== 0;
  if (literal && uri.host !== flow.remote.host && isPrivate(uri.host)) return [back];
  return locator.locate(uri);
}

/** RFC 1918, RFC 6598, RFC 4193, link-local: no address outside of its own network. */
export function isPrivate(address: string): boolean {
  if (addressFamily(address) === 6) return /^(f[cd]|fe[89ab])/i.test(address);
  const [a = 0, b = 0] = address.split('.').map(Number);
  return (
    a === 10 ||
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && b === 168) ||
    (a === 100 && b >= 64 && b <= 127) ||
    (a === 169 && b === 254)
  );
}
