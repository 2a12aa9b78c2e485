import type { CalendarOverride, HoursSpan, OpenReason, OpenState, SpecialDay } from '@cordboard/daemon/contract';
import { moment } from '@/format/time';

export const DAY = 1440;
/** what drawing snaps to */
export const STEP = 30;

const two = (value: number): string => String(value).padStart(2, '0');
export const clock = (minutes: number): string => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;

/** 09:00-12:00, 13:30-18:00 */
export function hoursText(hours: readonly HoursSpan[]): string {
  return tidy(hours)
    .map(({ from, to }) => `${clock(from)}-${clock(to)}`)
    .join(', ');
}

/** Undefined: it cannot be read. An end before its beginning is on the next day. */
export function readHours(text: string): HoursSpan[] | undefined {
  const parts = text
    .replaceAll('：', ':')
    .split(/[,，;；、]+/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const hours: HoursSpan[] = [];
  for (const part of parts) {
    const found = /^(\d{1,2})(?::(\d{2}))?\s*[-–—~至]\s*(\d{1,2})(?::(\d{2}))?$/.exec(part);
    if (!found) return undefined;
    const from = Number(found[1]) * 60 + Number(found[2] ?? 0);
    let to = Number(found[3]) * 60 + Number(found[4] ?? 0);
    if (to <= from) to += DAY;
    if (Number(found[2] ?? 0) > 59 || Number(found[4] ?? 0) > 59 || from >= DAY || to > 2 * DAY || to - from > DAY)
      return undefined;
    hours.push({ from, to });
  }
  return tidy(hours);
}

/** In order; what touches or overlaps is one, unless it would be longer than a day. */
export function tidy(hours: readonly HoursSpan[]): HoursSpan[] {
  const result: HoursSpan[] = [];
  for (const { from, to } of [...hours].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last && from <= last.to && Math.max(last.to, to) - last.from <= DAY) last.to = Math.max(last.to, to);
    else result.push({ from, to });
  }
  return result;
}

export function without(hours: readonly HoursSpan[], from: number, to: number): HoursSpan[] {
  return tidy(
    hours.flatMap((span) => {
      if (span.to <= from || span.from >= to) return [span];
      return [
        { from: span.from, to: Math.min(span.to, from) },
        { from: Math.max(span.from, to), to: span.to },
      ].filter((one) => one.to > one.from && one.from < DAY);
    }),
  );
}

export const covers = (hours: readonly HoursSpan[], minute: number): boolean =>
  hours.some(({ from, to }) => from <= minute && minute < to);

type Translate = (key: string, named?: Record<string, unknown>) => string;

export function weekday(day: number, t: Translate): string {
  return t('lines.calendars.day', { day: t('lines.calendars.weekdays').split(' ')[day - 1] });
}

export function reasonText(reason: OpenReason, t: Translate): string {
  if (reason.code === 'specialDay') return t('lines.calendars.reasons.specialDay', { name: reason.name });
  if (reason.code === 'hours') return t('lines.calendars.reasons.hours');
  return overrideText(reason, t);
}

export function overrideText({ by, reason }: Pick<CalendarOverride, 'by' | 'reason'>, t: Translate): string {
  return t(reason ? 'lines.calendars.reasons.overrideFor' : 'lines.calendars.reasons.override', { by, reason });
}

/** When it will be the other way. */
export function untilText({ until, reason }: OpenState, now: number, t: Translate): string {
  // hours begin and end with minutes
  if (until !== null) return t('lines.calendars.until', { at: moment(until, now).replace(/:\d\d$/, '') });
  return t(reason.code === 'override' ? 'lines.calendars.untilEnded' : 'lines.calendars.noChange');
}

export function effectText({ effect }: SpecialDay, t: Translate): string {
  if (effect.kind === 'weekday')
    return t('lines.calendars.effects.weekday', { day: t('lines.calendars.weekdays').split(' ')[effect.weekday - 1] });
  const key = `lines.calendars.effects.${effect.kind}`;
  return effect.hours.length === 0 ? t(key) : t(`${key}Hours`, { hours: hoursText(effect.hours) });
}

export function dateText({ date, lastDate }: Pick<SpecialDay, 'date' | 'lastDate'>): string {
  return lastDate === null
    ? date
    : `${date} – ${lastDate.slice(0, 4) === date.slice(0, 4) ? lastDate.slice(5) : lastDate}`;
}

export const endOf = ({ date, lastDate }: Pick<SpecialDay, 'date' | 'lastDate'>): string => lastDate ?? date;
