// The sound of one line of the simulator, out of the engine and into it: an RTP stream of the engine to a socket of ours on this
// machine. Deadlines stay the engine's; whoever is late here misses a block or is not heard for one, and no call notices.
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { EngineClient } from '../engine/index.js';
import type { Log } from '../platform/index.js';

export const BLOCK_OCTETS = 160;
const BLOCK_MS = 20;
const PCMA = 8;
const HEAD_BYTES = 12;
/** so much may come faster than it is spoken before the rest is dropped */
const MOST_AHEAD_MS = 400;
const CAUSE_NORMAL = 16;

export class LineStream {
  readonly #engine: EngineClient;
  readonly #log: Log;
  readonly #socket: Socket;
  readonly #leg: number;
  readonly #port: number;
  readonly #remote: { host: string; port: number };
  #sequence = Math.floor(Math.random() * 0x8000);
  #timestamp = 0;
  /** monotonic, ms: when what has been said will have been spoken */
  #spokenUntil = 0;
  #closed = false;

  private constructor(
    engine: EngineClient,
    log: Log,
    socket: Socket,
    stream: { leg: number; port: number; host: string; rtpPort: number },
    heard: (octets: Buffer) => void,
  ) {
    this.#engine = engine;
    this.#log = log;
    this.#socket = socket;
    this.#leg = stream.leg;
    this.#port = stream.port;
    this.#remote = { host: stream.host, port: stream.rtpPort };
    socket.on('message', (packet, { port }) => {
      if (port === this.#remote.port && isAudio(packet)) heard(packet.subarray(HEAD_BYTES));
    });
  }

  /** Rejects with what the engine says: it has no stream left, or none at all. */
  static async open(engine: EngineClient, log: Log, heard: (octets: Buffer) => void): Promise<LineStream> {
    const { leg, port, address, rtpPort } = await engine.command('stream.open', { incoming: false });
    const host = nearAddress(address);
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind(0, host, () => {
          socket.off('error', reject);
          resolve();
        });
      });
      socket.on('error', (error) => log.debug({ err: error }, 'the sound of a line could not be sent'));
      const { conflict } = await engine.command('stream.update', {
        leg,
        remoteAddress: host,
        remotePort: socket.address().port,
        rtcpMux: true,
        codec: { name: 'PCMA', payloadType: PCMA, ptimeMs: BLOCK_MS },
        receive: [{ name: 'PCMA', payloadType: PCMA }],
        timeoutMs: 0,
      });
      return new LineStream(engine, log, socket, { leg, port, host, rtpPort: conflict ?? rtpPort }, heard);
    } catch (error) {
      socket.close();
      await engine.command('leg.release', { leg, cause: CAUSE_NORMAL }).catch(() => undefined);
      throw error;
    }
  }

  /** Hears what the line hears, and is heard where the line is. */
  async join(port: number): Promise<void> {
    await this.#engine.command('bus.connect', { a: this.#port, b: port });
  }

  /** Hears silence. */
  async part(): Promise<void> {
    await this.#engine.command('bus.disconnect', { port: this.#port });
  }

  /** A-law; what comes much faster than it can be spoken is dropped. */
  say(octets: Uint8Array): void {
    const now = performance.now();
    const late = now > this.#spokenUntil;
    if (late && this.#spokenUntil > 0) this.#timestamp += Math.round((now - this.#spokenUntil) * 8);
    if (late) this.#spokenUntil = now;
    if (this.#closed || this.#spokenUntil - now > MOST_AHEAD_MS) return;
    const head = Buffer.alloc(HEAD_BYTES);
    head[0] = 0x80;
    head[1] = (late ? 0x80 : 0) | PCMA;
    head.writeUInt16BE(this.#sequence & 0xffff, 2);
    head.writeUInt32BE(this.#timestamp >>> 0, 4);
    head.writeUInt32BE(this.#leg >>> 0, 8);
    this.#sequence += 1;
    this.#timestamp += octets.length;
    this.#spokenUntil += octets.length / 8;
    this.#socket.send([head, octets], this.#remote.port, this.#remote.host);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    this.#engine
      .command('leg.release', { leg: this.#leg, cause: CAUSE_NORMAL })
      .catch((error: unknown) => this.#log.debug({ err: error }, 'the stream of a line had gone before'));
  }
}

/** RTP with nothing but its fixed header, A-law: all that the engine sends here beside RTCP. */
function isAudio(packet: Buffer): boolean {
  return packet.length > HEAD_BYTES && packet[0] === 0x80 && ((packet[1] ?? 0) & 0x7f) === PCMA;
}

/** Of the addresses that sockets of the engine are bound to, one that can be sent to. */
function nearAddress(bound: string): string {
  if (bound === '0.0.0.0') return '127.0.0.1';
  return bound === '::' ? '::1' : bound;
}
