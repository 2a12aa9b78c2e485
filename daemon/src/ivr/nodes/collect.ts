import type { FlowNode } from '../../contract/index.js';
import { speak, type FlowContext, type NextNode } from '../flow-context.js';

type CollectNode = Extract<FlowNode, { type: 'collect' }>;

/**
 * Asks for a number. It ends with the terminator, with the last digit it may have, or with a pause; one that is too short
 * is asked for again `retries` times, then the flow goes on at `timeout`.
 */
export async function runCollect(node: CollectNode, context: FlowContext): Promise<NextNode> {
  const segment = context.session.segment('menu', { node: context.node, variable: node.variable });
  for (let attempt = 0; attempt <= node.retries; attempt += 1) {
    await speak(context, node.prompts);
    const digits = await readDigits(node, context);
    if (digits.length < node.minDigits) continue;
    context.variables.set(node.variable, digits);
    segment.end({ digits, attempts: attempt + 1, next: node.next });
    return node.next;
  }
  segment.end({ attempts: node.retries + 1, failure: 'timeout', next: node.timeout });
  return node.timeout;
}

async function readDigits(node: CollectNode, { session }: FlowContext): Promise<string> {
  let digits = '';
  while (digits.length < node.maxDigits) {
    const waitMs = digits === '' ? node.timeoutMs : node.interDigitMs;
    const digit = await session.digits.next(waitMs, session.signal);
    if (digit === undefined || digit === node.terminator) return digits;
    digits += digit;
  }
  return digits;
}
