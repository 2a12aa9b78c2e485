// What a telephone number tells of itself: how it is written, where it comes from, whose block it is of.
import { z } from 'zod';

export const BothLanguages = z.strictObject({ zh: z.string(), en: z.string() }).meta({ id: 'BothLanguages' });
export type BothLanguages = z.infer<typeof BothLanguages>;

export const NumberOrigin = z
  .strictObject({
    country: z.string().nullable().meta({ description: 'ISO 3166-1, two letters; null: not known', example: 'CN' }),
    province: BothLanguages.nullable(),
    city: BothLanguages.nullable(),
    carrier: BothLanguages.nullable().meta({
      description: 'To whom the block was given; whether the number was ported since is not known',
    }),
  })
  .meta({ id: 'NumberOrigin', description: 'Region and carrier of a number' });
export type NumberOrigin = z.infer<typeof NumberOrigin>;

export const NumberInfo = z
  .strictObject({
    number: z.string().meta({ description: 'As it is dialled in the country of the box' }),
    e164: z.string().nullable().meta({ description: 'With + and country code' }),
    international: z.string().nullable().meta({ description: 'As people write it' }),
    kind: z.enum(['fixed', 'mobile', 'tollFree', 'premium', 'service', 'emergency', 'other', 'unknown']),
    valid: z.boolean().meta({ description: 'Whether a number of this form is given out in its country' }),
    origin: NumberOrigin,
  })
  .meta({ id: 'NumberInfo' });
export type NumberInfo = z.infer<typeof NumberInfo>;
