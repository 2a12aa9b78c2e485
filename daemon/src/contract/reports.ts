// Reports: figures of queues, agents, trunks, intervals, paths through flows, satisfaction and reasons of not being ready.
import { z } from 'zod';
import { MailAddress } from './mail.js';
import { AgentNumber, DisplayName, Language, Slug, TimeMs, Ulid } from './primitives.js';

export const ReportId = z
  .enum(['queues', 'intervals', 'agents', 'reasons', 'trunks', 'paths', 'satisfaction'])
  .meta({ id: 'ReportId' });
export type ReportId = z.infer<typeof ReportId>;

/** none: one row for the whole time. Days and months are those of the box's time zone. */
export const ReportBy = z.enum(['none', 'quarter', 'hour', 'day', 'month']).meta({ id: 'ReportBy' });
export type ReportBy = z.infer<typeof ReportBy>;

export const ReportFormat = z.enum(['json', 'xlsx', 'csv', 'pdf']).meta({ id: 'ReportFormat' });
export type ReportFormat = z.infer<typeof ReportFormat>;

/** In a query: values with commas between them. */
const many = <S extends z.ZodType<string, string>>(one: S) =>
  z
    .string()
    .max(4000)
    .transform((text) => text.split(',').filter((part) => part !== ''))
    .pipe(z.array(one).max(500));

export const ReportFilters = z
  .strictObject({
    queues: z.array(Slug).max(500),
    agents: z.array(AgentNumber).max(500),
    trunks: z.array(z.string().min(1).max(64)).max(500),
    flows: z.array(Slug).max(500),
  })
  .partial()
  .meta({ id: 'ReportFilters', description: 'Of these alone; left out: of all' });
export type ReportFilters = z.infer<typeof ReportFilters>;

export const ReportQuery = z.strictObject({
  from: z.coerce.number().int().min(0),
  to: z.coerce.number().int().min(0),
  by: ReportBy.optional(),
  queues: many(Slug).optional(),
  agents: many(AgentNumber).optional(),
  trunks: many(z.string().min(1).max(64)).optional(),
  flows: many(Slug).optional(),
  format: ReportFormat.default('json'),
});
export type ReportQuery = z.infer<typeof ReportQuery>;

const InBoth = z.strictObject({ 'zh-CN': z.string(), en: z.string() });

export const ReportUnit = z.enum(['count', 'duration', 'share', 'score']).meta({ id: 'ReportUnit' });
export type ReportUnit = z.infer<typeof ReportUnit>;

export const ReportFigure = z
  .strictObject({
    id: z.string(),
    unit: ReportUnit,
    name: InBoth,
    formula: InBoth.meta({ description: 'What it is computed from; stands beside the figure wherever it is shown' }),
    calls: z.boolean().meta({ description: 'GET /calls?behind=<id> lists the calls behind it' }),
  })
  .meta({ id: 'ReportFigure' });
export type ReportFigure = z.infer<typeof ReportFigure>;

export const ReportDefinition = z
  .strictObject({
    id: ReportId,
    name: InBoth,
    purpose: InBoth,
    keys: z
      .array(z.string())
      .meta({ description: 'What a row is about: queueId, agentId, trunk, flowId, node, exit, reason' }),
    figures: z.array(z.string()),
    filters: z.array(z.enum(['queues', 'agents', 'trunks', 'flows'])),
    by: ReportBy.meta({ description: 'How it is divided when nothing is said' }),
  })
  .meta({ id: 'ReportDefinition' });
export type ReportDefinition = z.infer<typeof ReportDefinition>;

export const ReportDefinitions = z
  .strictObject({ reports: z.array(ReportDefinition), figures: z.array(ReportFigure), zone: z.string() })
  .meta({ id: 'ReportDefinitions' });
export type ReportDefinitions = z.infer<typeof ReportDefinitions>;

const Figures = z.record(z.string(), z.number().nullable());

export const ReportRow = z
  .strictObject({
    at: TimeMs.nullable().meta({ description: 'When the interval begins; null: the whole time' }),
    keys: z.record(z.string(), z.string()),
    names: z.record(z.string(), z.string()).meta({ description: 'By key: as people call it' }),
    figures: Figures,
  })
  .meta({ id: 'ReportRow' });
export type ReportRow = z.infer<typeof ReportRow>;

export const Report = z
  .strictObject({
    report: ReportId,
    from: TimeMs,
    to: TimeMs,
    by: ReportBy,
    zone: z.string(),
    rows: z.array(ReportRow),
    totals: Figures.meta({ description: 'Computed from the sums of all rows, never from their ratios' }),
    behind: z.boolean().meta({ description: 'Calls that have ended are still being counted' }),
  })
  .meta({ id: 'Report' });
export type Report = z.infer<typeof Report>;

/** The time that a scheduled report is about, seen from when it is sent. */
export const ReportPeriod = z
  .enum(['today', 'yesterday', 'lastWeek', 'last7Days', 'lastMonth'])
  .meta({ id: 'ReportPeriod' });
export type ReportPeriod = z.infer<typeof ReportPeriod>;

export const ReportScheduleCreate = z
  .strictObject({
    name: DisplayName,
    report: ReportId,
    period: ReportPeriod,
    by: ReportBy,
    filters: ReportFilters,
    format: ReportFormat.exclude(['json']),
    language: Language,
    recipients: z.array(MailAddress).min(1).max(20),
    time: z
      .string()
      .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/)
      .meta({ description: "By the clock of the box's time zone", example: '08:00' }),
    days: z.array(z.int().min(1).max(7)).min(1).max(7).meta({ description: 'Of the week; 1 is Monday' }),
    enabled: z.boolean().default(true),
  })
  .meta({ id: 'ReportScheduleCreate' });
export type ReportScheduleCreate = z.infer<typeof ReportScheduleCreate>;

export const ReportSchedulePut = ReportScheduleCreate.meta({ id: 'ReportSchedulePut' });

export const ReportRun = z
  .strictObject({
    id: Ulid,
    dueAt: TimeMs,
    at: TimeMs,
    state: z.enum(['running', 'sent', 'failed', 'empty']).meta({ description: 'sent: handed to the mails that wait' }),
    from: TimeMs,
    to: TimeMs,
    error: z.string().nullable(),
  })
  .meta({ id: 'ReportRun' });
export type ReportRun = z.infer<typeof ReportRun>;

export const ReportSchedule = ReportScheduleCreate.extend({
  id: Ulid,
  enabled: z.boolean(),
  nextAt: TimeMs.nullable(),
  createdBy: z.string(),
  lastRun: ReportRun.nullable(),
}).meta({ id: 'ReportSchedule' });
export type ReportSchedule = z.infer<typeof ReportSchedule>;
