// The connections there are: by number, and by where they lead, so that they are used again (RFC 5923).
import { hostPort } from '../locate/index.js';
import type { Connection } from './connection.js';
import type { TransportLimits } from './limits.js';
import type { SocketAddress, Target, TransportName } from './types.js';

/** Where a connection leads: its own address, and one that its peer listens at. */
const PLACES = 2;

export class ConnectionTable {
  readonly #limits: TransportLimits;
  readonly #byNumber = new Map<number, Connection>();
  readonly #byPlace = new Map<string, Set<Connection>>();
  readonly #places = new Map<Connection, string[]>();
  readonly #accepted = new Map<string, number>();
  #acceptedTotal = 0;
  #number = 0;

  constructor(limits: TransportLimits) {
    this.#limits = limits;
  }

  /** Numbers are never used again. */
  nextNumber(): number {
    this.#number += 1;
    return this.#number;
  }

  /** Room for a connection from there, to be given back once it has gone; undefined: there is none. */
  reserve(remote: string): (() => void) | undefined {
    const network = networkOf(remote);
    const ofNetwork = this.#accepted.get(network) ?? 0;
    if (this.#acceptedTotal >= this.#limits.connectionsIn || ofNetwork >= this.#limits.connectionsPerAddress)
      return undefined;
    this.#acceptedTotal += 1;
    this.#accepted.set(network, ofNetwork + 1);
    let reserved = true;
    return () => {
      if (!reserved) return;
      reserved = false;
      this.#acceptedTotal -= 1;
      const left = (this.#accepted.get(network) ?? 1) - 1;
      if (left === 0) this.#accepted.delete(network);
      else this.#accepted.set(network, left);
    };
  }

  /** Accepted connections, those in a handshake too. */
  get accepted(): number {
    return this.#acceptedTotal;
  }

  /** Those we opened. */
  get outgoing(): number {
    let count = 0;
    for (const connection of this.#byNumber.values()) if (connection.outgoing) count += 1;
    return count;
  }

  add(connection: Connection): void {
    this.#byNumber.set(connection.number, connection);
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
    this.#byNumber.delete(connection.number);
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

/** Whose limit it counts on: an IPv4 address, or the /64 that one customer has of IPv6. */
function networkOf(host: string): string {
  if (!host.includes(':')) return host;
  const [front = ''] = host.split('::');
  const groups = front.split(':');
  return [...groups, '0', '0', '0', '0'].slice(0, 4).join(':');
}
