// The live pages' socket. The daemon publishes LiveEvents; each goes, coalesced, to those who may hear it. A socket that drops
// touches nothing but itself: when it comes back it gets a snapshot.
import type { IncomingMessage, Server as NodeServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import type {
  Agent,
  ClientToServerEvents,
  Colleague,
  Language,
  LiveEvents,
  LiveSnapshot,
  ServerToClientEvents,
  SessionEnded,
} from '../contract/index.js';
import type { DbEvents } from '../db/index.js';
import {
  AppError,
  isAppError,
  originAllowed,
  pickLanguage,
  silentLog,
  systemClock,
  type Clock,
  type Timer,
  type EventSource,
  type Log,
  type Metrics,
} from '../platform/index.js';
import {
  Audience,
  DESK_ROOM,
  KIND_OF,
  STAFF_ROOM,
  agentRoom,
  colleagueOf,
  isStaff,
  kindRoom,
  kindsOf,
  mayHear,
  queueRoom,
  reachOf,
  sessionRoom,
  snapshotFor,
  userRoom,
  watchRoom,
  type Listener,
} from './audience.js';
import { Coalescer, type LiveEvent } from './coalescer.js';
import { openLineNamespace, type LineNamespaceOptions } from './line-namespace.js';

export interface RealtimeIdentity extends Listener {
  sessionId: string | undefined;
  expiresAt: number;
}

export interface RealtimeOptions {
  /** the HTTP server; not listening yet, or already */
  server: NodeServer;
  /** whose token it is; undefined: nobody's */
  authenticate(token: string, remoteAddress: string | undefined): Promise<RealtimeIdentity | undefined>;
  /** whether a Host header names us */
  hostAllowed(header: string | undefined): boolean;
  /** other names under which the pages are reached */
  allowedHosts: readonly string[];
  live: EventSource<LiveEvents>;
  /** everything there is now */
  snapshot(): LiveSnapshot | Promise<LiveSnapshot>;
  /** of the database: sessions and users that change */
  dbEvents: EventSource<DbEvents>;
  language: Language;
  log?: Log | undefined;
  clock?: Clock | undefined;
  metrics?: Metrics | undefined;
  /** of the simulator, by which pages hear its lines; left out: none do */
  exchange?: LineNamespaceOptions['exchange'] | undefined;
  /** default 50 */
  coalesceMs?: number | undefined;
}

export interface Realtime {
  start(): void;
  /** Tells the pages and closes their sockets; the HTTP server goes on. Idempotent. */
  stop(): Promise<void>;
  /** Sends what waits to be coalesced, now. */
  flush(): void;
}

interface SocketData {
  identity: RealtimeIdentity;
  /** monotonic, ms */
  lastSyncMs: number;
  syncWaits: boolean;
  /** of the last event that was sent to it */
  seq: number;
}

type OurServer = Server<ClientToServerEvents, ServerToClientEvents, Record<string, never>, SocketData>;
type OurSocket = Socket<ClientToServerEvents, ServerToClientEvents, Record<string, never>, SocketData>;

const COALESCE_MS = 50;
/** Of four hundred agents thirty change a second, and everybody at a desk is told of each. */
const COLLEAGUES_MS = 1000;
/** A page that asks for snapshots in a loop gets one a second. */
const SYNC_PERIOD_MS = 1000;
/** Pages send nothing but `sync` and their token. */
const MOST_BYTES_IN = 10_000;
const SNAPSHOT_TRIES = 5;

export function createRealtime(options: RealtimeOptions): Realtime {
  return new RealtimeServer(options);
}

class RealtimeServer implements Realtime {
  readonly #options: RealtimeOptions;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #audience = new Audience();
  readonly #coalescer: Coalescer;
  readonly #unsubscribe: (() => void)[] = [];
  #colleagues = new Map<string, Colleague>();
  #colleaguesTimer: Timer | undefined;
  #io: OurServer | undefined;
  /** grows with every batch sent */
  #batches = 0;

  constructor(options: RealtimeOptions) {
    this.#options = options;
    this.#log = (options.log ?? silentLog).child({ part: 'realtime' });
    this.#clock = options.clock ?? systemClock;
    this.#coalescer = new Coalescer(this.#clock, options.coalesceMs ?? COALESCE_MS, (events) => this.#send(events));
  }

  start(): void {
    const { server, live, dbEvents, metrics } = this.#options;
    const io: OurServer = new Server(server, {
      path: '/socket.io',
      serveClient: false,
      maxHttpBufferSize: MOST_BYTES_IN,
      perMessageDeflate: false,
      connectTimeout: 5000,
      allowRequest: (request, answer) => answer(null, this.#mayTry(request)),
    });
    this.#io = io;
    io.use((socket, next) => {
      this.#signIn(socket).then(
        () => next(),
        (error: unknown) => next(this.#refusal(socket, error)),
      );
    });
    io.on('connection', (socket) => this.#connected(socket));

    const events: (keyof LiveEvents)[] = [
      'call.updated',
      'call.removed',
      'call.segment',
      'call.metered',
      'call.tariffs',
      'agent.updated',
      'agent.line',
      'queue.updated',
      'span.updated',
      'line.updated',
      'station.updated',
      'calendar.updated',
      'routing.changed',
      'flow.step',
      'recording.updated',
      'recording.alarm',
      'trunk.updated',
      'voicemail.updated',
      'callback.updated',
      'survey.answered',
      'conference.updated',
      'agent.message',
      'agent.messageRead',
      'missed.updated',
      'dial.refused',
    ];
    for (const event of events) {
      this.#unsubscribe.push(live.on(event, (data) => this.#heard({ event, data } as LiveEvent)));
    }
    this.#unsubscribe.push(
      dbEvents.on('session.removed', ({ ids }) => ids.forEach((id) => this.#end(sessionRoom(id), undefined))),
      // His role or his agent may be another one now: he signs in to the socket anew.
      dbEvents.on('user.changed', ({ id }) => this.#end(userRoom(id), 'changed')),
      dbEvents.on('role.changed', ({ id }) => this.#end(roleRoom(id), 'changed')),
    );
    const { exchange, authenticate, language } = this.#options;
    if (exchange !== undefined) {
      const lines = { exchange, authenticate, dbEvents, language, log: this.#log };
      this.#unsubscribe.push(openLineNamespace(io, lines));
    }
    const sockets = metrics?.gauge('realtime_sockets', 'Pages that listen');
    metrics?.beforeScrape(() => sockets?.set(io.of('/').sockets.size));
  }

  flush(): void {
    this.#coalescer.flush();
  }

  async stop(): Promise<void> {
    for (const off of this.#unsubscribe.splice(0)) off();
    this.#coalescer.stop();
    this.#colleaguesTimer?.cancel();
    const io = this.#io;
    this.#io = undefined;
    if (io === undefined) return;
    io.emit('session.ended', { reason: 'stopping' });
    io.disconnectSockets(true);
    // Not io.close(): that would close the HTTP server, which is not ours.
    io.engine.close();
    await Promise.resolve();
  }

  #mayTry(request: IncomingMessage): boolean {
    const { host, origin } = request.headers;
    const may = this.#options.hostAllowed(host) && originAllowed(origin, host, this.#options.allowedHosts);
    if (!may) this.#log.warn({ host, origin }, 'a socket from a foreign page was refused');
    return may;
  }

  async #signIn(socket: OurSocket): Promise<void> {
    const auth = socket.handshake.auth as { token?: unknown };
    if (typeof auth.token !== 'string' || auth.token === '') throw new AppError('token_missing');
    const identity = await this.#options.authenticate(auth.token.slice(0, 200), socket.handshake.address);
    if (identity === undefined) throw new AppError('token_invalid');
    socket.data.identity = identity;
    socket.data.lastSyncMs = Number.NEGATIVE_INFINITY;
    socket.data.syncWaits = false;
    socket.data.seq = 0;
  }

  /** What the page gets as connect_error: `message` is the code, `data` the same body as over HTTP. */
  #refusal(socket: OurSocket, error: unknown): Error & { data?: unknown } {
    const known = isAppError(error) ? error : new AppError('internal', { reference: socket.id.slice(0, 8) });
    if (!isAppError(error)) this.#log.error({ err: error, socket: socket.id }, 'signing in to a socket failed');
    const language = pickLanguage(socket.handshake.headers['accept-language'], this.#options.language);
    return Object.assign(new Error(known.code), { data: known.body(language) });
  }

  #connected(socket: OurSocket): void {
    const { identity } = socket.data;
    const { user, sessionId, permissions } = identity;
    void socket.join([userRoom(user.id), roleRoom(user.role)]);
    if (sessionId !== undefined) void socket.join(sessionRoom(sessionId));
    // staff may have desks, too
    if (user.agentId !== null) void socket.join(agentRoom(user.agentId));
    if (isStaff(identity)) void socket.join(STAFF_ROOM);
    else {
      if (user.agentId !== null && permissions.has('desk.use')) void socket.join(DESK_ROOM);
      void socket.join(kindsOf(identity).map(kindRoom));
    }
    socket.on('sync', () => this.#syncSoon(socket));
    this.#syncSoon(socket);
    this.#stillSignedIn(socket).catch((error: unknown) => this.#log.warn({ err: error }, 'a session was not checked'));
    this.#log.debug({ username: user.username }, 'a page listens');
  }

  /** Who signed out between the handshake and now was not in the room of his session yet when it was closed. */
  async #stillSignedIn(socket: OurSocket): Promise<void> {
    const { token } = socket.handshake.auth as { token: string };
    const identity = await this.#options.authenticate(token.slice(0, 200), socket.handshake.address);
    if (identity === undefined) endSocket(socket, 'signedOut');
  }

  #syncSoon(socket: OurSocket): void {
    const { data } = socket;
    if (data.syncWaits) return;
    data.syncWaits = true;
    const waitMs = data.lastSyncMs + SYNC_PERIOD_MS - this.#clock.monotonicMs();
    const sync = (): void => {
      data.syncWaits = false;
      data.lastSyncMs = this.#clock.monotonicMs();
      this.#sync(socket).catch((error: unknown) => this.#log.warn({ err: error }, 'no snapshot could be made'));
    };
    if (waitMs <= 0) sync();
    else this.#clock.after(waitMs, sync);
  }

  async #sync(socket: OurSocket): Promise<void> {
    const { identity } = socket.data;
    let whole: LiveSnapshot;
    let tries = 0;
    let batches: number;
    let seq: number;
    do {
      // A batch that went out meanwhile is newer than the snapshot and would be overwritten by it.
      batches = this.#batches;
      seq = socket.data.seq;
      whole = await this.#options.snapshot();
      tries += 1;
    } while (batches !== this.#batches && tries < SNAPSHOT_TRIES);
    if (!socket.connected) return;
    this.#audience.learn(whole.calls, whole.agents);
    const own = whole.agents.find((agent) => agent.id === identity.user.agentId);
    if (!isStaff(identity)) {
      if (own !== undefined) this.#joinQueues(socket, own);
      this.#joinGroups(socket, whole.agents);
    }
    socket.emit('snapshot', snapshotFor(identity, whole), seq);
  }

  /** Those whom he watches over, as they are now. */
  #joinGroups(socket: OurSocket, agents: readonly Agent[]): void {
    const { identity } = socket.data;
    const { scope } = identity;
    if (scope.kind !== 'groups' || !identity.permissions.has('floor.view')) return;
    const byId = new Map(agents.map((agent) => [agent.id, agent]));
    const reach = reachOf(identity, (id) => byId.get(id)?.queues ?? []);
    const seats = agents.filter(({ id }) => reach.agent(id)).map(({ id }) => agentRoom(id));
    const wanted = new Set([...seats, ...scope.queues.flatMap((id) => [watchRoom(id), queueRoom(id)])]);
    for (const room of socket.rooms) if (room.startsWith(agentRoom('')) && !wanted.has(room)) void socket.leave(room);
    void socket.join([...wanted]);
  }

  #joinQueues(socket: OurSocket, agent: Agent): void {
    const { scope } = socket.data.identity;
    const watched = scope.kind === 'groups' ? scope.queues : [];
    const wanted = new Set([...agent.queues, ...watched].map(queueRoom));
    for (const room of socket.rooms) {
      if (room.startsWith(queueRoom('')) && !wanted.has(room)) void socket.leave(room);
    }
    for (const room of wanted) void socket.join(room);
  }

  #heard(event: LiveEvent): void {
    if (this.#io?.of('/').sockets.size === 0) this.#audience.forget();
    else this.#coalescer.add(event);
    if (event.event === 'agent.updated') this.#colleagueChanged(event.data);
  }

  #colleagueChanged(agent: Agent): void {
    if (!this.#io?.of('/').adapter.rooms.has(DESK_ROOM)) return;
    this.#colleagues.set(agent.id, colleagueOf(agent));
    this.#colleaguesTimer ??= this.#clock.after(COLLEAGUES_MS, () => {
      this.#colleaguesTimer = undefined;
      const colleagues = [...this.#colleagues.values()];
      this.#colleagues = new Map();
      this.#send([{ event: 'colleagues.changed', data: { colleagues } }]);
    });
  }

  #send(events: LiveEvent[]): void {
    const io = this.#io;
    if (io === undefined) return;
    this.#batches += 1;
    for (const { event, data } of events) {
      for (const delivery of this.#audience.deliveries(event, data)) {
        const kind = delivery.rooms.includes(STAFF_ROOM) ? KIND_OF[delivery.event] : undefined;
        for (const socket of socketsIn(io, kind === undefined ? delivery.rooms : [...delivery.rooms, kindRoom(kind)])) {
          const { identity } = socket.data;
          if (!mayHear(identity, delivery)) continue;
          socket.data.seq += 1;
          // The types of socket.io cannot follow that event and data belong together.
          const to = socket as unknown as { emit(event: string, data: unknown, seq: number): void };
          to.emit(delivery.event, delivery.data, socket.data.seq);
        }
      }
      if (event === 'agent.updated') {
        this.#agentChanged(io, data);
        this.#groupsChanged(io, data);
      }
    }
  }

  /** His queues may be others now. */
  #agentChanged(io: OurServer, agent: Agent): void {
    for (const id of io.of('/').adapter.rooms.get(agentRoom(agent.id)) ?? []) {
      const socket = io.of('/').sockets.get(id);
      if (socket === undefined || socket.data.identity.user.agentId !== agent.id) continue;
      if (isStaff(socket.data.identity)) continue;
      const before = [...socket.rooms].filter((room) => room.startsWith(queueRoom(''))).sort();
      this.#joinQueues(socket, agent);
      const after = [...socket.rooms].filter((room) => room.startsWith(queueRoom(''))).sort();
      if (before.join() !== after.join()) this.#syncSoon(socket);
    }
  }

  /** One who watches over groups learns anew who is in them when somebody comes into one or leaves it. */
  #groupsChanged(io: OurServer, agent: Agent): void {
    for (const socket of io.of('/').sockets.values()) {
      const { identity } = socket.data;
      if (identity.scope.kind !== 'groups' || !identity.permissions.has('floor.view')) continue;
      const reaches = reachOf(identity, () => agent.queues).agent(agent.id);
      if (reaches !== socket.rooms.has(agentRoom(agent.id))) this.#syncSoon(socket);
    }
  }

  #end(room: string, reason: SessionEnded['reason'] | undefined): void {
    const io = this.#io;
    if (io === undefined) return;
    for (const id of [...(io.of('/').adapter.rooms.get(room) ?? [])]) {
      const socket = io.of('/').sockets.get(id);
      if (socket === undefined) continue;
      const expired = socket.data.identity.expiresAt <= this.#clock.wallMs();
      endSocket(socket, reason ?? (expired ? 'expired' : 'signedOut'));
    }
  }
}

const roleRoom = (id: string): string => `role:${id}`;

/** Each once, however many of the rooms it is in. */
function socketsIn(io: OurServer, rooms: readonly string[]): OurSocket[] {
  const { adapter, sockets } = io.of('/');
  const ids = new Set(rooms.flatMap((room) => [...(adapter.rooms.get(room) ?? [])]));
  return [...ids].flatMap((id) => sockets.get(id) ?? []);
}

function endSocket(socket: OurSocket, reason: SessionEnded['reason']): void {
  socket.emit('session.ended', { reason });
  socket.disconnect(true);
}
