// Figures rolled up, and what has been booked into them. Sums are added where they stand: a step is some hundred rows.
import { QueryTypes } from 'sequelize';
import type { Models } from '../models.js';
import {
  REPORT_TABLES,
  type ReportDimension,
  type ReportRunRow,
  type ReportScheduleRow,
  type ReportState,
  type ReportsWrite,
} from '../report-rows.js';
import type { Scope } from './table.js';

const STATE_KEY = 'reports';

export function reportsRepository(models: Models, scope: Scope): ReportsWrite {
  const { sequelize } = models.calls;
  if (sequelize === undefined) throw new Error('reports belong to no database');
  const transaction = scope.transaction ?? null;
  const read = <Row extends object>(sql: string, bind: Record<string, unknown> = {}): Promise<Row[]> =>
    sequelize.query<Row>(sql, { type: QueryTypes.SELECT, bind, transaction });
  const run = async (sql: string, bind: Record<string, unknown> = {}): Promise<void> => {
    await sequelize.query(sql, { type: QueryTypes.RAW, bind, transaction });
  };

  async function state(): Promise<ReportState | null> {
    const [row] = await read<{ value: string }>('SELECT "value" FROM "meta" WHERE "key" = $key', { key: STATE_KEY });
    return row === undefined ? null : (JSON.parse(row.value) as ReportState);
  }
  const putState = (to: ReportState): Promise<void> =>
    run(
      `INSERT INTO "meta" ("key", "value") VALUES ($key, $value) ON CONFLICT ("key") DO UPDATE SET "value" = excluded."value"`,
      { key: STATE_KEY, value: JSON.stringify(to) },
    );

  return {
    state,
    async book({ deltas, calls, agentSegments }) {
      for (const dimension of Object.keys(REPORT_TABLES) as ReportDimension[]) {
        const rows = deltas.filter((delta) => delta.dimension === dimension);
        if (rows.length === 0) continue;
        const { keys, sums, most } = REPORT_TABLES[dimension];
        const columns = [...sums, ...most];
        const values = rows.map(({ span, at, keys: key, measures }) => [
          ...[span, at, ...key],
          ...columns.map((column) => measures[column] ?? 0),
        ]);
        await run(ADDING[dimension], { rows: JSON.stringify(values), keys: keys.length });
      }
      if (calls.length > 0)
        await run(
          `UPDATE "calls" SET "reported" = n.value ->> 1, "trunk" = COALESCE(n.value ->> 2, "trunk")
            FROM json_each($rows) n WHERE "calls"."id" = n.value ->> 0`,
          { rows: JSON.stringify(calls.map(({ id, reported, trunk }) => [id, reported, trunk])) },
        );
      if (agentSegments.length > 0)
        await run('UPDATE "agentSegments" SET "reported" = 1 WHERE "id" IN (SELECT value FROM json_each($ids))', {
          ids: JSON.stringify(agentSegments),
        });
    },
    async reset(to) {
      for (const { table } of Object.values(REPORT_TABLES)) await run(`DELETE FROM "${table}"`);
      await putState({ ...to, clearing: '' });
    },
    async clear(limit) {
      const now = await state();
      if (now === null || now.clearing === null) return false;
      const [last] = await read<{ id: string }>(
        'SELECT "id" FROM "calls" WHERE "id" > $after ORDER BY "id" LIMIT 1 OFFSET $limit',
        { after: now.clearing, limit: limit - 1 },
      );
      const upTo = last?.id ?? '~';
      const range = { after: now.clearing, upTo };
      await run('UPDATE "calls" SET "reported" = 0 WHERE "id" > $after AND "id" <= $upTo AND "reported" > 0', range);
      await run(
        'UPDATE "agentSegments" SET "reported" = 0 WHERE "id" > $after AND "id" <= $upTo AND "reported" > 0',
        range,
      );
      await putState({ ...now, clearing: last?.id ?? null });
      return last !== undefined;
    },
    schedules: async () =>
      (await read<ScheduleRecord>('SELECT * FROM "reportSchedules" ORDER BY "name", "id"')).map(schedule),
    async schedule(id) {
      const [row] = await read<ScheduleRecord>('SELECT * FROM "reportSchedules" WHERE "id" = $id', { id });
      return row === undefined ? null : schedule(row);
    },
    due: async (nowMs) =>
      (
        await read<ScheduleRecord>(
          'SELECT * FROM "reportSchedules" WHERE "enabled" = 1 AND "nextAt" <= $nowMs ORDER BY "nextAt"',
          { nowMs },
        )
      ).map(schedule),
    async nextAt() {
      const [row] = await read<{ at: number | null }>(
        'SELECT MIN("nextAt") AS "at" FROM "reportSchedules" WHERE "enabled" = 1',
      );
      return row?.at ?? null;
    },
    async putSchedule({ definition, enabled, ...row }) {
      await run(
        `INSERT INTO "reportSchedules" ("id", "name", "definition", "enabled", "nextAt", "createdBy", "updatedAt")
          VALUES ($id, $name, $definition, $enabled, $nextAt, $createdBy, $updatedAt)
          ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name", "definition" = excluded."definition",
            "enabled" = excluded."enabled", "nextAt" = excluded."nextAt", "updatedAt" = excluded."updatedAt"`,
        { ...row, definition: JSON.stringify(definition), enabled: enabled ? 1 : 0 },
      );
    },
    async removeSchedule(id) {
      const [row] = await read<{ id: string }>('SELECT "id" FROM "reportSchedules" WHERE "id" = $id', { id });
      await run('DELETE FROM "reportSchedules" WHERE "id" = $id', { id });
      return row !== undefined;
    },
    runs: async (scheduleId, limit) =>
      (
        await read<Omit<ReportRunRow, 'mails'> & { mails: string }>(
          'SELECT * FROM "reportRuns" WHERE "scheduleId" = $scheduleId ORDER BY "id" DESC LIMIT $limit',
          { scheduleId, limit },
        )
      ).map((row) => ({ ...row, mails: JSON.parse(row.mails) as string[] })),
    async putRun({ mails, ...row }) {
      await run(
        `INSERT INTO "reportRuns" ("id", "scheduleId", "dueAt", "at", "state", "fromMs", "toMs", "error", "mails")
          VALUES ($id, $scheduleId, $dueAt, $at, $state, $fromMs, $toMs, $error, $mails)
          ON CONFLICT ("id") DO UPDATE SET "state" = excluded."state", "error" = excluded."error", "mails" = excluded."mails"`,
        { ...row, mails: JSON.stringify(mails) },
      );
    },
  };
}

type ScheduleRecord = Omit<ReportScheduleRow, 'definition' | 'enabled'> & { definition: string; enabled: number };
const schedule = (row: ScheduleRecord): ReportScheduleRow => ({
  ...row,
  definition: JSON.parse(row.definition) as Record<string, unknown>,
  enabled: row.enabled === 1,
});

/** By dimension: adds rows, given as one text of lists, to those that are there. */
const ADDING = Object.fromEntries(
  Object.entries(REPORT_TABLES).map(([dimension, { table, keys, sums, most }]) => {
    const columns = ['span', 'at', ...keys, ...sums, ...most];
    const added = (sums as readonly string[]).map(
      (column) => `"${column}" = "${table}"."${column}" + excluded."${column}"`,
    );
    const kept = (most as readonly string[]).map(
      (column) => `"${column}" = MAX("${table}"."${column}", excluded."${column}")`,
    );
    return [
      dimension,
      `INSERT INTO "${table}" (${columns.map((column) => `"${column}"`).join(', ')})
        SELECT ${columns.map((_, index) => `value ->> ${index}`).join(', ')} FROM json_each($rows) WHERE $keys > 0
        ON CONFLICT ("span", "at", ${keys.map((key) => `"${key}"`).join(', ')}) DO UPDATE SET ${[...added, ...kept].join(', ')}`,
    ];
  }),
) as Record<ReportDimension, string>;
