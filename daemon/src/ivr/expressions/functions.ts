// What expressions may call. Each function says the types it takes and gives; anything else is refused when the flow is saved.
import type { JsonValue, VariableType } from '../../contract/index.js';
import { matches } from './pattern.js';
import { LONGEST_TEXT, ValueError, convert, date, flag, json, list, number, text, textOf, time } from './values.js';
import type { Value } from './values.js';

/** Now, as the people of the box see it. */
export interface LocalNow {
  /** 2026-11-22 */
  date: string;
  /** 18:30:00 */
  time: string;
  /** ms since 1970 UTC */
  atMs: number;
}

export interface FlowFunction {
  takes: readonly VariableType[];
  /** how many of the last may be left out */
  optional?: number;
  /** the last may be there again and again */
  more?: boolean;
  gives: VariableType;
  run(args: readonly Value[], now: () => LocalNow): Value;
}

const s = (value: Value | undefined): string => (value === undefined ? '' : textOf(value));
const n = (value: Value | undefined): number => (value === undefined ? 0 : (value.value as number));
const DAY_MS = 86_400_000;
const dayMs = (value: Value | undefined): number => {
  if (value === undefined || value.value === '') throw new ValueError('the date is empty');
  return Date.parse(`${value.value as string}T00:00:00Z`);
};
const toDay = (ms: number): Value => date(new Date(ms).toISOString().slice(0, 10));
const part = (value: Value | undefined, from: number, to: number): Value => {
  if (value === undefined || value.value === '') throw new ValueError('the date or time is empty');
  return number(Number((value.value as string).slice(from, to)));
};
const short = (value: string): string => {
  if (value.length > LONGEST_TEXT) throw new ValueError(`a text has more than ${LONGEST_TEXT} characters`);
  return value;
};
const one = (gives: VariableType, takes: VariableType[], run: FlowFunction['run']): FlowFunction => ({
  takes,
  gives,
  run,
});

export const functions: ReadonlyMap<string, FlowFunction> = new Map<string, FlowFunction>(
  Object.entries({
    // texts
    len: one('number', ['json'], ([value]) =>
      number(Array.isArray(value?.value) ? value.value.length : [...s(value)].length),
    ),
    /** substr(text, from 1, how many) */
    substr: {
      takes: ['string', 'number', 'number'],
      optional: 1,
      gives: 'string',
      run: ([value, from, count]) => {
        const letters = [...s(value)];
        const begin = Math.max(0, Math.trunc(n(from)) - 1);
        return text(letters.slice(begin, count === undefined ? undefined : begin + Math.max(0, n(count))).join(''));
      },
    },
    upper: one('string', ['string'], ([value]) => text(s(value).toUpperCase())),
    lower: one('string', ['string'], ([value]) => text(s(value).toLowerCase())),
    trim: one('string', ['string'], ([value]) => text(s(value).trim())),
    contains: one('boolean', ['string', 'string'], ([value, what]) => flag(s(value).includes(s(what)))),
    startsWith: one('boolean', ['string', 'string'], ([value, what]) => flag(s(value).startsWith(s(what)))),
    endsWith: one('boolean', ['string', 'string'], ([value, what]) => flag(s(value).endsWith(s(what)))),
    replace: one('string', ['string', 'string', 'string'], ([value, what, by]) => {
      const parts = s(what) === '' ? [s(value)] : s(value).split(s(what));
      if (parts.length * s(by).length > 2 * LONGEST_TEXT) throw new ValueError('the text would become too long');
      return text(short(parts.join(s(by))));
    }),
    digits: one('string', ['string'], ([value]) => text(s(value).replace(/[^0-9]/g, ''))),
    matches: one('boolean', ['string', 'string'], ([value, what]) => flag(matches(s(value), s(what)))),
    concat: {
      takes: ['string'],
      more: true,
      gives: 'string',
      run: (args) => text(short(args.map(s).join(''))),
    },
    padLeft: one('string', ['string', 'number', 'string'], ([value, length, fill]) =>
      text(s(value).padStart(Math.min(100, n(length)), s(fill))),
    ),
    isEmpty: one('boolean', ['json'], ([value]) =>
      flag(s(value) === '' || (Array.isArray(value?.value) && value.value.length === 0)),
    ),
    // numbers
    round: {
      takes: ['number', 'number'],
      optional: 1,
      gives: 'number',
      run: ([value, places]) => {
        const factor = 10 ** Math.min(10, Math.max(0, Math.trunc(n(places))));
        // Away from zero, as money is rounded; the tiny part takes back what binary fractions lose (1.005).
        const scaled = Math.abs(n(value)) * factor;
        return number((Math.sign(n(value)) * Math.round(scaled + scaled * Number.EPSILON)) / factor);
      },
    },
    floor: one('number', ['number'], ([value]) => number(Math.floor(n(value)))),
    ceil: one('number', ['number'], ([value]) => number(Math.ceil(n(value)))),
    abs: one('number', ['number'], ([value]) => number(Math.abs(n(value)))),
    min: { takes: ['number'], more: true, gives: 'number', run: (args) => number(Math.min(...args.map(n))) },
    max: { takes: ['number'], more: true, gives: 'number', run: (args) => number(Math.max(...args.map(n))) },
    // dates and times
    today: one('date', [], (_args, now) => date(now().date)),
    now: one('time', [], (_args, now) => time(now().time)),
    nowMs: one('number', [], (_args, now) => number(now().atMs)),
    year: one('number', ['date'], ([value]) => part(value, 0, 4)),
    month: one('number', ['date'], ([value]) => part(value, 5, 7)),
    day: one('number', ['date'], ([value]) => part(value, 8, 10)),
    /** 1 Monday to 7 Sunday */
    weekday: one('number', ['date'], ([value]) => number(((new Date(dayMs(value)).getUTCDay() + 6) % 7) + 1)),
    addDays: one('date', ['date', 'number'], ([value, count]) => {
      const days = Math.trunc(n(count));
      if (Math.abs(days) > 100_000) throw new ValueError('too many days');
      return toDay(dayMs(value) + days * DAY_MS);
    }),
    daysBetween: one('number', ['date', 'date'], ([from, to]) => number((dayMs(to) - dayMs(from)) / DAY_MS)),
    hour: one('number', ['time'], ([value]) => part(value, 0, 2)),
    minute: one('number', ['time'], ([value]) => part(value, 3, 5)),
    // types
    string: one('string', ['json'], ([value]) => text(short(s(value)))),
    number: one('number', ['json'], ([value]) => convert(value ?? text(''), 'number')),
    boolean: one('boolean', ['json'], ([value]) => convert(value ?? text(''), 'boolean')),
    date: one('date', ['json'], ([value]) => convert(value ?? text(''), 'date')),
    time: one('time', ['json'], ([value]) => convert(value ?? text(''), 'time')),
    // lists and JSON
    list: { takes: ['string'], more: true, gives: 'list', run: (args) => list(args.map(s)) },
    split: one('list', ['string', 'string'], ([value, by]) =>
      list(s(by) === '' ? [s(value)] : s(value).split(s(by), 200)),
    ),
    join: one('string', ['list', 'string'], ([value, by]) => text(short((value?.value as string[]).join(s(by))))),
    includes: one('boolean', ['list', 'string'], ([value, what]) => flag((value?.value as string[]).includes(s(what)))),
    has: one('boolean', ['json', 'string'], ([value, key]) =>
      flag(memberOf(value?.value ?? null, s(key)) !== undefined),
    ),
  } satisfies Record<string, FlowFunction>),
);

/** A member of an object, or an entry of a list, from 0; undefined: there is none. */
export function memberOf(of: JsonValue, key: string | number): JsonValue | undefined {
  if (Array.isArray(of)) return /^\d{1,6}$/.test(String(key)) ? of[Number(key)] : undefined;
  if (typeof of === 'object' && of !== null && Object.hasOwn(of, String(key))) return of[String(key)];
  return undefined;
}

export function typed(value: JsonValue): Value {
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return number(value);
  if (typeof value === 'boolean') return flag(value);
  return json(value);
}
