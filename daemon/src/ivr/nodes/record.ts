// Records what the caller says, until he presses a key, falls silent, or the time is over.
import { z } from 'zod';
import { number, text } from '../expressions/index.js';
import { NodeFailure, go, speak } from '../flow-context.js';
import { Digit, NodeName, Prompts, VariableName, nodeKind, onError, promptsAt, targets } from '../node-kind.js';

const schema = z.strictObject({
  type: z.literal('record'),
  prompts: Prompts.default([]),
  variable: VariableName.meta({ description: 'Is given the name of the recording' }),
  lengthVariable: VariableName.optional().meta({ description: 'Is given its length, ms' }),
  maxMs: z.int().min(1000).max(600_000).default(120_000),
  silenceMs: z.int().min(1000).max(60_000).default(5000),
  terminator: Digit.default('#'),
  next: NodeName,
  ...onError,
});

export const record = nodeKind<z.infer<typeof schema>>({
  type: 'record',
  schema,
  waits: true,
  asks: true,
  needs: 'record',
  targets: ({ next, error }) => targets({ next, error }),
  names: ({ prompts }) => promptsAt('prompts', prompts),
  assigns: ({ variable, lengthVariable }) => [
    { field: 'variable', variable, type: 'string' },
    ...(lengthVariable === undefined
      ? []
      : [{ field: 'lengthVariable', variable: lengthVariable, type: 'number' as const }]),
  ],
  async run(node, context) {
    const { ports, session, variables } = context;
    if (ports.record === undefined) throw new NodeFailure('nothing can be recorded');
    await speak(context, node.prompts, { bargeIn: false });
    const { file, durationMs } = await ports.record.record(session, node, context);
    variables.set(node.variable, text(file));
    if (node.lengthVariable !== undefined) variables.set(node.lengthVariable, number(durationMs));
    return go(node.next, 'recorded', `${durationMs} ms`);
  },
});
