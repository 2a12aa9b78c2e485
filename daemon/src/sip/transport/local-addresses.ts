// Which of our addresses a peer sees, for sockets that are bound to all of them: what stands in Via and Contact.
import { createSocket } from 'node:dgram';
import type { Clock } from '../../platform/index.js';
import { addressFamily } from '../locate/index.js';

/** ms that an answer of the kernel is believed; routes change with cables and DHCP */
const BELIEVED_MS = 30_000;
const REMEMBERED = 4_000;

export class LocalAddresses {
  readonly #clock: Clock;
  readonly #known = new Map<string, { address: string | undefined; untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The address that packets to `remote` (an IP address) leave from; undefined: there is no way to it. Sends nothing. */
  towards(remote: string): string | undefined {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#known.get(remote);
    if (known !== undefined && nowMs < known.untilMs) return known.address;
    const address = askKernel(remote);
    this.#known.delete(remote);
    this.#known.set(remote, { address, untilMs: nowMs + BELIEVED_MS });
    if (this.#known.size > REMEMBERED) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    return address;
  }
}

/** Connecting a UDP socket makes the kernel choose a route and with it our address, at once and without a packet. */
function askKernel(remote: string): string | undefined {
  const family = addressFamily(remote);
  if (family === 0) return undefined;
  const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4', lookup: literalOnly });
  // No route: the error comes here, later, and the address below is missing.
  socket.on('error', () => undefined);
  try {
    socket.connect(9, remote);
    socket.remoteAddress();
    return socket.address().address;
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}

type LookupDone = (error: NodeJS.ErrnoException | null, address: string, family: number) => void;

/** For sockets of node:dgram: what is no IP address fails, nothing is ever looked up, and the answer comes at once. */
function literalOnly(host: string, options: unknown, done: LookupDone): void {
  const family = addressFamily(host);
  const error = family === 0 ? new Error(`${host} is no IP address`) : null;
  done(error, host, family === 0 ? 4 : family);
}
