// Of settings.json: E1s with ISDN primary rate.
import type { PriConfig, SpanConfig } from '@cordboard/native';
import { z } from 'zod';

const ms = (least: number, most: number) => z.int().min(least).max(most).optional();

/** ISDN primary rate; what is left out is as the engine has it (docs/cards.md). */
export const PriChoices = z.strictObject({
  protocol: z.enum(['euroisdn', 'qsig', 'national']).optional(),
  /** digits of calls in may follow one by one */
  overlap: z.boolean().optional(),
  /** E1 whose D-channel signals the calls of this one */
  dchannelOf: z.int().min(0).max(100).optional(),
  interfaceId: z.int().min(0).max(127).optional(),
  /** its timeslot 16 is the back-up of that D-channel */
  backup: z.boolean().optional(),
  t203Ms: ms(500, 60_000),
  t302Ms: ms(1000, 60_000),
  t303Ms: ms(500, 60_000),
  t305Ms: ms(500, 60_000),
  t308Ms: ms(500, 60_000),
  t309Ms: ms(1000, 300_000),
  t310Ms: ms(0, 600_000),
  t313Ms: ms(500, 60_000),
});

/** As the engine takes it; two of the times are of every E1. */
export function readPri(choices: z.output<typeof PriChoices>): Pick<SpanConfig, 'pri' | 't203Ms' | 't309Ms'> {
  const { t203Ms, t309Ms, ...pri } = choices;
  return {
    ...given<Pick<SpanConfig, 't203Ms' | 't309Ms'>>({ t203Ms, t309Ms }),
    pri: given<PriConfig>(pri),
  };
}

/** Without what was left out. */
function given<T extends object>(values: { [K in keyof T]?: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
