// How the machine and the box do, now and over the last hour.
import { z } from 'zod';
import { TimeMs } from './primitives.js';

export const HealthSample = z
  .strictObject({
    at: TimeMs,
    cpuPercent: z.number(),
    memoryPercent: z.number(),
    temperatureC: z.number().nullable(),
    receivedBytesPerS: z.number(),
    sentBytesPerS: z.number(),
    /** how late timers came, 99 of 100 */
    eventLoopMs: z.number(),
    calls: z.int(),
  })
  .meta({ id: 'HealthSample' });
export type HealthSample = z.infer<typeof HealthSample>;

export const HealthConcern = z
  .strictObject({
    kind: z.enum([
      ...(['cpu', 'memory', 'temperature', 'disk', 'recordings', 'ticks', 'notRealtime', 'eventLoop'] as const),
      ...(['database', 'mail', 'restart', 'backup', 'backupFailed'] as const),
      ...(['diskFailing', 'diskWorn', 'clock', 'certificate'] as const),
    ]),
    grave: z.boolean().meta({ description: 'Callers notice it, or soon will' }),
    value: z.number().nullable(),
  })
  .meta({ id: 'HealthConcern', description: 'Something that needs doing' });
export type HealthConcern = z.infer<typeof HealthConcern>;

export const HealthReport = z
  .strictObject({
    samples: z.array(HealthSample).meta({ description: 'Oldest first, one in five seconds, an hour at most' }),
    disk: z
      .strictObject({ sizeBytes: z.number(), freeBytes: z.number(), reserveBytes: z.number(), lowBytes: z.number() })
      .nullable()
      .meta({ description: 'Where the recordings are' }),
    databaseBytes: z.number(),
    recordingsState: z.enum(['good', 'slow', 'full', 'failed']),
    concerns: z.array(HealthConcern),
  })
  .meta({ id: 'HealthReport' });
export type HealthReport = z.infer<typeof HealthReport>;
