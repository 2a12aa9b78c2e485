// Days, weeks and months by the clock on the wall, and when a schedule is due.
import type { ZoneClock } from '../calendar/index.js';
import type { ReportPeriod } from '../contract/index.js';
import { DAY_MS, dayOf } from './roll-up.js';

const MINUTE_MS = 60_000;

/** When the day begins that lies so many days after the one in which `at` lies. */
export function dayAfter(at: number, days: number, zone: ZoneClock): number {
  const midnight = Math.floor(zone.wallOf(at) / DAY_MS) * DAY_MS + days * DAY_MS;
  // From noon: days may have 23 or 25 hours.
  return dayOf(zone.instantsOf(midnight + DAY_MS / 2)[0] ?? midnight, zone);
}

export function periodOf(period: ReportPeriod, now: number, zone: ZoneClock): { from: number; to: number } {
  const today = dayOf(now, zone);
  if (period === 'today') return { from: today, to: now };
  if (period === 'yesterday') return { from: dayAfter(now, -1, zone), to: today };
  if (period === 'last7Days') return { from: dayAfter(now, -7, zone), to: today };
  const wall = new Date(zone.wallOf(now));
  if (period === 'lastWeek') {
    const sinceMonday = (wall.getUTCDay() + 6) % 7;
    return { from: dayAfter(now, -sinceMonday - 7, zone), to: dayAfter(now, -sinceMonday, zone) };
  }
  const first = dayAfter(now, 1 - wall.getUTCDate(), zone);
  const lastOfBefore = new Date(zone.wallOf(first - DAY_MS / 2));
  return { from: dayAfter(first, -lastOfBefore.getUTCDate(), zone), to: first };
}

/** The first time after `now` that a day of these (1 is Monday) shows this time; one that the clocks leave out is not waited for. */
export function nextDue(
  { time, days }: { time: string; days: readonly number[] },
  now: number,
  zone: ZoneClock,
): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  const midnight = Math.floor(zone.wallOf(now) / DAY_MS) * DAY_MS;
  for (let day = 0; day < 15; day += 1) {
    const wall = midnight + day * DAY_MS + (hours * 60 + minutes) * MINUTE_MS;
    const weekday = new Date(wall).getUTCDay() || 7;
    const due = zone.instantsOf(wall)[0];
    if (days.includes(weekday) && due !== undefined && due > now) return due;
  }
  return now + DAY_MS;
}
