// Asks for one key. A wrong key or none is asked again `retries` times; then the last of the two failures says which way the flow
// goes.
import { z } from 'zod';
import { go, nextKey, speak } from '../flow-context.js';
import { Digit, Ms, NodeName, Prompts, bargeIn, nodeKind, promptsAt, targets } from '../node-kind.js';

const schema = z.strictObject({
  type: z.literal('menu'),
  prompts: Prompts.min(1),
  choices: z.record(Digit, NodeName),
  timeoutMs: Ms(500, 60_000, 5000),
  retries: z.int().min(0).max(9).default(2),
  invalidPrompts: Prompts.optional(),
  ...bargeIn,
  timeout: NodeName,
  invalid: NodeName,
  error: NodeName.optional(),
});

export const menu = nodeKind<z.infer<typeof schema>>({
  type: 'menu',
  schema,
  waits: true,
  targets: ({ choices, timeout, invalid, error }) => [
    ...Object.entries(choices).map(([digit, target]) => ({ field: `choices.${digit}`, target })),
    ...targets({ timeout, invalid, error }),
  ],
  names: (node) => [...promptsAt('prompts', node.prompts), ...promptsAt('invalidPrompts', node.invalidPrompts)],
  check({ choices }, complain) {
    if (Object.keys(choices).length === 0) complain('choices', 'noChoices');
  },
  async run(node, context) {
    const { session } = context;
    const segment = session.segment('menu', { node: context.node });
    for (let attempt = 0; ; attempt += 1) {
      await speak(context, node.prompts, node);
      const digit = await nextKey(session, node.timeoutMs);
      const choice = digit !== undefined && Object.hasOwn(node.choices, digit) ? node.choices[digit] : undefined;
      if (digit !== undefined && choice !== undefined) {
        segment.end({ digit, attempts: attempt + 1, next: choice });
        return go(choice, 'key', digit);
      }
      if (digit !== undefined && node.invalidPrompts !== undefined) await speak(context, node.invalidPrompts, node);
      if (attempt < node.retries) continue;
      const failure = digit === undefined ? 'timeout' : 'invalid';
      const next = node[failure];
      segment.end({ attempts: attempt + 1, failure, next });
      return go(next, failure, digit);
    }
  },
});
