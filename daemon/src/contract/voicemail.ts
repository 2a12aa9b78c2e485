// Boxes for voice messages, and what is in them.
import { z } from 'zod';
import { formats } from './formats.js';
import { MailAddress } from './mail.js';
import {
  AgentNumber,
  ClipName,
  DisplayName,
  DurationMs,
  Language,
  PhoneNumber,
  Slug,
  StationNumber,
  TimeMs,
  Ulid,
} from './primitives.js';

/** Of the calendar: the first that fits is heard. */
export const VoicemailGreeting = z
  .strictObject({
    calendarId: Slug.nullable().default(null),
    when: z.enum(['always', 'open', 'closed']).default('always'),
    prompt: ClipName,
  })
  .meta({ id: 'VoicemailGreeting' });
export type VoicemailGreeting = z.infer<typeof VoicemailGreeting>;

/** Recorded by telephone, of each box. */
export const OWN_GREETINGS = 3;

const Pin = z
  .string()
  .regex(/^[0-9]{4,10}$/, formats.pin)
  .meta({ description: '4 to 10 digits; null: nobody listens by telephone' });

const box = {
  name: DisplayName,
  kind: z.enum(['agent', 'group', 'queue', 'number']),
  number: PhoneNumber.nullable().meta({ description: 'That is dialled to reach it' }),
  agents: z.array(AgentNumber).max(200).meta({ description: 'Who may listen' }),
  queueId: Slug.nullable().meta({ description: 'Its agents may listen, too' }),
  stations: z.array(StationNumber).max(50).meta({ description: 'Whose lamps are lit' }),
  language: Language,
  greetings: z.array(VoicemailGreeting).max(20),
  maxMessages: z.int().min(1).max(1000),
  maxMessageMs: z.int().min(5000).max(1_800_000),
  keepDays: z.int().min(1).max(3650).nullable(),
  email: MailAddress.nullable(),
  emailAudio: z.boolean(),
  chosenGreeting: z.int().min(0).max(OWN_GREETINGS).meta({
    description: 'One recorded by telephone, above the calendar; 0: none',
  }),
  answersStations: z.boolean().meta({
    description: 'Takes calls that its telephones, or those of its agents, do not: busy, unanswered, switched off',
  }),
  notifyNumber: PhoneNumber.nullable().meta({ description: 'Is called for a new message; null: nobody is' }),
  notifyCalendarId: Slug.nullable().meta({ description: 'Called while it is open alone; null: at any time' }),
  notifyTries: z.int().min(1).max(20),
  notifyPauseMs: z.int().min(10_000).max(86_400_000).meta({ description: 'Between two tries' }),
};
export const VoicemailBox = z
  .strictObject({ id: Slug, ...box, hasPin: z.boolean(), fresh: z.int().min(0), old: z.int().min(0) })
  .meta({ id: 'VoicemailBox' });
export type VoicemailBox = z.infer<typeof VoicemailBox>;
export const VoicemailBoxCreate = z
  .strictObject({
    id: Slug,
    ...box,
    number: box.number.default(null),
    agents: box.agents.default([]),
    queueId: box.queueId.default(null),
    stations: box.stations.default([]),
    language: Language.default('zh-CN'),
    greetings: box.greetings.default([]),
    maxMessages: box.maxMessages.default(100),
    maxMessageMs: box.maxMessageMs.default(180_000),
    keepDays: box.keepDays.default(null),
    email: box.email.default(null),
    emailAudio: box.emailAudio.default(true),
    chosenGreeting: box.chosenGreeting.default(0),
    answersStations: box.answersStations.default(false),
    notifyNumber: box.notifyNumber.default(null),
    notifyCalendarId: box.notifyCalendarId.default(null),
    notifyTries: box.notifyTries.default(3),
    notifyPauseMs: box.notifyPauseMs.default(300_000),
    pin: Pin.nullable().default(null),
  })
  .meta({ id: 'VoicemailBoxCreate' });
export type VoicemailBoxCreate = z.infer<typeof VoicemailBoxCreate>;
export const VoicemailBoxPatch = z
  .strictObject({ ...box, pin: Pin.nullable() })
  .partial()
  .meta({ id: 'VoicemailBoxPatch' });
export type VoicemailBoxPatch = z.infer<typeof VoicemailBoxPatch>;

export const VoiceMessageState = z.enum(['new', 'read', 'handled']).meta({ id: 'VoiceMessageState' });
export type VoiceMessageState = z.infer<typeof VoiceMessageState>;

export const VoiceMessage = z
  .strictObject({
    id: Ulid,
    boxId: Slug,
    callId: Ulid.nullable(),
    callingNumber: z.string(),
    receivedAt: TimeMs,
    durationMs: DurationMs,
    state: VoiceMessageState,
    changedBy: z.string().nullable().meta({ description: 'Who has listened, handled or handed it on' }),
  })
  .meta({ id: 'VoiceMessage' });
export type VoiceMessage = z.infer<typeof VoiceMessage>;

export const VoiceMessagePatch = z.strictObject({ state: VoiceMessageState }).meta({ id: 'VoiceMessagePatch' });
export const VoiceMessageForward = z.strictObject({ to: Slug }).meta({ id: 'VoiceMessageForward' });

export const VoicemailCounts = z
  .strictObject({
    ...{ boxId: Slug, fresh: z.int().min(0), old: z.int().min(0) },
    ...{ agents: z.array(AgentNumber), queueId: Slug.nullable() },
  })
  .meta({ id: 'VoicemailCounts' });
export type VoicemailCounts = z.infer<typeof VoicemailCounts>;
