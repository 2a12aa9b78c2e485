// What everybody at a desk may know of the others: who is there and in what state, and where a caller can be sent.
import { z } from 'zod';
import { AgentState } from './agents.js';
import { AgentNumber, Slug, StationNumber, TimeMs } from './primitives.js';

/** A colleague; who talks with whom is not told. */
export const Colleague = z
  .strictObject({
    id: AgentNumber,
    name: z.string(),
    queues: z.array(Slug),
    state: AgentState,
    since: TimeMs,
    station: StationNumber.nullable(),
  })
  .meta({ id: 'Colleague' });
export type Colleague = z.infer<typeof Colleague>;

/** Several at a time, at most once a second. */
export interface ColleaguesChanged {
  colleagues: Colleague[];
}

const named = z.strictObject({ id: Slug, name: z.string() });
export const DeskTargets = z
  .strictObject({
    queues: z.array(named),
    flows: z.array(named),
    stations: z.array(
      z.strictObject({
        station: StationNumber,
        name: z.string(),
        reachable: z.boolean(),
        agentId: AgentNumber.nullable().meta({ description: 'Who is signed in there' }),
        browser: z.boolean().meta({ description: 'Whether a page can be this telephone' }),
      }),
    ),
  })
  .meta({ id: 'DeskTargets' });
export type DeskTargets = z.infer<typeof DeskTargets>;

/** What a page can do with a telephone. */
export const DeskPhone = z
  .strictObject({
    station: StationNumber.nullable(),
    liftable: z.boolean().meta({ description: 'It can be lifted and put down from a page: a simulated one' }),
    offHook: z.boolean(),
    ringing: z.boolean(),
  })
  .meta({ id: 'DeskPhone' });
export type DeskPhone = z.infer<typeof DeskPhone>;
export const DeskPhoneAction = z.strictObject({ action: z.enum(['lift', 'hangUp']) }).meta({ id: 'DeskPhoneAction' });
