// Numbers as English says them, word by word: one thousand two hundred and five; November twenty-second; half hundreds of years as
// people say years.
import { plain, type Currency } from './numbers-zh.js';

const SMALL = [
  ...['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'],
  ...['thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen'],
];
const TENS = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];
const ORDINALS: Record<string, string> = {
  ...{ one: 'first', two: 'second', three: 'third', five: 'fifth', eight: 'eighth', nine: 'ninth', twelve: 'twelfth' },
  ...{ twenty: 'twentieth', thirty: 'thirtieth' },
};
export const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November'],
  'December',
];
export const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

const word = (list: readonly string[], at: number): string => list[at] ?? '';

function belowHundred(value: number): string[] {
  if (value < 20) return [word(SMALL, value)];
  return [word(TENS, Math.floor(value / 10)), ...(value % 10 > 0 ? [word(SMALL, value % 10)] : [])];
}

function belowThousand(value: number, and: boolean): string[] {
  const [hundreds, low] = [Math.floor(value / 100), value % 100];
  if (hundreds === 0) return and ? ['and', ...belowHundred(low)] : belowHundred(low);
  return [word(SMALL, hundreds), 'hundred', ...(low > 0 ? ['and', ...belowHundred(low)] : [])];
}

/** Whole numbers from 0 to the largest safe integer. */
export function wholeEn(value: number): string[] {
  if (value === 0) return ['zero'];
  const said: string[] = [];
  let left = value;
  for (const [unit, name] of [
    [1e15, 'quadrillion'],
    [1e12, 'trillion'],
    [1e9, 'billion'],
    [1e6, 'million'],
    [1e3, 'thousand'],
  ] as const) {
    const count = Math.floor(left / unit);
    if (count > 0) said.push(...belowThousand(count, false), name);
    left %= unit;
  }
  if (left > 0) said.push(...belowThousand(left, said.length > 0));
  return said;
}

export function numberEn(value: number): string[] {
  const [whole = '0', decimals] = plain(value);
  const said = wholeEn(Number(whole));
  if (decimals !== undefined) said.push('point', ...[...decimals].map((one) => word(SMALL, Number(one))));
  return value < 0 ? ['minus', ...said] : said;
}

/** Digits and letters one by one. */
export function digitsEn(text: string): string[] {
  return [...text].map((one) => (/[0-9]/.test(one) ? word(SMALL, Number(one)) : one.toUpperCase()));
}

/** 1 to 99: twenty second. */
export function ordinalEn(value: number): string[] {
  const said = belowHundred(value);
  const last = said.pop() ?? '';
  return [...said, ORDINALS[last] ?? (last.endsWith('y') ? `${last.slice(0, -1)}ieth` : `${last}th`)];
}

export function yearEn(year: number): string[] {
  const [century, rest] = [Math.floor(year / 100), year % 100];
  if (year < 1000 || year > 9999 || (century % 10 === 0 && rest < 10)) return wholeEn(year);
  if (rest === 0) return [...belowHundred(century), 'hundred'];
  return [...belowHundred(century), ...(rest < 10 ? ['oh', word(SMALL, rest)] : belowHundred(rest))];
}

/** Sunday November twenty second twenty twenty six */
export function dateEn(date: string): string[] {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
  return [word(WEEKDAYS, weekday), word(MONTHS, month - 1), ...ordinalEn(day), ...yearEn(year)];
}

/** six thirty p.m., six oh five a.m., twelve p.m. */
export function timeEn(time: string): string[] {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  const said = [word(SMALL, hour % 12 === 0 ? 12 : hour % 12)];
  if (minute > 0) said.push(...(minute < 10 ? ['oh', word(SMALL, minute)] : belowHundred(minute)));
  return [...said, hour < 12 ? 'a.m.' : 'p.m.'];
}

const UNITS: Record<Currency, { one: string; more: string; smallOne: string; small: string }> = {
  CNY: { one: 'yuan', more: 'yuan', smallOne: 'fen', small: 'fen' },
  USD: { one: 'dollar', more: 'dollars', smallOne: 'cent', small: 'cents' },
  EUR: { one: 'euro', more: 'euros', smallOne: 'cent', small: 'cents' },
  GBP: { one: 'pound', more: 'pounds', smallOne: 'penny', small: 'pence' },
};

/** Hundredths: twelve dollars and five cents. */
export function moneyEn(cents: number, currency: Currency): string[] {
  const [whole, part] = [Math.floor(Math.abs(cents) / 100), Math.abs(cents) % 100];
  const unit = UNITS[currency];
  const said: string[] = cents < 0 ? ['minus'] : [];
  if (whole > 0 || part === 0) said.push(...wholeEn(whole), whole === 1 ? unit.one : unit.more);
  if (part > 0)
    said.push(...(whole > 0 ? ['and'] : []), ...belowHundred(part), part === 1 ? unit.smallOne : unit.small);
  return said;
}
