// Says something. A key cuts it short and is kept for the next menu.
import { z } from 'zod';
import { go, speak } from '../flow-context.js';
import { NodeName, Prompts, bargeIn, nodeKind, promptsAt, targets } from '../node-kind.js';

const schema = z.strictObject({
  type: z.literal('play'),
  prompts: Prompts.min(1),
  ...bargeIn,
  next: NodeName,
  error: NodeName.optional(),
});

export const play = nodeKind<z.infer<typeof schema>>({
  type: 'play',
  schema,
  waits: false,
  targets: ({ next, error }) => targets({ next, error }),
  names: ({ prompts }) => promptsAt('prompts', prompts),
  async run(node, context) {
    await speak(context, node.prompts, node);
    return go(node.next);
  },
});
