// What is recorded, what was recorded, and what becomes of it.
import { z } from 'zod';
import { CallDirection, Recording } from './calls.js';
import { formats } from './formats.js';
import { AgentNumber, DisplayName, DurationMs, Slug, TimeMs, Ulid } from './primitives.js';

/** Digits, X for any one, and . at the end for any that follow. */
const NumberPattern = z
  .string()
  .regex(/^[0-9X+]{0,24}\.?$/, formats.recordingPattern)
  .meta({ description: 'Digits, X for any digit, and . at the end for whatever follows' });

export const RecordingMatch = z
  .strictObject({
    queueId: Slug.optional(),
    agentId: AgentNumber.optional(),
    direction: CallDirection.optional(),
    trunkId: Slug.optional(),
    callingNumber: NumberPattern.optional(),
    calledNumber: NumberPattern.optional(),
  })
  .meta({ id: 'RecordingMatch', description: 'All that is named must fit; nothing named: every call' });
export type RecordingMatch = z.infer<typeof RecordingMatch>;

export const RecordingRuleCreate = z
  .strictObject({
    name: DisplayName,
    position: z.int().min(0).max(100_000).default(100),
    enabled: z.boolean().default(true),
    match: RecordingMatch.default({}),
    action: z.enum(['record', 'never', 'onDemand']).default('record').meta({
      description: 'onDemand: not until somebody asks for it',
    }),
    percentage: z.number().min(0).max(100).default(100).meta({
      description: 'Of the calls that fit, by a hash of the call: the others are not recorded',
    }),
  })
  .meta({ id: 'RecordingRuleCreate' });
export const RecordingRule = RecordingRuleCreate.extend({
  id: Ulid,
  position: z.int(),
  enabled: z.boolean(),
  match: RecordingMatch,
  action: z.enum(['record', 'never', 'onDemand']),
  percentage: z.number(),
}).meta({ id: 'RecordingRule' });
export type RecordingRule = z.infer<typeof RecordingRule>;
export const RecordingRulePatch = z
  .strictObject({
    name: DisplayName.optional(),
    position: z.int().min(0).max(100_000).optional(),
    enabled: z.boolean().optional(),
    match: RecordingMatch.optional(),
    action: z.enum(['record', 'never', 'onDemand']).optional(),
    percentage: z.number().min(0).max(100).optional(),
  })
  .meta({ id: 'RecordingRulePatch' });

const retention = {
  name: DisplayName,
  queueId: Slug.nullable(),
  direction: CallDirection.nullable(),
  keepDays: z.int().min(0).max(36_500).nullable().meta({ description: 'null: no limit of time' }),
  maxBytes: z.int().min(0).nullable().meta({ description: 'Of all that fit together, oldest first; null: no limit' }),
};
export const RetentionRuleCreate = z
  .strictObject({
    ...retention,
    position: z.int().min(0).max(100_000).default(100),
    queueId: retention.queueId.default(null),
    direction: retention.direction.default(null),
    keepDays: retention.keepDays.default(null),
    maxBytes: retention.maxBytes.default(null),
  })
  .meta({ id: 'RetentionRuleCreate' });
export const RetentionRule = z
  .strictObject({ id: Ulid, position: z.int(), ...retention })
  .meta({ id: 'RetentionRule', description: 'The first that fits a recording says how long it is kept' });
export type RetentionRule = z.infer<typeof RetentionRule>;
export const RetentionRulePatch = z
  .strictObject({ ...retention, position: z.int().min(0).max(100_000) })
  .partial()
  .meta({ id: 'RetentionRulePatch' });

export const RecordingMark = z
  .strictObject({
    kind: z.enum(['pause']),
    fromMs: DurationMs.meta({ description: 'Since the recording began' }),
    toMs: DurationMs.nullable().meta({ description: 'null: to its end' }),
    by: z.string().meta({ description: 'User, agent or flow' }),
  })
  .meta({ id: 'RecordingMark' });
export type RecordingMark = z.infer<typeof RecordingMark>;

export const RecordingSummary = Recording.extend({
  direction: CallDirection,
  callingNumber: z.string(),
  calledNumber: z.string(),
  queueId: Slug.nullable(),
  agentId: AgentNumber.nullable(),
  encrypted: z.boolean(),
  held: z.boolean().meta({ description: 'Is not removed by any rule' }),
}).meta({ id: 'RecordingSummary' });
export type RecordingSummary = z.infer<typeof RecordingSummary>;

export const RecordingDetail = RecordingSummary.extend({
  marks: z.array(RecordingMark),
  digest: z.string().nullable().meta({ description: 'SHA-256 of the encrypted file; null: it is not encrypted yet' }),
  holdReason: z.string().nullable(),
}).meta({ id: 'RecordingDetail' });
export type RecordingDetail = z.infer<typeof RecordingDetail>;

export const RecordingQuery = z.strictObject({
  fromMs: z.coerce.number().int().min(0).optional(),
  toMs: z.coerce.number().int().min(0).optional(),
  number: z
    .string()
    .regex(/^[0-9+*#]{1,24}$/)
    .optional()
    .meta({ description: 'Part of the calling or the called number' }),
  callingNumber: z.string().max(24).optional(),
  calledNumber: z.string().max(24).optional(),
  agentId: AgentNumber.optional(),
  queueId: Slug.optional(),
  direction: CallDirection.optional(),
  minDurationMs: z.coerce.number().int().min(0).optional(),
  maxDurationMs: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  before: Ulid.optional().meta({ description: 'Older than this one' }),
});
export type RecordingQuery = z.infer<typeof RecordingQuery>;

export const RecordingList = z
  .strictObject({
    recordings: z.array(RecordingSummary),
    before: Ulid.nullable().meta({ description: 'Pass as before to get the next page; null: no more' }),
  })
  .meta({ id: 'RecordingList' });

export const RecordingPeaks = z
  .strictObject({
    bucketMs: z.number().meta({ description: 'Time that one value stands for' }),
    left: z.array(z.int().min(0).max(255)),
    right: z.array(z.int().min(0).max(255)),
  })
  .meta({ id: 'RecordingPeaks', description: 'Loudest sample of each stretch, 0 to 255' });
export type RecordingPeaks = z.infer<typeof RecordingPeaks>;

export const ExportFormat = z.enum(['wav', 'mp3', 'opus']).meta({ id: 'ExportFormat' });
export type ExportFormat = z.infer<typeof ExportFormat>;

export const RecordingAction = z.enum(['start', 'stop', 'pause', 'resume']).meta({ id: 'RecordingAction' });
export type RecordingAction = z.infer<typeof RecordingAction>;
export const RecordingControl = z.strictObject({ action: RecordingAction }).meta({ id: 'RecordingControl' });
export const RecordingCondition = z
  .strictObject({ callId: Ulid, state: z.enum(['off', 'recording', 'paused']) })
  .meta({ id: 'RecordingCondition' });
export type RecordingCondition = z.infer<typeof RecordingCondition>;

const Reason = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}]+$/u, formats.displayName);
export const RecordingHold = z.strictObject({ held: z.boolean(), reason: Reason }).meta({ id: 'RecordingHold' });
export const RecordingRemoval = z.strictObject({ reason: Reason }).meta({ id: 'RecordingRemoval' });

export const RecordingAccess = z
  .strictObject({
    id: Ulid,
    recordingId: Ulid,
    at: TimeMs,
    by: z.string(),
    from: z.string().meta({ description: 'Address of the one who asked' }),
    what: z.enum(['listened', 'exported', 'held', 'released', 'removed']),
    detail: z.string(),
  })
  .meta({ id: 'RecordingAccess' });
export type RecordingAccess = z.infer<typeof RecordingAccess>;

export const RecordingDeletion = z
  .strictObject({
    id: Ulid,
    recordingId: Ulid,
    callId: Ulid,
    startedAt: TimeMs,
    durationMs: DurationMs,
    bytes: z.int().min(0),
    at: TimeMs,
    by: z.string(),
    reason: z.string().meta({ description: 'age, quota, space, rule, or what the one who did it said' }),
  })
  .meta({ id: 'RecordingDeletion' });
export type RecordingDeletion = z.infer<typeof RecordingDeletion>;

export const RetentionRun = z
  .strictObject({
    dryRun: z.boolean(),
    removed: z.array(
      z.strictObject({ recordingId: Ulid, startedAt: TimeMs, bytes: z.int().min(0), reason: z.string() }),
    ),
    bytes: z.int().min(0),
    kept: z.int().min(0),
    held: z.int().min(0).meta({ description: 'That a rule would remove, if they were not held' }),
  })
  .meta({ id: 'RetentionRun' });
export type RetentionRun = z.infer<typeof RetentionRun>;

export const Verification = z
  .strictObject({
    checked: z.int().min(0),
    head: z.string().meta({ description: 'Last link of the chain: note it down elsewhere, and compare' }),
    faults: z.array(
      z.strictObject({
        kind: z.enum(['changed', 'missing', 'added', 'chain', 'unreadable']),
        path: z.string(),
        recordingId: Ulid.nullable(),
        detail: z.string(),
      }),
    ),
  })
  .meta({ id: 'RecordingVerification' });
export type Verification = z.infer<typeof Verification>;

export const RecordingKey = z
  .strictObject({ id: z.string(), createdAt: TimeMs, current: z.boolean() })
  .meta({ id: 'RecordingKey' });
export type RecordingKey = z.infer<typeof RecordingKey>;
export const KeyRotation = z
  .strictObject({ key: z.string(), rewrapped: z.int().min(0), failed: z.int().min(0), forgotten: z.array(z.string()) })
  .meta({ id: 'RecordingKeyRotation' });
export type KeyRotation = z.infer<typeof KeyRotation>;

export const RecordingAlarm = z
  .strictObject({
    kind: z.enum(['space', 'clock', 'database']).meta({
      description:
        'database: pages of its file are damaged, and with them some of what is known of calls and recordings',
    }),
    detail: z.string(),
    freeBytes: z.int().min(0),
  })
  .meta({ id: 'RecordingAlarm' });
export type RecordingAlarm = z.infer<typeof RecordingAlarm>;
