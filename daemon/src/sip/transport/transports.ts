// The transports of the stack behind one door (RFC 3261 clause 18).
//
//     datagrams   ─► UdpListener ─► DatagramQueue ────────────┐ admit, parse, received/rport
//     connections ─► StreamListener ─► ConnectionHub ─────────┴─► MessageReader ─► events
//     send ─► UdpListener, or a connection there is, or Dialer; sent-by of the topmost Via from OwnAddresses
import { TypedEmitter, silentLog, type Clock, type EventSource, type Log, type Metrics } from '../../platform/index.js';
import { addressFamily, hostPort } from '../locate/index.js';
import { serialise, type SipMessage } from '../message/index.js';
import type { Connection } from './connection.js';
import { ConnectionHub } from './connection-hub.js';
import { newCounts, publishCounts, type TransportCounts } from './counts.js';
import { DatagramQueue } from './datagram-queue.js';
import type { TlsClientOptions } from './dialer.js';
import { transportLimits, type TransportLimits } from './limits.js';
import { LocalAddresses } from './local-addresses.js';
import { MessageReader } from './message-reader.js';
import { OwnAddresses, type OwnListener } from './own-addresses.js';
import { StreamListener, type TlsServerOptions } from './stream-listener.js';
import { TransportError } from './transport-error.js';
import type {
  Admission,
  Flow,
  MessageCarrier,
  SocketAddress,
  Target,
  TransportEvents,
  TransportName,
  Triage,
} from './types.js';
import { UdpListener } from './udp-listener.js';
import { writeSentBy } from './via-hop.js';
import type { WebSocketLike } from './web-socket-connection.js';
import type { WebSocketDoorOptions } from './web-socket-door.js';

export interface ListenerConfig extends Pick<WebSocketDoorOptions, 'path' | 'origin'> {
  transport: TransportName;
  /** an IP address of the machine; 0.0.0.0 or :: for all of a family */
  host: string;
  /** 0: any that is free */
  port: number;
  /** tls, wss */
  tls?: TlsServerOptions | undefined;
  /** what peers are told in place of host and port: behind a NAT, or a name */
  advertised?: OwnListener['advertised'];
}

export interface TransportsOptions {
  listeners: readonly ListenerConfig[];
  clock: Clock;
  log?: Log | undefined;
  metrics?: Metrics | undefined;
  admission?: Admission | undefined;
  triage?: Triage | undefined;
  limits?: Partial<TransportLimits> | undefined;
  /** for connections that we open by tls */
  tls?: TlsClientOptions | undefined;
  /** requests over 1,300 bytes for a udp target: by tcp where the peer has it (RFC 3261 18.1.1, the default), or as they are */
  largeRequests?: 'tcp' | 'udp' | undefined;
}

/** Where a WebSocket leads that somebody else has accepted. */
export interface AcceptedWebSocket {
  local: SocketAddress;
  remote: SocketAddress;
  /** it came by https */
  secure: boolean;
}

export class Transports implements MessageCarrier {
  readonly #options: TransportsOptions;
  readonly #limits: TransportLimits;
  readonly #events: TypedEmitter<TransportEvents>;
  readonly #counts = newCounts();
  readonly #hub: ConnectionHub;
  readonly #reader: MessageReader;
  readonly #datagrams: DatagramQueue;
  readonly #own: OwnAddresses;
  readonly #listeners: (UdpListener | StreamListener)[] = [];
  readonly #udp: Record<4 | 6, UdpListener[]> = { 4: [], 6: [] };
  /** until when peers are believed to have no TCP, monotonic ms; they were tried for a large request */
  readonly #noTcp = new Map<string, number>();
  readonly #log: Log;
  #started: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  /** Throws a TransportError (`certificate`) when a certificate or a key cannot be used. */
  constructor(options: TransportsOptions) {
    const { clock, metrics, admission } = options;
    this.#options = options;
    this.#limits = { ...transportLimits, ...options.limits };
    this.#log = options.log ?? silentLog;
    this.#events = new TypedEmitter<TransportEvents>(this.#log);
    this.#own = new OwnAddresses(this.#listeners, new LocalAddresses(clock));
    this.#reader = new MessageReader({
      events: this.#events,
      counts: this.#counts,
      admission,
      ours: (response, flow) => this.#own.isOurs(response, flow),
    });
    this.#datagrams = new DatagramQueue({
      ...{ clock, triage: options.triage },
      read: (bytes, flow) => this.#reader.read(bytes, flow),
      unread: (count) => (this.#counts.udp.messagesIn += count),
    });
    this.#hub = new ConnectionHub({
      clock,
      admission,
      limits: this.#limits,
      counts: this.#counts,
      log: this.#log,
      events: this.#events,
      reader: this.#reader,
      tls: options.tls ?? {},
    });
    for (const config of options.listeners) {
      const listener = this.#listener(config);
      this.#listeners.push(listener);
      if (listener instanceof UdpListener) this.#udp[listener.family].push(listener);
    }
    if (metrics !== undefined) publishCounts(metrics, this.#counts, (transport) => this.#hub.count(transport));
  }

  get events(): EventSource<TransportEvents> {
    return this.#events;
  }

  /** In the order configured; their ports are true once started. */
  get listeners(): readonly OwnListener[] {
    return this.#listeners;
  }

  /** What has happened so far. */
  get counts(): Readonly<TransportCounts> {
    return this.#counts;
  }

  /** Connections that are open. */
  connections(transport: TransportName): number {
    return this.#hub.count(transport);
  }

  /** Begins to listen. Rejects with a TransportError that names the address which cannot be had; then nothing listens. */
  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  /** Closes everything; idempotent. Sending rejects from now on. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  reliable(transport: TransportName): boolean {
    return transport !== 'udp';
  }

  async send(message: SipMessage, target: Target): Promise<Flow> {
    try {
      const flow =
        target.transport === 'udp'
          ? await this.#sendByUdp(message, target)
          : await this.#sendByConnection(message, target);
      this.#counts[flow.transport].messagesOut += 1;
      return flow;
    } catch (error) {
      this.#counts[target.transport].sendFailures += 1;
      throw error;
    }
  }

  sendBytes(bytes: Buffer, target: Target): Promise<Flow> {
    return target.transport === 'udp' ? this.#bytesByUdp(bytes, target) : this.#bytesByConnection(bytes, target);
  }

  /**
   * Host and port by which a peer at `remote` (an IP address) reaches us: for Contact and Record-Route. undefined: nothing listens on
   * the transport.
   */
  advertised(transport: TransportName, remote: string): SocketAddress | undefined {
    return this.#own.advertised(transport, remote);
  }

  /** Whether silence closes the connection. false: there is no such connection. */
  keep(connection: number, kept: boolean): boolean {
    const found = this.#hub.get(connection);
    if (found !== undefined) found.kept = kept;
    return found !== undefined;
  }

  /**
   * Has a tls or wss listener show another certificate from now on, such as one that was renewed; its connections stay. Throws a
   * TransportError (`certificate`) when it cannot be used; then nothing changes. Whether peers are asked for theirs stays.
   */
  setTls(listener: OwnListener, tls: TlsServerOptions): void {
    if (listener instanceof StreamListener) listener.setTls(tls);
  }

  /** Ends a connection in order. */
  close(connection: number, reason: string): void {
    this.#hub.get(connection)?.close(reason);
  }

  /**
   * Takes over a WebSocket that an HTTP server has accepted, with the subprotocol `sip` and after its own check of the origin and of who
   * it is. Returns the number of the connection; undefined: the guard or a limit refused it, and it is closed.
   */
  acceptWebSocket(socket: WebSocketLike, { local, remote, secure }: AcceptedWebSocket): number | undefined {
    const transport = secure ? 'wss' : 'ws';
    const release = this.#stopped === undefined ? this.#hub.reserveForPage(transport, remote) : undefined;
    if (release === undefined) {
      this.#counts[transport].connectionsRefused += 1;
      socket.on('error', () => undefined);
      socket.terminate();
      return undefined;
    }
    this.#counts[transport].connectionsIn += 1;
    socket.on('close', release);
    const startedMs = this.#options.clock.monotonicMs();
    return this.#hub.opened({ flow: { transport, local, remote }, outgoing: false, startedMs }, { webSocket: socket })
      .number;
  }

  #listener(config: ListenerConfig): UdpListener | StreamListener {
    const { transport } = config;
    if (addressFamily(config.host) === 0) throw new TransportError('unsupported', `${config.host} is no IP address`);
    const troubled = (error: Error): void =>
      this.#log.warn({ err: error, transport }, 'trouble with a listening socket');
    if (transport === 'udp') {
      return new UdpListener({
        ...config,
        limits: this.#limits,
        counts: this.#counts.udp,
        admit: (flow) => this.#reader.admit(flow),
        received: (bytes, flow, begins) => this.#datagrams.came(bytes, flow, begins),
        dropped: (count) => this.#datagrams.dropped(count),
        rules: this.#options.triage,
        troubled,
      });
    }
    return new StreamListener({
      ...config,
      transport,
      owner: this.#hub,
      reserve: (name, remote) => this.#hub.reserve(name, remote),
      opened: (opening, socket) => this.#hub.opened(opening, socket),
      troubled,
    });
  }

  async #start(): Promise<void> {
    try {
      for (const listener of this.#listeners) {
        if (this.#stopped !== undefined) throw new TransportError('stopped', 'the transports were stopped');
        try {
          await listener.start();
        } catch (cause) {
          throw notToBeHad(listener, cause);
        }
      }
    } catch (error) {
      await Promise.all(this.#listeners.map((listener) => listener.stop()));
      throw error;
    }
    this.#hub.start((nowMs) => {
      for (const listener of this.#listeners) if (listener instanceof StreamListener) listener.sweep(nowMs);
    });
  }

  async #stop(): Promise<void> {
    // A start under way ends first, or it would open what nobody closes.
    await this.#started?.catch(() => undefined);
    this.#datagrams.stop();
    await Promise.all([this.#hub.stop(), ...this.#listeners.map((listener) => listener.stop())]);
  }

  /** Nearly every answer goes this way: one promise, and no more. */
  #bytesByUdp(bytes: Buffer, target: Target): Promise<Flow> {
    const count = this.#counts.udp;
    return new Promise((resolve, reject) => {
      let socket: UdpListener;
      try {
        socket = this.#udpSocket(target);
      } catch (error) {
        count.sendFailures += 1;
        throw error;
      }
      socket.give(bytes, target.remote, (error) => {
        if (error !== undefined) {
          count.sendFailures += 1;
          reject(error);
          return;
        }
        count.messagesOut += 1;
        resolve({ transport: 'udp', local: socket.local, remote: target.remote, connection: 0 });
      });
    });
  }

  async #bytesByConnection(bytes: Buffer, target: Target): Promise<Flow> {
    try {
      const flow = await this.#overConnection(target, this.#limits.connectMs, () => bytes);
      this.#counts[flow.transport].messagesOut += 1;
      return flow;
    } catch (error) {
      this.#counts[target.transport].sendFailures += 1;
      throw error;
    }
  }

  async #sendByUdp(message: SipMessage, target: Target): Promise<Flow> {
    const socket = this.#udpSocket(target);
    const { remote } = target;
    if (message.kind === 'response') return this.#datagram(bytesOf(message), target, socket);
    const sentBy = this.#own.ofListener(socket, remote.host);
    this.#own.used(sentBy, 'udp');
    writeSentBy(message, 'udp', sentBy, false);
    const bytes = bytesOf(message);
    if (bytes.length > this.#limits.largeRequestBytes && this.#mayHaveTcp(remote)) {
      try {
        return await this.#sendByConnection(message, { transport: 'tcp', remote }, this.#limits.connectInsteadOfUdpMs);
      } catch (error) {
        if (this.#stopped !== undefined) throw error;
        this.#hasNoTcp(remote);
        writeSentBy(message, 'udp', sentBy, false);
      }
    }
    return this.#datagram(bytes, target, socket);
  }

  async #datagram(bytes: Buffer, { remote }: Target, socket: UdpListener): Promise<Flow> {
    await socket.send(bytes, remote);
    return { transport: 'udp', local: socket.local, remote, connection: 0 };
  }

  #sendByConnection(message: SipMessage, target: Target, connectMs = this.#limits.connectMs): Promise<Flow> {
    return this.#overConnection(target, connectMs, (flow, alias) => {
      if (message.kind === 'request') {
        const sentBy = this.#own.ofConnection(flow);
        this.#own.used(sentBy, flow.transport);
        writeSentBy(message, flow.transport, sentBy, alias);
      }
      return bytesOf(message);
    });
  }

  async #overConnection(
    target: Target,
    connectMs: number,
    bytes: (flow: Flow, alias: boolean) => Buffer,
  ): Promise<Flow> {
    if (this.#stopped !== undefined) throw new TransportError('stopped', 'the transports were stopped');
    const existing = this.#hub.find(target);
    const send = async (connection: Connection): Promise<Flow> => {
      const { flow, outgoing } = connection;
      await connection.send(bytes(flow, outgoing && this.#offersAlias(flow)));
      return flow;
    };
    if (existing !== undefined) {
      try {
        return await send(existing);
      } catch (error) {
        // It broke under our hands: a new one may do, where one may be opened at all.
        const pinned = target.connection !== undefined && target.reconnect !== true;
        const broke = error instanceof TransportError && (error.code === 'gone' || error.code === 'unreachable');
        if (pinned || !broke || target.transport === 'ws' || target.transport === 'wss') throw error;
      }
    }
    return send(await this.#hub.dial(target, connectMs));
  }

  /** RFC 5923: only who has shown a certificate of its own can be asked over the same connection. */
  #offersAlias({ transport }: Flow): boolean {
    if (transport !== 'tls' || this.#options.tls?.cert === undefined) return false;
    return this.#listeners.some((listener) => listener.transport === 'tls');
  }

  /** Throws a TransportError when we have none of the family. */
  #udpSocket({ remote, local }: Target): UdpListener {
    const family = addressFamily(remote.host);
    const sockets = family === 0 ? [] : this.#udp[family];
    const named = local === undefined ? undefined : sockets.find((one) => hostPort(one.local) === hostPort(local));
    const socket = named ?? (sockets.length > 1 ? this.#own.listenerFor('udp', remote.host) : sockets[0]);
    if (!(socket instanceof UdpListener)) {
      throw new TransportError('unsupported', `there is no udp socket to send to ${remote.host} by`);
    }
    return socket;
  }

  #mayHaveTcp(remote: SocketAddress): boolean {
    if (this.#options.largeRequests === 'udp') return false;
    return (this.#noTcp.get(hostPort(remote)) ?? 0) <= this.#options.clock.monotonicMs();
  }

  #hasNoTcp(remote: SocketAddress): void {
    const key = hostPort(remote);
    this.#noTcp.delete(key);
    this.#noTcp.set(key, this.#options.clock.monotonicMs() + this.#limits.noTcpMs);
    if (this.#noTcp.size <= this.#limits.noTcpPeers) return;
    for (const oldest of this.#noTcp.keys()) {
      this.#noTcp.delete(oldest);
      break;
    }
  }
}

/** Throws a TransportError when a part of the message cannot be written. */
function bytesOf(message: SipMessage): Buffer {
  try {
    return serialise(message);
  } catch (cause) {
    throw new TransportError('bad_message', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function notToBeHad({ transport, local }: OwnListener, cause: unknown): TransportError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const why: Record<string, string> = {
    EADDRINUSE: 'another program listens there',
    EADDRNOTAVAIL: 'the machine has no such address',
    EACCES: 'not permitted',
  };
  const text = `${transport} ${hostPort(local)} cannot be listened on: ${why[code ?? ''] ?? message}`;
  return new TransportError('address_taken', text, { cause });
}
