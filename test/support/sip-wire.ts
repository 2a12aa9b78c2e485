// A network in memory: what is sent arrives after a while of the fake clock, unless the test says that it is lost, comes twice or
// comes late. Messages cross it as bytes.
import { createHash } from 'node:crypto';
import {
  formatVia,
  parseMessage,
  serialise,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../../daemon/src/sip/message/index.js';
import type { Flow, MessageCarrier, Target, TransportName } from '../../daemon/src/sip/transport/index.js';
import type { FakeClock } from './clock-fake.js';

/** One message on its way. */
export class Packet {
  /** counts from 0 */
  readonly number: number;
  readonly from: string;
  readonly to: string;
  readonly bytes: Buffer;
  /** ms of the fake clock */
  readonly sentMs: number;
  #message: SipMessage | undefined;

  constructor(number: number, from: string, to: string, bytes: Buffer, sentMs: number) {
    this.number = number;
    this.from = from;
    this.to = to;
    this.bytes = bytes;
    this.sentMs = sentMs;
  }

  get message(): SipMessage {
    return (this.#message ??= parsed(this.bytes));
  }

  /** `INVITE`, or `180 INVITE` */
  get name(): string {
    const { message } = this;
    return message.kind === 'request' ? message.method : `${message.status} ${message.cseq.method}`;
  }
}

/** How many ms longer than usual each copy takes; none: it is lost. */
export type Fate = (packet: Packet) => readonly number[];

export interface Receiver {
  receiveRequest(request: SipRequest, flow: Flow): void;
  receiveResponse(response: SipResponse, flow: Flow): void;
}

const DELAY_MS = 5;
const PORT = 5060;

export class Wire {
  readonly packets: Packet[] = [];
  /** false: what is sent is not remembered */
  keeps = true;
  /** messages that are none are dropped; otherwise they fail the test */
  dropsBroken = false;
  fate: Fate = () => [0];
  readonly clock: FakeClock;
  readonly transport: TransportName;
  readonly #ports = new Map<string, WirePort>();
  readonly #arriving = new Map<number, { to: string; from: string; bytes: Buffer }[]>();
  #count = 0;

  constructor(clock: FakeClock, transport: TransportName = 'udp') {
    this.clock = clock;
    this.transport = transport;
  }

  /** Messages sent so far. */
  get count(): number {
    return this.#count;
  }

  port(host: string): WirePort {
    const port = new WirePort(this, host);
    this.#ports.set(host, port);
    return port;
  }

  /** `a>b INVITE` of every message sent, in order. */
  get names(): string[] {
    return this.packets.map((packet) => `${packet.from}>${packet.to} ${packet.name}`);
  }

  /** Messages of that name, from that host when one is given. */
  named(name: string, from?: string): Packet[] {
    return this.packets.filter((packet) => packet.name === name && (from === undefined || packet.from === from));
  }

  carry(from: string, to: string, bytes: Buffer): void {
    const packet = new Packet(this.#count++, from, to, bytes, this.clock.monotonicMs());
    if (this.keeps) this.packets.push(packet);
    for (const extraMs of this.fate(packet)) this.#arrive(DELAY_MS + extraMs, { to, from, bytes });
  }

  #arrive(inMs: number, one: { to: string; from: string; bytes: Buffer }): void {
    const atMs = Math.round(this.clock.monotonicMs() + inMs);
    const others = this.#arriving.get(atMs);
    if (others !== undefined) {
      others.push(one);
      return;
    }
    this.#arriving.set(atMs, [one]);
    this.clock.after(atMs - this.clock.monotonicMs(), () => {
      const all = this.#arriving.get(atMs) ?? [];
      this.#arriving.delete(atMs);
      for (const { to, from, bytes } of all) this.#ports.get(to)?.arrived(from, bytes);
    });
  }
}

export class WirePort implements MessageCarrier {
  readonly host: string;
  receiver: Receiver | undefined;
  /** why nothing can be sent to a host */
  readonly unreachable = new Set<string>();
  readonly received: SipMessage[] = [];
  readonly #wire: Wire;

  constructor(wire: Wire, host: string) {
    this.#wire = wire;
    this.host = host;
  }

  get target(): Target {
    return { transport: this.#wire.transport, remote: { host: this.host, port: PORT } };
  }

  /** As of what comes from this host. */
  flowFrom(host: string): Flow {
    const transport = this.#wire.transport;
    const connection = transport === 'udp' ? 0 : connectionOf(this.host, host);
    return { transport, local: { host: this.host, port: PORT }, remote: { host, port: PORT }, connection };
  }

  async send(message: SipMessage, target: Target): Promise<Flow> {
    const via = message.kind === 'request' ? message.vias[0] : undefined;
    if (via !== undefined) {
      message.headers.shift('Via');
      message.headers.prepend('Via', formatVia({ ...via, host: this.host, port: PORT }));
    }
    return this.sendBytes(serialise(message), target);
  }

  sendBytes(bytes: Buffer, target: Target): Promise<Flow> {
    const { host } = target.remote;
    if (this.unreachable.has(host)) return Promise.reject(new Error(`${host} is unreachable`));
    this.#wire.carry(this.host, host, bytes);
    return Promise.resolve(this.flowFrom(host));
  }

  /** For peers that a test plays by hand. */
  sendText(text: string, to: string): void {
    this.#wire.carry(this.host, to, Buffer.from(text.replace(/\r?\n/g, '\r\n')));
  }

  reliable(transport: TransportName): boolean {
    return transport !== 'udp';
  }

  arrived(from: string, bytes: Buffer): void {
    if (this.#wire.dropsBroken && parseMessage(bytes).kind === 'failure') return;
    const message = parsed(bytes);
    if (this.#wire.keeps) this.received.push(message);
    if (message.kind === 'request') this.receiver?.receiveRequest(message, this.flowFrom(from));
    else this.receiver?.receiveResponse(message, this.flowFrom(from));
  }
}

function connectionOf(a: string, b: string): number {
  return createHash('sha1').update([a, b].sort().join()).digest().readUInt32BE(0) + 1;
}

function parsed(bytes: Buffer): SipMessage {
  const message = parseMessage(bytes);
  if (message.kind === 'failure') throw new Error(`${message.reason}: ${bytes.toString()}`);
  return message;
}

/** Random octets that are the same for the same seed. */
export function seededBytes(seed: string): (size: number) => Buffer {
  let block = 0;
  return (size) => {
    const parts: Buffer[] = [];
    for (let have = 0; have < size; have += 64) {
      parts.push(createHash('sha512').update(`${seed} ${block++}`).digest());
    }
    return Buffer.concat(parts, Math.ceil(size / 64) * 64).subarray(0, size);
  };
}
