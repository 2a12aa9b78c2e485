// What a number tells of itself: libphonenumber knows how the world's numbers are made, the file of blocks where China's come from.
import { parsePhoneNumberFromString, type CountryCode, type NumberType } from 'libphonenumber-js/max';
import type { NumberInfo, NumberOrigin } from '../contract/index.js';
import type { NumberBlocks } from './blocks.js';

/** What the numbering plan of the country knows of a number as it is dialled there. */
export interface CountryNumbers {
  isEmergency(digits: string): boolean;
  /** as it is dialled, of a number as somebody writes it, with + or without */
  asDialled(number: string, e164: boolean): string;
  /** without +; undefined: it has none */
  toE164(digits: string): string | undefined;
}

const KINDS: Partial<Record<NonNullable<NumberType>, NumberInfo['kind']>> = {
  ...{ FIXED_LINE: 'fixed', FIXED_LINE_OR_MOBILE: 'fixed', MOBILE: 'mobile', TOLL_FREE: 'tollFree' },
  ...{ PREMIUM_RATE: 'premium', SHARED_COST: 'service', UAN: 'service', VOIP: 'other', PERSONAL_NUMBER: 'other' },
};
const UNKNOWN: NumberOrigin = { country: null, province: null, city: null, carrier: null };
const REMEMBERED = 2000;

export class NumberBook {
  readonly #country: CountryCode;
  readonly #plan: CountryNumbers;
  readonly #blocks: NumberBlocks;
  readonly #known = new Map<string, NumberInfo>();

  /** `country`: ISO 3166-1, two letters */
  constructor(country: string, plan: CountryNumbers, blocks: NumberBlocks) {
    this.#country = country.toUpperCase() as CountryCode;
    this.#plan = plan;
    this.#blocks = blocks;
  }

  /** Digits, with + or without; signs between them do not matter. Never throws. */
  info(text: string): NumberInfo {
    const clean = text.slice(0, 40).replace(/[^0-9+]/g, '');
    const known = this.#known.get(clean);
    if (known !== undefined) return known;
    const info = this.#read(clean);
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(clean, info);
    return info;
  }

  /** Region and carrier of one who calls; null: nothing is known. */
  origin(text: string): NumberOrigin | null {
    if (text === '') return null;
    const { origin } = this.info(text);
    return origin.country === null ? null : origin;
  }

  #read(clean: string): NumberInfo {
    const number = clean === '' ? '' : this.#plan.asDialled(clean, false);
    const nothing = { number, e164: null, international: null, valid: false, origin: UNKNOWN };
    if (this.#plan.isEmergency(number)) return { ...nothing, kind: 'emergency', valid: true };
    const digits = this.#plan.toE164(number);
    const e164 = clean.startsWith('+') ? clean : digits === undefined ? undefined : `+${digits}`;
    // A local number without its area, or a short one: it has no country code, and nobody else can call it.
    if (e164 === undefined) return { ...nothing, kind: /^\d{3,6}$/.test(number) ? 'service' : 'unknown' };
    const parsed = parsePhoneNumberFromString(e164, this.#country);
    if (parsed === undefined) return { ...nothing, kind: 'unknown', e164 };
    const kind = KINDS[parsed.getType() ?? 'VOICEMAIL'] ?? (parsed.isValid() ? 'other' : 'unknown');
    const country = parsed.country ?? null;
    const national = String(parsed.nationalNumber);
    const mainland = parsed.countryCallingCode === '86';
    const place = mainland ? this.#blocks.placeOf(national) : null;
    return {
      ...{ number, e164: parsed.number, international: parsed.formatInternational() },
      kind: mainland && kind === 'unknown' && /^1[3-9]\d{9}$/.test(national) ? 'mobile' : kind,
      valid: parsed.isValid(),
      origin: {
        country: mainland ? 'CN' : country,
        province: place?.province ?? null,
        city: place?.city ?? null,
        carrier: mainland ? this.#blocks.carrierOf(national) : null,
      },
    };
  }
}
