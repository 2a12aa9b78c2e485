// Whose calls somebody sees, as SQL that both databases understand.
import { literal } from 'sequelize';
import type { ReachFilter } from '../../platform/index.js';

type Escape = (text: string) => string;

/** Of a call that is called `name` in the query. */
export function callReached(name: string, { agents, queues }: ReachFilter, escape: Escape): string {
  const among = (column: string, values: readonly string[]): string[] =>
    values.length === 0 ? [] : [`"${name}"."${column}" IN (${values.map((value) => escape(value)).join(', ')})`];
  const either = [...among('agentId', agents), ...among('queueId', queues)];
  return either.length === 0 ? '1 = 0' : `(${either.join(' OR ')})`;
}

/** Of rows that name their call, row by row by its key. */
export function ofReachedCall(table: string, reach: ReachFilter, escape: Escape): ReturnType<typeof literal> {
  const own = `"other"."id" = "${table}"."callId"`;
  return literal(`EXISTS (SELECT 1 FROM "calls" AS "other" WHERE ${own} AND ${callReached('other', reach, escape)})`);
}
