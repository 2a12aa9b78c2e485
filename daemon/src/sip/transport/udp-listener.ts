// SIP over UDP, on one address of one family.
import { DatagramSocket, type SipRules } from '../../engine/index.js';
import { addressFamily } from '../locate/index.js';
import type { TransportCount } from './counts.js';
import type { TransportLimits } from './limits.js';
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
  /** `begins`: surely an INVITE that begins a call */
  received: (bytes: Buffer, flow: Flow, begins: boolean) => void;
  dropped: (count: number) => void;
  /** what is told apart without reading it */
  rules?: SipRules | undefined;
  /** what the socket says of itself; it goes on */
  troubled: (error: Error) => void;
}

export class UdpListener implements OwnListener {
  readonly transport = 'udp';
  readonly family: 4 | 6;
  readonly advertised: OwnListener['advertised'];
  readonly #options: UdpListenerOptions;
  #socket: DatagramSocket | undefined;
  #local: SocketAddress;

  constructor(options: UdpListenerOptions) {
    this.#options = options;
    this.#local = { host: options.host, port: options.port };
    this.advertised = options.advertised;
    this.family = addressFamily(options.host) === 6 ? 6 : 4;
  }

  /** Where it listens, with the true port once it has started. */
  get local(): SocketAddress {
    return this.#local;
  }

  /** Throws the system's error. */
  start(): void {
    const { host, port, limits, rules, dropped, troubled } = this.#options;
    this.#socket = new DatagramSocket({
      ...{ host, port, receiveBytes: limits.udpReceiveBytes, sendBytes: limits.udpSendBytes, troubled },
      sip: rules,
      received: (bytes, remoteHost, remotePort, begins) => this.#came(bytes, remoteHost, remotePort, begins),
      dropped,
    });
    this.#local = { host, port: this.#socket.port };
  }

  stop(): Promise<void> {
    this.#socket?.close();
    this.#socket = undefined;
    return Promise.resolve();
  }

  /** Resolves when the kernel has it; rejects with a TransportError. An error of one datagram is nothing to the next. */
  send(bytes: Buffer, remote: SocketAddress): Promise<void> {
    return new Promise((resolve, reject) =>
      this.give(bytes, remote, (error) => (error === undefined ? resolve() : reject(error))),
    );
  }

  /** The same for those who have a use for neither promise nor exception; `done` is called once, in a later turn or at once. */
  give(bytes: Buffer, remote: SocketAddress, done: (error?: TransportError) => void): void {
    const socket = this.#socket;
    if (socket === undefined) return done(new TransportError('stopped', 'the transports were stopped'));
    if (bytes.length > LARGEST_DATAGRAM) {
      return done(new TransportError('too_large', `${bytes.length} bytes are no datagram`));
    }
    if (socket.pendingBytes > this.#options.limits.pendingBytesUdp) {
      return done(new TransportError('full', 'the system does not take datagrams as fast as they are sent'));
    }
    socket.send(bytes, remote.host, remote.port, (cause) => {
      if (cause === undefined) return done();
      const text = `udp ${remote.host} port ${remote.port}: ${cause.message}`;
      done(new TransportError('unreachable', text, { cause }));
    });
  }

  #came(bytes: Buffer, host: string, port: number, begins: boolean): void {
    const { counts, admit, received } = this.#options;
    // Nobody can be answered at port 0.
    if (port === 0) return;
    const remote = { host, port };
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
      received(bytes, flow, begins);
      return;
    }
    counts.keepAlives += 1;
    const answer = answerStun(bytes, remote);
    if (answer !== undefined) this.send(answer, remote).catch(() => (counts.sendFailures += 1));
  }
}
