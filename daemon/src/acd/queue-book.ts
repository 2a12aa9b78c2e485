// The queues: their settings, kept in step with the database, and how each one stands now.
import type { AgentBook } from '../agents/index.js';
import type { CallControl } from '../calls/index.js';
import type { LiveEvents, QueueStatus, Segment } from '../contract/index.js';
import type { Db, QueueRow } from '../db/index.js';
import type { Clock, Log, Timer, TypedEmitter, Unsubscribe } from '../platform/index.js';
import { countEntered, countLeft, midnightAfter, midnightBefore, noFigures, type DayFigures } from './queue-figures.js';

export interface QueueBookOptions {
  db: Db;
  calls: CallControl;
  agents: AgentBook;
  live: TypedEmitter<LiveEvents>;
  clock: Clock;
  log: Log;
}

/** A queue's segments of one day; far more than a box can take calls. */
const MOST_SEGMENTS_OF_A_DAY = 1_000_000;

export class QueueBook {
  readonly #options: QueueBookOptions;
  readonly #queues = new Map<string, QueueRow>();
  readonly #figures = new Map<string, DayFigures>();
  /** when the calls that wait or are offered came in, by queue */
  readonly #waiting = new Map<string, Map<string, number>>();
  readonly #dirty = new Set<string>();
  #dayFrom = 0;
  #midnight: Timer | undefined;
  #offs: Unsubscribe[] = [];

  constructor(options: QueueBookOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { db, calls, live } = this.#options;
    for (const queue of await db.queues.list()) this.#queues.set(queue.id, queue);
    this.#offs = [
      db.events.on('queue.changed', ({ id, removed }) => (removed ? this.#forget(id) : this.#reload(id))),
      calls.events.on('call.segment', (segment) => this.#segment(segment)),
      calls.events.on('call.offered', ({ queueId }) => this.#changed(queueId)),
      calls.events.on('call.requeued', ({ queueId }) => this.#changed(queueId)),
      calls.events.on('call.connected', ({ queueId }) => this.#changed(queueId)),
      calls.events.on('call.released', ({ call }) => this.#changed(call.queueId)),
      live.on('agent.updated', ({ queues }) => queues.forEach((queueId) => this.#changed(queueId))),
    ];
    this.#beginDay();
    await this.#readDay();
  }

  stop(): void {
    for (const off of this.#offs) off();
    this.#midnight?.cancel();
  }

  find(id: string): QueueRow | undefined {
    return this.#queues.get(id);
  }

  /** Every queue as it is laid down. */
  rows(): Iterable<QueueRow> {
    return this.#queues.values();
  }

  /** Every queue as it stands now, by id. */
  list(): QueueStatus[] {
    return [...this.#queues.values()].map((queue) => this.#status(queue)).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  #status({ id, name }: QueueRow): QueueStatus {
    const calls = this.#options.calls.live().filter((call) => call.queueId === id);
    const agents = this.#options.agents.list().filter((agent) => agent.queues.includes(id));
    const waiting = [...(this.#waiting.get(id)?.values() ?? [])];
    return {
      id,
      name,
      waiting: waiting.length,
      offering: calls.filter(({ phase }) => phase === 'offering').length,
      longestWaitSince: waiting.length === 0 ? null : Math.min(...waiting),
      talking: calls.filter(({ phase }) => phase === 'talking').length,
      agentsSignedIn: agents.filter(({ state }) => state !== 'signedOut').length,
      agentsReady: agents.filter(({ state }) => state === 'ready').length,
      today: { ...this.#figuresOf(id) },
    };
  }

  #segment(segment: Segment): void {
    const { queueId } = segment.data;
    if (segment.kind !== 'queued' || typeof queueId !== 'string') return;
    const waiting = this.#waiting.get(queueId) ?? new Map<string, number>();
    this.#waiting.set(queueId, waiting);
    const today = segment.startedAt >= this.#dayFrom;
    if (segment.endedAt === null) {
      waiting.set(segment.callId, segment.startedAt);
      if (today) countEntered(this.#figuresOf(queueId));
    } else {
      waiting.delete(segment.callId);
      if (today) countLeft(this.#figuresOf(queueId), segment, this.#limitsOf(queueId));
    }
    this.#changed(queueId);
  }

  /** Reads what is stored of this day. */
  async #readDay(): Promise<void> {
    const query = { kind: 'queued', fromMs: this.#dayFrom, limit: MOST_SEGMENTS_OF_A_DAY } as const;
    for (const segment of await this.#options.db.segments.list(query)) {
      const { queueId } = segment.data;
      if (typeof queueId !== 'string') continue;
      countEntered(this.#figuresOf(queueId));
      countLeft(this.#figuresOf(queueId), segment, this.#limitsOf(queueId));
    }
  }

  /** Every figure of a day begins at zero; what comes into a queue from now on is told by its segment. */
  #beginDay(): void {
    const nowMs = this.#options.clock.wallMs();
    this.#dayFrom = midnightBefore(nowMs);
    this.#midnight = this.#options.clock.after(midnightAfter(nowMs) - nowMs, () => this.#beginDay());
    this.#figures.clear();
    for (const id of this.#queues.keys()) this.#changed(id);
  }

  #figuresOf(queueId: string): DayFigures {
    const figures = this.#figures.get(queueId) ?? noFigures();
    this.#figures.set(queueId, figures);
    return figures;
  }

  #limitsOf(queueId: string): { serviceLevelMs: number; shortAbandonMs: number } {
    return this.#queues.get(queueId) ?? { serviceLevelMs: 0, shortAbandonMs: 0 };
  }

  async #reload(id: string): Promise<void> {
    const row = await this.#options.db.queues.find(id);
    if (row === null) return;
    this.#queues.set(id, row);
    this.#changed(id);
  }

  #forget(id: string): void {
    this.#queues.delete(id);
    this.#figures.delete(id);
  }

  /** Tells the pages once for all that changes in this turn. */
  #changed(id: string | null): void {
    if (id === null || this.#dirty.has(id)) return;
    this.#dirty.add(id);
    setImmediate(() => {
      this.#dirty.delete(id);
      const queue = this.#queues.get(id);
      if (queue !== undefined) this.#options.live.emit('queue.updated', this.#status(queue));
    });
  }
}
