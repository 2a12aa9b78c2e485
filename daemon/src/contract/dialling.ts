// Who may dial what, and where it goes: classes of numbers, rules that rewrite them, routes out, groups of telephones.
import { z } from 'zod';
import { parseDialPattern } from './dial-pattern.js';
import { formats } from './formats.js';
import { CalendarCondition } from './calendar-condition.js';
import { DisplayName, DurationMs, Slug, StationNumber, Ulid } from './primitives.js';

/** A list in which nothing stands twice. */
export function listOnce<S extends z.ZodType>(entry: S, least: number, most: number) {
  return z
    .array(entry)
    .min(least)
    .max(most)
    .refine((list) => new Set(list).size === list.length, formats.once);
}

/** What a number leads to, as the numbering plan of the country has it. */
export const NumberClass = z
  .enum(['internal', 'emergency', 'local', 'national', 'mobile', 'international', 'premium'])
  .meta({ id: 'NumberClass' });
export type NumberClass = z.infer<typeof NumberClass>;

/** Those that cost much are allowed by an administrator, one telephone at a time. */
export const DEFAULT_ALLOWED_CLASSES: readonly NumberClass[] = ['internal', 'emergency', 'local', 'national', 'mobile'];

export const AllowedClasses = listOnce(NumberClass, 0, 7).meta({
  description:
    'What may be dialled; emergency numbers always may. A number the country does not know needs international and premium',
});

export const DialPattern = z
  .string()
  .min(1)
  .refine((text) => parseDialPattern(text) !== undefined, formats.dialPattern)
  .meta({
    id: 'DialPattern',
    description: 'A digit for itself, X any, Z 1-9, N 2-9, [2-46] one of these, and . at the end for one or more',
    example: '0[1-9]X.',
  });

/** A number as people outside call it; with + it begins with the country's code. */
export const OutsideNumber = z
  .string()
  .regex(/^\+?[0-9]{1,24}$/, formats.outsideNumber)
  .meta({
    id: 'OutsideNumber',
    description: 'Digits of a number, with + before a country code',
    example: '+861066668888',
  });

export const OutsideNumberOrNone = z.string().regex(/^(?:\+?[0-9]{1,24})?$/, formats.outsideNumber);

const Strip = z.int().min(0).max(24).meta({ description: 'Digits taken away at the front' });
const Prepend = z
  .string()
  .regex(/^\+?[0-9]{0,24}$/, formats.prepend)
  .meta({ description: 'Put before what is left' });

/** A pattern never matches fewer digits than this. */
function leastDigits(pattern: string): number {
  const parts = parseDialPattern(pattern);
  return parts === undefined ? Infinity : parts.sets.length + (parts.open ? 1 : 0);
}

/** Rewrites a number that matches; the first rule that does is the only one. */
export const NumberRule = z
  .strictObject({ match: DialPattern, strip: Strip.default(0), prepend: Prepend.default('') })
  .refine(({ match, strip }) => strip <= leastDigits(match), { error: formats.stripTooLong, path: ['strip'] })
  .meta({ id: 'NumberRule' });
export type NumberRule = z.infer<typeof NumberRule>;

const routeFields = {
  name: DisplayName,
  pattern: DialPattern,
  priority: z
    .int()
    .min(0)
    .max(9999)
    .meta({ description: 'Of routes with the same pattern, the lowest is tried first' }),
  trunks: listOnce(Slug, 1, 16).meta({ description: 'Tried in this order' }),
  strip: Strip,
  prepend: z
    .string()
    .regex(/^[0-9]{0,24}$/, formats.prepend)
    .meta({ description: 'Put before what is left' }),
  cost: z.int().min(0).max(1_000_000).meta({
    description: 'Of routes with the same pattern and priority, the cheapest is tried first; any unit',
  }),
  calendar: CalendarCondition.nullable().meta({ description: 'Null: at all times' }),
  callingNumber: OutsideNumberOrNone.meta({ description: "Shown in place of the telephone's own; empty: that" }),
  emergency: z.boolean().meta({ description: 'Its trunks carry emergency numbers first, whatever the pattern' }),
  enabled: z.boolean(),
};

export const OutboundRoute = z.strictObject({ id: Ulid, ...routeFields }).meta({ id: 'OutboundRoute' });
export type OutboundRoute = z.infer<typeof OutboundRoute>;

export const OutboundRouteCreate = z
  .strictObject({
    name: routeFields.name.optional().meta({ description: 'Left out: the pattern' }),
    pattern: routeFields.pattern,
    priority: routeFields.priority.default(100),
    trunks: routeFields.trunks,
    strip: routeFields.strip.default(0),
    prepend: routeFields.prepend.default(''),
    cost: routeFields.cost.default(0),
    calendar: routeFields.calendar.default(null),
    callingNumber: routeFields.callingNumber.default(''),
    emergency: routeFields.emergency.default(false),
    enabled: routeFields.enabled.default(true),
  })
  .meta({ id: 'OutboundRouteCreate' });
export type OutboundRouteCreate = z.infer<typeof OutboundRouteCreate>;

export const OutboundRoutePatch = z.strictObject(routeFields).partial().meta({ id: 'OutboundRoutePatch' });
export type OutboundRoutePatch = z.infer<typeof OutboundRoutePatch>;

/** Whether the pattern leaves something of every number that it matches. */
export function stripFits(pattern: string, strip: number): boolean {
  return strip <= leastDigits(pattern);
}

/** all: they ring together; sequence: one after the other. */
export const RingStrategy = z.enum(['all', 'sequence']).meta({ id: 'RingStrategy' });
export type RingStrategy = z.infer<typeof RingStrategy>;

/** Numbers of what is inside and has no socket of its own. */
export const ExtensionNumber = z
  .int()
  .min(1000)
  .max(99_999_999)
  .meta({ id: 'ExtensionNumber', description: 'A number inside, 4 to 8 digits', example: 1001 });
export type ExtensionNumber = z.infer<typeof ExtensionNumber>;

const groupFields = {
  name: DisplayName,
  stations: listOnce(StationNumber, 1, 64).meta({ description: 'Telephones, analog and SIP' }),
  strategy: RingStrategy,
  ringTimeoutMs: DurationMs.min(1000)
    .max(300_000)
    .meta({ description: 'How long it rings: all together, or each in its turn' }),
};

export const RingGroup = z.strictObject({ number: ExtensionNumber, ...groupFields }).meta({ id: 'RingGroup' });
export type RingGroup = z.infer<typeof RingGroup>;

export const RingGroupCreate = z
  .strictObject({
    number: ExtensionNumber,
    name: groupFields.name.optional().meta({ description: 'Left out: the number' }),
    stations: groupFields.stations,
    strategy: groupFields.strategy.default('all'),
    ringTimeoutMs: groupFields.ringTimeoutMs.default(20_000),
  })
  .meta({ id: 'RingGroupCreate' });
export type RingGroupCreate = z.infer<typeof RingGroupCreate>;

export const RingGroupPatch = z.strictObject(groupFields).partial().meta({ id: 'RingGroupPatch' });
export type RingGroupPatch = z.infer<typeof RingGroupPatch>;

/** What a telephone or an agent may do beyond what its account says. */
export const DialRight = z
  .strictObject({
    subject: z
      .string()
      .regex(
        /^(?:station:[1-9][0-9]{0,7}|agent:[0-9]{1,8}|queue:[a-z0-9](?:[a-z0-9-]{0,32}[a-z0-9])?)$/,
        formats.dialSubject,
      )
      .meta({ description: 'station:NUMBER, agent:NUMBER, or queue:NAME for all its agents', example: 'station:1001' }),
    callingNumbers: listOnce(OutsideNumber, 0, 50).meta({ description: 'It may choose to show one of these' }),
    calendar: CalendarCondition.nullable().meta({
      description: 'Only then may it dial outside (emergency numbers always); null: at all times',
    }),
  })
  .meta({ id: 'DialRight' });
export type DialRight = z.infer<typeof DialRight>;
export const DialRightPut = DialRight.omit({ subject: true }).meta({ id: 'DialRightPut' });
