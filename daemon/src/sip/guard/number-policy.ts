// Who may dial what. Whoever steals a telephone's password wants to call numbers that cost a lot, so those are denied unless
// somebody allowed them. The same question is asked for forwarding and for calls through, with the number as it is dialled in the end.
import { MAX_NUMBER_DIGITS } from './limits.js';
import type { NumberClass, NumberPlan } from './number-plan.js';

export interface DialledNumber {
  class: NumberClass;
  /** as it is to be dialled: digits alone, `+` written as the international prefix, our own country without its code */
  digits: string;
  /** digits at its beginning that choose a carrier */
  carrier: string;
  /** digits of E.164 without `+`, of calls abroad; undefined: within the country */
  abroad: string | undefined;
}

/** Visual separators (RFC 3966 5.1.1) and the space that people type. */
const SEPARATORS = /[-.() ]/g;

/** Why a text is no number to dial. */
export type NumberFault = 'notDigits' | 'length';

/**
 * Reads what somebody dialled. `isInternal` knows the numbers of this exchange; emergency numbers go before them.
 */
export function readNumber(
  text: string,
  plan: NumberPlan,
  isInternal: (digits: string) => boolean = () => false,
): DialledNumber | NumberFault {
  if (text.length > 2 * MAX_NUMBER_DIGITS) return 'length';
  const dialled = text.replace(SEPARATORS, '');
  const isE164 = dialled.startsWith('+');
  const digits = isE164 ? dialled.slice(1) : dialled;
  if (!/^[0-9]+$/.test(digits)) return 'notDigits';
  if (digits.length > MAX_NUMBER_DIGITS) return 'length';
  if (isE164) return abroad(digits, plan);
  if (plan.emergency.includes(digits)) return { class: 'emergency', digits, carrier: '', abroad: undefined };
  if (isInternal(digits)) return { class: 'internal', digits, carrier: '', abroad: undefined };
  return classify(digits, plan);
}

function classify(digits: string, plan: NumberPlan): DialledNumber {
  const carrier = plan.carrierPrefix?.exec(digits)?.[0] ?? '';
  const number = digits.slice(carrier.length);
  // A second carrier behind the first means nothing good.
  if (carrier !== '' && plan.carrierPrefix?.test(number) === true) {
    return { class: 'other', digits, carrier, abroad: undefined };
  }
  const prefix = plan.internationalPrefixes.find((one) => number.startsWith(one));
  if (prefix === undefined) return { class: classOf(number, plan), digits, carrier, abroad: undefined };
  const found = abroad(number.slice(prefix.length), plan);
  return { ...found, carrier, digits: carrier + found.digits };
}

/** A number with its country code. */
function abroad(e164: string, plan: NumberPlan): DialledNumber {
  const { countryCode, internationalPrefixes, trunkPrefix, direct, premiumAbroad } = plan;
  if (e164.startsWith(countryCode)) {
    const number = e164.slice(countryCode.length);
    const digits = direct?.test(number) === true ? number : trunkPrefix + number;
    return { class: classOf(digits, plan), digits, carrier: '', abroad: undefined };
  }
  const digits = `${internationalPrefixes[0] ?? ''}${e164}`;
  // E.164 has 15 digits at most and no country code that begins with 0; the shortest numbers in use have seven with it.
  const isNumber = /^[1-9]\d{6,14}$/.test(e164);
  const isPremium = premiumAbroad.some((prefix) => e164.startsWith(prefix));
  const numberClass = !isNumber ? 'other' : isPremium ? 'premium' : 'international';
  return { class: numberClass, digits, carrier: '', abroad: e164 };
}

function classOf(digits: string, plan: NumberPlan): NumberClass {
  return plan.rules.find(([pattern]) => pattern.test(digits))?.[1] ?? 'other';
}

export interface CallingPolicy {
  plan: NumberPlan;
  /** numbers of this exchange */
  isInternal?: ((digits: string) => boolean) | undefined;
  /** what is not named is as in DEFAULT_CLASSES; emergency numbers are always allowed */
  classes?: Partial<Readonly<Record<Exclude<NumberClass, 'emergency'>, boolean>>> | undefined;
  /** calls abroad go to these alone: beginnings of E.164 numbers; undefined: anywhere */
  abroad?: readonly string[] | undefined;
  /** beginnings of numbers, as dialled or in E.164, that are denied whatever their class */
  denied?: readonly string[] | undefined;
}

/** International and premium numbers, and those that no plan knows, want somebody's consent. */
export const DEFAULT_CLASSES: Readonly<Record<Exclude<NumberClass, 'emergency'>, boolean>> = {
  internal: true,
  local: true,
  national: true,
  mobile: true,
  international: false,
  premium: false,
  other: false,
};

export type NumberVerdict =
  | { allowed: true; number: DialledNumber }
  | { allowed: false; why: NumberFault }
  /** class: the policy does not allow numbers of this kind; denied: nor this country or beginning */
  | { allowed: false; why: 'class' | 'denied'; number: DialledNumber };

/** Whether a number may be dialled. Anything but digits, separators and a leading `+` is refused. */
export function allowed(text: string, policy: CallingPolicy): NumberVerdict {
  const number = readNumber(text, policy.plan, policy.isInternal);
  if (typeof number === 'string') return { allowed: false, why: number };
  if (number.class === 'emergency') return { allowed: true, number };
  if (!(policy.classes?.[number.class] ?? DEFAULT_CLASSES[number.class]))
    return { allowed: false, why: 'class', number };
  const begins = (prefix: string): boolean =>
    prefix !== '' &&
    (number.digits.startsWith(prefix, number.carrier.length) || number.abroad?.startsWith(prefix) === true);
  const { abroad: places } = policy;
  const isElsewhere =
    number.class === 'international' &&
    places !== undefined &&
    !places.some((place) => number.abroad?.startsWith(place));
  if (isElsewhere || policy.denied?.some(begins) === true) return { allowed: false, why: 'denied', number };
  return { allowed: true, number };
}
