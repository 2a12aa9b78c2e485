// One end of an RTP stream in plain sight (RFC 3550, RFC 4733): what it is told to say goes out every 20 ms, what comes is kept
// packet by packet. It answers RTCP, so that the other end knows its round trip.
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { SILENCE } from './wav.js';

const BLOCK = 160;
const BLOCK_MS = 20;
export const DIGITS = '0123456789*#ABCD';

interface Packet {
  payloadType: number;
  sequence: number;
  timestamp: number;
  payload: Buffer;
}

export class RtpEnd {
  readonly #rtp: Socket;
  readonly #rtcp: Socket;
  readonly #received = new Map<number, Packet>();
  readonly #watchers = new Set<() => void>();
  #remote: { host: string; port: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #queue: { octets: Buffer; sent: (() => void) | undefined }[] = [];
  #events: { digit: number; blocks: number; at: number }[] = [];
  #sequence = 1000;
  #timestamp = 160_000;
  readonly #ssrc = (Math.random() * 0xffff_ffff) >>> 0;
  #sentTicks = 0;
  #began = 0;
  /** Of the packets that are numbered, these are not sent: lost on the way. */
  lose: (index: number) => boolean = () => false;
  #index = 0;

  private constructor(rtp: Socket, rtcp: Socket) {
    this.#rtp = rtp;
    this.#rtcp = rtcp;
    rtp.on('message', (bytes) => this.#receive(bytes));
    rtcp.on('message', (bytes, { address, port }) => this.#report(bytes, address, port));
  }

  /** On an even port and the one above it (RFC 3550 11). */
  static async open(host = '127.0.0.1'): Promise<RtpEnd> {
    const family = isIPv6(host) ? 'udp6' : 'udp4';
    for (;;) {
      const rtp = createSocket(family);
      await new Promise<void>((resolve) => rtp.bind(0, host, resolve));
      const { port } = rtp.address();
      const rtcp = createSocket(family);
      const bound =
        port % 2 === 0 &&
        (await new Promise<boolean>((resolve) => {
          rtcp.once('error', () => resolve(false));
          rtcp.bind(port + 1, host, () => resolve(true));
        }));
      if (bound) return new RtpEnd(rtp, rtcp);
      rtp.close();
      rtcp.close();
    }
  }

  get port(): number {
    return this.#rtp.address().port;
  }

  /** Begins to send, silence as long as there is nothing to say; a second time it sends elsewhere. */
  talkTo(host: string, port: number): void {
    this.#remote = { host, port };
    if (this.#timer !== undefined) return;
    this.#began = performance.now();
    this.#timer = setInterval(() => this.#tick(), BLOCK_MS / 2);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#rtp.close();
    this.#rtcp.close();
  }

  /** A-law octets; resolves when the last has been sent. */
  say(octets: Uint8Array): Promise<void> {
    const blocks: Buffer[] = [];
    for (let at = 0; at < octets.length; at += BLOCK) {
      const block = Buffer.alloc(BLOCK, SILENCE);
      block.set(octets.subarray(at, at + BLOCK));
      blocks.push(block);
    }
    return new Promise((resolve) =>
      blocks.forEach((block, i) =>
        this.#queue.push({ octets: block, sent: i === blocks.length - 1 ? resolve : undefined }),
      ),
    );
  }

  /** Presses a key for so long: events of RFC 4733 in place of audio. */
  press(digit: string, durationMs = 100): void {
    this.#events.push({ digit: DIGITS.indexOf(digit), blocks: Math.max(2, Math.round(durationMs / BLOCK_MS)), at: 0 });
  }

  /** Audio of that payload type in the order of its numbers; what is missing is left out. */
  heard(payloadType = 8): Buffer {
    const packets = this.#ordered().filter((packet) => packet.payloadType === payloadType);
    return Buffer.concat(packets.map(({ payload }) => payload));
  }

  /** Keys that came as events, each once (RFC 4733 2.5.1.2: one timestamp, one event). */
  keys(payloadType = 101): string {
    const seen = new Map<number, string>();
    for (const packet of this.#ordered())
      if (packet.payloadType === payloadType) seen.set(packet.timestamp, DIGITS[packet.payload[0]!] ?? '?');
    return [...seen.values()].join('');
  }

  get packets(): number {
    return this.#received.size;
  }

  /** Resolves when the condition holds; it is looked at after each packet. */
  async until(condition: (end: RtpEnd) => boolean, what: string, limitMs = 45_000): Promise<void> {
    if (condition(this)) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(look);
        reject(new Error(`waited in vain until ${what}; ${this.#received.size} packets came, keys ${this.keys()}`));
      }, limitMs);
      const look = (): void => {
        if (!condition(this)) return;
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
    });
  }

  /** Forgets what has come. */
  forget(): void {
    this.#received.clear();
  }

  #ordered(): Packet[] {
    return [...this.#received.values()].sort((a, b) => a.sequence - b.sequence);
  }

  #receive(bytes: Buffer): void {
    if (bytes.length < 12 || bytes[0]! >> 6 !== 2) return;
    const sequence = bytes.readUInt16BE(2);
    this.#received.set(sequence, {
      payloadType: bytes[1]! & 0x7f,
      sequence,
      timestamp: bytes.readUInt32BE(4),
      payload: Buffer.from(bytes.subarray(12)),
    });
    for (const look of [...this.#watchers]) look();
  }

  /** As many blocks as the time since the beginning asks for: an interval that comes late loses nothing. */
  #tick(): void {
    const due = Math.floor((performance.now() - this.#began) / BLOCK_MS);
    for (; this.#sentTicks < due; this.#sentTicks += 1) this.#sendBlock();
  }

  #sendBlock(): void {
    const [event] = this.#events;
    if (event !== undefined) {
      event.at += 1;
      const last = event.at >= event.blocks;
      const duration = event.at * BLOCK;
      const payload = Buffer.from([event.digit, (last ? 0x80 : 0) | 10, duration >> 8, duration & 0xff]);
      for (let i = 0; i < (last ? 3 : 1); i += 1) this.#send(101, event.at === 1, payload);
      if (last) {
        this.#events.shift();
        this.#timestamp += event.blocks * BLOCK;
      }
      return;
    }
    const block = this.#queue.shift();
    this.#send(8, false, block?.octets ?? Buffer.alloc(BLOCK, SILENCE));
    this.#timestamp += BLOCK;
    block?.sent?.();
  }

  #send(payloadType: number, marker: boolean, payload: Buffer): void {
    const head = Buffer.alloc(12);
    head[0] = 0x80;
    head[1] = (marker ? 0x80 : 0) | payloadType;
    head.writeUInt16BE(this.#sequence & 0xffff, 2);
    head.writeUInt32BE(this.#timestamp >>> 0, 4);
    head.writeUInt32BE(this.#ssrc, 8);
    this.#sequence += 1;
    const index = this.#index++;
    if (this.#remote === undefined || this.lose(index)) return;
    this.#rtp.send(Buffer.concat([head, payload]), this.#remote.port, this.#remote.host);
  }

  /** An SR is answered with an RR that says when it came (RFC 3550 6.4.1). */
  #report(bytes: Buffer, host: string, port: number): void {
    if (bytes.length < 28 || bytes[1] !== 200) return;
    const report = Buffer.alloc(32);
    report[0] = 0x81;
    report[1] = 201;
    report.writeUInt16BE(7, 2);
    report.writeUInt32BE(this.#ssrc, 4);
    bytes.copy(report, 8, 4, 8);
    report.writeUInt32BE(this.#received.size, 16);
    bytes.copy(report, 24, 10, 14);
    this.#rtcp.send(report, port, host);
  }
}
