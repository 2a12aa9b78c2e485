// WebSockets on which pages speak SIP (RFC 7118): `/sip?ticket=…`, on the port of the pages. The ticket is of a session
// (`POST /agents/:id/web-phone`).
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { WebSocketServer, type WebSocket } from 'ws';
import { originAllowed, type Clock } from '../platform/index.js';
import { hostAllowed, type HostRule } from './middleware/hosts.js';
import type { WebPhonesPort } from './web-phones-port.js';

const PATH = '/sip';
const SUBPROTOCOL = 'sip';
/** no SIP message is larger */
const MOST_BYTES = 65_535;
/** A page that reads nothing is not waited for. */
const MOST_WAITING_BYTES = 1_048_576;
const PING_MS = 20_000;
/** messages a second; a page sends a handful a call */
const MOST_MESSAGES = 100;

export interface PageSocketsOptions {
  server: Server;
  hostRule: HostRule;
  phones: WebPhonesPort;
  clock: Clock;
}

export function servePageSockets({ server, hostRule, phones, clock }: PageSocketsOptions): { stop(): void } {
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MOST_BYTES,
    handleProtocols: () => SUBPROTOCOL,
  });

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // Not by URL, which throws at what anybody may send.
    const [path, query] = (request.url ?? '').split('?', 2);
    if (path !== PATH) return;
    socket.on('error', () => socket.destroy());
    const { host, origin } = request.headers;
    const ticket = new URLSearchParams(query).get('ticket') ?? '';
    const speaks = request.headers['sec-websocket-protocol']?.split(',').some((one) => one.trim() === SUBPROTOCOL);
    const may = hostAllowed(host, hostRule) && originAllowed(origin, host, hostRule.allowedHosts);
    if (!may || speaks !== true || !phones.opens(ticket)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => join(webSocket, request, ticket));
  };

  function join(webSocket: WebSocket, { socket }: IncomingMessage, ticket: string): void {
    const { localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 } = socket;
    const told = phones.open(
      ticket,
      {
        send: (data, binary) => {
          if (webSocket.bufferedAmount > MOST_WAITING_BYTES) webSocket.terminate();
          else webSocket.send(data, { binary });
        },
        close: (code, reason) => webSocket.close(code, reason),
      },
      {
        local: { host: bare(localAddress), port: localPort },
        remote: { host: bare(remoteAddress), port: remotePort },
        secure: (socket as TLSSocket).encrypted === true,
      },
    );
    if (told === undefined) return webSocket.terminate();
    let alive = true;
    let messages = 0;
    const ping = clock.every(PING_MS, () => {
      if (!alive) return webSocket.terminate();
      alive = false;
      webSocket.ping();
    });
    const count = clock.every(1000, () => (messages = 0));
    webSocket.on('pong', () => (alive = true));
    webSocket.on('error', () => webSocket.terminate());
    webSocket.on('message', (data: Buffer) => {
      alive = true;
      messages += 1;
      if (messages > MOST_MESSAGES) return webSocket.terminate();
      told.came(new Uint8Array(data));
    });
    webSocket.on('close', (code) => {
      ping.cancel();
      count.cancel();
      told.gone(code);
    });
  }

  server.on('upgrade', upgrade);
  return {
    stop: () => {
      server.off('upgrade', upgrade);
      for (const client of sockets.clients) client.terminate();
    },
  };
}

/** IPv4 as it is written, without the prefix of a socket of both families. */
function bare(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
