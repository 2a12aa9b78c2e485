// The numbering plan of a country, as far as it must be known to tell what a number costs and whether it may be dialled.
import { z } from 'zod';
import { DialPattern } from '../contract/index.js';

const Patterns = z.array(DialPattern).max(200);
const Prefix = z.string().regex(/^[0-9]{0,5}$/);

export const NumberingSchema = z.strictObject({
  /** ITU-T E.164, without + */
  countryCode: z.string().regex(/^[1-9][0-9]{0,2}$/),
  /** dialled before a country code (ITU-T E.164 annex A) */
  internationalPrefix: Prefix.min(1),
  /** dialled before an area code; empty: nothing is */
  nationalPrefix: Prefix,
  /** whole numbers */
  emergency: z.array(z.string().regex(/^[0-9]{2,6}$/)).min(1),
  /** patterns of what leads abroad, or costs as if it did */
  international: Patterns.min(1),
  premium: Patterns,
  /** without `.`: digits that choose a carrier, before the number proper */
  carrierSelection: Patterns.default([]),
  mobile: Patterns.default([]),
  /** beyond what begins with the national prefix; where `local` is known, these are all */
  national: Patterns.default([]),
  /** left out: everything else. Given: a number that fits nowhere is not known, and refused to all but the trusted */
  local: Patterns.optional(),
});

export type Numbering = z.output<typeof NumberingSchema>;
