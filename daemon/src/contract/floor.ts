// The supervisor's floor: when a queue's figures turn amber and red, and how the floor was at an earlier time.
import { z } from 'zod';
import { AgentReason, AgentState } from './agents.js';
import { AgentNumber, DisplayName, DurationMs, Slug, StationNumber, TimeMs, Ulid } from './primitives.js';

const callers = z.int().min(1).max(10_000).nullable();
const wait = DurationMs.min(1000).max(14_400_000).nullable();
const share = z.number().min(0).max(1).nullable();

const limits = {
  waitingAmber: callers.meta({ description: 'Callers waiting, from which on it is amber; null: never' }),
  waitingRed: callers,
  longestAmberMs: wait.meta({ description: 'Longest wait, from which on it is amber; null: never' }),
  longestRedMs: wait,
  serviceLevelAmber: share.meta({ description: "The day's service level, below which it is amber; null: never" }),
  serviceLevelRed: share,
};

/** When the figures of a queue ask for attention. */
export const QueueThresholds = z
  .strictObject({
    queueId: Slug,
    ...limits,
    own: z.boolean().meta({ description: 'false: nobody has set any; they follow from the settings of the queue' }),
  })
  .meta({ id: 'QueueThresholds' });
export type QueueThresholds = z.infer<typeof QueueThresholds>;

export const QueueThresholdsPut = z.strictObject(limits).meta({ id: 'QueueThresholdsPut' });
export type QueueThresholdsPut = z.infer<typeof QueueThresholdsPut>;

export const FloorHistoryQuery = z.strictObject({
  from: z.coerce.number().int().min(0).optional().meta({ description: 'Default an hour before `to`; four at most' }),
  to: z.coerce.number().int().min(0).optional().meta({ description: 'Default now' }),
});

/** One figure a minute, from stored segments. */
export const FloorHistory = z
  .strictObject({
    from: TimeMs.meta({ description: 'A full minute' }),
    to: TimeMs,
    minutes: z.array(
      z.strictObject({
        at: TimeMs.meta({ description: 'When the minute began' }),
        waiting: z.int().min(0).meta({ description: 'The most callers who waited at once' }),
        ready: z.int().min(0).meta({ description: 'The fewest agents who were ready' }),
      }),
    ),
  })
  .meta({ id: 'FloorHistory' });
export type FloorHistory = z.infer<typeof FloorHistory>;

export const FloorMomentQuery = z.strictObject({ at: z.coerce.number().int().min(0) });

/** How the floor was at a moment of the last day. */
export const FloorMoment = z
  .strictObject({
    at: TimeMs,
    agents: z.array(
      z.strictObject({
        id: AgentNumber,
        name: DisplayName,
        queues: z.array(Slug).meta({ description: 'Those that he serves today' }),
        state: AgentState,
        reason: AgentReason.nullable(),
        station: StationNumber.nullable(),
        since: TimeMs,
        forced: z.boolean(),
        call: z
          .strictObject({ id: Ulid, callingNumber: z.string(), queueId: Slug.nullable() })
          .nullable()
          .meta({ description: 'That he was offered or in' }),
      }),
    ),
    queues: z.array(
      z.strictObject({
        id: Slug,
        name: DisplayName,
        waiting: z.int().min(0),
        longestWaitSince: TimeMs.nullable(),
        agentsSignedIn: z.int().min(0),
        agentsReady: z.int().min(0),
        talking: z.int().min(0),
      }),
    ),
  })
  .meta({ id: 'FloorMoment' });
export type FloorMoment = z.infer<typeof FloorMoment>;
