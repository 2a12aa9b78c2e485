// Conference rooms: what an administrator lays down, who is in them now, and what moderators do.
import { z } from 'zod';
import { CalendarCondition } from './calendar-condition.js';
import { formats } from './formats.js';
import { AgentNumber, DisplayName, Language, PhoneNumber, Slug, StationNumber, TimeMs, Ulid } from './primitives.js';

/** In place of a room: who comes is asked for the room's number. No room has this id. */
export const ANY_ROOM = 'any';

const Pin = z
  .string()
  .regex(/^[0-9]{4,10}$/, formats.pin)
  .meta({ description: '4 to 10 digits; null: none is asked for' });
const RoomNumber = z
  .string()
  .regex(/^[0-9]{1,16}$/, formats.phoneNumber)
  .meta({ description: 'That is dialled to come in, inside and by routes' });
const RoomId = Slug.refine((id) => id !== ANY_ROOM, formats.slug);

/** Times between which people may come in, and a calendar that must hold, too. */
export const ConferenceSchedule = z
  .strictObject({ from: TimeMs.nullable(), to: TimeMs.nullable(), calendar: CalendarCondition.nullable() })
  .meta({ id: 'ConferenceSchedule' });
export type ConferenceSchedule = z.infer<typeof ConferenceSchedule>;

const room = {
  number: RoomNumber.nullable(),
  name: DisplayName,
  language: Language,
  maxParties: z.int().min(2).max(200),
  waitForModerator: z.boolean().meta({ description: 'Until one is there the others hear music' }),
  endWhenModeratorLeaves: z.boolean().meta({ description: 'With the last of them the conference is over' }),
  lockable: z.boolean(),
  announce: z
    .enum(['none', 'tone', 'name'])
    .meta({ description: 'Who comes and goes is told by a tone, or by the name that he says before' }),
  muteOnEntry: z.boolean().meta({ description: 'Moderators are heard all the same' }),
  record: z.enum(['always', 'onDemand', 'never']),
  schedule: ConferenceSchedule.nullable(),
  moderators: z
    .array(AgentNumber)
    .max(100)
    .meta({ description: 'Agents who moderate from their page, and come in as moderators from their telephone' }),
  dialOutStation: StationNumber.nullable().meta({
    description: 'With the rights of this telephone numbers are called from the room; null: with those of who asks',
  }),
};

export const ConferenceRoom = z
  .strictObject({
    id: Slug,
    ...room,
    hasPin: z.boolean(),
    hasModeratorPin: z.boolean(),
    adHoc: z.boolean().meta({ description: 'Made for one conference; it goes with the last who leaves' }),
  })
  .meta({ id: 'ConferenceRoom' });
export type ConferenceRoom = z.infer<typeof ConferenceRoom>;

const differ = ({
  pin,
  moderatorPin,
}: {
  pin?: string | null | undefined;
  moderatorPin?: string | null | undefined;
}): boolean => pin == null || pin !== moderatorPin;

export const ConferenceRoomCreate = z
  .strictObject({
    id: RoomId,
    ...room,
    number: room.number.default(null),
    language: Language.default('zh-CN'),
    maxParties: room.maxParties.default(50),
    waitForModerator: room.waitForModerator.default(false),
    endWhenModeratorLeaves: room.endWhenModeratorLeaves.default(false),
    lockable: room.lockable.default(true),
    announce: room.announce.default('tone'),
    muteOnEntry: room.muteOnEntry.default(false),
    record: room.record.default('onDemand'),
    schedule: room.schedule.default(null),
    moderators: room.moderators.default([]),
    dialOutStation: room.dialOutStation.default(null),
    pin: Pin.nullable().default(null),
    moderatorPin: Pin.nullable().default(null),
  })
  .refine(differ, formats.conferencePins)
  .meta({ id: 'ConferenceRoomCreate' });
export type ConferenceRoomCreate = z.infer<typeof ConferenceRoomCreate>;

export const ConferenceRoomPatch = z
  .strictObject({ ...room, pin: Pin.nullable(), moderatorPin: Pin.nullable() })
  .partial()
  .refine(differ, formats.conferencePins)
  .meta({ id: 'ConferenceRoomPatch' });
export type ConferenceRoomPatch = z.infer<typeof ConferenceRoomPatch>;

/** A room for now, and who is called into it. */
export const ConferenceAdHoc = z
  .strictObject({
    name: DisplayName,
    language: Language.default('zh-CN'),
    record: room.record.default('onDemand'),
    invite: z.array(PhoneNumber).min(1).max(50),
    station: StationNumber.optional().meta({ description: 'That is called, too, as a moderator; default one’s own' }),
  })
  .meta({ id: 'ConferenceAdHoc' });
export type ConferenceAdHoc = z.infer<typeof ConferenceAdHoc>;

export const ConferenceParty = z
  .strictObject({
    id: Ulid,
    callId: Ulid,
    number: z.string().meta({ description: 'Of who has called or was called; empty: withheld' }),
    name: z.string(),
    station: StationNumber.nullable(),
    moderator: z.boolean(),
    waiting: z.boolean().meta({ description: 'For a moderator: hears music' }),
    muted: z.boolean(),
    deaf: z.boolean().meta({ description: 'Hears nobody' }),
    held: z.boolean().meta({ description: 'Has put the room on hold at his telephone' }),
    gainDb: z.int(),
    talking: z.boolean().meta({ description: 'Is the one who speaks now' }),
    joinedAt: TimeMs,
  })
  .meta({ id: 'ConferenceParty' });
export type ConferenceParty = z.infer<typeof ConferenceParty>;

export const ConferenceInvitation = z
  .strictObject({ callId: Ulid, number: z.string(), state: z.enum(['calling', 'answered']) })
  .meta({ id: 'ConferenceInvitation' });

/** What goes on in a room; one in which nothing does has no parties. */
export const ConferenceStatus = z
  .strictObject({
    id: Slug,
    name: z.string(),
    number: z.string().nullable(),
    moderators: z.array(AgentNumber),
    since: TimeMs.nullable().meta({ description: 'When the first came; null: nobody is there' }),
    locked: z.boolean(),
    recording: z.boolean(),
    waitsForModerator: z.boolean(),
    parties: z.array(ConferenceParty),
    invitations: z.array(ConferenceInvitation).meta({ description: 'Who is being called' }),
  })
  .meta({ id: 'ConferenceStatus' });
export type ConferenceStatus = z.infer<typeof ConferenceStatus>;

export const ConferenceAction = z
  .strictObject({
    action: z.enum(['lock', 'unlock', 'muteAll', 'unmuteAll', 'startRecording', 'stopRecording', 'end']),
  })
  .meta({ id: 'ConferenceAction' });
export type ConferenceAction = z.infer<typeof ConferenceAction>;

export const ConferencePartyAction = z
  .discriminatedUnion('action', [
    z.strictObject({ action: z.enum(['mute', 'unmute', 'deafen', 'undeafen', 'remove']) }),
    z.strictObject({ action: z.literal('setGain'), gainDb: z.int().min(-20).max(20) }),
  ])
  .meta({ id: 'ConferencePartyAction' });
export type ConferencePartyAction = z.infer<typeof ConferencePartyAction>;

export const ConferenceInvite = z
  .strictObject({
    number: PhoneNumber,
    station: StationNumber.optional().meta({ description: 'With whose rights it is called' }),
    moderator: z.boolean().default(false),
  })
  .meta({ id: 'ConferenceInvite' });
export type ConferenceInvite = z.infer<typeof ConferenceInvite>;

export const ConferenceAddCall = z
  .strictObject({
    callId: Ulid,
    station: StationNumber.optional().meta({ description: 'The party of it who asks; default one’s own telephone' }),
    join: z.boolean().default(true).meta({ description: 'Whether that telephone is called into the room, too' }),
  })
  .meta({ id: 'ConferenceAddCall' });
export type ConferenceAddCall = z.infer<typeof ConferenceAddCall>;

/** A recording of a room; its audio is fetched like that of any other. */
export const ConferenceRecording = z
  .strictObject({
    id: Ulid,
    roomId: z.string(),
    roomName: z.string(),
    startedAt: TimeMs,
    durationMs: z.int().min(0),
    state: z.enum(['recording', 'complete', 'broken', 'failed']),
  })
  .meta({ id: 'ConferenceRecording' });
export type ConferenceRecording = z.infer<typeof ConferenceRecording>;
