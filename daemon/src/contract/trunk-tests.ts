// Trying a trunk: what the carrier's hosts say, and a call over it to a number that somebody names.
import { z } from 'zod';
import { DurationMs, PhoneNumber, Ulid } from './primitives.js';

export const TrunkHostAnswer = z
  .strictObject({
    host: z.string(),
    address: z.string().meta({ description: 'Where it was asked; empty: the name was not found' }),
    status: z
      .int()
      .nullable()
      .meta({ description: 'Of the answer to OPTIONS; null: none came. Whatever it is, the host lives' }),
    reason: z.string().meta({ description: 'Text of the carrier' }),
    ms: DurationMs,
  })
  .meta({ id: 'TrunkHostAnswer' });
export type TrunkHostAnswer = z.infer<typeof TrunkHostAnswer>;

export const TrunkTestCall = z
  .strictObject({
    number: PhoneNumber.meta({ description: 'As it is dialled outside, without the prefix of a route' }),
  })
  .meta({ id: 'TrunkTestCall' });
export type TrunkTestCall = z.infer<typeof TrunkTestCall>;

export const TrunkTestResult = z
  .strictObject({
    callId: Ulid.nullable().meta({ description: 'null: it did not get as far as a call' }),
    answered: z.boolean(),
    cause: z.int().meta({ description: 'Q.850' }),
    waitedMs: DurationMs.meta({ description: 'Until the answer, or until it was clear that there is none' }),
    talkedMs: DurationMs,
  })
  .meta({ id: 'TrunkTestResult' });
export type TrunkTestResult = z.infer<typeof TrunkTestResult>;
