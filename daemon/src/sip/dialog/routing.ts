// How a request finds its way along a route set (RFC 3261 8.1.2 and 12.2.1.1).
import { formatUri, parseNameAddr, type SipUri } from '../message/index.js';

export interface Routing {
  readonly requestUri: string;
  /** values of Route */
  readonly routes: readonly string[];
  /** what is to be located */
  readonly nextHop: SipUri;
}

/** `routeSet`: values of Record-Route or Route in the order of the way. */
export function routingOf(routeSet: readonly string[], remoteTarget: SipUri): Routing {
  const target = asRequestUri(remoteTarget);
  const first = routeSet[0] === undefined ? undefined : parseNameAddr(routeSet[0])?.uri;
  if (first === undefined) return { requestUri: target, routes: [], nextHop: remoteTarget };
  if (first.params.has('lr')) return { requestUri: target, routes: routeSet, nextHop: first };
  // A strict router (RFC 2543) wants itself in the Request-URI, and the target last.
  return { requestUri: asRequestUri(first), routes: [...routeSet.slice(1), `<${target}>`], nextHop: first };
}

/** Without what a Request-URI may not have (RFC 3261 19.1.1): a Contact of the peer's can have it. */
function asRequestUri(uri: SipUri): string {
  if (uri.headers.size === 0 && !uri.params.has('method')) return formatUri(uri);
  const params = new Map(uri.params);
  params.delete('method');
  return formatUri({ ...uri, params, headers: new Map() });
}
