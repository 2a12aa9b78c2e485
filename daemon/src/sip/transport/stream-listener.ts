// Listens for connections: tcp, tls, ws, wss. What is accepted goes through its handshakes in limited time and comes out as a
// connection.
//
//     tcp                                   ──► StreamConnection
//     tls   ──► tls.Server                  ──► StreamConnection
//     ws                  ──► WebSocketDoor ──► WebSocketConnection
//     wss   ──► tls.Server ──► WebSocketDoor ──► WebSocketConnection
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  createServer as createTlsServer,
  type SecureContextOptions,
  type Server as TlsServer,
  type TLSSocket,
} from 'node:tls';
import { addressFamily, canonicalAddress } from '../locate/index.js';
import { certificateName, peerCertificate, readAuthorities, type Authorities } from './certificate.js';
import type { ConnectionOwner, Opening } from './connection.js';
import type { OwnListener } from './own-addresses.js';
import { TransportError } from './transport-error.js';
import type { SocketAddress, TransportName } from './types.js';
import type { WebSocketLike } from './web-socket-connection.js';
import { WebSocketDoor, type WebSocketDoorOptions } from './web-socket-door.js';

/** Of a tls or wss listener; PEM. */
export interface TlsServerOptions {
  key: string | Buffer;
  /** with the chain to its authority behind it */
  cert: string | Buffer;
  /** whose certificates of peers we believe */
  ca?: Authorities | undefined;
  /** Ask peers for a certificate. They need not show one; who does and is believed has a `peerName`. */
  requestClientCert?: boolean | undefined;
}

export interface StreamListenerOptions extends Pick<WebSocketDoorOptions, 'path' | 'origin'> {
  transport: Exclude<TransportName, 'udp'>;
  host: string;
  port: number;
  advertised?: OwnListener['advertised'];
  tls?: TlsServerOptions | undefined;
  owner: ConnectionOwner;
  /** room for a connection, to be given back; undefined: it is refused */
  reserve: (transport: TransportName, remote: SocketAddress) => (() => void) | undefined;
  opened: (opening: Opening, socket: { stream: Socket } | { webSocket: WebSocketLike }) => void;
  /** what the listening socket says; it goes on */
  troubled: (error: Error) => void;
}

/** Accepted, and not yet a connection. */
interface Arrival {
  socket: Socket;
  remote: SocketAddress;
  sinceMs: number;
}

export class StreamListener implements OwnListener {
  readonly transport: Exclude<TransportName, 'udp'>;
  readonly family: 4 | 6;
  readonly advertised: OwnListener['advertised'];
  readonly #options: StreamListenerOptions;
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  readonly #door: WebSocketDoor | undefined;
  /** by address and port of the peer, which its socket has under TLS, too */
  readonly #arrivals = new Map<string, Arrival>();
  #local: SocketAddress;
  #listening = false;

  /** Throws a TransportError when certificate or key cannot be read. */
  constructor(options: StreamListenerOptions) {
    const { transport, host, port } = options;
    this.#options = options;
    this.transport = transport;
    this.advertised = options.advertised;
    this.family = addressFamily(host) === 6 ? 6 : 4;
    this.#local = { host, port };
    if (transport === 'tls' || transport === 'wss') this.#tls = this.#tlsServer();
    if (transport === 'ws' || transport === 'wss') {
      const { path, origin, owner } = options;
      const opened: WebSocketDoorOptions['opened'] = (webSocket, connection) =>
        this.#webSocketOpened(webSocket, connection);
      this.#door = new WebSocketDoor({ path, origin, limits: owner.limits, opened });
    }
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** Where it listens, with the true port once it has started. */
  get local(): SocketAddress {
    return this.#local;
  }

  /** Rejects with the system's error. */
  start(): Promise<void> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, ipv6Only: true, exclusive: true, backlog: 1024 }, () => {
        this.#server.off('error', reject);
        // accept(2) may fail, for want of descriptors for one, and work again later.
        this.#server.on('error', (error) => this.#options.troubled(error));
        this.#listening = true;
        const address = this.#server.address();
        if (address !== null && typeof address === 'object') this.#local = { host, port: address.port };
        resolve();
      });
    });
  }

  /** Accepts no more and ends handshakes. Resolves when every socket it accepted has gone; connections are ended by their owner. */
  async stop(): Promise<void> {
    if (!this.#listening) return;
    this.#listening = false;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const { socket } of this.#arrivals.values()) socket.destroy();
    await closed;
  }

  /** Ends handshakes that take too long. */
  sweep(nowMs: number): void {
    const { limits, counts } = this.#options.owner;
    for (const { socket, sinceMs } of this.#arrivals.values()) {
      if (nowMs - sinceMs < limits.firstMessageMs) continue;
      counts[this.transport].connectionsCut += 1;
      socket.destroy();
    }
  }

  #accept(socket: Socket): void {
    // Errors end in 'close', whichever layer was talking.
    socket.on('error', () => undefined);
    const { owner, reserve, transport } = this.#options;
    const remote = remoteOf(socket);
    const release = remote === undefined ? undefined : reserve(transport, remote);
    if (remote === undefined || release === undefined) {
      owner.counts[transport].connectionsRefused += 1;
      socket.resetAndDestroy();
      return;
    }
    const key = keyOf(remote);
    this.#arrivals.set(key, { socket, remote, sinceMs: owner.clock.monotonicMs() });
    owner.counts[transport].connectionsIn += 1;
    socket.once('close', () => {
      release();
      if (this.#arrivals.get(key)?.socket === socket) this.#arrivals.delete(key);
    });
    if (this.#tls !== undefined) this.#tls.emit('connection', socket);
    else this.#secured(socket);
  }

  /** Whatever encrypts is done: the next layer has the connection. */
  #secured(socket: Socket): void {
    if (this.#door !== undefined) {
      this.#door.take(socket);
      return;
    }
    const opening = this.#arrived(socket);
    if (opening === undefined) socket.destroy();
    else this.#options.opened(opening, { stream: socket });
  }

  #webSocketOpened(webSocket: WebSocketLike, connection: Duplex): void {
    const opening = this.#arrived(connection as Socket);
    if (opening === undefined) webSocket.terminate();
    else this.#options.opened(opening, { webSocket });
  }

  /** The arrival has become a connection. undefined: it has gone meanwhile. */
  #arrived(socket: Socket): Opening | undefined {
    const key = keyOf(remoteOf(socket) ?? { host: '', port: 0 });
    const arrival = this.#arrivals.get(key);
    if (arrival === undefined || arrival.socket.destroyed) return undefined;
    this.#arrivals.delete(key);
    const certificate = this.#tls === undefined ? undefined : peerCertificate(socket as TLSSocket);
    const verified = certificate !== undefined && (socket as TLSSocket).authorized;
    const flow = {
      transport: this.transport,
      local: { host: canonicalAddress(socket.localAddress ?? ''), port: socket.localPort ?? 0 },
      remote: arrival.remote,
      peerName: verified ? certificateName(certificate) : undefined,
    };
    return { flow, outgoing: false, startedMs: arrival.sinceMs, certificate, verified };
  }

  /** Shows another certificate from now on; connections there are stay. Throws a TransportError when it cannot be used. */
  setTls(tls: TlsServerOptions): void {
    this.#tls?.setSecureContext(this.#contextOptions(tls));
  }

  #tlsServer(): TlsServer {
    const { tls, transport, owner } = this.#options;
    if (tls === undefined) throw new TransportError('certificate', `${transport} needs a certificate and a key`);
    const server = createTlsServer({
      ...this.#contextOptions(tls),
      requestCert: tls.requestClientCert === true,
      // A peer that shows a certificate we do not believe is one without: what it may do is for others to say.
      rejectUnauthorized: false,
      handshakeTimeout: owner.limits.firstMessageMs,
    });
    server.on('secureConnection', (socket) => {
      socket.disableRenegotiation();
      this.#secured(socket);
    });
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    return server;
  }

  #contextOptions({ key, cert, ca }: TlsServerOptions): SecureContextOptions {
    const { transport } = this;
    try {
      // Node finds out only in the handshake that key and certificate are not of one another.
      if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
        throw new Error('the key is not that of the certificate');
      }
      return { key, cert, ...(ca !== undefined && { ca: readAuthorities(ca) }), minVersion: 'TLSv1.2' };
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new TransportError('certificate', `certificate or key of ${transport} cannot be used: ${why}`, { cause });
    }
  }
}

/** undefined: it has gone already. */
function remoteOf(socket: Socket): SocketAddress | undefined {
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return { host: canonicalAddress(remoteAddress), port: remotePort };
}

function keyOf(remote: SocketAddress): string {
  return `${remote.host} ${remote.port}`;
}
