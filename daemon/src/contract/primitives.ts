// The small types that everything on the wire is made of. Times are milliseconds since 1970, UTC; durations are
// milliseconds. Both are integers.
import { z } from 'zod';
import { formats } from './formats.js';

export const Language = z.enum(['zh-CN', 'en']).meta({ id: 'Language', description: 'Language of texts and prompts' });
export type Language = z.infer<typeof Language>;

/** 26 characters of Crockford's base 32; sorts by the time it was made. */
export const Ulid = z
  .string()
  .regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/, formats.ulid)
  .meta({ id: 'Ulid', description: 'Identity, sortable by time', example: '01JD7Q4Y5ZK8M3N9P2R6S7T8VW' });
export type Ulid = z.infer<typeof Ulid>;

/** Name of a flow or queue, also in addresses and files. */
export const Slug = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, formats.slug)
  .meta({ id: 'Slug', description: 'Lower-case letters, digits and hyphens, 40 at most', example: 'sales' });
export type Slug = z.infer<typeof Slug>;

export const RoleId = Slug.meta({
  id: 'RoleId',
  description: 'A role: admin, supervisor, agent, or one that was made here',
  example: 'supervisor',
});
export type RoleId = z.infer<typeof RoleId>;

/** Number of an agent, dialled as *11 number #. */
export const AgentNumber = z
  .string()
  .regex(/^[0-9]{1,8}$/, formats.agentNumber)
  .meta({ id: 'AgentNumber', description: 'Number of an agent, 1 to 8 digits', example: '2001' });
export type AgentNumber = z.infer<typeof AgentNumber>;

/** A telephone number as it stands in a route or a call set-up: digits alone. */
export const PhoneNumber = z
  .string()
  .regex(/^[0-9]{1,24}$/, formats.phoneNumber)
  .meta({ id: 'PhoneNumber', description: 'Digits of a telephone number, 24 at most', example: '4001' });
export type PhoneNumber = z.infer<typeof PhoneNumber>;

/** Keys of a telephone; a comma is a pause of 500 ms. */
export const DialDigits = z
  .string()
  .regex(/^[0-9*#A-D,]{1,64}$/, formats.dialDigits)
  .meta({ id: 'DialDigits', description: 'Keys to press: 0-9 * # A-D, and a comma for a pause of 500 ms' });
export type DialDigits = z.infer<typeof DialDigits>;

/** Name of a prompt or a clip: never a path. */
export const ClipName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, formats.clipName)
  .meta({ id: 'ClipName', description: 'Name of a recorded prompt, without folder and ending', example: 'welcome' });
export type ClipName = z.infer<typeof ClipName>;

/** A name shown to people; no control characters, so that it can stand in a log line or a header. */
export const DisplayName = z
  .string()
  .min(1)
  .max(80)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, formats.displayName)
  .meta({ id: 'DisplayName', description: 'A name shown to people, 1 to 80 characters' });
export type DisplayName = z.infer<typeof DisplayName>;

export const TimeMs = z
  .int()
  .min(0)
  .meta({ id: 'TimeMs', description: 'Milliseconds since 1970-01-01, UTC', example: 1_732_226_400_000 });
export type TimeMs = z.infer<typeof TimeMs>;

export const DurationMs = z.int().min(0).meta({ id: 'DurationMs', description: 'Milliseconds', example: 15_000 });
export type DurationMs = z.infer<typeof DurationMs>;

/** Q.850 cause of a release, 1 to 127. */
export const Cause = z.int().min(1).max(127).meta({ id: 'Cause', description: 'Q.850 cause', example: 16 });
export type Cause = z.infer<typeof Cause>;

/** Number of a span, from 1. */
export const SpanNumber = z.int().min(1).max(999).meta({ id: 'SpanNumber', description: 'Number of an E1, from 1' });
export type SpanNumber = z.infer<typeof SpanNumber>;

/** Speech timeslot of a span; 16 carries the D-channel. */
export const TimeslotNumber = z
  .int()
  .min(1)
  .max(31)
  .meta({ id: 'TimeslotNumber', description: 'Timeslot of an E1, 1 to 31' });
export type TimeslotNumber = z.infer<typeof TimeslotNumber>;

/** Number of a telephone: an analog one's is that of its port, a SIP one's begins at 1000. */
export const AnalogNumber = z
  .int()
  .min(1)
  .max(9999)
  .meta({ id: 'AnalogNumber', description: 'Number of an analog port of the box', example: 9 });
export type AnalogNumber = z.infer<typeof AnalogNumber>;

export const StationNumber = z
  .int()
  .min(1)
  .max(99_999_999)
  .meta({ id: 'StationNumber', description: 'Number of a telephone; SIP ones begin at 1000', example: 1 });
export type StationNumber = z.infer<typeof StationNumber>;

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
export type JsonObject = { [key: string]: JsonValue };
