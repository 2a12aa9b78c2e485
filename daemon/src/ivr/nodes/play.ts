import type { FlowNode } from '../../contract/index.js';
import { speak, type FlowContext, type NextNode } from '../flow-context.js';

/** Says something. A key cuts it short and is kept for the next menu. */
export async function runPlay(node: Extract<FlowNode, { type: 'play' }>, context: FlowContext): Promise<NextNode> {
  await speak(context, node.prompts);
  return node.next;
}
