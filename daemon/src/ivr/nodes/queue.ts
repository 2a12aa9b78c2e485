// Puts the caller into a queue. Comes back only when he has waited too long; without `overflow` the call ends then.
import { z } from 'zod';
import type { QueueLeft } from '../../calls/flow-session.js';
import { Slug, type JsonObject, type QueueEntry } from '../../contract/index.js';
import { convert, type Value } from '../expressions/index.js';
import { NodeFailure, compute, filled, go, type FlowContext } from '../flow-context.js';
import type { ServiceOutcome } from '../flow-ports.js';
import { Expr, NodeName, Template, nodeKind, targets } from '../node-kind.js';

/** Q.850: normal clearing */
const CAUSE_NORMAL = 16;
const PREFERRED_WAIT_MS = 30_000;

const schema = z.strictObject({
  type: z.literal('queue'),
  queue: Slug,
  priority: Expr.optional().meta({ description: "0 (lowest) to 9; left out: the queue's" }),
  vip: Expr.optional(),
  skills: z
    .array(z.strictObject({ skill: Slug, minLevel: z.int().min(1).max(10).default(1) }))
    .max(10)
    .optional(),
  preferredAgent: Template.optional().meta({ description: "A number; 'last': who had this caller last" }),
  preferredWaitMs: z.int().min(0).max(600_000).optional(),
  region: Template.optional(),
  level: Template.optional(),
  overflow: NodeName.optional(),
  error: NodeName.optional(),
});
type QueueNode = z.infer<typeof schema>;

export const queue = nodeKind<QueueNode>({
  type: 'queue',
  schema,
  waits: true,
  asks: true,
  targets: ({ overflow, error }) => targets({ overflow, error }),
  names: (node) => [{ field: 'queue', kind: 'queue', name: node.queue }],
  expressions: ({ priority, vip }) => [
    ...(priority === undefined ? [] : [{ field: 'priority', source: priority, wanted: 'number' as const }]),
    ...(vip === undefined ? [] : [{ field: 'vip', source: vip, wanted: 'boolean' as const }]),
  ],
  templates: (node) =>
    (['preferredAgent', 'region', 'level'] as const).flatMap((field) =>
      node[field] === undefined ? [] : [{ field, source: node[field] }],
    ),
  async run(node, context) {
    const entry = entryOf(node, context);
    const left = await context.session.queue(node.queue, entry);
    const { why, target } = left;
    if (target.to === 'flow' && target.node !== null) return go(target.node, why);
    const served = await serve(left, node.queue, entry, context);
    if (served === 'done') {
      context.session.release(CAUSE_NORMAL);
      return { end: 'released', why: target.to };
    }
    if (node.overflow !== undefined) return go(node.overflow, served === undefined ? why : target.to, served);
    if (served !== undefined) throw new NodeFailure(`${target.to}: ${served}`);
    context.session.release(CAUSE_NORMAL);
    return { end: 'released', why };
  },
});

/** The queue sends him to a service in place of an agent: what came of it; undefined: it does not, or there is no such service here. */
async function serve(
  { why, target, key, queueId }: QueueLeft,
  entered: string,
  entry: QueueEntry,
  { ports, session, warn }: FlowContext,
): Promise<ServiceOutcome | undefined> {
  if (target.to !== 'voicemail' && target.to !== 'callback') return undefined;
  const service = ports[target.to];
  if (service === undefined) {
    warn(`there is no ${target.to}`);
    return undefined;
  }
  const left = queueId ?? entered;
  const [id, options] = target.to === 'voicemail' ? [target.box, {}] : [left, { why, key, entry: { ...entry } }];
  return (await service.run(session, id, options as JsonObject)).outcome;
}

function entryOf(node: QueueNode, { variables }: FlowContext): QueueEntry {
  const text = (source: string | undefined): string | null =>
    (source === undefined ? undefined : filled(source, variables, 40)) || null;
  const agentId = text(node.preferredAgent);
  return {
    priority: node.priority === undefined ? null : priorityOf(compute(node.priority, variables)),
    vip: node.vip === undefined ? false : convert(compute(node.vip, variables), 'boolean').value === true,
    skills: node.skills ?? [],
    preferredAgent: agentId === null ? null : { agentId, waitMs: node.preferredWaitMs ?? PREFERRED_WAIT_MS },
    region: text(node.region),
    customerLevel: text(node.level),
  };
}

function priorityOf(value: Value): number {
  return Math.min(9, Math.max(0, Math.round(Number(convert(value, 'number').value))));
}
