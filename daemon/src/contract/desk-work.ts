// What waits on an agent's desk and is kept by the box: messages of supervisors, and calls that he missed and has dealt with.
import { z } from 'zod';
import { DeskText } from './desk.js';
import { AgentNumber, TimeMs, Ulid } from './primitives.js';

export const AgentMessageCreate = z.strictObject({ text: DeskText.min(1).max(500) }).meta({ id: 'AgentMessageCreate' });

/** From a supervisor to an agent. It is kept until it is read, and for a week. */
export const AgentMessage = z
  .strictObject({
    id: Ulid,
    agentId: AgentNumber,
    fromUserId: z.string(),
    from: z.string().meta({ description: 'Name of the user who wrote it' }),
    text: z.string(),
    at: TimeMs,
    readAt: TimeMs.nullable().meta({ description: 'When the agent said that he has read it; null: not yet' }),
  })
  .meta({ id: 'AgentMessage' });
export type AgentMessage = z.infer<typeof AgentMessage>;

export const AgentMessageQuery = z.strictObject({
  unread: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .meta({ description: 'true: those alone that were not read' }),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
export const AgentMessagePatch = z.strictObject({ read: z.boolean() }).meta({ id: 'AgentMessagePatch' });

export const MissedCallPatch = z.strictObject({ done: z.boolean() }).meta({ id: 'MissedCallPatch' });
/** He has dealt with a call that he missed, or has not after all. */
export const MissedCallDone = z
  .strictObject({ agentId: AgentNumber, callId: Ulid, done: z.boolean() })
  .meta({ id: 'MissedCallDone' });
export type MissedCallDone = z.infer<typeof MissedCallDone>;
