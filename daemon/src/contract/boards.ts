// Boards behind the DAHDI driver: what there is, what of it the box uses, and how the driver is set up for it.
import { z } from 'zod';
import { AlarmKind } from './hardware.js';
import { TimeMs } from './primitives.js';

const Both = z.strictObject({ en: z.string(), zh: z.string() });

/** What a driver is set up for by steps; the one at which it stopped. */
export const BoardsStep = z
  .enum(['stop', 'write', 'unload', 'load', 'find', 'try', 'configure', 'check', 'back', 'start'])
  .meta({ id: 'BoardsStep' });
export type BoardsStep = z.infer<typeof BoardsStep>;

export const BoardsApplied = z
  .strictObject({
    state: z.enum(['waiting', 'running', 'done', 'rolledBack', 'broken']).meta({
      description:
        'waiting: asked for, and nobody has begun; rolledBack: a step failed and everything is as before; broken: it is not',
    }),
    startedAt: TimeMs,
    endedAt: TimeMs.nullable(),
    step: BoardsStep.nullable().meta({ description: 'that failed' }),
    output: z.string().meta({ description: 'what the command said' }),
    warnings: z.array(Both),
  })
  .meta({ id: 'BoardsApplied' });
export type BoardsApplied = z.infer<typeof BoardsApplied>;
