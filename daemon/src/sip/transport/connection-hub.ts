// All connections of the stack: whom they are opened for, who reads them, when they end.
import type { Socket } from 'node:net';
import type { Clock, Log, Timer, TypedEmitter } from '../../platform/index.js';
import { defaultPort } from '../locate/index.js';
import type { SipRequest } from '../message/index.js';
import { numbered, type Connection, type ConnectionOwner, type Opening, type Reading } from './connection.js';
import { ConnectionTable } from './connection-table.js';
import type { TransportCounts } from './counts.js';
import { Dialer, type TlsClientOptions } from './dialer.js';
import type { TransportLimits } from './limits.js';
import type { MessageReader } from './message-reader.js';
import { StreamConnection } from './stream-connection.js';
import type { Tally } from './tally.js';
import { TransportError } from './transport-error.js';
import { TurnBudget } from './turn-budget.js';
import type { Admission, SocketAddress, Target, TransportEvents, TransportName } from './types.js';
import { WebSocketConnection, type WebSocketLike } from './web-socket-connection.js';

export interface ConnectionHubOptions {
  clock: Clock;
  limits: TransportLimits;
  counts: TransportCounts;
  log: Log;
  events: TypedEmitter<TransportEvents>;
  reader: MessageReader;
  admission: Admission | undefined;
  tls: TlsClientOptions;
}

export class ConnectionHub implements ConnectionOwner {
  readonly clock: Clock;
  readonly limits: TransportLimits;
  readonly counts: TransportCounts;
  readonly budget: TurnBudget;
  readonly wildcards: boolean;
  readonly #options: ConnectionHubOptions;
  readonly #table: ConnectionTable;
  readonly #dialer: Dialer;
  /** whose sockets are still there, ended or not */
  readonly #sockets = new Set<Connection>();
  readonly #sweeps: ((nowMs: number) => void)[] = [];
  #sweeper: Timer | undefined;
  #heldBytes = 0;
  #allVanished: (() => void) | undefined;

  /** Throws a TransportError when the certificates in `tls` cannot be used. */
  constructor(options: ConnectionHubOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.limits = options.limits;
    this.counts = options.counts;
    this.budget = new TurnBudget(options.limits.turnMessages);
    this.wildcards = options.tls.wildcards === true;
    this.#table = new ConnectionTable(options.limits);
    this.#dialer = new Dialer(this, options.tls);
  }

  /** Begins to look at time-outs; `also` looks at its own every time. */
  start(also: (nowMs: number) => void): void {
    this.#sweeps.push(also);
    this.#sweeper = this.clock.every(this.limits.sweepMs, () => {
      const nowMs = this.clock.monotonicMs();
      for (const connection of this.#table.all()) connection.sweep(nowMs);
      this.#relieve();
      for (const sweep of this.#sweeps) sweep(nowMs);
    });
  }

  /** Ends all connections in order; resolves when their sockets have gone. */
  async stop(): Promise<void> {
    this.#sweeper?.cancel();
    this.#dialer.stop();
    for (const connection of this.#table.all()) connection.close('the transports were stopped');
    if (this.#sockets.size > 0) await new Promise<void>((resolve) => (this.#allVanished = resolve));
  }

  /** Room for a connection that somebody wants; undefined: the guard or a limit says no. Give it back by calling what comes. */
  reserve(transport: TransportName, remote: SocketAddress): (() => void) | undefined {
    if (this.#options.admission?.admitConnection?.(transport, remote) === false) return undefined;
    return this.#table.reserve(remote.host);
  }

  /** The same for one of a page that has signed in. */
  reserveForPage(transport: TransportName, remote: SocketAddress): (() => void) | undefined {
    if (this.#options.admission?.admitConnection?.(transport, remote) === false) return undefined;
    return this.#table.reserveForPage();
  }

  /** A connection through with its handshakes. */
  opened(opening: Opening, socket: { stream: Socket } | { webSocket: WebSocketLike }): Connection {
    const options = numbered(opening, this.#table.nextNumber());
    const connection =
      'stream' in socket
        ? new StreamConnection(this, options, socket.stream)
        : new WebSocketConnection(this, options, socket.webSocket);
    this.#table.add(connection);
    this.#sockets.add(connection);
    return connection;
  }

  get(number: number): Connection | undefined {
    return this.#table.get(number);
  }

  count(transport: TransportName): number {
    return this.#table.count(transport);
  }

  /** Those we opened. */
  get outgoing(): Pick<Tally, 'total' | 'of'> {
    return this.#table.outgoing;
  }

  /** What a message for the target goes by, if it is there. Throws a TransportError when it must go by one that has gone. */
  find(target: Target): Connection | undefined {
    if (target.connection !== undefined && target.connection !== 0) {
      const connection = this.#table.get(target.connection);
      if (connection?.flow.transport === target.transport) return connection;
      if (target.reconnect !== true) throw new TransportError('gone', 'the connection it was for has gone');
    }
    return this.#table.find(target);
  }

  /** A new connection. Rejects with a TransportError. */
  dial(target: Target, limitMs: number): Promise<Connection> {
    return this.#dialer.dial(target, limitMs);
  }

  read(bytes: Buffer, connection: Connection): Reading {
    const noticed = connection.verified && !connection.outgoing ? this.#aliasOf(connection) : undefined;
    return this.#options.reader.readFrom(bytes, connection.flow, noticed);
  }

  hold(bytes: number): boolean {
    this.#heldBytes += bytes;
    return bytes <= 0 || this.#heldBytes <= this.limits.pendingBytesInInAll;
  }

  ended(connection: Connection, reason: string): void {
    this.#table.remove(connection);
    const { flow, number } = connection;
    this.#options.log.debug({ transport: flow.transport, remote: flow.remote, reason }, 'connection ended');
    this.#options.events.emit('closed', { connection: number, flow, reason });
  }

  vanished(connection: Connection): void {
    this.#sockets.delete(connection);
    if (this.#sockets.size === 0) this.#allVanished?.();
  }

  /** Closes those who leave most unread when it is too much in all. */
  #relieve(): void {
    const pending = this.#table.all().map((connection) => ({ connection, bytes: connection.pendingBytes }));
    let inAll = pending.reduce((sum, { bytes }) => sum + bytes, 0);
    if (inAll <= this.limits.pendingBytesOutInAll) return;
    for (const { connection, bytes } of pending.sort((a, b) => b.bytes - a.bytes)) {
      if (inAll <= this.limits.pendingBytesOutInAll) return;
      connection.cut('the peers do not read what they are sent');
      inAll -= bytes;
    }
  }

  /** RFC 5923 clause 5: a peer that has proved its name offers the connection for requests to where it listens. */
  #aliasOf(connection: Connection): (request: SipRequest) => void {
    return (request) => {
      const via = request.vias[0];
      if (via?.params.has('alias') !== true) return;
      const { transport, remote } = connection.flow;
      this.#table.alias(connection, { host: remote.host, port: via.port ?? defaultPort(transport) });
    };
  }
}
