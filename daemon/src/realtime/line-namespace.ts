// The namespace by which a page hears and speaks through the simulator's telephones and callers. It is not the live socket: a page
// that listens gets fifty blocks a second, and one that cannot keep up misses some, never anything else.
import type { Namespace, Socket } from 'socket.io';
import {
  LINE_NAMESPACE,
  PERMISSION_WORDS,
  LineTarget,
  type ErrorBody,
  type LineClientEvents,
  type LineServerEvents,
} from '../contract/index.js';
import type { DbEvents } from '../db/index.js';
import type { Exchange, LineEar } from '../exchange/index.js';
import { AppError, isAppError, pickLanguage, type EventSource, type Log, type Unsubscribe } from '../platform/index.js';
import type { RealtimeIdentity } from './server.js';

export interface LineNamespaceOptions {
  exchange: Pick<Exchange, 'audio' | 'telephones' | 'callers'>;
  authenticate(token: string, remoteAddress: string | undefined): Promise<RealtimeIdentity | undefined>;
  dbEvents: EventSource<DbEvents>;
  language: Parameters<typeof pickLanguage>[1];
  log: Log;
}

interface LineData {
  identity: RealtimeIdentity;
}
type Lines = Namespace<LineClientEvents, LineServerEvents, Record<string, never>, LineData>;
type LineSocket = Socket<LineClientEvents, LineServerEvents, Record<string, never>, LineData>;

/** telephones of one page that it listens to */
const MOST_EARS = 16;
/** packets that wait for a page which cannot keep up: half a second */
const MOST_WAITING = 60;

/** Opens it; what it returns closes it. */
export function openLineNamespace(io: { of(name: string): unknown }, options: LineNamespaceOptions): () => void {
  const { exchange, dbEvents, log } = options;
  // Each namespace has events of its own, which the types of socket.io do not know.
  const lines = io.of(LINE_NAMESPACE) as Lines;
  lines.use((socket, next) => {
    signIn(socket, options).then(
      () => next(),
      (error: unknown) => next(refusal(socket, error, options)),
    );
  });
  lines.on('connection', (socket) => {
    new Page(socket, options).begin();
    log.debug({ username: socket.data.identity.user.username }, 'a page listens to the lines of the simulator');
  });
  const end = (whose: (identity: RealtimeIdentity) => boolean, reason: 'signedOut' | 'changed'): void => {
    for (const socket of lines.sockets.values()) {
      if (!whose(socket.data.identity)) continue;
      socket.emit('session.ended', { reason });
      socket.disconnect();
    }
  };
  const offs: Unsubscribe[] = [
    exchange.telephones.events.on('phone.changed', (phone) => void lines.emit('phone', phone)),
    exchange.callers.events.on('call.changed', (call) => void lines.emit('call', call)),
    dbEvents.on('session.removed', ({ ids }) => end(({ sessionId = '' }) => ids.includes(sessionId), 'signedOut')),
    dbEvents.on('user.changed', ({ id }) => end(({ user }) => user.id === id, 'changed')),
    dbEvents.on('role.changed', ({ id }) => end(({ user }) => user.role === id, 'changed')),
  ];
  return () => {
    for (const off of offs) off();
    lines.disconnectSockets();
  };
}

async function signIn(socket: LineSocket, options: LineNamespaceOptions): Promise<void> {
  const { token } = socket.handshake.auth as { token?: unknown };
  if (typeof token !== 'string' || token === '') throw new AppError('token_missing');
  const identity = await options.authenticate(token.slice(0, 200), socket.handshake.address);
  if (identity === undefined) throw new AppError('token_invalid');
  if (!identity.permissions.has('simulator.use'))
    throw new AppError('permission_missing', { permission: PERMISSION_WORDS['simulator.use'] });
  socket.data.identity = identity;
}

/** As over HTTP. */
function bodyOf(socket: LineSocket, error: unknown, { language, log }: LineNamespaceOptions): ErrorBody {
  const known = isAppError(error) ? error : new AppError('internal', { reference: socket.id.slice(0, 8) });
  if (!isAppError(error)) log.error({ err: error, socket: socket.id }, 'a line could not be listened to');
  return known.body(pickLanguage(socket.handshake.headers['accept-language'], language));
}

function refusal(socket: LineSocket, error: unknown, options: LineNamespaceOptions): Error & { data?: unknown } {
  const data = bodyOf(socket, error, options);
  return Object.assign(new Error(data.error.code), { data });
}

/** One page, with the telephones that it listens to. */
class Page {
  readonly #socket: LineSocket;
  readonly #options: LineNamespaceOptions;
  /** undefined: asked for, and not there yet */
  readonly #ears = new Map<number, LineEar | undefined>();

  constructor(socket: LineSocket, options: LineNamespaceOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  begin(): void {
    this.#socket.on('listen', (ear, target, answer) => {
      const reply = typeof answer === 'function' ? answer : (): void => undefined;
      this.#listen(ear, target).then(
        () => reply(null),
        (error: unknown) => {
          this.#leave(ear);
          reply(bodyOf(this.#socket, error, this.#options));
        },
      );
    });
    this.#socket.on('say', (ear, octets) => {
      if (octets instanceof Uint8Array) this.#ears.get(ear)?.say(octets);
    });
    this.#socket.on('leave', (ear) => this.#leave(ear));
    this.#socket.on('disconnect', () => {
      for (const ear of [...this.#ears.keys()]) this.#leave(ear);
    });
  }

  async #listen(ear: number, given: LineTarget): Promise<void> {
    const target = LineTarget.safeParse(given);
    if (!target.success || !Number.isSafeInteger(ear)) throw new AppError('line_sound_refused', { reason: 'no line' });
    if (this.#ears.size >= MOST_EARS || this.#ears.has(ear))
      throw new AppError('line_sound_refused', { reason: `${this.#ears.size}` });
    this.#ears.set(ear, undefined);
    const opened = await this.#options.exchange.audio.listen(target.data, {
      heard: (octets) => {
        if (waiting(this.#socket) < MOST_WAITING) this.#socket.emit('heard', ear, octets);
      },
      gone: () => {
        this.#ears.delete(ear);
        this.#socket.emit('gone', ear);
      },
    });
    // It has left, or the page has gone, while the line was opened.
    if (this.#ears.has(ear) && this.#socket.connected) this.#ears.set(ear, opened);
    else opened.close();
  }

  #leave(ear: number): void {
    const opened = this.#ears.get(ear);
    this.#ears.delete(ear);
    opened?.close();
  }
}

/** Packets that the connection has not taken yet; socket.io shows them to nobody by its types. */
function waiting(socket: LineSocket): number {
  return (socket.conn as unknown as { writeBuffer: readonly unknown[] }).writeBuffer.length;
}
