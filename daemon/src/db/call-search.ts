// Finding calls among millions, newest first. What leads to few calls (a number, an agent, what a call came to) is looked up in its index;
// all else is met on the way back through time, in stretches that grow. Nobody waits longer than a look may take: what was found until then
// is told, and from where to look on.
import type { CallFilter } from '../contract/index.js';
import type { ReachFilter } from '../platform/index.js';
import { AppError } from '../platform/index.js';
import { behindFigure } from './call-figures.js';
import { DAY_MS, idAt, timeOf, type Add, type Values } from './call-window.js';
import type { LongReads } from './long-reads.js';

export interface FoundCall {
  id: string;
  waitMs: number | null;
  talkMs: number | null;
  recorded: 0 | 1;
  trunk: string | null;
}

export interface FoundCalls {
  calls: FoundCall[];
  /** older ones are before this identity; null: there are none */
  before: string | null;
  /** older ones than this were not looked at, because it would have taken too long; null: as many were found as were asked for, or all */
  searchedTo: number | null;
}

interface Search {
  /** what is asked for, apart from when */
  where(within: { from: number; to: number }): { sql: string[]; values: Values };
  /** identities that are looked at: from the first to before the last */
  first: string;
  last: string;
}

/** so many calls of a number are few */
const FEW = 5000;
/** a look that has lasted so long begins no further stretch */
const PATIENCE_MS = 1200;
/** the first stretch is never broken off before */
const LIMIT_MS = 8000;
const FIRST_STRETCH_MS = 7 * DAY_MS;
const GROWTH = 4;
const MOST_COUNTED = 10_000;
const NEWEST = '~';

const LAST = `COALESCE(s."endedAt", c."endedAt", s."startedAt") - s."startedAt"`;
const RESULT = `CASE WHEN c."state" = 'live' THEN 'live' WHEN c."state" = 'broken' THEN 'broken' WHEN c."releasedBy" = 'fault' THEN 'fault'
  WHEN c."agentId" IS NOT NULL OR (c."flowId" IS NULL AND c."answeredAt" IS NOT NULL) THEN 'answered'
  WHEN c."answeredAt" IS NULL THEN CASE WHEN c."direction" = 'in' THEN 'refused' ELSE 'notAnswered' END
  WHEN c."queueId" IS NOT NULL THEN CASE WHEN c."releasedBy" = 'caller' THEN 'abandonedQueue' ELSE 'notAnswered' END
  WHEN c."releasedBy" = 'caller' THEN 'abandonedFlow' ELSE 'served' END`;

export async function findCalls(
  long: LongReads,
  filter: CallFilter,
  { limit, before, reach }: { limit: number; before?: string | undefined; reach?: ReachFilter | undefined },
): Promise<FoundCalls> {
  const search = await searchFor(long, filter, before, reach);
  const calls: FoundCall[] = [];
  // One more than asked for tells whether there is a next page.
  const { reached } = await backwards(long, search, async ({ where, values }, limitMs) => {
    const found = await long.ask<FoundCall>(
      `SELECT c."id", c."trunk",
        (SELECT SUM(${LAST}) FROM "segments" s WHERE s."callId" = c."id" AND +s."kind" = 'queued') AS "waitMs",
        (SELECT SUM(${LAST}) FROM "segments" s WHERE s."callId" = c."id" AND +s."kind" = 'talk') AS "talkMs",
        EXISTS (SELECT 1 FROM "recordings" r WHERE r."callId" = c."id") AS "recorded"
        FROM "calls" c WHERE ${where} ORDER BY c."id" DESC LIMIT $limit`,
      { ...values, $limit: limit + 1 - calls.length },
      { limitMs },
    );
    calls.push(...found);
    return calls.length > limit;
  });
  if (calls.length > limit) {
    calls.length = limit;
    return { calls, before: calls.at(-1)?.id ?? null, searchedTo: null };
  }
  return { calls, before: reached, searchedTo: reached === null ? null : timeOf(reached) };
}

/** The trunks that calls went over, without reading the calls. */
export async function trunksOfCalls(long: LongReads): Promise<string[]> {
  const rows = await long.ask<{ trunk: string }>(
    `WITH RECURSIVE t("trunk") AS (SELECT MIN("trunk") FROM "calls" WHERE "trunk" IS NOT NULL
      UNION ALL SELECT (SELECT MIN("trunk") FROM "calls" WHERE "trunk" > t."trunk") FROM t WHERE t."trunk" IS NOT NULL)
      SELECT "trunk" FROM t WHERE "trunk" IS NOT NULL`,
  );
  return rows.map(({ trunk }) => trunk);
}

/** Counts up to 10,000, and no longer than a look may take. */
export async function countCalls(
  long: LongReads,
  filter: CallFilter,
  reach?: ReachFilter,
): Promise<{ count: number; more: boolean }> {
  const search = await searchFor(long, filter, undefined, reach);
  let count = 0;
  const { reached } = await backwards(long, search, async ({ where, values }, limitMs) => {
    const [row] = await long.ask<{ count: number }>(
      `SELECT COUNT(*) AS "count" FROM (SELECT 1 FROM "calls" c WHERE ${where} LIMIT $limit)`,
      { ...values, $limit: MOST_COUNTED + 1 - count },
      { limitMs },
    );
    count += row?.count ?? 0;
    return count > MOST_COUNTED;
  });
  return { count: Math.min(count, MOST_COUNTED), more: count > MOST_COUNTED || reached !== null };
}

/**
 * Looks at one stretch after the other, the newest first, each longer than the one before, until `look` has enough or it has lasted long
 * enough. `reached`: the identity to look on before; null: that was all, or there was enough.
 */
async function backwards(
  long: LongReads,
  { first, last, where }: Search,
  look: (stretch: { where: string; values: Values }, limitMs: number) => Promise<boolean>,
): Promise<{ reached: string | null }> {
  const [ends] = await long.ask<{ oldest: string | null; newest: string | null }>(
    'SELECT (SELECT MIN("id") FROM "calls") AS "oldest", (SELECT MAX("id") FROM "calls" WHERE "id" < $last) AS "newest"',
    { $last: last },
  );
  if (ends?.oldest == null || ends.newest === null) return { reached: null };
  const oldest = first > ends.oldest ? first : ends.oldest;
  const begunMs = long.nowMs;
  let length = FIRST_STRETCH_MS;
  let upTo = last;
  let end = timeOf(ends.newest);
  while (upTo > oldest) {
    const begin = end - length;
    const from = begin <= timeOf(oldest) ? oldest : idAt(begin);
    const { sql, values } = where({ from: begin, to: end });
    const stretch = [...sql, 'c."id" >= $first', 'c."id" < $last'].join(' AND ');
    const leftMs = upTo === last ? LIMIT_MS : Math.max(100, begunMs + PATIENCE_MS + 300 - long.nowMs);
    try {
      if (await look({ where: stretch, values: { ...values, $first: from, $last: upTo } }, leftMs))
        return { reached: null };
    } catch (error) {
      // Longer than the others before it: what they have found is told.
      if (upTo !== last && error instanceof AppError && error.code === 'report_too_wide') return { reached: upTo };
      throw error;
    }
    upTo = from;
    end = begin;
    length *= GROWTH;
    if (long.nowMs - begunMs > PATIENCE_MS && upTo > oldest) return { reached: upTo };
  }
  return { reached: null };
}

/** That a column is one of these, each bound by a name of its own; nothing when there are none. */
function among(column: string, name: string, wanted: readonly string[], values: Values): string[] {
  if (wanted.length === 0) return [];
  const names = wanted.map((value, i) => {
    values[`$${name}${i}`] = value;
    return `$${name}${i}`;
  });
  return [`${column} IN (${names.join(', ')})`];
}

async function searchFor(
  long: LongReads,
  filter: CallFilter,
  before: string | undefined,
  reach: ReachFilter | undefined,
): Promise<Search> {
  const { from, to, behind, number, match } = filter;
  // A day more on both sides, for clocks that were set and for calls that were long.
  const first = from === undefined ? '' : idAt(from - DAY_MS);
  const latest = to === undefined ? NEWEST : idAt(to + DAY_MS);
  const last = before !== undefined && before < latest ? before : latest;
  const named = number === undefined ? undefined : await numbered(long, number, match, { first, last });
  const where: Search['where'] = (within) => {
    const sql: string[] = [];
    const values: Values = {};
    const add: Add = (text, more = {}) => {
      sql.push(text);
      Object.assign(values, more);
    };
    if (named !== undefined) add(named.sql, named.values);
    common(filter, reach, named?.few === true, values, add);
    if (behind === undefined) {
      if (from !== undefined) add('+c."startedAt" >= $from', { $from: from });
      if (to !== undefined) add('+c."startedAt" < $to', { $to: to });
    } else behindFigure(behind, filter, within, add);
    return { sql, values };
  };
  return { where, first, last };
}

/**
 * The first of these that is asked for leads to the calls, newest first; a plus sign keeps SQLite, which cannot know how many calls each
 * leads to, from going by another one, and from putting what two lead to in order by itself.
 */
function common(filter: CallFilter, reach: ReachFilter | undefined, led: boolean, values: Values, add: Add): void {
  let leads = led;
  const column = (name: string): string => {
    const text = `${leads ? '+' : ''}c."${name}"`;
    leads = true;
    return text;
  };
  const { agentId, disposition, queueId, trunk, state, direction, result } = filter;
  if (agentId !== undefined) add(`${column('agentId')} = $agentId`, { $agentId: agentId });
  else if (reach?.agents.length === 1 && reach.queues.length === 0)
    add(`${column('agentId')} = $mine`, { $mine: reach.agents[0] as string });
  if (disposition !== undefined) {
    add(
      `${column('id')} IN (SELECT n."callId" FROM "callNotes" n
        WHERE n."disposition" = $disposition AND n."callId" >= $first AND n."callId" < $last)`,
      { $disposition: disposition },
    );
  }
  if (queueId !== undefined) add(`${column('queueId')} = $queueId`, { $queueId: queueId });
  if (trunk !== undefined) add(`${column('trunk')} = $trunk`, { $trunk: trunk });
  // Nearly all calls have ended: that leads nowhere.
  if (state !== undefined) add(`${state === 'ended' ? '+c."state"' : column('state')} = $state`, { $state: state });
  if (result === 'broken') add(`${column('state')} = 'broken'`);
  // As it is written in the index, which those that came in are not part of.
  if (direction === 'out' || direction === 'internal')
    add(`${column('direction')} = '${direction}' AND c."direction" <> 'in'`);
  else if (direction !== undefined) add(`+c."direction" = $direction`, { $direction: direction });
  if (result !== undefined) add(`(${RESULT}) = $result`, { $result: result });
  if (result === 'fault') add(`c."releasedBy" = 'fault'`);
  if (filter.minMs !== undefined) add('c."endedAt" - c."startedAt" >= $minMs', { $minMs: filter.minMs });
  if (filter.maxMs !== undefined) add('c."endedAt" - c."startedAt" <= $maxMs', { $maxMs: filter.maxMs });
  const recorded = 'EXISTS (SELECT 1 FROM "recordings" r WHERE r."callId" = c."id")';
  if (filter.recorded !== undefined) add(filter.recorded === 'yes' ? recorded : `NOT ${recorded}`);
  if (reach !== undefined) {
    const either = [
      ...among('+c."agentId"', 'ofAgent', reach.agents, values),
      ...among('+c."queueId"', 'ofQueue', reach.queues, values),
    ];
    add(either.length === 0 ? '1 = 0' : `(${either.join(' OR ')})`);
  }
}

interface Numbered {
  sql: string;
  values: Values;
  /** they lead to the calls */
  few: boolean;
}

/**
 * Few calls of a number are listed. Many are not looked up at all: they are met soon enough on the way back. A part of a number is looked
 * for among all numbers that there are, of which there are fewer than calls, and fewer still than ways to write them.
 */
async function numbered(
  long: LongReads,
  number: string,
  match: CallFilter['match'],
  { first, last }: { first: string; last: string },
): Promise<Numbered> {
  const range = { $first: first, $last: last };
  const columns = ['callingNumber', 'calledNumber'] as const;
  const [fits, values]: [string, Values] =
    match === 'is'
      ? ['= $number', { $number: number }]
      : match === 'begins'
        ? ['BETWEEN $number AND $next', { $number: number, $next: `${number}~` }]
        : ['LIKE $number', { $number: `%${number}%` }];
  const filtered = {
    ...{ sql: `(${columns.map((column) => `+c."${column}" ${fits}`).join(' OR ')})`, values, few: false },
  };
  const ids = new Set<string>();
  for (const column of columns) {
    // The order of a join is as it is written: the numbers first, then the calls of each.
    const from =
      match === 'contains'
        ? `"callNumbers" k CROSS JOIN "calls" c ON c."${column}" = k."number" WHERE k."number" ${fits}`
        : `"calls" c WHERE c."${column}" ${fits}`;
    const found = await long.ask<{ id: string }>(
      `SELECT c."id" FROM ${from} AND c."id" >= $first AND c."id" < $last LIMIT ${FEW + 1}`,
      { ...values, ...range },
      { limitMs: LIMIT_MS },
    );
    if (found.length > FEW) return filtered;
    for (const { id } of found) ids.add(id);
  }
  return {
    sql: 'c."id" IN (SELECT value FROM json_each($ids))',
    values: { $ids: JSON.stringify([...ids]) },
    few: true,
  };
}
