// Opening hours, holidays and special days; and who is on duty when. All in the time zone of the box.
import { z } from 'zod';
import { OutsideNumber } from './dialling.js';
import { formats } from './formats.js';
import { DisplayName, Slug, TimeMs } from './primitives.js';

export const DAY_MINUTES = 1440;

export const LocalDate = z
  .string()
  .regex(/^(?:19|20|21)\d{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/, formats.localDate)
  .refine(isDate, formats.localDate)
  .meta({ id: 'LocalDate', description: 'A day in the time zone of the box', example: '2027-02-06' });
export type LocalDate = z.infer<typeof LocalDate>;

/** Whether there is such a day; 29 February in leap years. */
function isDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

export const Weekday = z
  .int()
  .min(1)
  .max(7)
  .meta({ id: 'Weekday', description: '1 Monday to 7 Sunday (ISO 8601)', example: 1 });
export type Weekday = z.infer<typeof Weekday>;

/** Half open, in minutes of the day on which it begins; over midnight when it ends later than 1440. */
export const HoursSpan = z
  .strictObject({
    from: z
      .int()
      .min(0)
      .max(DAY_MINUTES - 1)
      .meta({ description: 'Minutes after midnight' }),
    to: z
      .int()
      .min(1)
      .max(2 * DAY_MINUTES)
      .meta({ description: 'Minutes after midnight, no longer open then; over 1440: on the next day' }),
  })
  .refine(({ from, to }) => from < to && to - from <= DAY_MINUTES, { error: formats.hoursSpan, path: ['to'] })
  .meta({ id: 'HoursSpan' });
export type HoursSpan = z.infer<typeof HoursSpan>;

export const Hours = z.array(HoursSpan).max(24).meta({ description: 'Open during any of these' });

export const WeeklyHours = z
  .array(z.strictObject({ weekday: Weekday, hours: Hours }))
  .max(7)
  .refine((days) => new Set(days.map(({ weekday }) => weekday)).size === days.length, formats.once)
  .meta({ id: 'WeeklyHours', description: 'A weekday that is not named is closed' });
export type WeeklyHours = z.infer<typeof WeeklyHours>;

/**
 * closed: those hours, or the whole day. open: these hours in place of the weekday's, or the whole day. weekday: a make-up working
 * day, with the hours of another day of the week.
 */
export const SpecialDayEffect = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('closed'), hours: Hours.default([]) }),
    z.strictObject({ kind: z.literal('open'), hours: Hours.default([]) }),
    z.strictObject({ kind: z.literal('weekday'), weekday: Weekday }),
  ])
  .meta({ id: 'SpecialDayEffect', description: 'No hours: the whole day' });
export type SpecialDayEffect = z.infer<typeof SpecialDayEffect>;

export const SpecialDay = z
  .strictObject({
    name: DisplayName,
    date: LocalDate,
    lastDate: LocalDate.nullable().default(null).meta({ description: 'The last of several days; null: one day' }),
    yearly: z.boolean().default(false).meta({ description: 'Every year from then on; 29 February in leap years' }),
    effect: SpecialDayEffect,
  })
  .refine(({ date, lastDate }) => lastDate === null || (lastDate >= date && daysBetween(date, lastDate) < 366), {
    error: formats.lastDate,
    path: ['lastDate'],
  })
  .meta({ id: 'SpecialDay' });
export type SpecialDay = z.infer<typeof SpecialDay>;

function daysBetween(from: string, to: string): number {
  return (Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000;
}

export const MOST_SPECIAL_DAYS = 2000;

export const CalendarOverride = z
  .strictObject({
    open: z.boolean(),
    until: TimeMs.nullable().meta({ description: 'null: until it is taken back' }),
    reason: z
      .string()
      .max(200)
      .regex(/^[^\p{Cc}\p{Cs}]*$/u, formats.displayName),
    by: z.string(),
    since: TimeMs,
  })
  .meta({ id: 'CalendarOverride', description: 'Open or closed now, whatever the hours say' });
export type CalendarOverride = z.infer<typeof CalendarOverride>;

export const CalendarOverrideRequest = z
  .strictObject({
    open: z.boolean(),
    until: CalendarOverride.shape.until.default(null),
    reason: CalendarOverride.shape.reason.default(''),
  })
  .meta({ id: 'CalendarOverrideRequest' });
export type CalendarOverrideRequest = z.infer<typeof CalendarOverrideRequest>;

const fields = {
  name: DisplayName,
  weekly: WeeklyHours,
  specialDays: z.array(SpecialDay).max(MOST_SPECIAL_DAYS),
};

/** override: somebody has said so; specialDay: a holiday or the like; hours: the week's */
export const OpenReason = z
  .discriminatedUnion('code', [
    z.strictObject({ code: z.literal('override'), reason: z.string(), by: z.string() }),
    z.strictObject({ code: z.literal('specialDay'), name: z.string(), date: LocalDate }),
    z.strictObject({ code: z.literal('hours'), weekday: Weekday }),
  ])
  .meta({ id: 'OpenReason' });
export type OpenReason = z.infer<typeof OpenReason>;

export const OpenState = z
  .strictObject({
    open: z.boolean(),
    reason: OpenReason,
    until: TimeMs.nullable().meta({ description: 'When it will be the other way; null: not within 400 days' }),
  })
  .meta({ id: 'OpenState' });
export type OpenState = z.infer<typeof OpenState>;

export const Calendar = z
  .strictObject({ id: Slug, ...fields, override: CalendarOverride.nullable(), state: OpenState })
  .meta({ id: 'Calendar' });
export type Calendar = z.infer<typeof Calendar>;

export const CalendarCreate = z
  .strictObject({
    id: Slug,
    name: fields.name,
    weekly: fields.weekly.default([]),
    specialDays: fields.specialDays.default([]),
  })
  .meta({ id: 'CalendarCreate' });
export type CalendarCreate = z.infer<typeof CalendarCreate>;

export const CalendarPatch = z.strictObject(fields).partial().meta({ id: 'CalendarPatch' });
export type CalendarPatch = z.infer<typeof CalendarPatch>;

export const AtQuery = z.strictObject({ at: z.coerce.number().int().min(0).max(8_000_000_000_000).optional() });

export const ImportProblem = z
  .strictObject({ line: z.int().min(1), message: z.string() })
  .meta({ id: 'ImportProblem', description: 'A line that was not understood, and why' });
export type ImportProblem = z.infer<typeof ImportProblem>;

export const SpecialDaysImport = z
  .strictObject({
    encoding: z.string(),
    days: z.array(SpecialDay),
    problems: z.array(ImportProblem),
    applied: z.boolean().meta({ description: 'false: a preview' }),
  })
  .meta({ id: 'SpecialDaysImport' });
export type SpecialDaysImport = z.infer<typeof SpecialDaysImport>;

export const SpecialDaysImportQuery = z.strictObject({
  format: z.enum(['ics', 'csv']),
  apply: z.stringbool().default(false).meta({ description: 'false: a preview; nothing is changed' }),
  replace: z.stringbool().default(false).meta({ description: 'In place of the special days that there are' }),
  makeUpWeekday: z.coerce.number().pipe(Weekday).default(1).meta({ description: 'Hours of make-up working days' }),
});

export const DutyPerson = z
  .strictObject({ name: DisplayName, number: OutsideNumber.meta({ description: 'Extension or outside number' }) })
  .meta({ id: 'DutyPerson' });
export type DutyPerson = z.infer<typeof DutyPerson>;

export const DutyShift = z
  .strictObject({
    name: DisplayName,
    people: z.array(DutyPerson).min(1).max(50),
    calendarId: Slug.nullable().default(null).meta({ description: 'On duty while it is open; null: at all times' }),
    from: LocalDate.nullable().default(null),
    to: LocalDate.nullable().default(null).meta({ description: 'The last day' }),
    rotateDays: z.int().min(0).max(366).default(0).meta({
      description: 'One after the other, each for so many days from `from` on; 0: all of them, in this order',
    }),
  })
  .refine(({ from, to }) => from === null || to === null || from <= to, { error: formats.lastDate, path: ['to'] })
  .refine(({ from, rotateDays }) => rotateDays === 0 || from !== null, {
    error: formats.rotation,
    path: ['rotateDays'],
  })
  .meta({ id: 'DutyShift' });
export type DutyShift = z.infer<typeof DutyShift>;

const dutyFields = {
  name: DisplayName,
  shifts: z.array(DutyShift).max(200).meta({ description: 'The first that applies counts' }),
};

export const DutyGroup = z.strictObject({ id: Slug, ...dutyFields }).meta({ id: 'DutyGroup' });
export type DutyGroup = z.infer<typeof DutyGroup>;
export const DutyGroupCreate = DutyGroup.meta({ id: 'DutyGroupCreate' });
export const DutyGroupPatch = z.strictObject(dutyFields).partial().meta({ id: 'DutyGroupPatch' });

export const OnDuty = z
  .strictObject({
    people: z.array(DutyPerson).meta({ description: 'To be called in this order; empty: nobody is on duty' }),
    shift: z.string().nullable(),
  })
  .meta({ id: 'OnDuty' });
export type OnDuty = z.infer<typeof OnDuty>;
