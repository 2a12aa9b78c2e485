// What a variable holds while a flow runs. A value of each type has one form in JavaScript, which is also its form in JSON: a date is
// "2026-11-22", a time "18:30:00".
import type { JsonValue, VariableType } from '../../contract/index.js';

export interface Value {
  readonly type: VariableType;
  readonly value: JsonValue;
}

/** Longest text of one value, characters; what is longer is cut where it comes from, or refused where it is computed. */
export const LONGEST_TEXT = 4000;
/** Largest JSON of one value, characters. */
export const LARGEST_JSON = 65_536;

export class ValueError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ValueError';
  }
}

export const text = (value: string): Value => ({ type: 'string', value });
export const number = (value: number): Value => {
  if (!Number.isFinite(value)) throw new ValueError('the result is not a number');
  return { type: 'number', value };
};
export const flag = (value: boolean): Value => ({ type: 'boolean', value });
export const date = (value: string): Value => ({ type: 'date', value: checkedDate(value) });
export const time = (value: string): Value => ({ type: 'time', value: checkedTime(value) });
export const list = (value: string[]): Value => ({ type: 'list', value });
export const json = (value: JsonValue): Value => ({ type: 'json', value });

/** What a variable has that nobody has set. */
export function emptyOf(type: VariableType): Value {
  switch (type) {
    case 'string':
      return text('');
    case 'number':
      return number(0);
    case 'boolean':
      return flag(false);
    case 'date':
      return { type, value: '' };
    case 'time':
      return { type, value: '' };
    case 'list':
      return list([]);
    case 'json':
      return json(null);
  }
}

/** A value as one of another type. Throws a ValueError when it cannot be one, or is too large. */
export function convert({ type: from, value }: Value, to: VariableType): Value {
  if (from === to) return bounded({ type: to, value });
  switch (to) {
    case 'string':
      return bounded(text(textOf({ type: from, value })));
    case 'number': {
      if (typeof value === 'number') return number(value);
      if (typeof value === 'string' && /^\s*[+-]?(\d{1,15}(\.\d{0,10})?|\.\d{1,10})\s*$/.test(value))
        return number(Number(value));
      throw new ValueError(`${shown(value)} is not a number`);
    }
    case 'boolean':
      if (typeof value === 'boolean') return flag(value);
      if (value === 'true' || value === 'false') return flag(value === 'true');
      throw new ValueError(`${shown(value)} is neither true nor false`);
    case 'date':
      if (value === '' || value === null) return emptyOf('date');
      if (typeof value === 'string') return date(value.slice(0, 10).replaceAll('/', '-'));
      throw new ValueError(`${shown(value)} is not a date`);
    case 'time':
      if (value === '' || value === null) return emptyOf('time');
      if (typeof value === 'string') return time(value);
      throw new ValueError(`${shown(value)} is not a time`);
    case 'list':
      if (Array.isArray(value)) return bounded(list(value.map((item) => textOf(json(item)))));
      if (value === '' || value === null) return list([]);
      return bounded(list([textOf({ type: from, value })]));
    case 'json':
      return bounded(json(value));
  }
}

/** For people and for texts: what a caller would be told. */
export function textOf({ value }: Value): string {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  if (typeof value === 'number') return String(Object.is(value, -0) ? 0 : Number(value.toPrecision(15)));
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ');
  return JSON.stringify(value);
}

/** The value, when it is not too large. */
export function bounded(value: Value): Value {
  const held = value.value;
  if (typeof held === 'string' && held.length > LONGEST_TEXT)
    throw new ValueError(`a text has more than ${LONGEST_TEXT} characters`);
  if (typeof held === 'object' && held !== null && JSON.stringify(held).length > LARGEST_JSON)
    throw new ValueError(`a value has more than ${LARGEST_JSON} characters`);
  return value;
}

/** Whether a value of type `from` may stand where `to` is wanted; what only turns out when it is computed may. */
export function mayBe(from: VariableType, to: VariableType): boolean {
  if (from === to || from === 'json' || to === 'json' || to === 'string') return true;
  if (from === 'string') return to !== 'list';
  return false;
}

export function checkedDate(value: string): string {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value);
  if (match === null) throw new ValueError(`${shown(value)} is not a date; write it as 2026-11-22`);
  const day = new Date(`${value}T00:00:00Z`);
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== value)
    throw new ValueError(`there is no day ${value}`);
  return value;
}

export function checkedTime(value: string): string {
  const match = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(value);
  const [hour, minute, second] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3] ?? 0)];
  if (match === null || hour > 23 || minute > 59 || second > 59)
    throw new ValueError(`${shown(value)} is not a time; write it as 18:30`);
  const two = (one: number): string => String(one).padStart(2, '0');
  return `${two(hour)}:${two(minute)}:${two(second)}`;
}

export function shown(value: JsonValue): string {
  const written = JSON.stringify(value);
  return written.length > 60 ? `${written.slice(0, 57)}…` : written;
}
