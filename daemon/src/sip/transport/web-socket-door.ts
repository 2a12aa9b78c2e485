// From an HTTP request to a WebSocket that speaks SIP (RFC 7118 clause 4, RFC 6455).
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { MAX_MESSAGE_BYTES } from '../message/index.js';
import type { TransportLimits } from './limits.js';
import type { WebSocketLike } from './web-socket-connection.js';

export const SIP_SUBPROTOCOL = 'sip';

export interface WebSocketDoorOptions {
  /** `/sip`; left out: any */
  path?: string | undefined;
  /**
   * Whether pages of that origin may connect (RFC 6455 clause 10.2); asked when a browser names one. Left out: no page may, since
   * any page of the world can make the user's browser try.
   */
  origin?: ((origin: string, request: IncomingMessage) => boolean) | undefined;
  limits: TransportLimits;
  opened: (socket: WebSocketLike, connection: Duplex) => void;
}

export class WebSocketDoor {
  readonly #options: WebSocketDoorOptions;
  readonly #http: Server;
  readonly #webSockets: WebSocketServer;

  constructor(options: WebSocketDoorOptions) {
    const { limits } = options;
    this.#options = options;
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      maxFragments: limits.webSocketFragments,
      // One message a turn of the event loop, so that a peer with many does not keep others waiting.
      allowSynchronousEvents: false,
      autoPong: false,
      handleProtocols: () => SIP_SUBPROTOCOL,
    });
    this.#http = createServer({
      maxHeaderSize: limits.upgradeHeadBytes,
      headersTimeout: limits.firstMessageMs,
      requestTimeout: limits.firstMessageMs,
      keepAlive: false,
    });
    this.#http.on('request', (_request, response) => {
      response.writeHead(426, { Connection: 'close', Upgrade: 'websocket', 'Content-Length': '0' }).end();
    });
    this.#http.on('clientError', (_error, socket) => socket.destroy());
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Takes a connection on which nothing was said yet; over TLS after its handshake. */
  take(connection: Duplex): void {
    this.#http.emit('connection', connection);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const status = this.#refusal(request);
    if (status !== undefined) {
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => this.#options.opened(webSocket, socket));
  }

  #refusal(request: IncomingMessage): string | undefined {
    const { path, origin } = this.#options;
    if (path !== undefined && request.url?.split('?', 1)[0] !== path) return '404 Not Found';
    const from = request.headers.origin;
    if (from !== undefined && origin?.(from, request) !== true) return '403 Forbidden';
    // RFC 7118 clause 4.1: the client must ask for it.
    return speaksSip(request.headers['sec-websocket-protocol']) ? undefined : '400 Bad Request';
  }
}

/** Whether `sip` is among the subprotocols of a Sec-WebSocket-Protocol header. */
export function speaksSip(protocols: string | undefined): boolean {
  return protocols?.split(',').some((one) => one.trim() === SIP_SUBPROTOCOL) === true;
}
