// How the floor was at an earlier time, and the thresholds of queues.
import { QueryTypes } from 'sequelize';
import type { ReachFilter } from '../../platform/index.js';
import type { FloorCount, FloorWrite, QueueThresholdsRow, SegmentAt, StateAt } from '../floor-rows.js';
import type { Models } from '../models.js';
import { Table, type Scope } from './table.js';

/** Nobody waits or talks longer: how far back it is looked for what lasted at a moment. */
const LONGEST_MS = 14_400_000;

const ROWS: Record<FloorCount, { table: string; is: string }> = {
  ready: { table: '"agentSegments"', is: `"state" = 'ready'` },
  waiting: { table: '"segments"', is: `"kind" = 'queued'` },
};

type Numbers<Row, Names extends keyof Row> = { [K in keyof Row]: K extends Names ? number | string : Row[K] };

export function floorRepository(models: Models, scope: Scope): FloorWrite {
  const thresholds = new Table<QueueThresholdsRow>(models.queueThresholds, scope, {
    key: 'queueId',
    wide: ['longestAmberMs', 'longestRedMs'],
  });

  async function select<Row extends object>(sql: string, replacements: Record<string, number>): Promise<Row[]> {
    const { sequelize } = models.queueThresholds;
    if (sequelize === undefined) throw new Error('the floor belongs to no database');
    const transaction = scope.transaction ?? null;
    return sequelize.query<Row>(sql, { type: QueryTypes.SELECT, replacements, transaction });
  }

  function reached(of: FloorCount, { agents, queues }: ReachFilter): string {
    const { sequelize } = models.queueThresholds;
    const some = (values: readonly string[]): string =>
      values.length === 0 ? `('')` : `(${values.map((value) => sequelize?.escape(value) ?? '').join(', ')})`;
    if (of === 'ready') return `"agentId" IN ${some(agents)}`;
    return `EXISTS (SELECT 1 FROM "calls" WHERE "calls"."id" = "segments"."callId" AND "calls"."queueId" IN ${some(queues)})`;
  }

  return {
    async counts(of, from, to, stepMs, within) {
      const { table, is: kind } = ROWS[of];
      const is = within === undefined ? kind : `${kind} AND ${reached(of, within)}`;
      const length = Math.ceil((to - from) / stepMs);
      // Bounded, so that the index on the beginning serves waits; states are found by their end.
      const began = of === 'waiting' ? `"startedAt" <= :from AND "startedAt" > :since` : `+"startedAt" <= :from`;
      const at = (column: string): string => `(("${column}" - :from - 1) / :stepMs)`;
      const between = (column: string): string => `"${column}" > :from AND "${column}" <= :to`;
      const values = { from, to, stepMs, since: from - LONGEST_MS };
      type Step = { step: number | string; n: number | string };
      const [[open], begun, over] = await Promise.all([
        select<{ n: number | string }>(
          `SELECT (SELECT COUNT(*) FROM ${table} WHERE ${is} AND ${began} AND "endedAt" > :from)
                + (SELECT COUNT(*) FROM ${table} WHERE ${is} AND ${began} AND "endedAt" IS NULL) AS "n"`,
          values,
        ),
        select<Step>(
          `SELECT ${at('startedAt')} AS "step", COUNT(*) AS "n" FROM ${table}
           WHERE ${is} AND ${between('startedAt')} GROUP BY "step"`,
          values,
        ),
        select<Step>(
          of === 'waiting'
            ? `SELECT ${at('endedAt')} AS "step", COUNT(*) AS "n" FROM ${table}
               WHERE ${is} AND "startedAt" > :since AND "startedAt" <= :to AND ${between('endedAt')} GROUP BY "step"`
            : `SELECT ${at('endedAt')} AS "step", COUNT(*) AS "n" FROM ${table}
               WHERE ${is} AND ${between('endedAt')} GROUP BY "step"`,
          values,
        ),
      ]);
      const changes = new Array<number>(length).fill(0);
      const put = (step: Step['step'], n: number): void => {
        changes[Number(step)] = (changes[Number(step)] ?? 0) + n;
      };
      for (const { step, n } of begun) put(step, Number(n));
      for (const { step, n } of over) put(step, -Number(n));
      let count = Number(open?.n ?? 0);
      return [count, ...changes.map((change) => (count = Math.max(0, count + change)))];
    },
    async statesAt(atMs) {
      const columns = '"agentId", "state", "reason", "station", "startedAt", "forced"';
      const rows = await select<Numbers<StateAt, 'startedAt' | 'forced'>>(
        `SELECT ${columns} FROM "agentSegments" WHERE +"startedAt" <= :atMs AND "endedAt" > :atMs
         UNION ALL SELECT ${columns} FROM "agentSegments" WHERE +"startedAt" <= :atMs AND "endedAt" IS NULL`,
        { atMs },
      );
      return rows.map((row) => ({ ...row, startedAt: Number(row.startedAt), forced: Boolean(row.forced) }));
    },
    async segmentsAt(atMs) {
      const rows = await select<Numbers<Omit<SegmentAt, 'data'>, 'startedAt'> & { data: unknown }>(
        `SELECT "segments"."kind", "segments"."callId", "segments"."startedAt", "segments"."data",
                "calls"."callingNumber", "calls"."queueId"
         FROM "segments" JOIN "calls" ON "calls"."id" = "segments"."callId"
         WHERE "segments"."kind" IN ('queued', 'offer', 'talk')
           AND "segments"."startedAt" <= :atMs AND "segments"."startedAt" > :since
           AND ("segments"."endedAt" IS NULL OR "segments"."endedAt" > :atMs)
         ORDER BY "segments"."startedAt"`,
        { atMs, since: atMs - LONGEST_MS },
      );
      return rows.map((row) => ({
        ...row,
        startedAt: Number(row.startedAt),
        data: (typeof row.data === 'string' ? JSON.parse(row.data) : row.data) as SegmentAt['data'],
      }));
    },
    thresholds: () => thresholds.all({ order: ['queueId'] }),
    async putThresholds(row) {
      if (!(await thresholds.update(row.queueId, row))) await thresholds.insert(row);
    },
    removeThresholds: (queueId) => thresholds.remove(queueId),
  };
}
