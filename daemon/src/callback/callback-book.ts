// Those who are to be called back. Each is a row before anybody is told that he will be called, and every step of his call is
// written before it is taken: a daemon that was killed takes them up again, each at his place.
//
//   waiting ── his time ──→ in the queue ── an agent is free ──→ ringingAgent → dialling → talking → done
//      ↑__________ busy, no answer: after a pause, so often as the rule says ______|
import {
  OPEN_CALLBACK_STATES,
  type Callback,
  type CallbackRule,
  type CallbackSource,
  type Language,
  type LiveEvents,
  type QueueEntry,
} from '../contract/index.js';
import type { Db, Writes } from '../db/index.js';
import {
  AppError,
  errorText,
  newUlid,
  type Clock,
  type Log,
  type MessageParam,
  type TypedEmitter,
} from '../platform/index.js';

/** Who is to call him; null: whoever is free. */
export function agentFor({ preferredAgent }: QueueEntry): string | null {
  return preferredAgent === null || preferredAgent.agentId === 'last' ? null : preferredAgent.agentId;
}

/** A callback that is wanted. */
export interface Wanted {
  queueId: string;
  /** as it is dialled in the country */
  number: string;
  language: Language;
  source: CallbackSource;
  entry: QueueEntry;
  /** since when he waits; null: since it is his time */
  enteredAt: number | null;
  /** when he is to be called; null: as soon as may be */
  at: number | null;
  note?: string;
  createdBy?: string | null;
  originalCallId: string | null;
}

/** Why a number is not called back. */
export type NumberVerdict = { ok: true } | { ok: false; reason: { en: string; zh: string } };

export interface CallbackBookOptions {
  db: Db;
  /** of a number as it is dialled; whether it may be called for this rule */
  mayCall: (number: string, rule: CallbackRule) => Promise<NumberVerdict>;
  live: TypedEmitter<LiveEvents>;
  clock: Clock;
  log: Log;
  /** something of one that is open has changed: it is to be waited for, or for another time */
  changed: (row: Callback) => void;
}

const DAY_MS = 86_400_000;
const FURTHEST_DAYS = 60;

type Also = (tx: Writes, row: Callback) => Promise<void>;

export class CallbackBook {
  readonly #options: CallbackBookOptions;
  readonly #open = new Map<string, Callback>();
  readonly #rules = new Map<string, CallbackRule>();
  #off: (() => void) | undefined;

  constructor(options: CallbackBookOptions) {
    this.#options = options;
  }

  /** Reads rules and what is open; what a crash has cut off waits again. */
  async start(): Promise<void> {
    const { db, clock } = this.#options;
    this.#off = db.events.on('callbackRule.changed', ({ id }) => this.#reloadRule(id));
    for (const rule of await db.callbacks.rules()) this.#rules.set(rule.queueId, rule);
    for (const row of await db.callbacks.open()) {
      this.#open.set(row.id, row);
      if (row.state === 'talking') await this.change(row.id, { state: 'done', lastResult: 'interrupted' });
      else if (row.state !== 'waiting') {
        // Nobody knows whether he was reached: this try does not count.
        const tries = row.state === 'dialling' ? Math.max(0, row.tries - 1) : row.tries;
        const again = { nextAt: clock.wallMs() + RECOVERY_PAUSE_MS, lastResult: 'interrupted' as const };
        await this.change(row.id, { state: 'waiting', tries, ...again });
      }
    }
  }

  stop(): void {
    this.#off?.();
  }

  rule(queueId: string): CallbackRule | undefined {
    return this.#rules.get(queueId);
  }

  /** Queues that take callbacks. */
  queues(): string[] {
    return [...this.#rules.values()].filter(({ enabled }) => enabled).map(({ queueId }) => queueId);
  }

  /** Of one that is open. */
  find(id: string): Callback | undefined {
    return this.#open.get(id);
  }

  ofCall(callId: string): Callback | undefined {
    return this.open().find((row) => row.callId === callId);
  }

  open(): Callback[] {
    return [...this.#open.values()];
  }

  openOf(queueId: string, number: string): Callback | undefined {
    return this.open().find((row) => row.queueId === queueId && row.number === number);
  }

  /**
   * callback_not_offered, callback_number_refused, callback_queue_full, callback_exists, callback_time_refused. `also` is
   * written with it.
   */
  async take(wanted: Wanted, also?: Also): Promise<Callback> {
    const { db, clock, live, mayCall } = this.#options;
    const { queueId, number, at } = wanted;
    const rule = this.#rules.get(queueId);
    if (rule === undefined || (!rule.enabled && wanted.source !== 'request'))
      throw new AppError('callback_not_offered', { queueId });
    const now = clock.wallMs();
    this.#checkTime(at);
    const verdict = await mayCall(number, rule);
    if (!verdict.ok)
      throw new AppError('callback_number_refused', { number, reason: verdict.reason satisfies MessageParam });
    const dueAt = Math.max(now, at ?? now);
    const row: Callback = {
      ...{ id: newUlid(), queueId, number, language: wanted.language, source: wanted.source, state: 'waiting' },
      ...{ entry: wanted.entry, takenAt: now, enteredAt: wanted.enteredAt ?? dueAt, dueAt, tries: 0, nextAt: null },
      ...{ expiresAt: dueAt + rule.expiresAfterMs, lastResult: null, agentId: agentFor(wanted.entry), callId: null },
      ...{ originalCallId: wanted.originalCallId, createdBy: wanted.createdBy ?? null, note: wanted.note ?? '' },
    };
    await db.write(async (tx) => {
      if ((await tx.callbacks.openOf(queueId, number)) !== null)
        throw new AppError('callback_exists', { number, queueId });
      const most = rule.mostOpen;
      if ((await tx.callbacks.countOpen(queueId)) >= most) throw new AppError('callback_queue_full', { queueId, most });
      await tx.callbacks.insert(row);
      await also?.(tx, row);
    });
    this.#open.set(row.id, row);
    live.emit('callback.updated', row);
    this.#options.changed(row);
    return row;
  }

  /** Writes a step, and tells it. The step is taken at once in memory, so that two never take the same. */
  async change(id: string, patch: Partial<Omit<Callback, 'id'>>, also?: Also): Promise<Callback | undefined> {
    const { db, live, log } = this.#options;
    const before = this.#open.get(id);
    if (before === undefined) return undefined;
    const row: Callback = { ...before, ...patch };
    if (isOpen(row)) this.#open.set(id, row);
    else this.#open.delete(id);
    live.emit('callback.updated', row);
    try {
      await db.write(async (tx) => {
        await tx.callbacks.update(id, patch);
        await also?.(tx, row);
      });
    } catch (error) {
      log.error({ err: error, callback: id }, `a step of a callback was not written: ${errorText(error)}`);
      throw error;
    }
    this.#options.changed(this.#open.get(id) ?? row);
    return row;
  }

  /** callback_not_found, callback_over */
  async cancel(id: string, also?: Also): Promise<Callback> {
    await this.#mustWait(id);
    return (await this.change(id, { state: 'cancelled' }, also)) as Callback;
  }

  /** At another time; his place is kept. callback_not_found, callback_over, callback_time_refused */
  async reschedule(id: string, at: number, also?: Also): Promise<Callback> {
    const row = await this.#mustWait(id);
    this.#checkTime(at);
    const expiresAfterMs = this.#rules.get(row.queueId)?.expiresAfterMs ?? DAY_MS;
    const patch = { dueAt: at, nextAt: null, expiresAt: at + expiresAfterMs };
    return (await this.change(id, patch, also)) as Callback;
  }

  async #mustWait(id: string): Promise<Callback> {
    const row = this.#open.get(id) ?? (await this.#options.db.callbacks.find(id));
    if (row === null) throw new AppError('callback_not_found', { id });
    if (row.state !== 'waiting') throw new AppError('callback_over', { id, state: row.state });
    return row;
  }

  #checkTime(at: number | null): void {
    if (at !== null && at > this.#options.clock.wallMs() + FURTHEST_DAYS * DAY_MS)
      throw new AppError('callback_time_refused', { days: FURTHEST_DAYS });
  }

  async #reloadRule(queueId: string): Promise<void> {
    const { db, log } = this.#options;
    try {
      const rule = await db.callbacks.rule(queueId);
      if (rule === null) this.#rules.delete(queueId);
      else this.#rules.set(queueId, rule);
    } catch (error) {
      log.error({ err: error, queueId }, `a rule for callbacks stays as it was: ${errorText(error)}`);
    }
  }
}

/** Until one is called again whose call the last run has cut off: the line may still be busy with it. */
const RECOVERY_PAUSE_MS = 5000;

export function isOpen({ state }: Callback): boolean {
  return (OPEN_CALLBACK_STATES as readonly string[]).includes(state);
}
