import type { FlowNode } from '../../contract/index.js';
import type { FlowContext, NextNode } from '../flow-context.js';

/** Q.850: normal clearing */
const CAUSE_NORMAL = 16;

/** Puts the caller into a queue. Comes back only when he has waited too long. */
export async function runQueue(node: Extract<FlowNode, { type: 'queue' }>, context: FlowContext): Promise<NextNode> {
  const { target } = await context.session.queue(node.queue);
  if (target.to === 'flow' && target.node !== null) return target.node;
  if (node.overflow !== undefined) return node.overflow;
  context.session.release(CAUSE_NORMAL);
  return undefined;
}
