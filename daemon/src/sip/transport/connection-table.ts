// The connections there are: by number, and by where they lead, so that they are used again (RFC 5923).
import { hostPort } from '../locate/index.js';
import type { Connection } from './connection.js';
import type { TransportLimits } from './limits.js';
import { Tally, networkOf } from './tally.js';
import type { SocketAddress, Target, TransportName } from './types.js';

/** Where a connection leads: its own address, and one that its peer listens at. */
const PLACES = 2;

export class ConnectionTable {
  readonly #limits: TransportLimits;
  readonly #byNumber = new Map<number, Connection>();
  readonly #byPlace = new Map<string, Set<Connection>>();
  readonly #places = new Map<Connection, string[]>();
  readonly #accepted = new Tally();
  readonly #outgoing = new Tally();
  #pages = 0;
  #number = 0;

  constructor(limits: TransportLimits) {
    this.#limits = limits;
  }

  /** Numbers are never used again. */
  nextNumber(): number {
    this.#number += 1;
    return this.#number;
  }

  /** Room for a page's connection, wherever it comes from. */
  reserveForPage(): (() => void) | undefined {
    if (this.#pages >= this.#limits.connectionsOfPages) return undefined;
    this.#pages += 1;
    let reserved = true;
    return () => {
      if (reserved) this.#pages -= 1;
      reserved = false;
    };
  }

  /** Room for a connection from there, to be given back once it has gone; undefined: there is none. */
  reserve(remote: string): (() => void) | undefined {
    const network = networkOf(remote);
    const { connectionsIn, connectionsPerAddress } = this.#limits;
    if (this.#accepted.total >= connectionsIn || this.#accepted.of(network) >= connectionsPerAddress) return undefined;
    this.#accepted.add(network);
    let reserved = true;
    return () => {
      if (reserved) this.#accepted.remove(network);
      reserved = false;
    };
  }

  /** Accepted connections, those in a handshake too. */
  get accepted(): number {
    return this.#accepted.total;
  }

  /** Those we opened, by network. */
  get outgoing(): Pick<Tally, 'total' | 'of'> {
    return this.#outgoing;
  }

  add(connection: Connection): void {
    this.#byNumber.set(connection.number, connection);
    if (connection.outgoing) this.#outgoing.add(networkOf(connection.flow.remote.host));
    this.alias(connection, connection.flow.remote);
  }

  /** Requests to that place may go by the connection as well. */
  alias(connection: Connection, place: SocketAddress): void {
    const key = placeKey(connection.flow.transport, place);
    const places = this.#places.get(connection) ?? [];
    if (places.includes(key) || places.length >= PLACES) return;
    this.#places.set(connection, [...places, key]);
    const there = this.#byPlace.get(key);
    if (there === undefined) this.#byPlace.set(key, new Set([connection]));
    else there.add(connection);
  }

  remove(connection: Connection): void {
    if (!this.#byNumber.delete(connection.number)) return;
    if (connection.outgoing) this.#outgoing.remove(networkOf(connection.flow.remote.host));
    for (const key of this.#places.get(connection) ?? []) {
      const there = this.#byPlace.get(key);
      there?.delete(connection);
      if (there?.size === 0) this.#byPlace.delete(key);
    }
    this.#places.delete(connection);
  }

  get(number: number): Connection | undefined {
    return this.#byNumber.get(number);
  }

  /** One that leads to the target and whose peer has proved to be it. */
  find(target: Target): Connection | undefined {
    const there = this.#byPlace.get(placeKey(target.transport, target.remote));
    if (there === undefined) return undefined;
    for (const connection of there) if (connection.suits(target)) return connection;
    return undefined;
  }

  all(): Connection[] {
    return [...this.#byNumber.values()];
  }

  count(transport: TransportName): number {
    let count = 0;
    for (const connection of this.#byNumber.values()) if (connection.flow.transport === transport) count += 1;
    return count;
  }
}

function placeKey(transport: TransportName, place: SocketAddress): string {
  return `${transport} ${hostPort(place)}`;
}
