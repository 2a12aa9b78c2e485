// WebSockets that the daemon's own web server has accepted for its pages: their messages cross between the threads as plain data.
//
//   page ── WebSocket ── http ── page.open, page.data, page.gone ──> PageSocket ──> Transports
//                        http <── page.send, page.end ──────────────────┘
import { EventEmitter } from 'node:events';
import type { SocketAddress, WebSocketLike } from '../transport/index.js';
import type { StackEvents } from './protocol.js';

export interface PageSocketsOptions {
  emit: <E extends 'page.send' | 'page.end'>(event: E, data: StackEvents[E]) => void;
  accept: (
    socket: WebSocketLike,
    addresses: { local: SocketAddress; remote: SocketAddress; secure: boolean },
  ) => number | undefined;
}

/** RFC 6455 7.4.1 */
const POLICY = 1008;

class PageSocket extends EventEmitter implements WebSocketLike {
  /** The web server has the socket, and ends it when its page does not read. */
  readonly bufferedAmount = 0;
  readonly #page: string;
  readonly #emit: PageSocketsOptions['emit'];

  constructor(page: string, emit: PageSocketsOptions['emit']) {
    super();
    this.#page = page;
    this.#emit = emit;
  }

  send(data: Buffer, { binary }: { binary: boolean }, done: (error?: Error) => void): void {
    this.#emit('page.send', { page: this.#page, data: new Uint8Array(data), binary });
    setImmediate(done);
  }

  /** Whether the page is there the web server finds out. */
  ping(): void {
    setImmediate(() => this.emit('pong', Buffer.alloc(0)));
  }

  pong(): void {
    // Answered by the web server.
  }

  close(code: number, reason: string): void {
    this.#emit('page.end', { page: this.#page, code, reason });
  }

  terminate(): void {
    this.close(POLICY, '');
  }
}

export class PageSockets {
  readonly #options: PageSocketsOptions;
  readonly #sockets = new Map<string, { socket: PageSocket; connection: number | undefined }>();
  readonly #connections = new Set<number>();

  constructor(options: PageSocketsOptions) {
    this.#options = options;
  }

  open(page: string, addresses: { local: SocketAddress; remote: SocketAddress; secure: boolean }): void {
    const socket = new PageSocket(page, this.#options.emit);
    const connection = this.#options.accept(socket, addresses);
    this.#sockets.set(page, { socket, connection });
    if (connection !== undefined) this.#connections.add(connection);
  }

  /** Whether the connection is a page's. */
  has(connection: number): boolean {
    return this.#connections.has(connection);
  }

  came(page: string, data: Uint8Array): void {
    this.#sockets.get(page)?.socket.emit('message', Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  }

  gone(page: string, code: number): void {
    const known = this.#sockets.get(page);
    if (known === undefined) return;
    this.#sockets.delete(page);
    if (known.connection !== undefined) this.#connections.delete(known.connection);
    known.socket.emit('close', code);
  }
}
