// What agents have on their desks: why they are not ready, what calls came to, whom they dial, what they did today.
import { z } from 'zod';
import { AgentReason } from './agents.js';
import { formats } from './formats.js';
import { AgentNumber, DisplayName, DurationMs, PhoneNumber, Slug, StationNumber, TimeMs, Ulid } from './primitives.js';

/** Dialled as *14 code #, so codes are digits; those of the system (no_answer, …) are none of these. */
export const ReasonCode = z
  .string()
  .regex(/^[0-9]{1,8}$/, formats.agentReason)
  .meta({ id: 'ReasonCode', description: 'Code of a reason, 1 to 8 digits', example: '3' });

const names = { nameZh: DisplayName, nameEn: DisplayName };

const reasonFields = {
  ...names,
  paid: z.boolean().meta({ description: 'Whether the time is paid' }),
  maxMinutes: z
    .int()
    .min(1)
    .max(1440)
    .nullable()
    .meta({ description: 'Longer, and the agent is shown as overdue; null: any time' }),
  position: z.int().min(0).max(9999),
  enabled: z.boolean(),
};

/** Why an agent is not ready. */
export const NotReadyReason = z.strictObject({ code: ReasonCode, ...reasonFields }).meta({ id: 'NotReadyReason' });
export type NotReadyReason = z.infer<typeof NotReadyReason>;
export const NotReadyReasonCreate = z
  .strictObject({
    code: ReasonCode,
    ...names,
    paid: reasonFields.paid.default(true),
    maxMinutes: reasonFields.maxMinutes.default(null),
    position: reasonFields.position.default(0),
    enabled: reasonFields.enabled.default(true),
  })
  .meta({ id: 'NotReadyReasonCreate' });
export const NotReadyReasonPatch = z.strictObject(reasonFields).partial().meta({ id: 'NotReadyReasonPatch' });

const dispositionFields = {
  ...names,
  parentId: Slug.nullable().meta({ description: 'The one that it stands under; there are two levels' }),
  queueId: Slug.nullable().meta({ description: 'For calls of this queue alone; null: for all' }),
  requiresNote: z.boolean(),
  position: z.int().min(0).max(9999),
  enabled: z.boolean(),
};

/** What a call has come to. One that others stand under is no choice by itself. */
export const Disposition = z.strictObject({ id: Slug, ...dispositionFields }).meta({ id: 'Disposition' });
export type Disposition = z.infer<typeof Disposition>;
export const DispositionCreate = z
  .strictObject({
    id: Slug,
    ...names,
    parentId: dispositionFields.parentId.default(null),
    queueId: dispositionFields.queueId.default(null),
    requiresNote: dispositionFields.requiresNote.default(false),
    position: dispositionFields.position.default(0),
    enabled: dispositionFields.enabled.default(true),
  })
  .meta({ id: 'DispositionCreate' });
export const DispositionPatch = z.strictObject(dispositionFields).partial().meta({ id: 'DispositionPatch' });

/** Text of several lines; other control characters have no place in it. */
export const DeskText = z
  .string()
  .max(4000)
  .regex(/^(?:[^\p{Cc}\p{Cs}]|[\t\n\r])*$/u, formats.displayName);

/** What an agent has written of a call. */
export const CallNote = z
  .strictObject({
    callId: Ulid,
    agentId: AgentNumber,
    queueId: Slug.nullable(),
    disposition: Slug.nullable(),
    note: z.string(),
    followUp: z.boolean().meta({ description: 'Somebody has to come back to it' }),
    at: TimeMs,
  })
  .meta({ id: 'CallNote' });
export type CallNote = z.infer<typeof CallNote>;
/** What is left out stays as it was. */
export const CallNotePut = z
  .strictObject({ disposition: Slug.optional(), note: DeskText.optional(), followUp: z.boolean().optional() })
  .meta({ id: 'CallNotePut' });
export type CallNotePut = z.infer<typeof CallNotePut>;

export const CallNoteQuery = z.strictObject({
  disposition: Slug.optional(),
  agentId: AgentNumber.optional(),
  queueId: Slug.optional(),
  followUp: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  text: z.string().min(1).max(100).optional().meta({ description: 'Part of the note' }),
  from: z.coerce.number().int().min(0).optional(),
  to: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

export const SpeedDialSlot = z
  .string()
  .regex(/^[0-9]{2}$/, formats.speedDialSlot)
  .meta({ id: 'SpeedDialSlot', description: 'Place in the list: two digits, dialled as *0 digits #', example: '07' });
export const SpeedDial = z
  .strictObject({
    slot: SpeedDialSlot,
    number: PhoneNumber,
    name: DisplayName,
    owner: AgentNumber.nullable().meta({ description: 'Whose it is; null: everybody has it' }),
  })
  .meta({ id: 'SpeedDial' });
export type SpeedDial = z.infer<typeof SpeedDial>;
export const SpeedDialPut = z.strictObject({ number: PhoneNumber, name: DisplayName }).meta({ id: 'SpeedDialPut' });

/** A number that was dialled; the last first, each once. */
export const DialledNumber = z
  .strictObject({ number: z.string(), at: TimeMs, station: StationNumber })
  .meta({ id: 'DialledNumber' });
export type DialledNumber = z.infer<typeof DialledNumber>;

/** 4 to 8 digits, not 11 first: else it could be a service code that begins anew. */
export const AgentPin = z
  .string()
  .regex(/^(?!11)[0-9]{4,8}$/, formats.agentPin)
  .meta({ id: 'AgentPin', description: '4 to 8 digits, the first two not 11' });
export const AgentPinPut = z.strictObject({ pin: AgentPin.nullable() }).meta({ id: 'AgentPinPut' });
export const AgentSignIn = z.strictObject({ station: StationNumber }).meta({ id: 'AgentSignIn' });
export const WrapUpExtend = z.strictObject({ byMs: DurationMs.min(1000).max(3_600_000) }).meta({ id: 'WrapUpExtend' });
export const QueuePause = z.strictObject({ active: z.boolean() }).meta({ id: 'QueuePause' });
export const ShownNumberPut = z.strictObject({ number: PhoneNumber.nullable() }).meta({ id: 'ShownNumberPut' });
export const ShownNumbers = z
  .strictObject({
    allowed: z.array(z.string()),
    chosen: z.string().nullable().meta({ description: "null: the telephone's own" }),
  })
  .meta({ id: 'ShownNumbers' });
export type ShownNumbers = z.infer<typeof ShownNumbers>;

/** Somebody was not let dial: why, in both languages. */
export interface DialRefused {
  agentId: string | null;
  station: number;
  number: string;
  code: string;
  en: string;
  zh: string;
  at: number;
}

/** A call that was offered to an agent, or rang at his telephone, and that he did not take. */
export const MissedCall = z
  .strictObject({
    callId: Ulid,
    at: TimeMs,
    callingNumber: z.string(),
    queueId: Slug.nullable(),
    ringMs: DurationMs,
    outcome: z.string().meta({ description: 'noAnswer, callerGone (the caller hung up), stationFailed' }),
    done: z.boolean().meta({ description: 'He has dealt with it' }),
  })
  .meta({ id: 'MissedCall' });
export type MissedCall = z.infer<typeof MissedCall>;

const share = z.number().min(0).max(1).nullable();
/** An agent's day so far, from stored segments. */
export const AgentToday = z
  .strictObject({
    agentId: AgentNumber,
    from: TimeMs.meta({ description: "Midnight, by the box's clock" }),
    firstSignedInAt: TimeMs.nullable(),
    signedInMs: DurationMs,
    readyMs: DurationMs,
    ringingMs: DurationMs,
    talkingMs: DurationMs.meta({ description: 'With the time on hold' }),
    wrapUpMs: DurationMs,
    notReadyMs: DurationMs,
    notReady: z.array(z.strictObject({ reason: z.string().nullable(), paid: z.boolean(), totalMs: DurationMs })),
    offered: z.int().min(0),
    answered: z.int().min(0),
    missed: z.int().min(0),
    dialled: z.int().min(0).meta({ description: 'Numbers that he dialled' }),
    averageTalkMs: DurationMs.nullable().meta({ description: 'talk / handled' }),
    averageHandleMs: DurationMs.nullable().meta({ description: '(talk + hold + wrap-up) / handled' }),
    occupancy: share.meta({ description: '(talk + hold + ring + wrap-up) / (that + ready)' }),
    utilisation: share.meta({ description: '(talk + hold + wrap-up) / signed-in time' }),
  })
  .meta({ id: 'AgentToday' });
export type AgentToday = z.infer<typeof AgentToday>;

export const AgentSegment = z
  .strictObject({
    id: Ulid,
    agentId: AgentNumber,
    state: z.string(),
    reason: AgentReason.nullable(),
    station: StationNumber.nullable(),
    startedAt: TimeMs,
    endedAt: TimeMs.nullable(),
    changedBy: z
      .string()
      .nullable()
      .meta({ description: 'Who asked for it: a user, or phone; null: it came from a call' }),
    forced: z.boolean().meta({ description: 'By a supervisor' }),
  })
  .meta({ id: 'AgentSegment' });
export type AgentSegment = z.infer<typeof AgentSegment>;
export const AgentHistoryQuery = z.strictObject({
  from: z.coerce.number().int().min(0).optional(),
  to: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
});
