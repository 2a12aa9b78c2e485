// What peers send as number or name is hostile until it has gone through here.

/** longest name a telephone is sent */
const LONGEST_NAME = 40;

/** Only what is a digit, 24 at most: a number that is none of a telephone's is withheld. */
export function cleanNumber(text: string): string {
  return /^\+?[0-9]{1,24}$/.test(text) ? text.replace('+', '') : '';
}

/** A name without control characters or broken surrogates, 80 characters at most; still untrusted text. */
export function cleanName(text: string): string {
  return [...text.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, '')].slice(0, 80).join('').trim();
}

/** As a telephone shows it: printable ASCII, which is all that caller identification by FSK carries. */
export function callingNameForDisplay(name: string): string {
  return name
    .replace(/[^\x20-\x7e]/g, '')
    .trim()
    .slice(0, LONGEST_NAME);
}
