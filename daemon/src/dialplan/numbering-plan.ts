// What a number means in the country of the box: how much it may cost, and how it is written for others. Strict where it matters:
// what costs much is known by its first digits, whatever follows; what is cheap must fit as a whole.
import type { Numbering } from '../config/index.js';
import type { NumberClass } from '../contract/index.js';
import { canBecome, compilePattern, isWithin, matches, startsWith, type Pattern } from './pattern.js';

/** unknown: it fits nothing in the country's plan, so nobody can say where it leads */
export type OutsideClass = Exclude<NumberClass, 'internal'> | 'unknown';

/** ITU-T E.164 6.2.1: no number has more digits, with its country code. */
const LONGEST = 15;
/** with its country code; what is shorter is a service of the carrier's */
const SHORTEST_E164 = 8;
/** Of anything that is dialled, prefixes and all. */
export const MOST_DIGITS = 24;
/** a carrier may be chosen before the number, and no second one behind it */
const MOST_CARRIERS = 1;

export class NumberingPlan {
  readonly #numbering: Numbering;
  readonly #emergency: ReadonlySet<string>;
  readonly #international: readonly Pattern[];
  readonly #premium: readonly Pattern[];
  readonly #carriers: readonly Pattern[];
  readonly #mobile: readonly Pattern[];
  readonly #national: readonly Pattern[];
  readonly #local: readonly Pattern[] | undefined;

  constructor(numbering: Numbering) {
    this.#numbering = numbering;
    this.#emergency = new Set(numbering.emergency);
    this.#international = numbering.international.map(compilePattern);
    this.#premium = numbering.premium.map(compilePattern);
    this.#carriers = numbering.carrierSelection.map(compilePattern);
    this.#mobile = numbering.mobile.map(compilePattern);
    this.#national = numbering.national.map(compilePattern);
    this.#local = numbering.local?.map(compilePattern);
  }

  isEmergency(digits: string): boolean {
    return this.#emergency.has(digits);
  }

  /** An emergency number that stands at the beginning of `digits` or is all of it. */
  emergencyPrefix(digits: string): string | undefined {
    return this.#numbering.emergency.find((number) => digits.startsWith(number));
  }

  /** Whether more digits can make it an emergency number. */
  mayBecomeEmergency(digits: string): boolean {
    return this.#numbering.emergency.some((number) => number.length > digits.length && number.startsWith(digits));
  }

  /** Of a number as it is dialled in the country, digits alone. */
  classify(digits: string, carriers = 0): OutsideClass {
    const fits = (pattern: Pattern): boolean => matches(pattern, digits);
    if (this.isEmergency(digits)) return carriers === 0 ? 'emergency' : 'unknown';
    if (this.#international.some(fits)) return 'international';
    if (this.#premium.some(fits)) return 'premium';
    const carrier = this.#carriers.find((pattern) => startsWith(pattern, digits));
    if (carrier !== undefined) {
      return carriers < MOST_CARRIERS ? this.classify(digits.slice(carrier.sets.length), carriers + 1) : 'unknown';
    }
    if (digits === '' || digits.length > LONGEST) return 'unknown';
    if (this.#mobile.some(fits)) return 'mobile';
    if (this.#national.some(fits)) return 'national';
    if (this.#local !== undefined) return this.#local.some(fits) ? 'local' : 'unknown';
    const { nationalPrefix } = this.#numbering;
    return nationalPrefix !== '' && digits.startsWith(nationalPrefix) ? 'national' : 'local';
  }

  /** Of a number that begins with a country code, without +. */
  classifyE164(digits: string): OutsideClass {
    const { countryCode } = this.#numbering;
    return digits.startsWith(countryCode)
      ? this.classify(this.#fromNational(digits.slice(countryCode.length)))
      : 'international';
  }

  /** Whether more digits can make it a number that is known. */
  mayGrow(digits: string, carriers = 0): boolean {
    if (digits.length >= MOST_DIGITS) return false;
    const can = (pattern: Pattern): boolean => canBecome(pattern, digits);
    if (this.#international.some(can) || this.#premium.some(can) || this.mayBecomeEmergency(digits)) return true;
    const carrier = this.#carriers.find((pattern) => startsWith(pattern, digits));
    if (carrier !== undefined) {
      return carriers < MOST_CARRIERS && this.mayGrow(digits.slice(carrier.sets.length), carriers + 1);
    }
    if (this.#local === undefined) return digits.length < LONGEST;
    return [...this.#carriers, ...this.#mobile, ...this.#national, ...this.#local].some(can);
  }

  /** As it is dialled in the country; `e164` begins with a country code and has no +. */
  fromE164(e164: string): string {
    const { countryCode, internationalPrefix } = this.#numbering;
    return e164.startsWith(countryCode)
      ? this.#fromNational(e164.slice(countryCode.length))
      : internationalPrefix + e164;
  }

  /**
   * A number as carriers write it, as it is dialled in the country: with + or the international prefix before a country code, or with the
   * country code alone where it could not be dialled so. `e164`: its carrier writes country codes.
   */
  asDialled(number: string, e164: boolean): string {
    const { countryCode, internationalPrefix } = this.#numbering;
    if (number.startsWith('+')) return this.fromE164(number.slice(1));
    const abroad = internationalPrefix + countryCode;
    if (number.startsWith(abroad)) return this.#known(number.slice(internationalPrefix.length)) ?? number;
    const dialled = this.classify(number) !== 'unknown';
    if (dialled && !e164) return number;
    const national = number.startsWith(countryCode) ? this.#known(number) : undefined;
    if (national !== undefined || dialled) return national ?? number;
    return e164 && number.length >= SHORTEST_E164 ? internationalPrefix + number : number;
  }

  /** undefined: there is no such number in the country */
  #known(e164: string): string | undefined {
    const dialled = this.fromE164(e164);
    return this.classify(dialled) === 'unknown' ? undefined : dialled;
  }

  /** With its country code, without +; undefined: it has none (emergency, a local number without its area, a chosen carrier). */
  toE164(digits: string): string | undefined {
    const { countryCode, internationalPrefix, nationalPrefix } = this.#numbering;
    switch (this.classify(digits)) {
      case 'international':
        if (digits.startsWith(internationalPrefix)) return digits.slice(internationalPrefix.length);
        break;
      case 'mobile':
      case 'national':
      case 'premium':
        break;
      case 'emergency':
      case 'local':
      case 'unknown':
        return undefined;
    }
    if (this.#carriers.some((pattern) => startsWith(pattern, digits))) return undefined;
    const area =
      nationalPrefix !== '' && digits.startsWith(nationalPrefix) ? digits.slice(nationalPrefix.length) : digits;
    const e164 = countryCode + area;
    // Another number than the one that was dialled would be worse than none.
    return this.classify(this.fromE164(e164)) === this.classify(digits) ? e164 : undefined;
  }

  /** Whether every number that fits leads abroad or costs as if it did. */
  isForeign(pattern: Pattern): boolean {
    if (this.#international.some((foreign) => isWithin(pattern, foreign))) return true;
    const carrier = this.#carriers.find((one) =>
      isWithin({ sets: pattern.sets.slice(0, one.sets.length), open: false }, one),
    );
    return carrier !== undefined && this.isForeign({ ...pattern, sets: pattern.sets.slice(carrier.sets.length) });
  }

  /** A number with its area code (its national significant number), as it is dialled. */
  #fromNational(number: string): string {
    if (this.isEmergency(number)) return number;
    // Numbers that are the same everywhere have no prefix: mobile ones in China, 400, 800.
    const known =
      this.#local === undefined
        ? this.#mobile.some((pattern) => matches(pattern, number))
        : this.classify(number) !== 'unknown';
    return known ? number : this.#numbering.nationalPrefix + number;
  }
}
