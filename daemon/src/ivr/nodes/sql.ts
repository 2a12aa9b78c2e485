// Asks a read-only data source of the settings. Values are bound, never written into the SQL.
import { z } from 'zod';
import { go } from '../flow-context.js';
import { LookupError } from '../flow-ports.js';
import { askSql, badPaths, expressionsOf, resultAssignments, results, sqlFields, take } from '../lookup/look-ups.js';
import { sqlProblem } from '../lookup/sql-text.js';
import { NodeName, VariableName, nodeKind, onError, targets } from '../node-kind.js';
import { json } from '../expressions/index.js';

const schema = z.strictObject({
  type: z.literal('sql'),
  ...sqlFields,
  results: results.meta({ description: 'Of the first row: $.balance' }),
  rowsVariable: VariableName.optional().meta({ description: 'Takes all rows, as JSON' }),
  next: NodeName,
  empty: NodeName.optional().meta({ description: 'When no row was found; left out: next' }),
  timeout: NodeName.optional().meta({ description: 'Left out: as an error' }),
  ...onError,
});

export const sql = nodeKind<z.infer<typeof schema>>({
  type: 'sql',
  schema,
  waits: false,
  asks: true,
  needs: 'sql',
  targets: ({ next, empty, timeout, error }) => targets({ next, empty, timeout, error }),
  names: ({ source }) => [{ field: 'source', kind: 'dataSource', name: source }],
  expressions: ({ bind }) => expressionsOf('bind', bind),
  assigns: (node) => [
    ...resultAssignments(node.results),
    ...(node.rowsVariable === undefined
      ? []
      : [{ field: 'rowsVariable', variable: node.rowsVariable, type: 'json' as const }]),
  ],
  check(node, complain) {
    for (const field of badPaths(node.results)) complain(field, 'badPath');
    const problem = sqlProblem(node.sql, Object.keys(node.bind ?? {}));
    if (problem !== undefined) complain('sql', problem.code, { name: problem.name });
  },
  async run(node, context) {
    try {
      const rows = await askSql(node, context);
      if (node.rowsVariable !== undefined) context.variables.set(node.rowsVariable, json(rows));
      take(node.results, rows[0] ?? {}, context);
      if (rows.length === 0 && node.empty !== undefined) return go(node.empty, 'empty');
      return go(node.next, 'answered', `${rows.length}`);
    } catch (error) {
      if (node.timeout !== undefined && error instanceof LookupError && error.code === 'timeout')
        return go(node.timeout, 'timeout');
      throw error;
    }
  },
});
