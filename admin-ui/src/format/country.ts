/** A country's name in a language, from its code in small letters. */
export function countryName(code: string, language: string): string {
  const region = code.toUpperCase();
  return new Intl.DisplayNames([language], { type: 'region', style: 'short' }).of(region) ?? region;
}
