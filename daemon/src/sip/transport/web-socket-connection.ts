// SIP over a WebSocket (RFC 7118): each message is one WebSocket message.
import { isUtf8 } from 'node:buffer';
import { Connection, type ConnectionOptions, type ConnectionOwner } from './connection.js';

/** What is used of a WebSocket whose handshake is done; those of `ws` are such. */
export interface WebSocketLike {
  readonly bufferedAmount: number;
  send(data: Buffer, options: { binary: boolean }, done: (error?: Error) => void): void;
  ping(): void;
  pong(data: Buffer): void;
  close(code: number, reason: string): void;
  /** at once, without a close frame */
  terminate(): void;
  on(event: 'message', listener: (data: unknown, binary: boolean) => void): unknown;
  on(event: 'ping' | 'pong', listener: (data: Buffer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'close', listener: (code: number) => void): unknown;
}

/** RFC 6455 clause 7.4.1: going away */
const GOING_AWAY = 1001;
const PONG = Buffer.from('\r\n');
/** bytes; no SIP message is shorter, and keep-alives are (RFC 5626 clause 4.4.1, which some clients use here too) */
const SHORTEST_MESSAGE = 20;

export class WebSocketConnection extends Connection {
  readonly #socket: WebSocketLike;
  #pingedMs: number;
  #error: string | undefined;

  constructor(owner: ConnectionOwner, options: ConnectionOptions, socket: WebSocketLike) {
    super(owner, options);
    this.#socket = socket;
    this.#pingedMs = this.aliveMs;
    socket.on('message', (data) => this.#came(data));
    socket.on('ping', (data) => {
      this.heardKeepAlive();
      // Not left to `ws`, which would go on answering a peer that reads nothing.
      if (this.#readsOn()) socket.pong(data);
    });
    socket.on('pong', () => (this.aliveMs = owner.clock.monotonicMs()));
    socket.on('error', (error) => (this.#error ??= error.message));
    socket.on('close', (code) => this.vanished(this.#error ?? `closed by the peer with ${code}`));
  }

  get pendingBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** A WebSocket does not show it; its messages are bounded, and silence is. */
  protected get partialSinceMs(): undefined {
    return undefined;
  }

  protected write(bytes: Buffer, done: (error?: Error) => void): void {
    // Text where it can be: clients in browsers read binary messages badly.
    this.#socket.send(bytes, { binary: !isUtf8(bytes) }, done);
  }

  protected shut(cut: boolean, reason: string): void {
    if (cut) this.#socket.terminate();
    else this.#socket.close(GOING_AWAY, reason.slice(0, 100));
  }

  override sweep(nowMs: number): void {
    super.sweep(nowMs);
    const { webSocketPingMs, webSocketSilentMs } = this.owner.limits;
    const silentMs = nowMs - this.aliveMs;
    if (!this.open) return;
    if (silentMs >= webSocketSilentMs) {
      this.cut('no sign of life');
    } else if (silentMs >= webSocketPingMs && nowMs - this.#pingedMs >= webSocketPingMs) {
      this.#pingedMs = nowMs;
      this.#socket.ping();
    }
  }

  #came(data: unknown): void {
    if (!this.open || !Buffer.isBuffer(data)) return;
    if (data.length >= SHORTEST_MESSAGE) {
      this.readMessage(data);
      return;
    }
    this.heardKeepAlive();
    if (data.length === 4 && data.equals(Buffer.from('\r\n\r\n')) && this.#readsOn()) {
      this.send(PONG).catch(() => undefined);
    }
  }

  #readsOn(): boolean {
    if (this.#socket.bufferedAmount <= this.owner.limits.pendingBytesOut) return true;
    this.cut('the peer does not read what it is sent');
    return false;
  }
}
