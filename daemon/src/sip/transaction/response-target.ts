// Where an answer goes (RFC 3261 18.2.2, RFC 3581).
import type { SipRequest } from '../message/index.js';
import type { Flow, Target } from '../transport/index.js';

/**
 * The target of answers to a request. Always the host it came from, never one that its Via names: an answer to a forged Via would
 * hit somebody else, and `maddr` (multicast) is not followed for the same reason.
 *
 * Over UDP the port is the one it came from when the client asks for that (`rport`), otherwise that of its Via: some old
 * gateways send from one port and listen at another. Over a connection it is that connection; when it has gone, another is
 * opened to the port of the Via, but never to a browser, which listens nowhere (RFC 7118 clause 5).
 */
export function responseTarget(request: SipRequest, flow: Flow): Target {
  const { transport, local, remote, connection, peerName } = flow;
  const via = request.vias[0];
  const viaPort = via?.port ?? (transport === 'tls' ? 5061 : 5060);
  if (transport === 'udp') {
    const asked = via === undefined || via.params.has('rport');
    return { transport, local, remote: asked ? remote : { ...remote, port: viaPort } };
  }
  if (transport === 'ws' || transport === 'wss') return { transport, remote, connection };
  return { transport, remote: { ...remote, port: viaPort }, connection, reconnect: true, serverName: peerName };
}
