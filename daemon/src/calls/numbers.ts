// What peers send as number or name is hostile until it has gone through here.

/** of the calledNumber column's numbers */
export const LONGEST_NUMBER = 24;

/** Only what is a digit, 24 at most: a number that is none of a telephone's is withheld. */
export function cleanNumber(text: string): string {
  return /^\+?[0-9]{1,24}$/.test(text) ? text.replace('+', '') : '';
}

/** The same, with its +. */
export function cleanCaller(text: string): string {
  return cleanNumber(text) === '' ? '' : text;
}

/** A name without control characters or broken surrogates, 80 characters at most; still untrusted text. */
export function cleanName(text: string): string {
  return [...text.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, '')].slice(0, 80).join('').trim();
}

/** What was dialled, as it stands in the row: without what is no text, 24 characters at most; still untrusted. */
export function cleanCalled(text: string): string {
  return [...cleanName(text)].slice(0, LONGEST_NUMBER).join('');
}

/** Whether a dial plan may be asked for it. */
export function isDiallable(number: string): boolean {
  return /^\+?[0-9*#]{1,24}$/.test(number);
}
