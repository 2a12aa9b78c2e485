// A report, read from the figures that are rolled up: whole days from the rows of days, the rest from the quarters of an hour.
import type { ZoneClock } from '../calendar/index.js';
import type { Language, Report, ReportBy, ReportFilters, ReportId, ReportRow } from '../contract/index.js';
import { REPORT_TABLES, openAgentSegments, type Db, type ReportDimension } from '../db/index.js';
import { AppError, systemClock, type Clock } from '../platform/index.js';
import { figuresFrom, reportOf, type Sums } from './definitions.js';
import { SLOT_MS, bookState } from './book-call.js';
import { DAY_MS, dayOf } from './roll-up.js';
import { exitName, reasonName } from './sheet.js';

export interface ReportRequest {
  report: ReportId;
  from: number;
  to: number;
  by?: ReportBy | undefined;
  filters: ReportFilters;
  /** of names */
  language?: Language | undefined;
}

const MOST_ROWS = 20_000;
const LIMIT_MS = 8000;
/** SQLite joins 500 questions at most. */
const MOST_MONTHS = 240;

const DIMENSIONS: Record<Exclude<ReportId, 'satisfaction'>, ReportDimension> = {
  ...{ queues: 'queue', intervals: 'queue', agents: 'agent', reasons: 'reason', trunks: 'trunk', paths: 'path' },
};
const FILTER_COLUMNS = { queues: 'queueId', agents: 'agentId', trunks: 'trunk', flows: 'flowId' } as const;

export interface ReportReaderOptions {
  db: Db;
  zone: ZoneClock;
  clock?: Clock | undefined;
}

export class ReportReader {
  readonly #options: ReportReaderOptions;

  constructor(options: ReportReaderOptions) {
    this.#options = options;
  }

  /** AppError report_range_invalid, report_too_wide. */
  async read({
    report,
    from,
    to,
    by: asked,
    filters,
    language = 'zh-CN',
  }: ReportRequest): Promise<Omit<Report, 'behind'>> {
    const definition = reportOf(report);
    const by = asked ?? definition.by;
    // Figures are kept by quarters of an hour: a part of one is not known.
    const [first, last] = [Math.floor(from / SLOT_MS) * SLOT_MS, Math.ceil(to / SLOT_MS) * SLOT_MS];
    if (last <= first) throw new AppError('report_range_invalid', { most: MOST_ROWS });
    const { zone } = this.#options;
    const parts =
      report === 'satisfaction'
        ? await this.#satisfaction(first, last, by, filters)
        : [
            ...(await this.#rolledUp(report, first, last, by, filters)),
            ...(await this.#underWay(report, first, last, filters)),
          ];
    const rows = new Map<
      string,
      { at: number | null; key: string; keys: Record<string, string>; sums: Record<string, number> }
    >();
    const begun = new Map<number, number | null>();
    const totals: Record<string, number> = {};
    for (const { at, keys, sums } of parts) {
      let begins = begun.get(at);
      if (begins === undefined) begun.set(at, (begins = beginOf(by, at, zone)));
      const key = Object.values(keys).join('\n');
      const name = `${begins}\n${key}`;
      let row = rows.get(name);
      if (row === undefined) rows.set(name, (row = { at: begins, key, keys, sums: {} }));
      add(row.sums, sums);
      add(totals, sums);
      if (rows.size > MOST_ROWS) throw new AppError('report_range_invalid', { most: MOST_ROWS });
    }
    const names = await this.#names(
      [...rows.values()].map(({ keys }) => keys),
      language,
    );
    return {
      ...{ report, from: first, to: last, by, zone: zone.zone },
      rows: [...rows.values()]
        .sort((a, b) => (a.at ?? 0) - (b.at ?? 0) || byName.compare(a.key, b.key))
        .map(({ at, keys, sums }): ReportRow => ({
          at,
          keys,
          names: names(keys),
          figures: figuresFrom(definition, sums),
        })),
      totals: figuresFrom(definition, totals),
    };
  }

  async #rolledUp(
    report: Exclude<ReportId, 'satisfaction'>,
    from: number,
    to: number,
    by: ReportBy,
    filters: ReportFilters,
  ) {
    const { table, keys, sums, most } = REPORT_TABLES[DIMENSIONS[report]];
    const shown = reportOf(report).keys;
    const { sql: filtered, values } = conditions(filters, keys);
    const added = [
      ...(sums as readonly string[]).map((column) => `SUM("${column}") AS "${column}"`),
      ...(most as readonly string[]).map((column) => `MAX("${column}") AS "${column}"`),
    ];
    // One question for each stretch: the primary key leads straight to its rows, and those of a month or of everything are
    // added where they stand. Each beginning is in one stretch alone, so that nothing is counted twice.
    const whole = by === 'none' || by === 'month';
    const begins = whole ? '$f$ AS "at"' : '"at"';
    const groups = [...shown.map((key) => `"${key}"`), ...(whole ? [] : ['"at"'])];
    const bound: Record<string, string | number> = { ...values };
    const questions = this.#stretches(from, to, by).map((stretch, index) => {
      Object.assign(bound, { [`$s${index}`]: stretch.span, [`$f${index}`]: stretch.from, [`$t${index}`]: stretch.to });
      const within = `"span" = $s${index} AND "at" >= $f${index} AND "at" < $t${index}`;
      const columns = [...shown.map((key) => `"${key}"`), begins.replace('$f$', `$f${index}`), ...added].join(', ');
      const grouped = groups.length === 0 ? '' : ` GROUP BY ${groups.join(', ')}`;
      return `SELECT ${columns} FROM "${table}" WHERE ${within}${filtered}${grouped}`;
    });
    const rows = await this.#options.db.long.ask<Record<string, string | number>>(
      `${questions.join(' UNION ALL ')} LIMIT ${MOST_ROWS * 8}`,
      bound,
      { limitMs: LIMIT_MS },
    );
    const counted = [...sums, ...most] as readonly string[];
    return rows
      .filter((row) => row[counted[0] as string] !== null)
      .map((row) => ({
        at: Number(row['at'] ?? from),
        keys: Object.fromEntries(shown.map((key) => [key, String(row[key])])),
        sums: Object.fromEntries(counted.map((column) => [column, Number(row[column] ?? 0)])),
      }));
  }

  /** What agents are doing now is booked when it is over; until then it counts as far as it has lasted. */
  async #underWay(report: ReportId, from: number, to: number, filters: ReportFilters) {
    if (report !== 'agents' && report !== 'reasons') return [];
    const nowMs = (this.#options.clock ?? systemClock).wallMs();
    if (from > nowMs) return [];
    const dimension = DIMENSIONS[report];
    const { sums, keys: columns } = REPORT_TABLES[dimension];
    const shown = reportOf(report).keys;
    const wanted = filters.agents;
    return (await openAgentSegments(this.#options.db.long))
      .filter(({ agentId }) => wanted === undefined || wanted.length === 0 || wanted.includes(agentId))
      .flatMap((segment) => bookState({ ...segment, endedAt: nowMs }))
      .filter((booking) => booking.dimension === dimension && booking.at < to)
      .map((booking) => ({ ...booking, at: Math.floor(booking.at / SLOT_MS) * SLOT_MS }))
      .filter(({ at }) => at >= from)
      .map(({ at, keys, measures }) => ({
        at,
        keys: Object.fromEntries(shown.map((key) => [key, keys[(columns as readonly string[]).indexOf(key)] ?? ''])),
        sums: Object.fromEntries(sums.map((column) => [column, measures[column] ?? 0])),
      }));
  }

  /** What can be added to one figure each: those of months are cut at their ends. */
  #stretches(from: number, to: number, by: ReportBy) {
    const spans = this.#spans(from, to, by);
    if (by !== 'month') return spans;
    return spans.flatMap((span) => {
      const cut: (typeof span)[] = [];
      for (let at = span.from; at < span.to;) {
        const next = Math.min(span.to, monthOf(at, 1, this.#options.zone));
        cut.push({ ...span, from: at, to: next });
        if (cut.length > MOST_MONTHS) throw new AppError('report_range_invalid', { most: MOST_ROWS });
        at = next;
      }
      return cut;
    });
  }

  /** Whole days are read from the rows of days, unless hours are asked for. */
  #spans(from: number, to: number, by: ReportBy): { span: 'slot' | 'day'; from: number; to: number }[] {
    if (by === 'quarter' || by === 'hour') return [{ span: 'slot', from, to }];
    const { zone } = this.#options;
    const begun = dayOf(from, zone);
    const firstDay = begun === from ? from : dayOf(begun + DAY_MS + 7_200_000, zone);
    const lastDay = dayOf(to, zone);
    if (firstDay >= lastDay) return [{ span: 'slot', from, to }];
    return [
      { span: 'slot' as const, from, to: firstDay },
      { span: 'day' as const, from: firstDay, to: lastDay },
      { span: 'slot' as const, from: lastDay, to },
    ].filter((one) => one.from < one.to);
  }

  async #satisfaction(from: number, to: number, by: ReportBy, filters: ReportFilters) {
    const { sql: filtered, values } = conditions(filters, ['queueId', 'agentId']);
    const at = by === 'none' ? '0' : `("startedAt" / ${SLOT_MS}) * ${SLOT_MS}`;
    type Row = Record<'asked' | 'responded' | 'scores' | 'scoreSum' | 'topTwo' | 'scales' | 'at', number> & {
      agentId: string | null;
      queueId: string | null;
    };
    const rows = await this.#options.db.long.ask<Row>(
      `SELECT "agentId", "queueId", ${at} AS "at", COUNT(*) AS "asked", SUM("said" > 0) AS "responded", SUM("scores") AS "scores",
        SUM("scoreSum") AS "scoreSum", SUM("topTwo") AS "topTwo", COUNT(DISTINCT "scale") AS "scales"
        FROM (SELECT r."agentId", r."queueId", r."startedAt", COUNT(a."id") AS "said",
            SUM(a."kind" = 'score' AND a."value" IS NOT NULL) AS "scores",
            SUM(CASE WHEN a."kind" = 'score' THEN a."value" ELSE 0 END) AS "scoreSum",
            SUM(a."kind" = 'score' AND a."value" >= a."most" - 1) AS "topTwo",
            MAX(CASE WHEN a."kind" = 'score' THEN a."least" || '-' || a."most" END) AS "scale"
          FROM "surveyRuns" r LEFT JOIN "surveyAnswers" a ON a."runId" = r."id"
          WHERE r."startedAt" >= $from AND r."startedAt" < $to GROUP BY r."id")
        WHERE 1 = 1 ${filtered} GROUP BY 1, 2, 3`,
      { $from: from, $to: to, ...values },
      { limitMs: LIMIT_MS },
    );
    return rows.map(({ agentId, queueId, at, asked, responded, scores, scoreSum, topTwo, scales }) => ({
      at: by === 'none' ? from : at,
      keys: { agentId: agentId ?? '', queueId: queueId ?? '' },
      sums: { asked, responded, scores: scores ?? 0, scoreSum: scoreSum ?? 0, topTwo: topTwo ?? 0, scales },
    }));
  }

  async #names(
    all: readonly Record<string, string>[],
    language: Language,
  ): Promise<(keys: Record<string, string>) => Record<string, string>> {
    const { db } = this.#options;
    const has = (key: string): boolean => all[0] !== undefined && key in all[0];
    const [queues, agents, trunks, flows, reasons] = await Promise.all([
      has('queueId') ? db.queues.list() : [],
      has('agentId') ? db.agents.list() : [],
      has('trunk') ? db.trunks.list() : [],
      has('flowId') ? db.flows.list() : [],
      has('reason') ? db.desk.reasons() : [],
    ]);
    const named = (rows: readonly { id: string; name: string }[]) => new Map(rows.map(({ id, name }) => [id, name]));
    const known: Record<string, Map<string, string>> = {
      ...{ queueId: named(queues), agentId: named(agents), trunk: named(trunks), flowId: named(flows) },
      reason: new Map(reasons.map(({ code, nameZh, nameEn }) => [code, language === 'en' ? nameEn : nameZh])),
    };
    return (keys) =>
      Object.fromEntries(
        Object.entries(keys).flatMap(([key, value]) => {
          const name =
            key === 'exit'
              ? exitName(value, keys['node'] ?? '', language)
              : (known[key]?.get(value) ?? (key === 'reason' ? reasonName(value, language) : undefined));
          return name === undefined ? [] : [[key, name]];
        }),
      );
  }
}

function conditions(
  filters: ReportFilters,
  columns: readonly string[],
): { sql: string; values: Record<string, string> } {
  const values: Record<string, string> = {};
  let sql = '';
  for (const [filter, column] of Object.entries(FILTER_COLUMNS)) {
    const wanted = filters[filter as keyof typeof FILTER_COLUMNS];
    if (wanted === undefined || !columns.includes(column)) continue;
    sql += ` AND "${column}" IN (SELECT value FROM json_each($${filter}))`;
    values[`$${filter}`] = JSON.stringify(wanted);
  }
  return { sql, values };
}

const byName = new Intl.Collator('en', { numeric: true });

/** When the interval begins in which an instant lies. */
function beginOf(by: ReportBy, at: number, zone: ZoneClock): number | null {
  if (by === 'none') return null;
  if (by === 'quarter') return at;
  if (by === 'day') return dayOf(at, zone);
  if (by === 'hour') {
    // Full hours of the wall, also where the zone is half an hour beside UTC.
    const wall = zone.wallOf(at);
    return at - (((wall % 3_600_000) + 3_600_000) % 3_600_000);
  }
  return monthOf(at, 0, zone);
}

/** When the month begins that is so many after the one of this instant. */
function monthOf(at: number, after: number, zone: ZoneClock): number {
  const wall = new Date(zone.wallOf(at));
  // At two: a day that begins an hour late, or twice, begins before that.
  return dayOf(zone.instantsOf(Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth() + after, 1, 2))[0] ?? at, zone);
}

const GREATEST: ReadonlySet<string> = new Set(['longestWaitMs', 'scales']);

function add(to: Record<string, number>, sums: Sums): void {
  for (const [name, value] of Object.entries(sums))
    to[name] = GREATEST.has(name) ? Math.max(to[name] ?? 0, value) : (to[name] ?? 0) + value;
}
