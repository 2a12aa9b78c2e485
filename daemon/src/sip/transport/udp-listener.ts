// SIP over UDP, on one address of one family.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { addressFamily } from '../locate/index.js';
import type { TransportCount } from './counts.js';
import type { TransportLimits } from './limits.js';
import { literalOnly } from './local-addresses.js';
import type { OwnListener } from './own-addresses.js';
import { answerStun, isStun } from './stun.js';
import { TransportError } from './transport-error.js';
import type { Flow, SocketAddress } from './types.js';

/** bytes; no SIP message is shorter, and what phones send to keep a NAT open is */
const SHORTEST_MESSAGE = 20;
/** what IP and UDP leave of 65,535 */
const LARGEST_DATAGRAM = 65_507;

export interface UdpListenerOptions {
  host: string;
  port: number;
  advertised?: OwnListener['advertised'];
  limits: TransportLimits;
  counts: TransportCount;
  /** false: the datagram is dropped unread */
  admit: (flow: Flow) => boolean;
  received: (bytes: Buffer, flow: Flow) => void;
  /** what the socket says of itself; it goes on */
  troubled: (error: Error) => void;
}

export class UdpListener implements OwnListener {
  readonly transport = 'udp';
  readonly family: 4 | 6;
  readonly advertised: OwnListener['advertised'];
  readonly #options: UdpListenerOptions;
  readonly #socket: Socket;
  #local: SocketAddress;
  #closed = false;

  constructor(options: UdpListenerOptions) {
    this.#options = options;
    this.#local = { host: options.host, port: options.port };
    this.advertised = options.advertised;
    this.family = addressFamily(options.host) === 6 ? 6 : 4;
    this.#socket = createSocket({
      type: this.family === 6 ? 'udp6' : 'udp4',
      // Each family has its own socket, so that nobody comes by two kinds of address.
      ipv6Only: this.family === 6,
      recvBufferSize: options.limits.udpReceiveBytes,
      sendBufferSize: options.limits.udpSendBytes,
      lookup: literalOnly,
    });
  }

  /** Where it listens, with the true port once it has started. */
  get local(): SocketAddress {
    return this.#local;
  }

  /** Rejects with the system's error. */
  start(): Promise<void> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void => {
        this.#closed = true;
        this.#socket.close();
        reject(error);
      };
      this.#socket.once('error', failed);
      this.#socket.bind({ address: host, port, exclusive: true }, () => {
        this.#socket.off('error', failed);
        // Errors of single datagrams, such as ICMP's, come here; the socket stays good.
        this.#socket.on('error', (error) => this.#options.troubled(error));
        this.#socket.on('message', (bytes, remote) => this.#came(bytes, remote));
        this.#local = { host, port: this.#socket.address().port };
        resolve();
      });
    });
  }

  stop(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  /** Resolves when the kernel has it; rejects with a TransportError. An error of one datagram is nothing to the next. */
  send(bytes: Buffer, remote: SocketAddress): Promise<void> {
    return new Promise((resolve, reject) =>
      this.give(bytes, remote, (error) => (error === undefined ? resolve() : reject(error))),
    );
  }

  /** The same for those who have a use for neither promise nor exception; `done` is called once, in a later turn or at once. */
  give(bytes: Buffer, remote: SocketAddress, done: (error?: TransportError) => void): void {
    if (this.#closed) return done(new TransportError('stopped', 'the transports were stopped'));
    if (bytes.length > LARGEST_DATAGRAM) {
      return done(new TransportError('too_large', `${bytes.length} bytes are no datagram`));
    }
    if (this.#socket.getSendQueueSize() > this.#options.limits.pendingBytesUdp) {
      return done(new TransportError('full', 'the system does not take datagrams as fast as they are sent'));
    }
    try {
      this.#socket.send(bytes, remote.port, remote.host, (cause) => {
        if (cause === null) done();
        else done(new TransportError('unreachable', `udp ${remote.host}: ${cause.message}`, { cause }));
      });
    } catch (cause) {
      // A port of 0, for one.
      done(new TransportError('unreachable', `udp ${remote.host} port ${remote.port} cannot be sent to`, { cause }));
    }
  }

  #came(bytes: Buffer, { address, port }: RemoteInfo): void {
    const { counts, admit, received } = this.#options;
    // Nobody can be answered at port 0.
    if (port === 0) return;
    const remote = { host: address, port };
    const flow: Flow = { transport: 'udp', local: this.#local, remote, connection: 0 };
    if (!admit(flow)) {
      counts.refused += 1;
      return;
    }
    if (bytes.length < SHORTEST_MESSAGE) {
      counts.keepAlives += 1;
      return;
    }
    if (!isStun(bytes)) {
      received(bytes, flow);
      return;
    }
    counts.keepAlives += 1;
    const answer = answerStun(bytes, remote);
    if (answer !== undefined) this.send(answer, remote).catch(() => (counts.sendFailures += 1));
  }
}
