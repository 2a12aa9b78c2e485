// Numbers as Chinese says them. 两 stands for 二 before 千, 万 and 亿, before 百 at the head of a number, and before a measure word; not
// before 十, and not at the end. 一 before 十 is left out at the head. Zeros within are said once.
const DIGITS = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
const digit = (value: number): string => DIGITS[value] ?? '';

/** Whole numbers from 0 to the largest safe integer, character by character. */
export function wholeZh(value: number): string[] {
  if (value === 0) return ['零'];
  return read(value, true);
}

/** With a measure word behind it: 两元, 两点, but 十二元. */
export function countZh(value: number): string[] {
  return value === 2 ? ['两'] : wholeZh(value);
}

/** `head`: nothing has been said before it. */
function read(value: number, head: boolean): string[] {
  for (const [unit, name] of [
    [100_000_000, '亿'],
    [10_000, '万'],
  ] as const) {
    if (value < unit) continue;
    const [high, low] = [Math.floor(value / unit), value % unit];
    return [...(high === 2 ? ['两'] : read(high, head)), name, ...rest(low, unit / 10)];
  }
  const units = [
    [1000, '千'],
    [100, '百'],
    [10, '十'],
  ] as const;
  for (const [unit, name] of units) {
    if (value < unit) continue;
    const [high, low] = [Math.floor(value / unit), value % unit];
    const two = high === 2 && (unit === 1000 || (unit === 100 && head));
    const front = unit === 10 && high === 1 && head ? [] : [two ? '两' : digit(high)];
    return [...front, name, ...rest(low, unit / 10)];
  }
  return [digit(value)];
}

/** What follows a unit; 零 where a place is empty between. */
function rest(low: number, place: number): string[] {
  if (low === 0) return [];
  return [...(low < place ? ['零'] : []), ...read(low, false)];
}

/** Decimals digit by digit: 负三点一四. */
export function numberZh(value: number): string[] {
  const [whole = '0', decimals] = plain(value);
  const said = wholeZh(Number(whole));
  if (decimals !== undefined) said.push('点', ...[...decimals].map((one) => digit(Number(one))));
  return value < 0 ? ['负', ...said] : said;
}

/** Digits one by one; 一 is 幺, as on the telephone. */
export function digitsZh(text: string): string[] {
  return [...text].map((one) => (one === '1' ? '幺' : /[0-9]/.test(one) ? digit(Number(one)) : one.toUpperCase()));
}

/** 二零二六年十一月二十二日 */
export function dateZh(date: string): string[] {
  const [year = '', month = '', day = ''] = date.split('-');
  const yearSaid = [...year].map((one) => digit(Number(one)));
  return [...yearSaid, '年', ...wholeZh(Number(month)), '月', ...wholeZh(Number(day)), '日'];
}

/** 十八点三十分, 两点零五分, 八点整 */
export function timeZh(time: string): string[] {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  const head = [...countZh(hour), '点'];
  if (minute === 0) return [...head, '整'];
  return [...head, ...(minute < 10 ? ['零'] : []), ...wholeZh(minute), '分'];
}

export type Currency = 'CNY' | 'USD' | 'EUR' | 'GBP';
const UNITS: Record<Exclude<Currency, 'CNY'>, [string, string]> = {
  USD: ['美元', '美分'],
  EUR: ['欧元', '欧分'],
  GBP: ['英镑', '便士'],
};

/** Hundredths: 十二元五角六分, 十二元零五分, 五角. */
export function moneyZh(cents: number, currency: Currency): string[] {
  const [whole, part] = [Math.floor(Math.abs(cents) / 100), Math.abs(cents) % 100];
  const said: string[] = cents < 0 ? ['负'] : [];
  if (currency !== 'CNY') {
    const [unit, small] = UNITS[currency];
    if (whole > 0 || part === 0) said.push(...countZh(whole), unit);
    if (part > 0) said.push(...countZh(part), small);
    return said;
  }
  const [jiao, fen] = [Math.floor(part / 10), part % 10];
  if (whole > 0 || part === 0) said.push(...countZh(whole), '元');
  if (jiao > 0) said.push(digit(jiao), '角');
  else if (fen > 0 && whole > 0) said.push('零');
  if (fen > 0) said.push(digit(fen), '分');
  return said;
}

/** Digits before and behind the point, without an exponent and without trailing zeros. */
export function plain(value: number): [whole: string, decimals?: string] {
  const [whole = '0', decimals = ''] = Math.abs(value).toFixed(6).split('.');
  const kept = decimals.replace(/0+$/, '');
  return kept === '' ? [whole] : [whole, kept];
}
