// The queues: their settings, kept in step with the database, and how each one stands now.
import type { AgentBook } from '../agents/index.js';
import type { CallControl } from '../calls/index.js';
import type { LiveEvents, QueueStatus, Segment } from '../contract/index.js';
import type { Db, QueueRow } from '../db/index.js';
import type { Clock, Log, Timer, TypedEmitter, Unsubscribe } from '../platform/index.js';
import {
  countEntered,
  countLeft,
  isCounted,
  midnightAfter,
  midnightBefore,
  noFigures,
  type DayFigures,
} from './queue-figures.js';

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
/** Every call changes its queue several times within milliseconds, and a page shows no more than twenty pictures a second. */
const TOLD_AFTER_MS = 20;

interface QueueCounts {
  offering: number;
  talking: number;
  signedIn: number;
  ready: number;
}

export class QueueBook {
  readonly #options: QueueBookOptions;
  readonly #queues = new Map<string, QueueRow>();
  readonly #figures = new Map<string, DayFigures>();
  /** when the calls that wait or are offered came in, by queue */
  readonly #waiting = new Map<string, Map<string, number>>();
  readonly #dirty = new Set<string>();
  #dayFrom = 0;
  #midnight: Timer | undefined;
  #telling: Timer | undefined;
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
    this.#telling?.cancel();
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
    return this.#statuses(this.#queues.keys()).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Calls and agents are gone through once, however many queues are asked for, and not as the pages see them: this is done fifty times a second. */
  #statuses(ids: Iterable<string>): QueueStatus[] {
    const counts = new Map<string, QueueCounts>();
    for (const id of ids) if (this.#queues.has(id)) counts.set(id, { offering: 0, talking: 0, signedIn: 0, ready: 0 });
    this.#options.calls.eachPhase((queueId, phase) => {
      const count = queueId === null ? undefined : counts.get(queueId);
      if (count === undefined) return;
      if (phase === 'offering') count.offering += 1;
      else if (phase === 'talking') count.talking += 1;
    });
    this.#options.agents.eachState((state, queues, pausedQueues) => {
      if (state === 'signedOut') return;
      for (const queueId of queues) {
        const count = counts.get(queueId);
        if (count === undefined || pausedQueues.includes(queueId)) continue;
        count.signedIn += 1;
        if (state === 'ready') count.ready += 1;
      }
    });
    return [...counts].map(([id, count]) => this.#status(id, count));
  }

  #status(id: string, { offering, talking, signedIn, ready }: QueueCounts): QueueStatus {
    const waiting = [...(this.#waiting.get(id)?.values() ?? [])];
    return {
      id,
      name: this.#queues.get(id)?.name ?? id,
      waiting: waiting.length,
      offering,
      longestWaitSince: waiting.length === 0 ? null : Math.min(...waiting),
      talking,
      agentsSignedIn: signedIn,
      agentsReady: ready,
      today: { ...this.#figuresOf(id) },
    };
  }

  #segment(segment: Segment): void {
    const { queueId } = segment.data;
    if (segment.kind !== 'queued' || typeof queueId !== 'string') return;
    const counts = isCounted(segment);
    const waiting = this.#waiting.get(queueId) ?? new Map<string, number>();
    this.#waiting.set(queueId, waiting);
    const today = counts && segment.startedAt >= this.#dayFrom;
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
      if (typeof queueId !== 'string' || !isCounted(segment)) continue;
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

  /** Tells the pages once for all that changes within a moment. */
  #changed(id: string | null): void {
    if (id === null) return;
    this.#dirty.add(id);
    this.#telling ??= this.#options.clock.after(TOLD_AFTER_MS, () => {
      this.#telling = undefined;
      const dirty = [...this.#dirty];
      this.#dirty.clear();
      for (const status of this.#statuses(dirty)) this.#options.live.emit('queue.updated', status);
    });
  }
}
