// What a number that somebody dials means, by the plan of the country (ITU-T E.164 and its operational bulletins). A number that no
// rule knows is `other`: nobody may dial it unless it is allowed by name.
export type NumberClass =
  'emergency' | 'internal' | 'local' | 'national' | 'mobile' | 'international' | 'premium' | 'other';

export interface NumberPlan {
  /** E.164 */
  countryCode: string;
  /** the first one is written in place of `+` */
  internationalPrefixes: readonly string[];
  /** before an area code; '' where there is none */
  trunkPrefix: string;
  emergency: readonly string[];
  /** numbers within the country that are dialled without the trunk prefix and without an area code */
  direct?: RegExp | undefined;
  /** digits that choose a carrier; the number proper stands behind them */
  carrierPrefix?: RegExp | undefined;
  /** of the national form, the first that matches; anchored at both ends, without nested repetition */
  rules: readonly (readonly [pattern: RegExp, numberClass: NumberClass])[];
  /** E.164 without `+`; what there costs far more than a call to the country */
  premiumAbroad: readonly string[];
}

/** Satellites (870, 881, 882, 883), personal, shared-cost and premium numbers of no country (878, 808, 979), and those of North America. */
const PREMIUM_ABROAD = ['870', '881', '882', '883', '878', '808', '979', '1900', '1976'];

/** Mainland China: MIIT's administration of telephone numbering, 2003, as amended. */
export const CHINA: NumberPlan = {
  countryCode: '86',
  internationalPrefixes: ['00'],
  trunkPrefix: '0',
  emergency: ['110', '119', '120', '122'],
  direct: /^(?:1[3-9]\d{9}|[48]00\d{7}|95\d{3,9}|16\d{3,6})$/,
  // 179xx: calls over IP; 1259x, 10193, 11808: carriers' rebates. Behind them stands a number of any kind.
  carrierPrefix: /^(?:179\d\d|1259\d|10193|11808)(?=\d{5})/,
  rules: [
    // Satellite telephones among the mobile numbers.
    [/^0?(?:1349|1740)\d{7}$/, 'premium'],
    [/^0?1[3-9]\d{9}$/, 'mobile'],
    // Voice services, 160 and 168 above all, with and without an area code.
    [/^(?:0(?:10|2\d|[3-9]\d\d))?16\d{3,6}$/, 'premium'],
    [/^0(?:10|2\d)[2-9]\d{7}$/, 'national'],
    [/^0[3-9]\d\d[2-9]\d{6,7}$/, 'national'],
    // Service numbers of another area.
    [/^0(?:10|2\d|[3-9]\d\d)(?:1[0-2]\d{1,4}|9[56]\d{3,6})$/, 'national'],
    // Free and shared-cost numbers, and those of companies.
    [/^[48]00\d{7}$/, 'national'],
    [/^95\d{3,9}$/, 'national'],
    [/^96\d{3,6}$/, 'local'],
    [/^1[0-2]\d{1,4}$/, 'local'],
    [/^[2-8]\d{6,7}$/, 'local'],
  ],
  premiumAbroad: PREMIUM_ABROAD,
};

export interface GenericPlan {
  countryCode: string;
  internationalPrefixes?: readonly string[];
  trunkPrefix?: string;
  emergency?: readonly string[];
  /** national numbers without the trunk prefix that begin with one of these */
  mobile?: readonly string[];
  premium?: readonly string[];
}

/**
 * A plan by E.164 alone, for countries that have none of their own here. Those that share a code (1, 7) count as one country:
 * what costs more among them belongs to `premium`. Throws a RangeError for prefixes that are no digits.
 */
export function genericPlan({
  countryCode,
  internationalPrefixes = ['00'],
  trunkPrefix = '0',
  emergency = ['112'],
  mobile = [],
  premium = ['900', '190'],
}: GenericPlan): NumberPlan {
  const digits = [countryCode, ...internationalPrefixes, trunkPrefix, ...emergency, ...mobile, ...premium];
  if (!digits.every((text) => /^\d*$/.test(text)) || countryCode === '')
    throw new RangeError('a prefix has digits only');
  const beginning = (prefixes: readonly string[], rest: string): RegExp =>
    prefixes.length === 0 ? /^(?!)/ : new RegExp(`^(?:${trunkPrefix})?(?:${prefixes.join('|')})${rest}$`);
  return {
    countryCode,
    internationalPrefixes,
    trunkPrefix,
    emergency,
    rules: [
      [beginning(premium, '\\d{2,10}'), 'premium'],
      [beginning(mobile, '\\d{4,11}'), 'mobile'],
      [new RegExp(`^${trunkPrefix}[1-9]\\d{4,12}$`), trunkPrefix === '' ? 'local' : 'national'],
      [/^[1-9]\d{4,9}$/, 'local'],
    ],
    premiumAbroad: PREMIUM_ABROAD,
  };
}
