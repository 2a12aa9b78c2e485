// Callers on their way through flows, now.
import { z } from 'zod';
import { CallPhase } from './calls.js';
import { Slug, TimeMs, Ulid } from './primitives.js';

/** The latest of a caller in a flow; steps that follow one another at once may be left out. */
export const FlowStep = z
  .strictObject({
    callId: Ulid,
    flowId: Slug,
    version: z.int().min(0).meta({ description: '0: a draft' }),
    node: z.string().nullable().meta({ description: 'Where he is now; null: he has left the flow' }),
    type: z.string().nullable(),
    from: z.string().nullable().meta({ description: 'The node before; null: he has just come' }),
    why: z
      .string()
      .meta({ description: 'What made him leave that one: key, timeout, error, …; empty: he has just come' }),
    at: TimeMs,
  })
  .meta({ id: 'FlowStep' });
export type FlowStep = z.infer<typeof FlowStep>;

export const FlowCaller = z
  .strictObject({
    callId: Ulid,
    version: z.int().min(0).meta({ description: '0: a draft' }),
    node: z.string(),
    type: z.string(),
    since: TimeMs.meta({ description: 'At this node' }),
    enteredAt: TimeMs.meta({ description: 'In this flow' }),
    phase: CallPhase.nullable().meta({
      description: 'Of his call: at the node of a queue or a transfer he may be talking',
    }),
  })
  .meta({ id: 'FlowCaller' });
export type FlowCaller = z.infer<typeof FlowCaller>;

export const FlowWaysQuery = z.strictObject({
  calls: z.coerce.number().int().min(1).max(500).default(100).meta({ description: 'The newest so many' }),
});

/** How often callers went from one node to another. */
export const FlowWays = z
  .strictObject({
    calls: z.int().min(0).meta({ description: 'Callers that were counted, of the last seven days' }),
    ways: z.array(
      z.strictObject({
        node: z.string(),
        next: z.string().nullable().meta({ description: 'null: it ended there' }),
        why: z.string(),
        count: z.int().min(1),
      }),
    ),
  })
  .meta({ id: 'FlowWays' });
export type FlowWays = z.infer<typeof FlowWays>;

export const FlowCallers = z
  .strictObject({
    nodes: z.record(z.string(), z.int().min(1)).meta({ description: 'How many are at each node' }),
    callers: z.array(FlowCaller).meta({ description: 'Who has been there longest first; 1,000 at most' }),
  })
  .meta({ id: 'FlowCallers' });
export type FlowCallers = z.infer<typeof FlowCallers>;
