// Who calls: people and firms with their numbers, as far as a desk needs them.
import { z } from 'zod';
import { CallDirection, CallState } from './calls.js';
import { CallNote } from './desk.js';
import { formats } from './formats.js';
import { AgentNumber, DisplayName, DurationMs, Slug, TimeMs, Ulid } from './primitives.js';

/** Of several lines or none; no other control characters. */
const text = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^(?:[^\p{Cc}\p{Cs}]|[\t\n\r])*$/u, formats.displayName);

/** As people write it: it is kept as it is dialled in the country of the box. */
export const ContactNumber = z
  .string()
  .regex(/^\+?[0-9][0-9 ().-]{1,39}$/, formats.outsideNumber)
  .meta({ id: 'ContactNumber', description: 'A telephone number as people write it' });

const fields = {
  name: DisplayName,
  company: text(80),
  level: z.int().min(0).max(9).meta({ description: 'How much he is to be looked after; 0: as everybody' }),
  tags: z.array(DisplayName.max(30)).max(20),
  numbers: z.array(ContactNumber).min(1).max(20).meta({ description: 'The first is called' }),
  address: text(200),
  note: text(2000),
};

export const Contact = z
  .strictObject({ id: Ulid, ...fields, createdAt: TimeMs, updatedAt: TimeMs, updatedBy: z.string() })
  .meta({ id: 'Contact' });
export type Contact = z.infer<typeof Contact>;

export const ContactCreate = z
  .strictObject({
    name: fields.name,
    company: fields.company.default(''),
    level: fields.level.default(0),
    tags: fields.tags.default([]),
    numbers: fields.numbers,
    address: fields.address.default(''),
    note: fields.note.default(''),
  })
  .meta({ id: 'ContactCreate' });
export type ContactCreate = z.infer<typeof ContactCreate>;

export const ContactPatch = z.strictObject(fields).partial().meta({ id: 'ContactPatch' });
export type ContactPatch = z.infer<typeof ContactPatch>;

export const ContactQuery = z.strictObject({
  number: z.string().min(1).max(40).optional().meta({ description: 'Those who have this number' }),
  text: z.string().min(1).max(80).optional().meta({ description: 'Part of the name, the firm or a number' }),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: Ulid.optional(),
});
export const ContactList = z
  .strictObject({
    contacts: z.array(Contact),
    before: Ulid.nullable().meta({ description: 'Pass as before to get the next page; null: no more' }),
  })
  .meta({ id: 'ContactList' });
export type ContactList = z.infer<typeof ContactList>;

/** A call with a number, as whoever talks with it next needs it. */
export const ContactCall = z
  .strictObject({
    id: Ulid,
    direction: CallDirection,
    state: CallState,
    number: z.string(),
    startedAt: TimeMs,
    answeredAt: TimeMs.nullable(),
    durationMs: DurationMs.nullable().meta({ description: 'From the answer to the end; null: it was not answered' }),
    queueId: Slug.nullable(),
    agentId: AgentNumber.nullable(),
    agentName: z.string().nullable(),
    notes: z.array(CallNote),
  })
  .meta({ id: 'ContactCall' });
export type ContactCall = z.infer<typeof ContactCall>;
export const ContactCallQuery = z.strictObject({
  number: z.string().min(1).max(200).meta({ description: 'One number, or several with commas between them' }),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  before: Ulid.optional(),
});
export const ContactCallList = z
  .strictObject({ calls: z.array(ContactCall), before: Ulid.nullable() })
  .meta({ id: 'ContactCallList' });
export type ContactCallList = z.infer<typeof ContactCallList>;
