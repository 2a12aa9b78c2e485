import type { FlowNode } from '../../contract/index.js';
import type { FlowContext, NextNode } from '../flow-context.js';

/** Ends the call. */
export function runHangup(node: Extract<FlowNode, { type: 'hangup' }>, context: FlowContext): NextNode {
  context.session.release(node.cause);
  return undefined;
}
