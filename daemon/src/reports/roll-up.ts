// Books what has ended into the figures, a piece at a time. A piece and the marks of what is in it are one transaction: after
// kill -9 it was booked or it was not. What was booked under other rules, or in another time zone, is forgotten and booked anew.
import type { ZoneClock } from '../calendar/index.js';
import { pendingAgentSegments, pendingCalls, type Db, type ReportDelta, type ReportStep } from '../db/index.js';
import { errorText, type Clock, type Log, type Metrics, type Timer } from '../platform/index.js';
import { SLOT_MS, bookEntry, bookHandling, bookState, type Booking, type BookingContext } from './book-call.js';

/** Another number books everything anew. */
export const DEFINITION_VERSION = 1;
const LOOK_EVERY_MS = 5000;
/** calls of one step: some milliseconds of the daemon's thread */
const STEP = 150;
const CLEARED_AT_ONCE = 5000;

export interface RollUpOptions {
  db: Db;
  zone: ZoneClock;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

export class RollUp {
  readonly #options: RollUpOptions;
  #timer: Timer | undefined;
  /** the last piece of work: one after the other, for what is booked at once would be booked twice */
  #last: Promise<void> = Promise.resolve();
  #asked: Promise<void> | undefined;
  #stopped = true;
  #behind = false;

  constructor(options: RollUpOptions) {
    this.#options = options;
    options.metrics.counter('reported_calls_total', 'Calls that were booked into the figures of reports');
  }

  /** More is waiting than one look takes. */
  get behind(): boolean {
    return this.#behind;
  }

  async start(): Promise<void> {
    this.#stopped = false;
    // What was handed to the writer before, such as the states that agents were put back to, is seen by the first look.
    await this.#options.db.write(async () => Promise.resolve());
    this.#look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#last;
  }

  /** Resolves when all that has ended until now is booked; those who ask at once are served at once. */
  catchUp(): Promise<void> {
    this.#asked ??= this.#next(() => {
      this.#asked = undefined;
      return this.#work(true);
    });
    return this.#asked;
  }

  /** Forgets every figure and books anew. */
  rebuild(): Promise<void> {
    return this.#next(() => this.#reset());
  }

  #next(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  #look(): void {
    if (this.#stopped) return;
    this.#next(() => this.#work(false))
      .catch((error: unknown) => this.#options.log.error({ err: error }, `reports: ${errorText(error)}`))
      .finally(() => {
        if (!this.#stopped) this.#timer = this.#options.clock.after(LOOK_EVERY_MS, () => this.#look());
      });
  }

  async #reset(): Promise<void> {
    const { db, zone } = this.#options;
    const state = { version: DEFINITION_VERSION, zone: zone.zone, clearing: null };
    await db.write((tx) => tx.reports.reset(state), { lockWaitMs: Infinity, limitMs: Infinity });
  }

  async #work(asked: boolean): Promise<void> {
    const { db, zone } = this.#options;
    const goesOn = (): boolean => asked || !this.#stopped;
    const state = await db.reports.state();
    if (state?.version !== DEFINITION_VERSION || state.zone !== zone.zone) await this.#reset();
    while (goesOn() && (await db.reports.state())?.clearing != null)
      await db.write((tx) => tx.reports.clear(CLEARED_AT_ONCE), { lockWaitMs: Infinity });
    if (!goesOn()) return;
    const context = await this.#context();
    let after = '';
    while (goesOn()) {
      const step = await this.#callStep(after, context);
      if (step === undefined) break;
      after = step;
    }
    while (goesOn() && (await this.#agentStep()));
    this.#behind = false;
  }

  /** The id of the last call that was looked at; undefined: no more. */
  async #callStep(after: string, context: BookingContext): Promise<string | undefined> {
    const { db, metrics } = this.#options;
    const calls = await pendingCalls(db.long, after, STEP);
    this.#behind = calls.length === STEP;
    const bookings: Booking[] = [];
    const marks: { id: string; reported: 1 | 2; trunk: string | null }[] = [];
    for (const call of calls) {
      const entry = call.reported === 0 ? bookEntry(call, context) : undefined;
      if (entry !== undefined) bookings.push(...entry.bookings);
      if (!call.busy) bookings.push(...bookHandling(call));
      if (entry === undefined && call.busy) continue;
      marks.push({ id: call.id, reported: call.busy ? 1 : 2, trunk: entry?.trunk ?? null });
    }
    if (marks.length > 0) {
      await this.#write({ deltas: this.#deltas(bookings), calls: marks, agentSegments: [] });
      metrics.counter('reported_calls_total', '').inc(marks.filter(({ reported }) => reported === 2).length);
    }
    return calls.length < STEP ? undefined : calls.at(-1)?.id;
  }

  async #agentStep(): Promise<boolean> {
    const segments = await pendingAgentSegments(this.#options.db.long, STEP);
    if (segments.length === 0) return false;
    const deltas = this.#deltas(segments.flatMap(bookState));
    await this.#write({ deltas, calls: [], agentSegments: segments.map(({ id }) => id) });
    return segments.length === STEP;
  }

  #write(step: ReportStep): Promise<void> {
    return this.#options.db.write((tx) => tx.reports.book(step), { lockWaitMs: Infinity });
  }

  /** One for each row, of the quarters of an hour and of the days. */
  #deltas(bookings: readonly Booking[]): ReportDelta[] {
    const rows = new Map<string, ReportDelta>();
    for (const { dimension, at, keys, measures } of bookings) {
      for (const span of ['slot', 'day'] as const) {
        const begins = span === 'slot' ? Math.floor(at / SLOT_MS) * SLOT_MS : dayOf(at, this.#options.zone);
        const name = [dimension, span, begins, ...keys].join('\n');
        let row = rows.get(name);
        if (row === undefined) rows.set(name, (row = { dimension, span, at: begins, keys, measures: {} }));
        for (const [measure, value] of Object.entries(measures)) {
          const before = row.measures[measure] ?? 0;
          row.measures[measure] = measure === 'longestWaitMs' ? Math.max(before, value) : before + value;
        }
      }
    }
    return [...rows.values()];
  }

  async #context(): Promise<BookingContext> {
    const { db } = this.#options;
    const [queues, trunks] = await Promise.all([db.queues.list(), db.trunks.list()]);
    const limits = new Map(queues.map((queue) => [queue.id, queue]));
    const spans = new Map(trunks.flatMap(({ id, spans }) => spans.map((span) => [span, id] as const)));
    return {
      limitsOf: (queueId) => limits.get(queueId) ?? { serviceLevelMs: 20_000, shortAbandonMs: 0 },
      trunkOf: (span) => spans.get(span) ?? null,
    };
  }
}

export const DAY_MS = 86_400_000;

/** When the day began in which an instant lies, by the clock on the wall. */
export function dayOf(at: number, zone: ZoneClock): number {
  const midnight = Math.floor(zone.wallOf(at) / DAY_MS) * DAY_MS;
  // A day that the clocks have no midnight of begins when they go on; one that has two begins at the first.
  return zone.instantsOf(midnight)[0] ?? zone.instantsOf(midnight + 3_600_000)[0] ?? midnight;
}
