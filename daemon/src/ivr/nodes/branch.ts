// Goes the way of the first case whose condition holds.
import { z } from 'zod';
import { truth } from '../expressions/index.js';
import { compute, go } from '../flow-context.js';
import { Expr, NodeName, nodeKind, onError, targets } from '../node-kind.js';

const schema = z.strictObject({
  type: z.literal('branch'),
  cases: z
    .array(z.strictObject({ when: Expr, next: NodeName }))
    .min(1)
    .max(30),
  otherwise: NodeName,
  ...onError,
});

export const branch = nodeKind<z.infer<typeof schema>>({
  type: 'branch',
  schema,
  waits: false,
  targets: ({ cases, otherwise, error }) => [
    ...cases.map(({ next }, i) => ({ field: `cases.${i}.next`, target: next })),
    ...targets({ otherwise, error }),
  ],
  expressions: ({ cases }) =>
    cases.map(({ when }, i) => ({ field: `cases.${i}.when`, source: when, wanted: 'boolean' as const })),
  run({ cases, otherwise }, { variables }) {
    const found = cases.findIndex(({ when }) => truth(compute(when, variables)));
    const chosen = cases[found];
    return chosen === undefined ? go(otherwise, 'otherwise') : go(chosen.next, 'case', `${found}: ${chosen.when}`);
  },
});
