// What we call ourselves: sent-by of our requests, host and port of our Contacts.
import { addressFamily } from '../locate/index.js';
import type { SipResponse } from '../message/index.js';
import type { LocalAddresses } from './local-addresses.js';
import type { Flow, SocketAddress, TransportName } from './types.js';
import { sentByKey } from './via-hop.js';

/** As much of a listener as peers are told. */
export interface OwnListener {
  readonly transport: TransportName;
  readonly family: 4 | 6;
  readonly local: SocketAddress;
  readonly advertised?: { readonly host: string; readonly port?: number | undefined } | undefined;
}

/** There are as many as listeners and addresses of the machine, or as connections where we listen for none. */
const SENT_BYS = 2_000;

export class OwnAddresses {
  readonly #routes: LocalAddresses;
  readonly #listeners: readonly OwnListener[];
  readonly #sentBys = new Set<string>();

  constructor(listeners: readonly OwnListener[], routes: LocalAddresses) {
    this.#listeners = listeners;
    this.#routes = routes;
  }

  /**
   * The listener for a peer: on the address our packets to it leave from, else on all addresses, else the first of its family, else of
   * any (a name that is advertised may have both). undefined: none has the transport.
   */
  listenerFor(transport: TransportName, remote: string): OwnListener | undefined {
    const having = this.#listeners.filter((one) => one.transport === transport);
    if (having.length < 2) return having[0];
    const family = addressFamily(remote);
    const reachable = having.filter((one) => one.family === family);
    if (reachable.length < 2) return reachable[0] ?? having[0];
    const ours = this.#routes.towards(remote);
    return reachable.find((one) => one.local.host === ours) ?? reachable.find(onAll) ?? reachable[0];
  }

  /** What a peer at `remote` reaches us by; undefined: nothing of ours listens on the transport. */
  advertised(transport: TransportName, remote: string): SocketAddress | undefined {
    const listener = this.listenerFor(transport, remote);
    return listener === undefined ? undefined : this.ofListener(listener, remote);
  }

  /** The same, of a listener that is known. */
  ofListener(listener: OwnListener, remote: string): SocketAddress {
    const { advertised, local } = listener;
    const port = advertised?.port ?? local.port;
    if (advertised !== undefined) return { host: advertised.host, port };
    if (!onAll(listener)) return { host: local.host, port };
    return { host: this.#routes.towards(remote) ?? local.host, port };
  }

  /** Sent-by of a request over a connection: where we listen for the like, else its own end. */
  ofConnection(flow: Flow): SocketAddress {
    const listener = this.listenerFor(flow.transport, flow.remote.host);
    if (listener === undefined) return flow.local;
    const { advertised, local, family } = listener;
    if (advertised !== undefined) return { host: advertised.host, port: advertised.port ?? local.port };
    return family === addressFamily(flow.local.host) ? { host: flow.local.host, port: local.port } : flow.local;
  }

  /** Notes that requests went out with it: their answers are ours. */
  used(sentBy: SocketAddress, transport: TransportName): void {
    const key = sentByKey(sentBy.host, sentBy.port, transport);
    // The one used last stays longest.
    this.#sentBys.delete(key);
    this.#sentBys.add(key);
    if (this.#sentBys.size <= SENT_BYS) return;
    for (const oldest of this.#sentBys) {
      this.#sentBys.delete(oldest);
      break;
    }
  }

  /** RFC 3261 18.1.2: a response whose topmost Via is not one we wrote is nobody's, or somebody else's. */
  isOurs(response: SipResponse, flow: Flow): boolean {
    const via = response.vias[0];
    return via !== undefined && this.#sentBys.has(sentByKey(via.host, via.port, flow.transport));
  }
}

function onAll(listener: OwnListener): boolean {
  return listener.local.host === '0.0.0.0' || listener.local.host === '::';
}
