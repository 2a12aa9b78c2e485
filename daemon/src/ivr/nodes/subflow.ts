// Calls another flow with parameters, and takes its results when it returns.
import { z } from 'zod';
import { Slug, type JsonObject } from '../../contract/index.js';
import { compute, go } from '../flow-context.js';
import { Expr, NodeName, VariableName, nodeKind, onError, targets } from '../node-kind.js';

const schema = z.strictObject({
  type: z.literal('subflow'),
  flow: Slug,
  parameters: z.record(VariableName, Expr).optional().meta({ description: 'Its parameters, and what to give them' }),
  results: z
    .record(VariableName, VariableName)
    .optional()
    .meta({ description: 'Its results, and the variables that take them' }),
  next: NodeName,
  ...onError,
});

export const subflow = nodeKind<z.infer<typeof schema>>({
  type: 'subflow',
  schema,
  waits: false,
  targets: ({ next, error }) => targets({ next, error }),
  names: (node) => [{ field: 'flow', kind: 'flow', name: node.flow }],
  expressions: ({ parameters = {} }) =>
    Object.entries(parameters).map(([name, source]) => ({ field: `parameters.${name}`, source })),
  assigns: ({ results = {} }) =>
    Object.entries(results).map(([name, variable]) => ({ field: `results.${name}`, variable, type: 'json' as const })),
  async run(node, context) {
    const given: JsonObject = {};
    for (const [name, source] of Object.entries(node.parameters ?? {}))
      given[name] = compute(source, context.variables).value;
    const results = await context.call(node.flow, given);
    if (results === undefined) return { end: 'released', why: 'ended' };
    for (const [name, variable] of Object.entries(node.results ?? {}))
      context.variables.put(variable, results[name] ?? null);
    return go(node.next, 'returned');
  },
});
