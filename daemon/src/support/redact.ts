// Takes secrets out of what is given away: by the names of settings, and whatever value is known to be a secret wherever it stands.

const SECRET_NAME = /passw|secret|passphrase|token|^pin$|pinHash|ha1|privateKey|^key$|apiKey|credential/i;
export const REDACTED = '[removed]';
/** What is shorter is no secret, and stands in many places by chance. */
const SHORTEST = 4;

/** A copy in which every value under the name of a secret is replaced; those values are added to `found`. */
export function withoutSecrets(value: unknown, found: Set<string>): unknown {
  if (Array.isArray(value)) return value.map((one) => withoutSecrets(one, found));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (!SECRET_NAME.test(name) || inner === null || inner === '' || typeof inner === 'object')
        return [name, withoutSecrets(inner, found)];
      found.add(String(inner));
      return [name, REDACTED];
    }),
  );
}

/** What looks like a credential in a text of anybody: parameters of digest, bearer tokens, PEM keys. */
const SHAPES: [RegExp, string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  [/\b(bearer|basic)\s+[A-Za-z0-9+/._~-]{8,}=*/gi, `$1 ${REDACTED}`],
  [/\b(response|cnonce|ha1|password|passphrase|secret|token)("?\s*[=:]\s*"?)[^\s",;]+/gi, `$1$2${REDACTED}`],
];

export function scrubbed(text: string, secrets: Iterable<string>): string {
  let clean = text;
  // The longest first: one may be a part of another.
  const known = [...secrets].filter((one) => one.length >= SHORTEST).sort((a, b) => b.length - a.length);
  for (const secret of known) clean = clean.replaceAll(secret, REDACTED);
  for (const [shape, instead] of SHAPES) clean = clean.replace(shape, instead);
  return clean;
}
