// Customers who are called back: those who gave up waiting and kept their place, and those who are called at a time.
import { z } from 'zod';
import { AllowedClasses } from './dialling.js';
import { AgentNumber, ClipName, DurationMs, Language, PhoneNumber, Slug, TimeMs, Ulid } from './primitives.js';
import { QueueEntry } from './queue-routing.js';

/** waiting: for his turn, or for his time; ringingAgent, dialling, talking: the call is under way */
export const CallbackState = z
  .enum(['waiting', 'ringingAgent', 'dialling', 'talking', 'done', 'failed', 'cancelled', 'expired'])
  .meta({ id: 'CallbackState' });
export type CallbackState = z.infer<typeof CallbackState>;

export const OPEN_CALLBACK_STATES = ['waiting', 'ringingAgent', 'dialling', 'talking'] as const;

/** queue: from a place in the queue, which is kept; flow: without one; abandoned: he hung up; request: somebody asked for it */
export const CallbackSource = z.enum(['queue', 'flow', 'abandoned', 'request']).meta({ id: 'CallbackSource' });
export type CallbackSource = z.infer<typeof CallbackSource>;

/** What the last try came to. */
export const CallbackResult = z
  .enum([
    'talked',
    'busy',
    'no_answer',
    'refused',
    'unreachable',
    'not_allowed',
    'agent_no_answer',
    'agent_gone',
    'customer_gone',
    'interrupted',
    'queue_removed',
    'called_in',
  ])
  .meta({ id: 'CallbackResult' });
export type CallbackResult = z.infer<typeof CallbackResult>;

const pause = DurationMs.min(1000).max(86_400_000);

const rule = {
  enabled: z.boolean().meta({ description: 'false: none is taken any more; those that are open are called' }),
  confirm: z.boolean().meta({ description: 'The number is said, and is to be confirmed with 1' }),
  otherNumber: z.boolean().meta({ description: 'He may key in another number than that which he calls from' }),
  order: z.enum(['agentFirst', 'customerFirst']).meta({ description: 'Who is rung first' }),
  mostOpen: z.int().min(1).max(5000).meta({ description: 'So many may be open at a time' }),
  tries: z.int().min(1).max(20).meta({ description: 'So often is the customer called' }),
  busyPauseMs: pause.meta({ description: 'Until the next try, when he was busy' }),
  noAnswerPauseMs: pause.meta({ description: 'When he did not answer, or did not want to' }),
  failedPauseMs: pause.meta({ description: 'When he could not be called' }),
  ringMs: DurationMs.min(5000).max(180_000).meta({ description: 'How long the customer is rung' }),
  expiresAfterMs: DurationMs.min(60_000).max(2_592_000_000).meta({ description: 'After its time it is given up' }),
  calendarId: Slug.nullable().meta({ description: 'Customers are called while it is open; null: always' }),
  allowedClasses: AllowedClasses,
  callingNumber: z
    .string()
    .regex(/^[0-9]{0,24}$/)
    .meta({ description: "Shown to the customer; empty: the trunk's" }),
  whisper: ClipName.meta({ description: 'Told to the agent before the customer is called' }),
  abandonedAfterMs: DurationMs.max(3_600_000)
    .nullable()
    .meta({ description: 'Who hangs up after so long a wait is called back; null: nobody' }),
};
export const CallbackRule = z.strictObject({ queueId: Slug, ...rule }).meta({ id: 'CallbackRule' });
export type CallbackRule = z.infer<typeof CallbackRule>;

export const CallbackRulePut = z
  .strictObject({
    enabled: rule.enabled.default(true),
    confirm: rule.confirm.default(true),
    otherNumber: rule.otherNumber.default(true),
    order: rule.order.default('agentFirst'),
    mostOpen: rule.mostOpen.default(100),
    tries: rule.tries.default(3),
    busyPauseMs: rule.busyPauseMs.default(300_000),
    noAnswerPauseMs: rule.noAnswerPauseMs.default(900_000),
    failedPauseMs: rule.failedPauseMs.default(600_000),
    ringMs: rule.ringMs.default(45_000),
    expiresAfterMs: rule.expiresAfterMs.default(86_400_000),
    calendarId: rule.calendarId.default(null),
    // Whoever presses a key is not to make the box call what costs much.
    allowedClasses: rule.allowedClasses.default(['local', 'national', 'mobile']),
    callingNumber: rule.callingNumber.default(''),
    whisper: rule.whisper.default('callback-whisper'),
    abandonedAfterMs: rule.abandonedAfterMs.default(null),
  })
  .meta({ id: 'CallbackRulePut' });
export type CallbackRulePut = z.infer<typeof CallbackRulePut>;

export const Callback = z
  .strictObject({
    id: Ulid,
    queueId: Slug,
    number: PhoneNumber.meta({ description: 'As it is dialled in the country' }),
    language: Language,
    source: CallbackSource,
    state: CallbackState,
    entry: QueueEntry.meta({ description: 'What he asks of an agent' }),
    takenAt: TimeMs,
    enteredAt: TimeMs.meta({ description: 'His place in the queue: since then he waits' }),
    dueAt: TimeMs.meta({ description: 'Not before' }),
    expiresAt: TimeMs,
    tries: z.int().min(0).meta({ description: 'How often he was called' }),
    nextAt: TimeMs.nullable().meta({ description: 'When he is called again; null: when it is his turn' }),
    lastResult: CallbackResult.nullable(),
    agentId: AgentNumber.nullable().meta({ description: 'Who has talked with him, or is to' }),
    originalCallId: Ulid.nullable().meta({ description: 'In which he has asked for it' }),
    callId: Ulid.nullable().meta({ description: 'In which he was called last' }),
    createdBy: z.string().nullable().meta({ description: 'Who has asked for it; null: he himself' }),
    note: z.string().max(500),
  })
  .meta({ id: 'Callback' });
export type Callback = z.infer<typeof Callback>;

export const CallbackCreate = z
  .strictObject({
    queueId: Slug,
    number: z.string().min(1).max(40).meta({ description: 'As people write it' }),
    language: Language.default('zh-CN'),
    at: TimeMs.nullable().default(null).meta({ description: 'When he is to be called; null: as soon as may be' }),
    entry: QueueEntry.prefault({}),
    note: Callback.shape.note.default(''),
    originalCallId: Ulid.nullable().default(null),
  })
  .meta({ id: 'CallbackCreate' });
export type CallbackCreate = z.infer<typeof CallbackCreate>;

export const CallbackPatch = z
  .strictObject({ at: TimeMs.meta({ description: 'When he is to be called' }) })
  .meta({ id: 'CallbackPatch' });
export type CallbackPatch = z.infer<typeof CallbackPatch>;

/** Page of callbacks, newest first. */
export const CallbackQuery = z.strictObject({
  state: CallbackState.optional(),
  open: z.enum(['true', 'false']).optional(),
  queueId: Slug.optional(),
  number: PhoneNumber.optional().meta({ description: 'That it begins with' }),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  before: Ulid.optional(),
});
export type CallbackQuery = z.infer<typeof CallbackQuery>;

export const CallbackList = z
  .strictObject({
    callbacks: z.array(Callback),
    before: Ulid.nullable().meta({ description: 'Pass as before to get the next page; null: no more' }),
  })
  .meta({ id: 'CallbackList' });
export type CallbackList = z.infer<typeof CallbackList>;
