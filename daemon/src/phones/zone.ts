// A time zone as telephones want it: hours from UTC and the rule of summer time, read from the system's tables, whose last line says
// both (RFC 8536 3.3: a POSIX TZ string).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SummerChange {
  /** 1 to 12 */
  month: number;
  /** 1 to 5; 5: the last */
  week: number;
  /** 0: Sunday */
  day: number;
  hour: number;
}

export interface PhoneZone {
  name: string;
  /** POSIX TZ, such as CST-8 */
  posix: string;
  /** east of UTC */
  minutes: number;
  summer: { minutes: number; start: SummerChange; end: SummerChange } | undefined;
}

const ZONEINFO = '/usr/share/zoneinfo';

/** As the tables have it; without them the hours that count at `atMs`, and no summer time. */
export function phoneZone(name: string, atMs: number, folder = ZONEINFO): PhoneZone {
  const posix = footer(name, folder);
  const read = posix === undefined ? undefined : readPosix(posix);
  if (posix !== undefined && read !== undefined) return { name, posix, ...read };
  const minutes = offsetAt(name, atMs);
  const sign = minutes < 0 ? '+' : '-';
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const text = `<${minutes < 0 ? '-' : '+'}${pad(hours)}${rest === 0 ? '' : pad(rest)}>`;
  return { name, posix: `${text}${sign}${hours}${rest === 0 ? '' : `:${pad(rest)}`}`, minutes, summer: undefined };
}

const pad = (value: number): string => String(value).padStart(2, '0');

function footer(name: string, folder: string): string | undefined {
  if (!/^[A-Za-z0-9_+-]+(?:\/[A-Za-z0-9_+-]+){0,2}$/.test(name)) return undefined;
  try {
    const bytes = readFileSync(join(folder, name));
    if (bytes.toString('latin1', 0, 4) !== 'TZif') return undefined;
    const lines = bytes.toString('latin1').split('\n');
    return lines.at(-2);
  } catch {
    return undefined;
  }
}

const NAME = '(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)';
const OFFSET = '([+-]?\\d{1,3}(?::\\d{2})?(?::\\d{2})?)';
const RULE = 'M(\\d{1,2})\\.(\\d)\\.(\\d)(?:/([+-]?\\d{1,3})(?::\\d{2})?(?::\\d{2})?)?';
const POSIX = new RegExp(`^${NAME}${OFFSET}(?:${NAME}${OFFSET}?,${RULE},${RULE})?$`);

/** undefined: a form that telephones have no words for. */
export function readPosix(text: string): Pick<PhoneZone, 'minutes' | 'summer'> | undefined {
  const match = POSIX.exec(text);
  if (match === null) return undefined;
  const [, standard = '0', summerOffset, ...rules] = match;
  // POSIX counts west of Greenwich.
  const minutes = -minutesOf(standard);
  if (rules[0] === undefined) return { minutes, summer: undefined };
  const later = summerOffset === undefined ? 60 : -minutesOf(summerOffset) - minutes;
  const change = (from: number): SummerChange => ({
    month: Number(rules[from]),
    week: Number(rules[from + 1]),
    day: Number(rules[from + 2]),
    hour: Number(rules[from + 3] ?? 2),
  });
  return { minutes, summer: { minutes: later, start: change(0), end: change(4) } };
}

function minutesOf(text: string): number {
  const [hours = '0', minutes = '0'] = text.replace(/^[+-]/, '').split(':');
  return (text.startsWith('-') ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

function offsetAt(name: string, atMs: number): number {
  const format = Intl.DateTimeFormat('en', { timeZone: name, timeZoneName: 'longOffset' });
  const text = format.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const match = /GMT([+-])(\d{2}):(\d{2})/.exec(text);
  if (match === null) return 0;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]));
}
