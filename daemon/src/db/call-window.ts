// Calls lie in the order of their identities, which begin with the time: what is looked for is looked for in stretches of it.

export const DAY_MS = 86_400_000;

export type Values = Record<string, string | number>;
export type Add = (text: string, more?: Values) => void;

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The least identity that was made at a time. */
export function idAt(atMs: number): string {
  let rest = Math.min(Math.max(0, Math.floor(atMs)), 2 ** 48 - 1);
  let text = '';
  for (let i = 0; i < 10; i += 1) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text + '0'.repeat(16);
}

/** When an identity was made. */
export function timeOf(id: string): number {
  return [...id.slice(0, 10)].reduce((sum, letter) => sum * 32 + Math.max(0, ALPHABET.indexOf(letter)), 0);
}
