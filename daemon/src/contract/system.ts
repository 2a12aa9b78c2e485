import { z } from 'zod';
import { DurationMs, TimeMs } from './primitives.js';

export const Health = z
  .strictObject({ ok: z.boolean(), version: z.string(), setupNeeded: z.boolean() })
  .meta({ id: 'Health' });
export type Health = z.infer<typeof Health>;

export const TickStatistics = z
  .strictObject({
    ticks: z.number(),
    missed: z.number(),
    p50Us: z.number(),
    p99Us: z.number(),
    maxUs: z.number(),
    latenessP50Us: z.number(),
    latenessP99Us: z.number(),
    latenessMaxUs: z.number(),
    realtime: z.boolean(),
    threads: z.int(),
  })
  .meta({ id: 'TickStatistics', description: 'The 20 ms media tick; times in microseconds' });
export type TickStatistics = z.infer<typeof TickStatistics>;

export const Counter = z.strictObject({ name: z.string(), doc: z.string(), value: z.number() }).meta({ id: 'Counter' });
export type Counter = z.infer<typeof Counter>;

export const SystemInfo = z
  .strictObject({
    version: z.string(),
    node: z.string(),
    startedAt: TimeMs,
    uptimeMs: DurationMs,
    host: z.strictObject({
      hostname: z.string(),
      os: z.string(),
      kernel: z.string(),
      cpuModel: z.string(),
      cpus: z.int(),
      loadPercent: z.number(),
      memoryBytes: z.int(),
      memoryFreeBytes: z.int(),
      temperatureC: z.number().nullable(),
    }),
    disk: z
      .strictObject({ sizeBytes: z.int(), freeBytes: z.int() })
      .nullable()
      .meta({ description: 'Where the recordings are' }),
    recordings: z.strictObject({ state: z.enum(['good', 'slow', 'full', 'failed']), detail: z.string() }).meta({
      description: 'Whether the disk takes recordings: slow loses parts of them, full and failed end them; calls go on',
    }),
    tick: TickStatistics.nullable(),
    counters: z.array(Counter),
  })
  .meta({ id: 'SystemInfo' });
export type SystemInfo = z.infer<typeof SystemInfo>;
