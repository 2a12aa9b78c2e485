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
  const first = routeSet[0] === undefined ? undefined : parseNameAddr(routeSet[0])?.uri;
  if (first === undefined) return { requestUri: formatUri(remoteTarget), routes: [], nextHop: remoteTarget };
  if (first.params.has('lr')) return { requestUri: formatUri(remoteTarget), routes: routeSet, nextHop: first };
  // A strict router (RFC 2543) wants itself in the Request-URI, and the target last.
  const params = new Map(first.params);
  params.delete('method');
  const requestUri = formatUri({ ...first, params, headers: new Map() });
  return { requestUri, routes: [...routeSet.slice(1), `<${formatUri(remoteTarget)}>`], nextHop: first };
}
