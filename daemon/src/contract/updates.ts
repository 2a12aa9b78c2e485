// Updates of a whole box that was started from an image.
import { z } from 'zod';
import { TimeMs } from './primitives.js';

const Slot = z.enum(['a', 'b']);

/** What a version on trial is judged by, in this order. */
export const UpdateStep = z.enum(['service', 'database', 'cards', 'call']);
export type UpdateStep = z.infer<typeof UpdateStep>;

const State = z
  .enum([
    ...(['waiting', 'running', 'checked', 'installed', 'refused', 'back', 'restarting'] as const),
    ...(['good', 'rejected', 'failed'] as const),
  ])
  .meta({
    description:
      'waiting: nobody has begun; checked: it can be installed; installed and back: it starts with the next restart, on trial; ' +
      'restarting: calls in progress are waited for; good: it runs; rejected: it started and was not good; failed: it did not start',
  });
const Text = z.string().meta({ description: 'What there is to say to people, in the language asked for' });

/** What came of the last thing that was asked for. */
export const UpdateResult = z
  .strictObject({
    state: State,
    at: TimeMs,
    version: z.string().nullable().default(null).meta({ description: 'That it is about, as far as it is known' }),
    text: Text,
    donePercent: z.int().min(0).max(100).nullable(),
    calls: z.int().min(0).nullable().default(null).meta({ description: 'In progress, that are waited for' }),
    until: TimeMs.nullable().default(null).meta({ description: 'When they are waited for no longer' }),
  })
  .meta({ id: 'UpdateResult' });
export type UpdateResult = z.infer<typeof UpdateResult>;

/** One line of the history: what has ended. */
export const UpdatePast = z
  .strictObject({ at: TimeMs, state: State, version: z.string().nullable(), text: Text })
  .meta({ id: 'UpdatePast' });
export type UpdatePast = z.infer<typeof UpdatePast>;

export const UpdateTrial = z
  .strictObject({
    at: TimeMs,
    version: z.string(),
    steps: z.array(z.strictObject({ step: UpdateStep, state: z.enum(['waiting', 'running', 'good', 'failed']) })),
  })
  .meta({ id: 'UpdateTrial', description: 'The judgement of the version that was put on trial last' });
export type UpdateTrial = z.infer<typeof UpdateTrial>;

export const UpdateState = z
  .strictObject({
    possible: z.boolean().meta({ description: 'false: the system was not started from an image' }),
    origin: z.enum(['image', 'package', 'source']).meta({ description: 'How the system came onto this machine' }),
    version: z.string(),
    slot: Slot.nullable(),
    onTrial: z.boolean(),
    trial: UpdateTrial.nullable(),
    other: z
      .strictObject({ slot: Slot, version: z.string() })
      .nullable()
      .meta({ description: 'What the slot has that does not run; null: nothing that could be started' }),
    uploadedBytes: z.int().min(0).meta({ description: 'Of the file that is being brought' }),
    uploaded: z
      .strictObject({ version: z.string(), builtAt: TimeMs, bytes: z.int() })
      .nullable()
      .meta({ description: 'A file that was brought and found to be whole, genuine and newer' }),
    last: UpdateResult.nullable(),
    history: z.array(UpdatePast).meta({ description: 'The latest first' }),
  })
  .meta({ id: 'UpdateState' });
export type UpdateState = z.infer<typeof UpdateState>;

export const UpdateRequest = z
  .strictObject({
    source: z.union([z.enum(['upload', 'usb', 'back', 'restart']), z.url({ protocol: /^https?$/ }).max(2000)]).meta({
      description:
        'What was uploaded, a USB stick, an address, back to the version before, or the restart that was put off',
    }),
    checkOnly: z
      .boolean()
      .default(false)
      .meta({ description: 'Look whether it could be installed; nothing is written to a slot' }),
    restartWithinMinutes: z
      .int()
      .min(0)
      .max(1440)
      .nullable()
      .default(15)
      .meta({ description: 'Calls in progress are waited for so long; 0: not at all; null: it is not restarted' }),
  })
  .meta({ id: 'UpdateRequest' });
export type UpdateRequest = z.infer<typeof UpdateRequest>;

export const UpdatePiece = z.strictObject({
  at: z.coerce
    .number()
    .int()
    .min(0)
    .meta({ description: 'Octet of the file that this piece begins at; 0 begins anew' }),
  total: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .meta({ description: 'Octets of the whole file: refused at once where there is no room' }),
});
