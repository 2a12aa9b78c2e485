// Asks for a number. It ends with the terminator, with the last digit it may have, or with a pause; one that is too short is asked for
// again `retries` times, then the flow goes on at `timeout`.
import { z } from 'zod';
import { text } from '../expressions/index.js';
import { go, readDigits, speak } from '../flow-context.js';
import { Digit, Ms, NodeName, Prompts, VariableName, bargeIn, nodeKind, promptsAt, targets } from '../node-kind.js';

const schema = z.strictObject({
  type: z.literal('collect'),
  prompts: Prompts.min(1),
  variable: VariableName,
  minDigits: z.int().min(1).max(32),
  maxDigits: z.int().min(1).max(32),
  terminator: Digit.default('#'),
  timeoutMs: Ms(500, 60_000, 5000),
  interDigitMs: Ms(500, 60_000, 3000),
  retries: z.int().min(0).max(9).default(1),
  invalidPrompts: Prompts.optional(),
  ...bargeIn,
  next: NodeName,
  timeout: NodeName,
  error: NodeName.optional(),
});

export const collect = nodeKind<z.infer<typeof schema>>({
  type: 'collect',
  schema,
  waits: true,
  targets: ({ next, timeout, error }) => targets({ next, timeout, error }),
  names: (node) => [...promptsAt('prompts', node.prompts), ...promptsAt('invalidPrompts', node.invalidPrompts)],
  assigns: ({ variable }) => [{ field: 'variable', variable, type: 'string' }],
  check({ minDigits, maxDigits }, complain) {
    if (minDigits > maxDigits) complain('minDigits', 'minAboveMax');
  },
  async run(node, context) {
    const { session, variables } = context;
    const segment = session.segment('menu', { node: context.node, variable: node.variable });
    const secret = variables.secret(node.variable);
    session.hideKeys?.(secret);
    try {
      for (let attempt = 0; attempt <= node.retries; attempt += 1) {
        await speak(context, node.prompts, node);
        const digits = await readDigits(context, node);
        if (digits.length < node.minDigits) {
          if (digits !== '' && node.invalidPrompts !== undefined) await speak(context, node.invalidPrompts, node);
          continue;
        }
        variables.set(node.variable, text(digits));
        segment.end({ digits: secret ? '' : digits, attempts: attempt + 1, next: node.next });
        return go(node.next, 'collected');
      }
    } finally {
      session.hideKeys?.(false);
    }
    segment.end({ attempts: node.retries + 1, failure: 'timeout', next: node.timeout });
    return go(node.timeout, 'timeout');
  },
});
