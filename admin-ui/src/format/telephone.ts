/**
 * Groups the digits of a number the way it is written in China: mobiles 3-4-4, land lines area code and 4s, service
 * numbers (400, 95xxx, 1xx) and extensions as they are usually read. What is not a plain number stays as it came.
 */
export function telephone(number: string): string {
  if (/^1[3-9]\d{9}$/.test(number)) return cut(number, 3, 4, 4);
  if (/^(\+?86|0086)1[3-9]\d{9}$/.test(number)) return `+86 ${telephone(number.slice(-11))}`;
  if (/^0(10|2\d)\d{8}$/.test(number)) return cut(number, 3, 4, 4);
  if (/^0\d{10}$/.test(number)) return cut(number, 4, 3, 4);
  if (/^0\d{11}$/.test(number)) return cut(number, 4, 4, 4);
  if (/^[48]00\d{7}$/.test(number)) return cut(number, 3, 3, 4);
  if (/^[2-9]\d{7}$/.test(number)) return cut(number, 4, 4);
  return number;
}

function cut(digits: string, ...lengths: number[]): string {
  let at = 0;
  return lengths.map((length) => digits.slice(at, (at += length))).join(' ');
}
