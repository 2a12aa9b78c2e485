import { z } from 'zod';
import {
  AgentNumber,
  AnalogNumber,
  Slug,
  SpanNumber,
  StationNumber,
  TimeMs,
  TimeslotNumber,
  Ulid,
} from './primitives.js';

export const AlarmKind = z.enum(['los', 'red', 'yellow', 'ais']).meta({ id: 'AlarmKind' });
export type AlarmKind = z.infer<typeof AlarmKind>;

export const Timeslot = z
  .strictObject({
    timeslot: TimeslotNumber,
    busy: z.boolean(),
    callId: Ulid.nullable().meta({ description: 'The call on it, when call control knows one' }),
    blocked: z.enum(['no', 'here', 'there', 'both']).meta({
      description: 'Which ends refuse calls on it; by EuroISDN and QSIG the far end cannot say that it does',
    }),
  })
  .meta({ id: 'Timeslot' });
export type Timeslot = z.infer<typeof Timeslot>;

export const SpanPri = z
  .strictObject({
    protocol: z.enum(['euroisdn', 'qsig', 'national']),
    overlap: z.boolean().meta({ description: 'Digits of calls in may follow their SETUP' }),
    dchannelOf: z.int().meta({ description: 'E1 whose D-channel signals its calls (NFAS); 0: its own' }),
    dchannelHere: z.boolean().meta({ description: 'Its timeslot 16 is a D-channel: its own, or the back-up' }),
  })
  .meta({ id: 'SpanPri' });
export type SpanPri = z.infer<typeof SpanPri>;

/** Of No. 7; its state is that of level 2 (Q.703). */
export const SignallingLink = z
  .strictObject({
    linkSet: z.string(),
    span: SpanNumber.meta({ description: 'The E1 that carries it' }),
    timeslot: TimeslotNumber,
    code: z.int().min(0).max(15).meta({ description: 'Signalling link code' }),
    state: z.enum(['failed', 'outOfService', 'notAligned', 'aligned', 'proving', 'alignedReady', 'inService']),
  })
  .meta({ id: 'SignallingLink' });
export type SignallingLink = z.infer<typeof SignallingLink>;

export const Span = z
  .strictObject({
    span: SpanNumber,
    name: z.string(),
    side: z.enum(['user', 'network']),
    signalling: z.enum(['pri', 'r2', 'ss7']),
    alarms: z.array(AlarmKind),
    dchannelUp: z.boolean().meta({
      description:
        'Calls can be signalled; of R2: the far end does not block every timeslot; of ISUP: the other exchange can be reached',
    }),
    pri: SpanPri.nullable().meta({ description: 'Of one signalled by ISDN primary rate' }),
    timeslots: z.array(Timeslot),
    links: z.array(SignallingLink).optional().meta({ description: 'Of signalling ss7: those that its calls come by' }),
  })
  .meta({ id: 'Span' });
export type Span = z.infer<typeof Span>;

export const TimeslotBlock = z
  .strictObject({
    blocked: z
      .boolean()
      .meta({ description: 'true: it takes no new calls, of either side; a call that is on it goes on' }),
  })
  .meta({ id: 'TimeslotBlock' });
export type TimeslotBlock = z.infer<typeof TimeslotBlock>;

/** An exchange line on an FXO port. */
export const AnalogLine = z
  .strictObject({
    line: AnalogNumber,
    name: z.string(),
    trunk: Slug.nullable().meta({ description: 'The trunk that it is of; null: none' }),
    voltage: z
      .boolean()
      .meta({ description: 'The exchange feeds it; false: the cable is off, or the exchange is out of order' }),
    state: z.enum(['idle', 'in', 'out']).meta({ description: 'in: somebody calls or has called in over it' }),
    callId: Ulid.nullable().meta({ description: 'The call on it, when call control knows one' }),
    blocked: z.boolean().meta({ description: 'It takes no calls; one that is on it goes on' }),
    fault: z.enum(['noDialTone', 'congestion']).nullable().meta({
      description: 'Why the last call out over it did not get away; it is tried after the others for a minute',
    }),
    faultAt: TimeMs.nullable(),
    calls: z.int().meta({ description: 'That it has carried since the box began' }),
  })
  .meta({ id: 'AnalogLine' });
export type AnalogLine = z.infer<typeof AnalogLine>;

export const LineBlock = z
  .strictObject({
    blocked: z.boolean().meta({
      description:
        'true: nothing is called over it, and who calls in over it is not answered; a call that is on it goes on',
    }),
  })
  .meta({ id: 'LineBlock' });
export type LineBlock = z.infer<typeof LineBlock>;

export const CallMetered = z
  .strictObject({
    callId: Ulid,
    span: SpanNumber,
    timeslot: TimeslotNumber,
    units: z.int().meta({ description: 'Of charge; 0 where money is told, or where it is free' }),
    currency: z.string().meta({ description: 'As the exchange names it, untrusted text; empty: units' }),
    amount: z.number().meta({ description: 'Of the currency' }),
    total: z.boolean().meta({ description: 'Since the answer; false: since the last time, a metering pulse' }),
    final: z.boolean().meta({ description: 'What the whole call has cost' }),
  })
  .meta({ id: 'CallMetered', description: 'What a call over an E1 costs, as the exchange tells it' });
export type CallMetered = z.infer<typeof CallMetered>;

export const CallTariffs = z
  .strictObject({
    callId: Ulid,
    span: SpanNumber,
    timeslot: TimeslotNumber,
    tariffs: z.array(
      z.strictObject({
        item: z.enum(['talk', 'attempt', 'setUp', 'userInformation', 'service']),
        free: z.boolean(),
        currency: z.string().meta({ description: 'As the exchange names it, untrusted text' }),
        amount: z.number().meta({ description: 'Of the currency' }),
        perMs: z.int().meta({ description: 'For each so long; 0: once' }),
      }),
    ),
  })
  .meta({ id: 'CallTariffs', description: 'What a call over an E1 will cost, as the exchange tells it at the set-up' });
export type CallTariffs = z.infer<typeof CallTariffs>;

export const Station = z
  .strictObject({
    station: StationNumber,
    name: z.string(),
    reachable: z.boolean().meta({ description: 'false: it is not registered; an analog one always is' }),
    offHook: z.boolean().meta({ description: 'Of an analog one' }),
    ringing: z.boolean(),
    busy: z.boolean().meta({ description: 'A call is on it' }),
    agentId: AgentNumber.nullable().meta({ description: 'Who is signed in here' }),
    callId: Ulid.nullable(),
  })
  .meta({ id: 'Station' });
export type Station = z.infer<typeof Station>;
