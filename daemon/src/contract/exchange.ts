// The exchange simulator: the far end of the virtual cables.
import { z } from 'zod';
import { AlarmKind } from './hardware.js';
import {
  AnalogNumber,
  Cause,
  ClipName,
  DialDigits,
  DurationMs,
  PhoneNumber,
  SpanNumber,
  StationNumber,
  TimeMs,
  TimeslotNumber,
  Ulid,
} from './primitives.js';

export const ExchangeCallCreate = z
  .strictObject({
    calledNumber: PhoneNumber,
    callingNumber: PhoneNumber.optional().meta({ description: 'Left out: withheld' }),
    callingName: z.string().max(80).optional().meta({ description: 'Sent as it is, hostile text too' }),
    span: SpanNumber.optional().meta({ description: "The box's E1 to call in over; left out: the first" }),
    timeslot: TimeslotNumber.optional().meta({ description: 'Left out: any idle one' }),
    line: AnalogNumber.optional().meta({ description: 'A virtual analog line of the box, in place of an E1' }),
    digits: DialDigits.optional().meta({ description: 'Keys pressed after the answer' }),
    digitsAfterMs: DurationMs.max(60_000).optional().meta({ description: 'Counted from the answer; left out: 800' }),
    play: ClipName.optional().meta({
      description: 'What the caller says: to the agent when talkMs is given, else after the answer; left out: silence',
    }),
    talkMs: DurationMs.max(3_600_000)
      .optional()
      .meta({ description: 'Hangs up when the talk with an agent has lasted so long; left out: does not' }),
    hangUpAfterMs: DurationMs.optional().meta({ description: 'Counted from the answer; left out: never' }),
  })
  .meta({ id: 'ExchangeCallCreate' });
export type ExchangeCallCreate = z.infer<typeof ExchangeCallCreate>;

export const ExchangeCall = z
  .strictObject({
    id: Ulid,
    span: z.int().min(0).meta({ description: "The box's E1; 0: it is an analog line" }),
    timeslot: z.int().min(0).max(31),
    line: AnalogNumber.nullable().meta({ description: 'The analog line, when it is one' }),
    calledNumber: z.string(),
    callingNumber: z.string(),
    callingName: z.string(),
    state: z.enum(['calling', 'proceeding', 'alerting', 'answered', 'released']),
    placedAt: TimeMs,
    answeredAt: TimeMs.nullable(),
    releasedAt: TimeMs.nullable(),
    cause: Cause.nullable(),
    releasedBy: z.enum(['caller', 'box', 'fault']).nullable(),
  })
  .meta({ id: 'ExchangeCall' });
export type ExchangeCall = z.infer<typeof ExchangeCall>;

export const ExchangeDigits = z.strictObject({ digits: DialDigits }).meta({ id: 'ExchangeDigits' });
export type ExchangeDigits = z.infer<typeof ExchangeDigits>;

/** What a telephone does by itself. */
export const PhoneBehaviour = z
  .strictObject({
    answer: z.boolean().meta({ description: 'Lifts when it rings' }),
    answerAfterMs: DurationMs.max(300_000).default(1000),
    play: ClipName.nullable().default(null).meta({ description: 'What it says once lifted' }),
    hangUpAfterMs: DurationMs.nullable().default(null).meta({ description: 'Counted from lifting; null: never' }),
    hangUpOnTone: z.boolean().default(true).meta({ description: 'Hangs up when the call has ended' }),
  })
  .meta({ id: 'PhoneBehaviour' });
export type PhoneBehaviour = z.infer<typeof PhoneBehaviour>;

export const ExchangePhone = z
  .strictObject({
    station: StationNumber,
    name: z.string(),
    offHook: z.boolean(),
    ringing: z.boolean(),
    behaviour: PhoneBehaviour,
  })
  .meta({ id: 'ExchangePhone' });
export type ExchangePhone = z.infer<typeof ExchangePhone>;

export const PhonePlay = z.strictObject({ play: ClipName }).meta({ id: 'PhonePlay' });
export type PhonePlay = z.infer<typeof PhonePlay>;

export const SpanAlarmRequest = z
  .strictObject({ alarm: AlarmKind, active: z.boolean() })
  .meta({ id: 'SpanAlarmRequest' });
export type SpanAlarmRequest = z.infer<typeof SpanAlarmRequest>;

export const SpanDchannelRequest = z.strictObject({ cut: z.boolean() }).meta({ id: 'SpanDchannelRequest' });
export type SpanDchannelRequest = z.infer<typeof SpanDchannelRequest>;

export const SpanRestartRequest = z.strictObject({ timeslot: TimeslotNumber }).meta({ id: 'SpanRestartRequest' });
export type SpanRestartRequest = z.infer<typeof SpanRestartRequest>;
