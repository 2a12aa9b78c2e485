// Mail on its way out.
import { z } from 'zod';
import { formats } from './formats.js';
import { Language, TimeMs, Ulid } from './primitives.js';

/** One address, as it goes into RCPT TO: no names, no lists, nothing that ends a line. */
export const MailAddress = z
  .string()
  .max(254)
  .regex(/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/, formats.mailAddress)
  .meta({ id: 'MailAddress', example: 'li@example.com' });
export type MailAddress = z.infer<typeof MailAddress>;

/** dead: it is tried no more, until somebody asks for it. */
export const MailState = z.enum(['waiting', 'sent', 'dead']).meta({ id: 'MailState' });
export type MailState = z.infer<typeof MailState>;

export const OutgoingMail = z
  .strictObject({
    id: Ulid,
    state: MailState,
    to: z.string(),
    subject: z.string(),
    createdAt: TimeMs,
    attempts: z.int().min(0),
    nextAt: TimeMs.meta({ description: 'Of a waiting one: when it is tried' }),
    sentAt: TimeMs.nullable(),
    lastError: z.string().nullable().meta({ description: 'What the server said' }),
  })
  .meta({ id: 'OutgoingMail' });
export type OutgoingMail = z.infer<typeof OutgoingMail>;

export const MailQuery = z.strictObject({
  state: MailState.optional(),
  before: Ulid.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

export const MailTest = z.strictObject({ to: MailAddress, language: Language.optional() }).meta({ id: 'MailTest' });
