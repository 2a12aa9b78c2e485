// What becomes of calls from outside: the first route whose every condition holds.
import { z } from 'zod';
import { CalendarCondition } from './calendar-condition.js';
import { DialPattern, ExtensionNumber } from './dialling.js';
import { formats } from './formats.js';
import { CallerTreatment } from './lists.js';
import { Cause, DisplayName, Language, PhoneNumber, Slug, StationNumber, TimeMs, Ulid } from './primitives.js';

export const RouteTarget = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('flow'), flowId: Slug }),
    z.strictObject({ kind: z.literal('queue'), queueId: Slug }),
    z.strictObject({ kind: z.literal('station'), station: StationNumber }),
    z.strictObject({ kind: z.literal('group'), group: ExtensionNumber }),
    z.strictObject({ kind: z.literal('announcement'), prompt: Slug }),
    z.strictObject({ kind: z.literal('voicemail'), box: Slug }),
    z.strictObject({ kind: z.literal('voicemailMenu') }),
    z.strictObject({ kind: z.literal('conference'), room: Slug }),
    z.strictObject({ kind: z.literal('hangUp'), cause: Cause }),
    z.strictObject({ kind: z.literal('busy') }),
  ])
  .meta({ id: 'RouteTarget' });
export type RouteTarget = z.infer<typeof RouteTarget>;

const fields = {
  name: z.union([DisplayName, z.literal('')]),
  calledNumber: z.union([DialPattern, z.literal('')]).meta({ description: 'Pattern of the number called; empty: any' }),
  callingNumber: z.union([DialPattern, z.literal('')]).meta({
    description: 'Pattern of the number of who calls, as it is dialled in the country; empty: any',
  }),
  callingList: Slug.nullable().meta({ description: 'Who calls must stand on this list; null: anybody' }),
  trunk: Slug.nullable().meta({ description: 'By which the call comes; null: any' }),
  calendar: CalendarCondition.nullable(),
  priority: z.int().min(0).max(9999).meta({
    description: 'Of routes with the same pattern of called numbers, the lowest is tried first',
  }),
  language: Language.meta({ description: 'Language of the prompts' }),
  enabled: z.boolean(),
};

export const Route = z
  .strictObject({
    id: Ulid,
    ...fields,
    target: RouteTarget,
    flowId: Slug.nullable().meta({ description: 'The flow, when that is the target' }),
  })
  .meta({ id: 'Route' });
export type Route = z.infer<typeof Route>;

const targets = {
  target: RouteTarget.optional(),
  flowId: Slug.optional().meta({ description: 'Short for the target { kind: flow }' }),
};

export const RouteCreate = z
  .strictObject({
    ...targets,
    calledNumber: fields.calledNumber.default(''),
    callingNumber: fields.callingNumber.default(''),
    name: fields.name.default(''),
    callingList: fields.callingList.default(null),
    trunk: fields.trunk.default(null),
    calendar: fields.calendar.default(null),
    priority: fields.priority.default(100),
    language: fields.language,
    enabled: fields.enabled.default(true),
  })
  .refine(({ target, flowId }) => (target === undefined) !== (flowId === undefined), formats.routeTarget)
  .meta({ id: 'RouteCreate' });
export type RouteCreate = z.infer<typeof RouteCreate>;

export const RoutePatch = z
  .strictObject({ ...fields, ...targets })
  .partial()
  .refine(({ target, flowId }) => target === undefined || flowId === undefined, formats.routeTarget)
  .meta({ id: 'RoutePatch' });
export type RoutePatch = z.infer<typeof RoutePatch>;

export const RouteTry = z
  .strictObject({
    to: PhoneNumber,
    from: z
      .string()
      .regex(/^\+?[0-9]{0,24}$/, formats.outsideNumber)
      .default(''),
    trunk: Slug.nullable().default(null).meta({ description: 'By which it comes in' }),
    station: StationNumber.nullable()
      .default(null)
      .meta({ description: 'A telephone that dials; then nothing comes in' }),
    callingNumber: z
      .string()
      .regex(/^\+?[0-9]{0,24}$/, formats.outsideNumber)
      .optional()
      .meta({
        description: 'What the telephone asks to be shown to those outside',
      }),
    at: TimeMs.optional().meta({ description: 'Left out: now' }),
  })
  .meta({ id: 'RouteTry' });
export type RouteTry = z.infer<typeof RouteTry>;

export const RouteStep = z
  .strictObject({
    code: z.string().meta({ description: 'Made for programs' }),
    routeId: Ulid.nullable(),
    text: z.string().meta({ description: 'In the language asked for' }),
  })
  .meta({ id: 'RouteStep' });
export type RouteStep = z.infer<typeof RouteStep>;

export const RouteTryResult = z
  .strictObject({
    at: TimeMs,
    number: z.string().meta({ description: 'Number called, as the box reads it' }),
    caller: z.string().meta({ description: 'Who calls, as he is called back from here' }),
    outcome: z.string().meta({ description: 'flow, queue, station, group, announcement, out, incomplete or refused' }),
    target: z.json().meta({ description: 'What the outcome is about' }),
    treatment: CallerTreatment.nullable(),
    steps: z.array(RouteStep).meta({ description: 'Why, in the order in which it was asked' }),
  })
  .meta({ id: 'RouteTryResult' });
export type RouteTryResult = z.infer<typeof RouteTryResult>;
