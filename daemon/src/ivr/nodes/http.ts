// Asks a web service, and takes values out of its answer.
import { z } from 'zod';
import { go } from '../flow-context.js';
import { LookupError } from '../flow-ports.js';
import {
  askHttp,
  badPaths,
  expressionsOf,
  httpFields,
  httpTemplates,
  resultAssignments,
  results,
  take,
} from '../lookup/look-ups.js';
import { NodeName, VariableName, nodeKind, onError, targets } from '../node-kind.js';
import { number } from '../expressions/index.js';

const schema = z.strictObject({
  type: z.literal('http'),
  ...httpFields,
  results,
  statusVariable: VariableName.optional(),
  next: NodeName.meta({ description: 'After an answer of 2xx' }),
  refused: NodeName.optional().meta({ description: 'After any other answer; left out: as an error' }),
  timeout: NodeName.optional().meta({ description: 'Left out: as an error' }),
  ...onError,
});

export const http = nodeKind<z.infer<typeof schema>>({
  type: 'http',
  schema,
  waits: false,
  asks: true,
  needs: 'http',
  targets: ({ next, refused, timeout, error }) => targets({ next, refused, timeout, error }),
  templates: (node) => httpTemplates(node),
  expressions: ({ body }) => expressionsOf('body', body),
  assigns: (node) => [
    ...resultAssignments(node.results),
    ...(node.statusVariable === undefined
      ? []
      : [{ field: 'statusVariable', variable: node.statusVariable, type: 'number' as const }]),
  ],
  check(node, complain) {
    for (const field of badPaths(node.results)) complain(field, 'badPath');
    if (!/^https?:\/\/[^/{]/i.test(node.url)) complain('url', 'badUrl');
  },
  async run(node, context) {
    try {
      const { status, body } = await askHttp(node, context);
      if (node.statusVariable !== undefined) context.variables.set(node.statusVariable, number(status));
      const good = status >= 200 && status < 300;
      if (!good && node.refused === undefined) throw new LookupError('status', `the answer was ${status}`);
      if (good) take(node.results, body, context);
      return go(good ? node.next : (node.refused ?? node.next), good ? 'answered' : 'refused', String(status));
    } catch (error) {
      if (node.timeout !== undefined && error instanceof LookupError && error.code === 'timeout')
        return go(node.timeout, 'timeout');
      throw error;
    }
  },
});
