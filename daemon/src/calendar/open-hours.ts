// Whether a calendar is open at an instant, why, and until when. The wall clock decides: what is open from 1:00 to 2:00 is open
// twice when the clocks go back over that hour, and not at all when they go forward over it.
import type { CalendarOverride, OpenReason, OpenState } from '../contract/index.js';
import { DAY_MS, DayPlanner } from './day-plan.js';
import type { ZoneClock } from './zone-clock.js';
import type { CalendarRow } from '../db/index.js';

const MINUTE_MS = 60_000;
/** so far ahead is looked for the next change, in steps */
const HORIZONS_DAYS = [3, 30, 400];

export class OpenHours {
  readonly #planner: DayPlanner;
  readonly #override: CalendarOverride | null;
  readonly #zone: ZoneClock;
  #last: { from: number; to: number; state: OpenState } | undefined;

  constructor(
    { weekly, specialDays, override }: Pick<CalendarRow, 'weekly' | 'specialDays' | 'override'>,
    zone: ZoneClock,
  ) {
    this.#planner = new DayPlanner(weekly, specialDays);
    this.#override = override;
    this.#zone = zone;
  }

  isOpen(atMs: number): OpenState {
    const last = this.#last;
    if (last !== undefined && atMs >= last.from && atMs < last.to) return last.state;
    const { open, reason } = this.#at(atMs);
    const until = this.#nextChange(atMs, open);
    const state = { open, reason, until };
    // The reason may change before it closes: at midnight at the latest it is asked again.
    this.#last = { from: atMs, to: this.#reasonHoldsUntil(atMs, until), state };
    return state;
  }

  #at(atMs: number): { open: boolean; reason: OpenReason } {
    const override = this.#override;
    if (override !== null && atMs >= override.since && (override.until === null || atMs < override.until))
      return { open: override.open, reason: { code: 'override', reason: override.reason, by: override.by } };
    const wall = this.#zone.wallOf(atMs);
    const day = Math.floor(wall / DAY_MS);
    return this.#planner.stateAt(day, Math.floor((wall - day * DAY_MS) / MINUTE_MS));
  }

  #nextChange(atMs: number, open: boolean): number | null {
    let from = atMs;
    for (const days of HORIZONS_DAYS) {
      const to = atMs + days * DAY_MS;
      const change = this.#boundaries(from, to).find((one) => this.#at(one).open !== open);
      if (change !== undefined) return change;
      from = to - 1;
    }
    return null;
  }

  #reasonHoldsUntil(atMs: number, until: number | null): number {
    const next = this.#boundaries(atMs, atMs + DAY_MS)[0] ?? atMs + MINUTE_MS;
    return Math.min(next, until ?? Infinity);
  }

  /** Every instant in between at which something may begin or end, ascending. */
  #boundaries(afterMs: number, beforeMs: number): number[] {
    const found = new Set<number>();
    const add = (instant: number | null | undefined): void => {
      if (typeof instant === 'number' && instant > afterMs && instant < beforeMs) found.add(instant);
    };
    const lastDay = Math.floor(this.#zone.wallOf(beforeMs) / DAY_MS) + 1;
    for (let day = Math.floor(this.#zone.wallOf(afterMs) / DAY_MS) - 2; day <= lastDay; day += 1) {
      const { open, cuts } = this.#planner.planOf(day);
      const minutes = new Set([0, ...[...open, ...cuts.map(({ span }) => span)].flatMap(({ from, to }) => [from, to])]);
      for (const minute of minutes) this.#zone.instantsOf(day * DAY_MS + minute * MINUTE_MS).forEach(add);
    }
    for (let at = this.#zone.nextChange(afterMs); at !== undefined && at < beforeMs; at = this.#zone.nextChange(at))
      add(at);
    add(this.#override?.since);
    add(this.#override?.until);
    return [...found].sort((a, b) => a - b);
  }
}
