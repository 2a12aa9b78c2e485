// Computes variables, one after the other.
import { z } from 'zod';
import { compute, go } from '../flow-context.js';
import { Expr, NodeName, VariableName, nodeKind, onError, targets } from '../node-kind.js';

const schema = z.strictObject({
  type: z.literal('set'),
  assign: z
    .array(z.strictObject({ variable: VariableName, value: Expr }))
    .min(1)
    .max(30),
  next: NodeName,
  ...onError,
});

export const set = nodeKind<z.infer<typeof schema>>({
  type: 'set',
  schema,
  waits: false,
  targets: ({ next, error }) => targets({ next, error }),
  expressions: ({ assign }) => assign.map(({ value }, i) => ({ field: `assign.${i}.value`, source: value })),
  assigns: ({ assign }) => assign.map(({ variable }, i) => ({ field: `assign.${i}.value`, variable })),
  run({ assign, next }, { variables }) {
    for (const { variable, value } of assign) variables.set(variable, compute(value, variables));
    return go(next);
  },
});
