// What is said by telephone and kept: answers in flows, prompts, announcements; and who is called for a message.
import { z } from 'zod';
import { formats } from './formats.js';
import { ClipName, DurationMs, Language, Slug, StationNumber, TimeMs, Ulid } from './primitives.js';

export const VoicemailNotice = z
  .strictObject({
    id: Ulid.meta({ description: 'Of the message' }),
    boxId: Slug,
    state: z.enum(['waiting', 'reached', 'heard', 'givenUp']).meta({
      description: 'reached: somebody has listened by the call; heard: it was listened to before',
    }),
    tries: z.int().min(0),
    nextAt: TimeMs.meta({ description: 'Not before; it also waits for the calendar' }),
    lastResult: z.string().nullable(),
  })
  .meta({ id: 'VoicemailNotice', description: 'A call that tells of a message' });
export type VoicemailNotice = z.infer<typeof VoicemailNotice>;

export const FlowRecording = z
  .strictObject({
    id: Ulid,
    callId: Ulid,
    flowId: z.string(),
    node: z.string(),
    callingNumber: z.string(),
    startedAt: TimeMs,
    durationMs: DurationMs,
  })
  .meta({ id: 'FlowRecording', description: 'What a caller said to a record node' });
export type FlowRecording = z.infer<typeof FlowRecording>;

export const FlowRecordingQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: Ulid.optional(),
  callId: Ulid.optional(),
  flowId: Slug.optional(),
});

export const FlowRecordingList = z
  .strictObject({ recordings: z.array(FlowRecording), before: Ulid.nullable() })
  .meta({ id: 'FlowRecordingList' });

export const PhonePin = z.string().regex(/^[0-9]{4,10}$/, formats.pin);

export const AnnouncementNumber = z
  .strictObject({
    id: Slug,
    number: z.string().meta({ description: 'Dialled as *91 number #' }),
    hasPin: z.boolean(),
  })
  .meta({ id: 'AnnouncementNumber', description: 'How an announcement is switched by telephone' });
export type AnnouncementNumber = z.infer<typeof AnnouncementNumber>;

export const AnnouncementNumberPut = z
  .strictObject({
    number: z.string().regex(/^[0-9]{1,8}$/, formats.phoneNumber),
    pin: PhonePin.nullable()
      .optional()
      .meta({ description: 'null: supervisors at their own telephones alone; left out: it stays' }),
  })
  .meta({ id: 'AnnouncementNumberPut' });
export type AnnouncementNumberPut = z.infer<typeof AnnouncementNumberPut>;

export const PromptTicketCreate = z
  .strictObject({
    name: ClipName,
    language: Language,
    station: StationNumber.optional().meta({ description: 'Rings at once; left out: *90 code # is dialled' }),
  })
  .meta({ id: 'PromptTicketCreate' });
export type PromptTicketCreate = z.infer<typeof PromptTicketCreate>;

export const PromptTicket = z
  .strictObject({
    code: z.string().meta({ description: 'Dialled as *90 code #, once' }),
    name: ClipName,
    language: Language,
    expiresAt: TimeMs,
  })
  .meta({ id: 'PromptTicket', description: 'Leave to record a prompt by telephone' });
export type PromptTicket = z.infer<typeof PromptTicket>;
