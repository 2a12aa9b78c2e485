import type { FlowNode } from '../../contract/index.js';
import { speak, type FlowContext, type NextNode } from '../flow-context.js';

/**
 * Asks for one key. A wrong key or none is asked again `retries` times; then the last of the two failures says which way
 * the flow goes.
 */
export async function runMenu(node: Extract<FlowNode, { type: 'menu' }>, context: FlowContext): Promise<NextNode> {
  const { session } = context;
  const segment = session.segment('menu', { node: context.node });
  for (let attempt = 0; ; attempt += 1) {
    await speak(context, node.prompts);
    const digit = await session.digits.next(node.timeoutMs, session.signal);
    const choice = digit === undefined ? undefined : node.choices[digit];
    if (digit !== undefined && choice !== undefined) {
      segment.end({ digit, attempts: attempt + 1, next: choice });
      return choice;
    }
    if (digit !== undefined && node.invalidPrompts !== undefined) await speak(context, node.invalidPrompts);
    if (attempt < node.retries) continue;
    const next = digit === undefined ? node.timeout : node.invalid;
    segment.end({ attempts: attempt + 1, failure: digit === undefined ? 'timeout' : 'invalid', next });
    return next;
  }
}
