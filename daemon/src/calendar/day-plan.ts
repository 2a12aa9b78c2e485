// Which hours of a day are open: those of its weekday, or what a special day makes of them. Days are counted from 1970-01-01, hours
// in minutes of the day on which they begin; those over midnight go on, whatever the next day is.
import type { HoursSpan, OpenReason, SpecialDay, WeeklyHours } from '../contract/index.js';

export const DAY_MS = 86_400_000;
const WHOLE: readonly HoursSpan[] = [{ from: 0, to: 1440 }];

interface Special {
  day: SpecialDay;
  /** the later of two that say as much counts */
  place: number;
  first: number;
  days: number;
  year: number;
  month: number;
  date: number;
}

export interface DayPlan {
  open: readonly HoursSpan[];
  /** closed, whatever `open` says */
  cuts: readonly { span: HoursSpan; name: string }[];
  /** what made it so; null: the day of the week */
  special: string | null;
}

export const dayNumber = (date: string): number => Date.parse(`${date}T00:00:00Z`) / DAY_MS;
export const dateOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);
/** 1 Monday to 7; the first of January 1970 was a Thursday */
export const weekdayOf = (day: number): number => ((((day + 3) % 7) + 7) % 7) + 1;

export class DayPlanner {
  readonly #weekly: ReadonlyMap<number, readonly HoursSpan[]>;
  readonly #specials: readonly Special[];
  readonly #known = new Map<number, DayPlan>();

  constructor(weekly: WeeklyHours, specialDays: readonly SpecialDay[]) {
    this.#weekly = new Map(weekly.map(({ weekday, hours }) => [weekday, hours]));
    this.#specials = specialDays.map((day, place) => {
      const first = dayNumber(day.date);
      const [year = 0, month = 0, date = 0] = day.date.split('-').map(Number);
      return { day, place, first, days: dayNumber(day.lastDate ?? day.date) - first + 1, year, month, date };
    });
  }

  planOf(day: number): DayPlan {
    let plan = this.#known.get(day);
    if (plan === undefined) {
      if (this.#known.size > 1000) this.#known.clear();
      this.#known.set(day, (plan = this.#make(day)));
    }
    return plan;
  }

  /** At a minute of a day. */
  stateAt(day: number, minute: number): { open: boolean; reason: OpenReason } {
    const [today, before] = [this.planOf(day), this.planOf(day - 1)];
    const cut =
      today.cuts.find(({ span }) => within(span, minute)) ??
      before.cuts.find(({ span }) => within(span, minute + 1440));
    if (cut !== undefined) return { open: false, reason: { code: 'specialDay', name: cut.name, date: dateOf(day) } };
    if (today.open.some((span) => within(span, minute))) return { open: true, reason: reasonOf(day, today) };
    if (before.open.some((span) => within(span, minute + 1440)))
      return { open: true, reason: reasonOf(day - 1, before) };
    return { open: false, reason: reasonOf(day, today) };
  }

  #make(day: number): DayPlan {
    const applying = this.#specials.filter((special) => applies(special, day));
    const cuts = applying.flatMap(({ day: { effect, name } }) =>
      effect.kind === 'closed' ? effect.hours.map((span) => ({ span, name })) : [],
    );
    const whole = applying
      .filter(({ day: { effect } }) => effect.kind !== 'closed' || effect.hours.length === 0)
      .sort((a, b) => Number(a.day.yearly) - Number(b.day.yearly) || a.days - b.days || b.place - a.place)[0];
    if (whole === undefined) return { open: this.#weekly.get(weekdayOf(day)) ?? [], cuts, special: null };
    const { effect, name } = whole.day;
    if (effect.kind === 'weekday') return { open: this.#weekly.get(effect.weekday) ?? [], cuts, special: name };
    const open = effect.kind === 'closed' ? [] : effect.hours.length === 0 ? WHOLE : effect.hours;
    return { open, cuts, special: name };
  }
}

const within = ({ from, to }: HoursSpan, minute: number): boolean => minute >= from && minute < to;

function reasonOf(day: number, { special }: DayPlan): OpenReason {
  if (special === null) return { code: 'hours', weekday: weekdayOf(day) };
  return { code: 'specialDay', name: special, date: dateOf(day) };
}

function applies({ day: { yearly }, first, days, year, month, date }: Special, day: number): boolean {
  if (!yearly) return day >= first && day < first + days;
  if (day < first) return false;
  const thisYear = new Date(day * DAY_MS).getUTCFullYear();
  return [thisYear, thisYear - 1].some((one) => {
    if (one < year) return false;
    const begins = Date.UTC(one, month - 1, date) / DAY_MS;
    // 29 February is none in other years.
    if (new Date(begins * DAY_MS).getUTCMonth() !== month - 1) return false;
    return day >= begins && day < begins + days;
  });
}
