// Ends the call.
import { z } from 'zod';
import { Cause } from '../../contract/index.js';
import { nodeKind } from '../node-kind.js';

const schema = z.strictObject({ type: z.literal('hangup'), cause: Cause.default(16) });

export const hangup = nodeKind<z.infer<typeof schema>>({
  type: 'hangup',
  schema,
  waits: true,
  targets: () => [],
  run(node, { session }) {
    session.release(node.cause);
    return { end: 'released', why: 'hangup' };
  },
});
