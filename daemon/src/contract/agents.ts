import { z } from 'zod';
import { formats } from './formats.js';
import { AgentNumber, DisplayName, Language, Slug, StationNumber, TimeMs, Ulid } from './primitives.js';

export const AgentState = z
  .enum(['signedOut', 'ready', 'ringing', 'talking', 'wrapUp', 'notReady'])
  .meta({ id: 'AgentState' });
export type AgentState = z.infer<typeof AgentState>;

/** Why an agent is not ready; dialled as *14 code #, or set by the system (no_answer, station_lost, …). */
export const AgentReason = z
  .string()
  .regex(/^[a-z0-9_]{1,32}$/, formats.agentReason)
  .meta({ id: 'AgentReason', description: 'Why an agent is not ready: a code of digits, or no_answer and the like' });

const agentFields = {
  name: DisplayName,
  queues: z.array(Slug).max(100).meta({ description: 'Queues he serves' }),
  language: Language,
};

/** Paperwork after a call. */
export const WrapUp = z
  .strictObject({
    callId: z.string(),
    queueId: z.string(),
    mode: z.enum(['timed', 'manual', 'untilDisposition']),
    endsAt: TimeMs.nullable().meta({ description: 'null: when he says so, or what the call came to' }),
    limitAt: TimeMs.nullable().meta({ description: 'It cannot be made longer than this' }),
  })
  .meta({ id: 'WrapUp' });

const live = {
  forced: z.boolean().meta({ description: 'A supervisor has set the state' }),
  reasonOverdue: z.boolean().meta({ description: 'Not ready for longer than the reason allows' }),
  pending: z
    .strictObject({ state: z.enum(['ready', 'notReady', 'signedOut']), reason: AgentReason.nullable() })
    .nullable()
    .meta({ description: 'What he is to be when the call has ended' }),
  wrapUp: WrapUp.nullable(),
  pausedQueues: z.array(Slug).meta({ description: 'Queues of his from which he takes no calls now' }),
};

/** An agent with his state of now. */
export const Agent = z
  .strictObject({
    id: AgentNumber,
    ...agentFields,
    state: AgentState,
    reason: AgentReason.nullable(),
    station: StationNumber.nullable().meta({ description: 'Where he is signed in' }),
    since: TimeMs.meta({ description: 'When the state began' }),
    callId: Ulid.nullable().meta({ description: 'The call he is offered or in' }),
    ...live,
  })
  .meta({ id: 'Agent' });
export type Agent = z.infer<typeof Agent>;

export const AgentCreate = z
  .strictObject({
    id: AgentNumber,
    name: agentFields.name,
    queues: agentFields.queues.default([]),
    language: agentFields.language.optional(),
  })
  .meta({ id: 'AgentCreate' });
export type AgentCreate = z.infer<typeof AgentCreate>;

export const AgentPatch = z.strictObject(agentFields).partial().meta({ id: 'AgentPatch' });
export type AgentPatch = z.infer<typeof AgentPatch>;

export const AgentStateRequest = z
  .strictObject({ state: z.enum(['ready', 'notReady', 'signedOut']), reason: AgentReason.optional() })
  .meta({ id: 'AgentStateRequest' });
export type AgentStateRequest = z.infer<typeof AgentStateRequest>;
