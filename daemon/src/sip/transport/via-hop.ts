// The topmost Via: where a request came from, where its answer goes (RFC 3261 clause 18, RFC 3581), and what we write into our own.
import { canonicalAddress, defaultPort } from '../locate/index.js';
import { MAX_PARAMS, formatVia, parseVia, type SipRequest, type Via } from '../message/index.js';
import { TransportError } from './transport-error.js';
import type { Flow, SocketAddress, Target, TransportName } from './types.js';

/**
 * Writes where a request really came from into its topmost Via: `received` when sent-by is a name or another address, or rport
 * asks (RFC 3261 18.2.1, RFC 3581 clause 4). What the peer wrote there itself is written over.
 */
export function stampReceived(request: SipRequest, flow: Flow): void {
  const top = request.vias[0];
  if (top === undefined || !needsStamp(top, flow)) return;
  const first = request.headers.list('Via')[0];
  const via = first === undefined ? undefined : parseVia(first);
  if (via === undefined) return;
  stamp(via, flow);
  replaceTop(request, via);
}

/** The same for a Via alone, which is changed. false: nothing had to be written. */
export function stampVia(via: Via, flow: Flow): boolean {
  if (!needsStamp(via, flow)) return false;
  stamp(via, flow);
  return true;
}

function needsStamp({ host, params }: Via, { remote }: Flow): boolean {
  if (!params.has('rport') && !params.has('received') && canonicalAddress(host) === withoutZone(remote.host)) {
    return false;
  }
  // A Via with as many parameters as may be could not be read again; the answer goes back by its flow all the same.
  return params.size < MAX_PARAMS || params.has('received');
}

function stamp({ params }: Via, { remote }: Flow): void {
  params.set('received', withoutZone(remote.host));
  if (params.has('rport')) params.set('rport', String(remote.port));
}

/**
 * Where the answers to a request go (RFC 3261 18.2.2, RFC 3581 clause 4): over its connection; when that has gone, to a new one
 * to the port of sent-by, but never to a WebSocket client, which nobody can connect to (RFC 7118 clause 5). Over UDP to the
 * port it came from when rport asks for it, else to that of sent-by, from the socket that it came to.
 *
 * The host is always the one it came from, which is what `received` says. A name in sent-by is never looked up, and maddr is
 * not followed: both would let anybody have our answers sent to somebody else.
 */
export function responseTarget(request: Pick<SipRequest, 'vias'>, flow: Flow): Target {
  const { transport, remote, connection, local, peerName } = flow;
  const via = request.vias[0];
  const port = via?.port ?? defaultPort(transport);
  switch (transport) {
    case 'udp':
      return {
        transport,
        remote: via === undefined || via.params.has('rport') ? remote : { host: remote.host, port },
        local,
      };
    case 'ws':
    case 'wss':
      return { transport, remote, connection };
    case 'tcp':
      return { transport, remote: { host: remote.host, port }, connection, reconnect: true };
    case 'tls':
      return {
        transport,
        remote: { host: remote.host, port },
        connection,
        reconnect: true,
        serverName: peerName ?? via?.host,
      };
  }
}

/**
 * Writes transport and sent-by into the topmost Via of a request of ours; asks for rport over UDP (RFC 3581 clause 3), and
 * offers `alias` where it means something (RFC 5923). Throws a TransportError when there is no Via to write into.
 */
export function writeSentBy(
  request: SipRequest,
  transport: TransportName,
  sentBy: SocketAddress,
  alias: boolean,
): void {
  const first = request.headers.list('Via')[0];
  const via = first === undefined ? undefined : parseVia(first);
  if (via === undefined) throw new TransportError('bad_message', 'the request has no Via to write sent-by into');
  via.transport = transport.toUpperCase();
  via.host = sentBy.host;
  via.port = sentBy.port;
  if (transport === 'udp') via.params.set('rport', null);
  else via.params.delete('rport');
  if (alias) via.params.set('alias', null);
  else via.params.delete('alias');
  replaceTop(request, via);
}

/** `host:port` of a Via, as `SentBys` keeps it. */
export function sentByKey(host: string, port: number | undefined, transport: TransportName): string {
  return `${host.toLowerCase()} ${port ?? defaultPort(transport)}`;
}

function replaceTop(request: SipRequest, via: Via): void {
  request.headers.shift('Via');
  request.headers.prepend('Via', formatVia(via));
}

function withoutZone(host: string): string {
  const at = host.indexOf('%');
  return at < 0 ? host : host.slice(0, at);
}
