import { z } from 'zod';
import { formats } from './formats.js';
import { CallNote } from './desk.js';
import { CallerTreatment } from './lists.js';
import { NumberOrigin } from './numbers.js';
import { AgentNumber, Cause, DialDigits, DurationMs, Slug, TimeMs, Ulid } from './primitives.js';

/** As stored. broken: the daemon ended while the call lived. */
export const CallState = z.enum(['live', 'ended', 'broken']).meta({ id: 'CallState' });
export type CallState = z.infer<typeof CallState>;

/** Where a live call is. */
export const CallPhase = z
  .enum(['arriving', 'inFlow', 'queued', 'offering', 'dialling', 'talking', 'parked', 'released'])
  .meta({ id: 'CallPhase' });
export type CallPhase = z.infer<typeof CallPhase>;

/** in: from a trunk; out: from a telephone to a trunk; internal: between telephones. */
export const CallDirection = z.enum(['in', 'out', 'internal']).meta({ id: 'CallDirection' });
export type CallDirection = z.infer<typeof CallDirection>;

/** agent: of a queue; callee: whoever was dialled */
export const ReleasedBy = z.enum(['caller', 'agent', 'callee', 'system', 'fault']).meta({ id: 'ReleasedBy' });
export type ReleasedBy = z.infer<typeof ReleasedBy>;

/** One leg of a live call. waiting: he hears music; listen, whisper, barge: a supervisor. */
export const CallParty = z
  .strictObject({
    role: ReleasedBy.exclude(['system', 'fault']),
    station: z.int().nullable().meta({ description: 'His telephone, if he is at one of the box' }),
    place: z.string().meta({ description: 'Where he is, such as station 1001 or E1 1/7' }),
    agentId: AgentNumber.nullable(),
    state: z.enum(['alone', 'talking', 'waiting', 'ringing', 'listen', 'whisper', 'barge']),
    holds: z.boolean().meta({ description: 'He has put the others on hold' }),
    muted: z.boolean().meta({ description: 'He is not heard' }),
    number: z.string().meta({
      description:
        'Who is there, as his exchange has told since the call was made: untrusted text; empty: it has told nothing',
    }),
    name: z.string().meta({ description: 'Likewise' }),
  })
  .meta({ id: 'CallParty' });
export type CallParty = z.infer<typeof CallParty>;

export const Call = z
  .strictObject({
    id: Ulid,
    direction: CallDirection,
    state: CallState,
    phase: CallPhase.nullable().meta({ description: 'Of a live call; null once it has ended' }),
    phaseSince: TimeMs.nullable().meta({ description: 'When the phase began' }),
    parkingSlot: z.int().min(1).nullable().meta({ description: 'Where it is parked; null: it is not' }),
    parties: z.array(CallParty).meta({ description: 'Of a live call; empty once it has ended' }),
    startedAt: TimeMs,
    answeredAt: TimeMs.nullable(),
    endedAt: TimeMs.nullable(),
    callingNumber: z.string().meta({ description: 'Digits; empty when withheld' }),
    callingName: z.string().meta({ description: 'As the peer sent it: untrusted text' }),
    calledNumber: z.string(),
    origin: NumberOrigin.nullable().meta({
      description: 'Region and carrier of the one who is outside; null: not known',
    }),
    treatment: CallerTreatment.nullable().meta({ description: 'What the lists say of the caller; null: nothing' }),
    span: z.int().min(0).max(999).meta({ description: "Number of the E1 of the caller's leg; 0: it is on none" }),
    timeslot: z.int().min(0).max(31),
    flowId: Slug.nullable(),
    queueId: Slug.nullable(),
    agentId: AgentNumber.nullable(),
    digits: z.string().meta({ description: 'Digits pressed so far' }),
    cause: Cause.nullable(),
    releasedBy: ReleasedBy.nullable(),
  })
  .meta({ id: 'Call' });
export type Call = z.infer<typeof Call>;

export const SegmentKind = z
  .enum([
    'seized',
    'flow',
    'prompt',
    'menu',
    'digit',
    'queued',
    'callback',
    'offer',
    'dial',
    'talk',
    'held',
    'consult',
    'conference',
    'monitor',
    'parked',
    'lent',
    'left',
    'survey',
    'transferred',
    'recording',
    'released',
  ])
  .meta({ id: 'SegmentKind' });
export type SegmentKind = z.infer<typeof SegmentKind>;

export const Segment = z
  .strictObject({
    id: Ulid,
    callId: Ulid,
    kind: SegmentKind,
    startedAt: TimeMs,
    endedAt: TimeMs.nullable().meta({ description: 'null while it lasts; a moment ends when it starts' }),
    data: z.record(z.string(), z.json()).meta({ description: 'What belongs to the kind, such as queueId or digit' }),
  })
  .meta({ id: 'Segment' });
export type Segment = z.infer<typeof Segment>;

export const RecordingState = z.enum(['recording', 'complete', 'broken', 'failed']).meta({ id: 'RecordingState' });
export type RecordingState = z.infer<typeof RecordingState>;

export const Recording = z
  .strictObject({
    id: Ulid,
    callId: Ulid,
    startedAt: TimeMs,
    endedAt: TimeMs.nullable(),
    durationMs: DurationMs,
    bytes: z.int().min(0),
    lostMs: DurationMs.meta({ description: 'Silence put in where the disk was too slow' }),
    state: RecordingState,
  })
  .meta({ id: 'Recording' });
export type Recording = z.infer<typeof Recording>;

export const CallStream = z
  .strictObject({
    id: Ulid,
    callId: Ulid,
    role: ReleasedBy.exclude(['system', 'fault']).meta({ description: 'Whose leg it was' }),
    station: z.int().nullable(),
    trunk: z.string().nullable(),
    codec: z.string().meta({ description: 'What was sent, such as PCMA' }),
    encrypted: z.boolean().meta({ description: 'SRTP' }),
    startedAt: TimeMs,
    endedAt: TimeMs,
    packetsSent: z.int().min(0),
    packetsReceived: z.int().min(0),
    lost: z.int().min(0).meta({ description: 'Packets that never came' }),
    late: z.int().min(0).meta({ description: 'Packets that came too late to be played' }),
    jitterMs: DurationMs.meta({ description: 'RFC 3550 A.8' }),
    bufferMs: DurationMs.meta({ description: 'Delay of the jitter buffer at the end' }),
    concealedMs: DurationMs.meta({ description: 'Spoken in place of what was lost or late' }),
    roundTripMs: DurationMs.nullable().meta({ description: 'By RTCP; null: not known' }),
    remoteLost: z.int().min(0).nullable().meta({ description: 'Of our packets, as the other side says' }),
    remoteJitterMs: DurationMs.nullable(),
    mosReceived: z.number().min(1).max(5).nullable().meta({
      description: 'Estimate by the E-model (G.107) of what came: 1 to 4.5; null: nothing was heard',
    }),
    mosSent: z.number().min(1).max(5).nullable().meta({ description: 'The same of what the other side hears' }),
  })
  .meta({ id: 'CallStream', description: 'How well one leg of a call over IP was heard' });
export type CallStream = z.infer<typeof CallStream>;

export const CallDetail = Call.extend({
  segments: z.array(Segment),
  streams: z.array(CallStream).meta({ description: 'One for each leg over IP, once it has ended' }),
  recording: Recording.nullable(),
  furtherRecordings: z
    .array(Recording)
    .meta({ description: 'Of those who stayed in the call when the party that was recorded had put them through' }),
  notes: z.array(CallNote).meta({ description: 'What its agents wrote of it' }),
}).meta({ id: 'CallDetail' });
export type CallDetail = z.infer<typeof CallDetail>;

/** A call as lists have it. */
export const CallListed = Call.extend({
  waitMs: DurationMs.nullable().meta({ description: 'In queues, all in all; null: in none' }),
  talkMs: DurationMs.nullable().meta({ description: 'Talks, all in all, hold included; null: none' }),
  recorded: z.boolean(),
  trunk: z.string().nullable().meta({ description: 'Over which it came or went; null: none, or not known yet' }),
}).meta({ id: 'CallListed' });
export type CallListed = z.infer<typeof CallListed>;

export const CallList = z
  .strictObject({
    calls: z.array(CallListed),
    before: Ulid.nullable().meta({ description: 'Pass as before to get the next page; null: no more' }),
    searchedTo: TimeMs.nullable().meta({
      description:
        'Older calls were not looked at, as it would have taken too long: pass before to look on; null: the page is full, or there are no more',
    }),
  })
  .meta({ id: 'CallList' });
export type CallList = z.infer<typeof CallList>;

/** What became of a call. served: a flow has done what there was to do. */
export const CallResult = z
  .enum(['answered', 'abandonedQueue', 'abandonedFlow', 'refused', 'notAnswered', 'served', 'broken', 'fault'])
  .meta({ id: 'CallResult' });
export type CallResult = z.infer<typeof CallResult>;

/** Figures of reports whose calls can be listed. */
export const CallFigure = z
  .enum([
    ...(['offered', 'answered', 'answeredInTime', 'abandoned', 'shortAbandoned', 'left', 'handled'] as const),
    ...([
      'agentOffered',
      'agentAnswered',
      'missed',
      'agentHandled',
      'seized',
      'seizedIn',
      'seizedOut',
      'lost',
    ] as const),
  ])
  .meta({ id: 'CallFigure' });
export type CallFigure = z.infer<typeof CallFigure>;

const time = z.coerce.number().int().min(0).optional();
export const CallFilter = z.strictObject({
  state: CallState.optional(),
  from: time.meta({
    description: 'Calls that began at this time or later; with behind: what is counted happened then',
  }),
  to: time.meta({ description: 'Before this time' }),
  number: z
    .string()
    .regex(/^\+?[0-9*#]{1,24}$/, formats.outsideNumber)
    .optional()
    .meta({ description: 'Of the caller or the one called' }),
  match: z.enum(['is', 'begins', 'contains']).default('is'),
  queueId: Slug.optional(),
  agentId: AgentNumber.optional(),
  trunk: z.string().min(1).max(64).optional(),
  direction: CallDirection.optional(),
  result: CallResult.optional(),
  minMs: time.meta({ description: 'Lasted so long at least' }),
  maxMs: time,
  recorded: z.enum(['yes', 'no']).optional(),
  disposition: Slug.optional(),
  behind: CallFigure.optional().meta({ description: 'The calls behind this figure of a report; wants from and to' }),
  of: z
    .string()
    .max(2000)
    .optional()
    .meta({ description: 'With behind: of these queues, agents or trunks, commas between them' }),
});
export type CallFilter = z.infer<typeof CallFilter>;

/** Page of calls, newest first. */
export const CallQuery = CallFilter.extend({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  before: Ulid.optional(),
});
export type CallQuery = z.infer<typeof CallQuery>;

/** What calls can be looked for by, beside what everybody knows of: those that calls have, also when they are no more. */
export const CallFilterChoices = z
  .strictObject({
    trunks: z
      .array(z.strictObject({ id: z.string(), name: z.string() }))
      .meta({ description: 'Empty for who sees his own calls alone' }),
    dispositions: z.array(z.strictObject({ id: Slug, nameZh: z.string(), nameEn: z.string() })),
  })
  .meta({ id: 'CallFilterChoices' });
export type CallFilterChoices = z.infer<typeof CallFilterChoices>;

export const CallCount = z
  .strictObject({
    count: z.int().min(0),
    more: z.boolean().meta({ description: 'There are more than were counted' }),
  })
  .meta({ id: 'CallCount' });
export type CallCount = z.infer<typeof CallCount>;

export const CallFileQuery = CallFilter.extend({ format: z.enum(['xlsx', 'csv']) });
export type CallFileQuery = z.infer<typeof CallFileQuery>;

const ToNumber = z.string().min(1).max(40).meta({ description: 'As it is dialled at a telephone of the box' });
const OfStation = {
  station: z.int().min(1).optional().meta({ description: "Whose part in the call; left out: one's own" }),
};
const simple = <A extends string>(action: A) => z.strictObject({ action: z.literal(action), ...OfStation });

export const CallCreate = z
  .strictObject({
    to: ToNumber,
    station: z.int().min(1).optional().meta({ description: "Which telephone rings first; left out: one's own" }),
    callingNumber: z
      .string()
      .regex(/^\+?[0-9]{1,24}$/, formats.outsideNumber)
      .optional()
      .meta({ description: 'Shown to those outside; one that the telephone or its agent may choose' }),
  })
  .meta({ id: 'CallCreate' });
export type CallCreate = z.infer<typeof CallCreate>;

/** What one of those in talk does, or staff in his name. */
export const CallAction = z
  .discriminatedUnion('action', [
    simple('hold'),
    simple('retrieve'),
    simple('mute'),
    simple('unmute'),
    simple('hangUp'),
    z.strictObject({ action: z.literal('transfer'), to: ToNumber, ...OfStation }),
    z.strictObject({ action: z.literal('transferToQueue'), queueId: Slug, ...OfStation }),
    z.strictObject({
      action: z.literal('transferToFlow'),
      flowId: Slug,
      back: z.boolean().default(false).meta({ description: 'He comes back when the flow is through' }),
      ...OfStation,
    }),
    z.strictObject({ action: z.literal('consult'), to: ToNumber, ...OfStation }),
    simple('swap'),
    simple('completeConsult'),
    simple('cancelConsult'),
    simple('merge'),
    simple('park'),
    z.strictObject({
      action: z.literal('sendDigits'),
      digits: DialDigits,
      ...OfStation,
    }),
  ])
  .meta({ id: 'CallAction' });
export type CallAction = z.infer<typeof CallAction>;

export const CallTake = z
  .strictObject({ station: z.int().min(1).optional().meta({ description: "Which telephone; left out: one's own" }) })
  .meta({ id: 'CallTake' });

export const CallPickUp = z
  .strictObject({
    from: z.int().min(1).meta({ description: 'The telephone that rings' }),
    station: z.int().min(1).optional().meta({ description: "Which telephone has it; left out: one's own" }),
  })
  .meta({ id: 'CallPickUp' });

export const MonitorMode = z.enum(['listen', 'whisper', 'barge']).meta({ id: 'MonitorMode' });
export type MonitorMode = z.infer<typeof MonitorMode>;

/** What a supervisor does in somebody else's call. `station`: his own telephone. */
export const SuperviseAction = z
  .discriminatedUnion('action', [
    z.strictObject({
      action: z.literal('monitor'),
      station: z.int().min(1),
      mode: MonitorMode,
      of: z
        .int()
        .min(1)
        .optional()
        .meta({ description: 'Telephone of the one who is whispered to; left out: the agent' }),
    }),
    z.strictObject({ action: z.literal('changeMode'), station: z.int().min(1), mode: MonitorMode }),
    z.strictObject({ action: z.literal('stop'), station: z.int().min(1) }),
    z.strictObject({ action: z.literal('takeOver'), station: z.int().min(1) }),
    z.strictObject({ action: z.literal('release') }),
  ])
  .meta({ id: 'SuperviseAction' });
export type SuperviseAction = z.infer<typeof SuperviseAction>;
