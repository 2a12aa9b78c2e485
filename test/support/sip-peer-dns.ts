// A name server over UDP on 127.0.0.1 that knows what a test tells it.
import { createSocket, type Socket } from 'node:dgram';
import { isIPv4 } from 'node:net';
import type { NaptrRecord, SrvRecord } from '../../daemon/src/sip/locate/index.js';

const TYPES: Record<number, string> = { 1: 'a', 28: 'aaaa', 33: 'srv', 35: 'naptr' };

export interface DnsZone {
  a?: Record<string, string[]>;
  aaaa?: Record<string, string[]>;
  srv?: Record<string, SrvRecord[]>;
  naptr?: Record<string, NaptrRecord[]>;
}

export class DnsServer {
  readonly #socket: Socket = createSocket('udp4');
  /** `a sip.example.com`, in the order asked */
  readonly asked: string[] = [];
  zone: DnsZone;
  ttlS = 60;
  /** says nothing to these questions: `naptr example.com`, or to all: `*` */
  readonly deafTo = new Set<string>();
  /** answers these with SERVFAIL */
  readonly failing = new Set<string>();

  constructor(zone: DnsZone = {}) {
    this.zone = zone;
    this.#socket.on('message', (query, from) => {
      const answer = this.#answer(query);
      if (answer !== undefined) this.#socket.send(answer, from.port, from.address);
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#socket.bind(0, '127.0.0.1', resolve));
    return this;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  /** As Resolver.setServers takes it. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  #answer(query: Buffer): Buffer | undefined {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const question = query.subarray(12, at + 5);
    const name = labels.join('.').toLowerCase();
    const typeNumber = query.readUInt16BE(at + 1);
    const type = TYPES[typeNumber] ?? String(typeNumber);
    const key = `${type} ${name}`;
    this.asked.push(key);
    if (this.deafTo.has(key) || this.deafTo.has('*')) return undefined;
    const data = this.failing.has(key) ? [] : this.#data(type, name);
    const records = data.map((one) => {
      const head = Buffer.alloc(12);
      head.writeUInt16BE(0xc00c, 0); // the name of the question
      head.writeUInt16BE(typeNumber, 2);
      head.writeUInt16BE(1, 4);
      head.writeUInt32BE(this.ttlS, 6);
      head.writeUInt16BE(one.length, 10);
      return Buffer.concat([head, one]);
    });
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    const known = Object.values(this.zone).some((names: Record<string, unknown>) => name in names);
    head.writeUInt16BE(0x8580 | (this.failing.has(key) ? 2 : known ? 0 : 3), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(records.length, 6);
    return Buffer.concat([head, question, ...records]);
  }

  #data(type: string, name: string): Buffer[] {
    switch (type) {
      case 'a':
        return (this.zone.a?.[name] ?? []).map((ip) => Buffer.from(ip.split('.').map(Number)));
      case 'aaaa':
        return (this.zone.aaaa?.[name] ?? []).map(ipv6Bytes);
      case 'srv':
        return (this.zone.srv?.[name] ?? []).map((one) =>
          Buffer.concat([shorts(one.priority, one.weight, one.port), encodeName(one.name)]),
        );
      case 'naptr':
        return (this.zone.naptr?.[name] ?? []).map((one) =>
          Buffer.concat([
            shorts(one.order, one.preference),
            text(one.flags),
            text(one.service),
            text(one.regexp),
            encodeName(one.replacement),
          ]),
        );
      default:
        return [];
    }
  }
}

const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')]);

function shorts(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, i) => bytes.writeUInt16BE(value, i * 2));
  return bytes;
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([...labels.map(text), Buffer.from([0])]);
}

/** Of the long form, `2001:db8:0:0:0:0:0:1`, or with one `::`. */
function ipv6Bytes(address: string): Buffer {
  if (isIPv4(address)) throw new Error(`${address} is no IPv6 address`);
  const [front = '', back] = address.split('::');
  const head = front === '' ? [] : front.split(':');
  const tail = back === undefined || back === '' ? [] : back.split(':');
  const zeros = back === undefined ? [] : Array<string>(8 - head.length - tail.length).fill('0');
  return shorts(...[...head, ...zeros, ...tail].map((part) => Number.parseInt(part, 16)));
}
