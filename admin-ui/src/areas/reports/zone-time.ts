// Days of the box's time zone, which is what reports count by, whatever zone the browser is in.
import type { ReportBy } from '@cordboard/daemon/contract';

const DAY_MS = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', {
      ...{ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit' },
      ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
    });
    formats.set(zone, format);
  }
  return format;
}

/** What the wall shows, as if it were in UTC. */
export function wallOf(at: number, zone: string): number {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((at % 1000) + 1000) % 1000);
}

/** When the wall shows it; twice: the first time. */
export function instantOf(wall: number, zone: string): number {
  const guess = wall - (wallOf(wall, zone) - wall);
  const earlier = guess - 3_600_000;
  if (wallOf(earlier, zone) === wall) return earlier;
  return wall - (wallOf(guess, zone) - guess);
}

export const midnightOf = (at: number, zone: string, days = 0): number =>
  instantOf(Math.floor(wallOf(at, zone) / DAY_MS) * DAY_MS + days * DAY_MS, zone);

export function monthOf(at: number, zone: string, months = 0): number {
  const wall = new Date(wallOf(at, zone));
  return instantOf(Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth() + months, 1), zone);
}

/** When the interval ends that begins at `at`. */
export function endOf(at: number, by: ReportBy, zone: string): number {
  if (by === 'quarter') return at + 900_000;
  if (by === 'hour') return at + 3_600_000;
  return by === 'month' ? monthOf(at, zone, 1) : midnightOf(at, zone, 1);
}

export const periods = ['today', 'yesterday', 'week', 'last7', 'month', 'lastMonth', 'own'] as const;
export type Period = (typeof periods)[number];

export function rangeOf(period: Exclude<Period, 'own'>, now: number, zone: string): { from: number; to: number } {
  const today = midnightOf(now, zone);
  const tomorrow = midnightOf(now, zone, 1);
  if (period === 'today') return { from: today, to: tomorrow };
  if (period === 'yesterday') return { from: midnightOf(now, zone, -1), to: today };
  if (period === 'last7') return { from: midnightOf(now, zone, -6), to: tomorrow };
  if (period === 'week') {
    const sinceMonday = (new Date(wallOf(now, zone)).getUTCDay() + 6) % 7;
    return { from: midnightOf(now, zone, -sinceMonday), to: tomorrow };
  }
  if (period === 'month') return { from: monthOf(now, zone), to: tomorrow };
  return { from: monthOf(now, zone, -1), to: monthOf(now, zone) };
}

const two = (value: number): string => String(value).padStart(2, '0');

export function dayText(at: number, zone: string): string {
  const wall = new Date(wallOf(at, zone));
  return `${wall.getUTCFullYear()}-${two(wall.getUTCMonth() + 1)}-${two(wall.getUTCDate())}`;
}

/** 2026-11-22 in the zone → its midnight; undefined: no day. */
export function dayStart(text: string, zone: string): number | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return undefined;
  const wall = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  return Number.isNaN(wall) ? undefined : instantOf(wall, zone);
}

export function momentText(at: number, by: ReportBy | 'moment', zone: string): string {
  const wall = new Date(wallOf(at, zone));
  if (by === 'month') return dayText(at, zone).slice(0, 7);
  if (by === 'day') return dayText(at, zone);
  return `${dayText(at, zone)} ${two(wall.getUTCHours())}:${two(wall.getUTCMinutes())}`;
}
