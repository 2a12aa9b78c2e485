// A connection over TCP or TLS (RFC 3261 clause 18.3, RFC 5626 clause 4.4.1).
import type { Socket } from 'node:net';
import { MessageFramer } from '../message/index.js';
import { Connection, type ConnectionOptions, type ConnectionOwner } from './connection.js';

const PONG = '\r\n';

export class StreamConnection extends Connection {
  readonly #socket: Socket;
  readonly #framer = new MessageFramer();
  /** it waits for its turn to be read on */
  #waiting = false;
  #partialSinceMs: number | undefined;
  /** bytes of a half message that the owner knows of */
  #held = 0;
  #error: string | undefined;

  /** `socket` is connected, and through with its handshake. */
  constructor(owner: ConnectionOwner, options: ConnectionOptions, socket: Socket) {
    super(owner, options);
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    socket.on('data', (chunk: Buffer) => this.#came(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#error ??= error.code === 'ECONNRESET' ? 'reset by the peer' : error.message;
    });
    socket.on('close', () => {
      this.#hold(0);
      const partial = this.#framer.pending > 0 ? ' in the middle of a message' : '';
      this.vanished(`${this.#error ?? 'closed by the peer'}${partial}`);
    });
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  protected get partialSinceMs(): number | undefined {
    return this.#partialSinceMs;
  }

  protected write(bytes: Buffer, done: (error?: Error | null) => void): void {
    this.#socket.write(bytes, (error) => {
      // Node calls what was cut off with the socket a success.
      done(error ?? (this.#socket.destroyed ? new Error('it was closed before all was written') : null));
    });
  }

  protected shut(cut: boolean): void {
    if (!cut) this.#socket.destroySoon();
    else if (this.flow.transport === 'tcp') this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  #came(chunk: Buffer): void {
    if (!this.open) return;
    this.aliveMs = this.owner.clock.monotonicMs();
    this.#framer.push(chunk);
    if (!this.#waiting) this.#readOn();
  }

  /** Reads what is there, but no more than its share of this turn. */
  #readOn(): void {
    this.#waiting = false;
    let pings = 0;
    let left = this.owner.limits.turnMessagesOfConnection;
    while (this.open) {
      if (left === 0 || !this.owner.budget.take()) {
        this.#waitForTurn();
        break;
      }
      left -= 1;
      const next = this.#framer.next();
      if (next === undefined) {
        this.#readAll();
        break;
      }
      this.#partialSinceMs = undefined;
      if (typeof next === 'string') {
        if (next === 'ping') pings += 1;
        this.heardKeepAlive();
      } else {
        this.readMessage(next);
      }
    }
    // Failing to answer a ping shows in the connection's end.
    if (pings > 0 && this.open) this.send(Buffer.from(PONG.repeat(pings))).catch(() => undefined);
  }

  #waitForTurn(): void {
    this.#waiting = true;
    this.#socket.pause();
    this.owner.budget.later(() => this.#readOn());
  }

  #readAll(): void {
    if (this.#framer.failed !== undefined) {
      this.owner.counts[this.flow.transport].malformed += 1;
      this.cut(this.#framer.failed);
      return;
    }
    const { pending } = this.#framer;
    if (!this.#hold(pending) && pending > 0) {
      this.cut('too much of messages is half there');
      return;
    }
    if (pending === 0) this.#partialSinceMs = undefined;
    else this.#partialSinceMs ??= this.owner.clock.monotonicMs();
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  #hold(bytes: number): boolean {
    const more = bytes - this.#held;
    this.#held = bytes;
    return more === 0 || this.owner.hold(more);
  }
}
