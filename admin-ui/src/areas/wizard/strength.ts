export type Strength = 'weak' | 'fair' | 'strong';

/** How hard a password is to guess, roughly: its length counts most, what repeats counts for nothing. */
export function strengthOf(password: string): Strength {
  const letters = [...password];
  const different = new Set(letters).size;
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{L}\p{Nd}]/u, /\p{Lo}/u].filter((kind) => kind.test(password));
  const bits = Math.min(letters.length, different * 1.5) * (2 + kinds.length);
  return bits >= 55 && letters.length >= 12 ? 'strong' : bits >= 36 && letters.length >= 10 ? 'fair' : 'weak';
}
