// Goes back to the flow that has called this one; a flow that nobody has called ends, and with it the call.
import { z } from 'zod';
import { nodeKind } from '../node-kind.js';

const schema = z.strictObject({ type: z.literal('return') });

export const returnNode = nodeKind<z.infer<typeof schema>>({
  type: 'return',
  schema,
  waits: true,
  targets: () => [],
  run: () => ({ end: 'finished', why: 'returned' }),
});
