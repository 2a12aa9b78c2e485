// Finding calls among millions, newest first. A number that few calls have is looked up in its index; one that many have (the
// company's own) is met soon enough on the way back through time.
import type { CallFigure, CallFilter } from '../contract/index.js';
import type { LongReads } from './long-reads.js';

export interface FoundCall {
  id: string;
  waitMs: number | null;
  talkMs: number | null;
  recorded: 0 | 1;
  trunk: string | null;
}

type Values = Record<string, string | number>;
interface Conditions {
  sql: string[];
  values: Values;
}

/** so many calls of a number are few */
const FEW = 5000;
const DAY_MS = 86_400_000;
const LIMIT_MS = 8000;
const MOST_COUNTED = 10_000;

const LAST = `COALESCE(s."endedAt", c."endedAt", s."startedAt") - s."startedAt"`;
const RESULT = `CASE WHEN c."state" = 'live' THEN 'live' WHEN c."state" = 'broken' THEN 'broken' WHEN c."releasedBy" = 'fault' THEN 'fault'
  WHEN c."agentId" IS NOT NULL OR (c."flowId" IS NULL AND c."answeredAt" IS NOT NULL) THEN 'answered'
  WHEN c."answeredAt" IS NULL THEN CASE WHEN c."direction" = 'in' THEN 'refused' ELSE 'notAnswered' END
  WHEN c."queueId" IS NOT NULL THEN CASE WHEN c."releasedBy" = 'caller' THEN 'abandonedQueue' ELSE 'notAnswered' END
  WHEN c."releasedBy" = 'caller' THEN 'abandonedFlow' ELSE 'served' END`;

export async function findCalls(
  long: LongReads,
  filter: CallFilter,
  { limit, before }: { limit: number; before?: string | undefined },
): Promise<FoundCall[]> {
  const { sql, values } = await conditions(long, filter, before);
  return long.ask<FoundCall>(
    `SELECT c."id", c."trunk",
      (SELECT SUM(${LAST}) FROM "segments" s WHERE s."callId" = c."id" AND +s."kind" = 'queued') AS "waitMs",
      (SELECT SUM(${LAST}) FROM "segments" s WHERE s."callId" = c."id" AND +s."kind" = 'talk') AS "talkMs",
      EXISTS (SELECT 1 FROM "recordings" r WHERE r."callId" = c."id") AS "recorded"
      FROM "calls" c ${whereOf(sql)} ORDER BY c."id" DESC LIMIT $limit`,
    { ...values, $limit: limit },
    { limitMs: LIMIT_MS },
  );
}

/** Counts up to 10,000. */
export async function countCalls(long: LongReads, filter: CallFilter): Promise<{ count: number; more: boolean }> {
  const { sql, values } = await conditions(long, filter, undefined);
  const [row] = await long.ask<{ count: number }>(
    `SELECT COUNT(*) AS "count" FROM (SELECT 1 FROM "calls" c ${whereOf(sql)} LIMIT ${MOST_COUNTED + 1})`,
    values,
    { limitMs: LIMIT_MS },
  );
  const count = row?.count ?? 0;
  return { count: Math.min(count, MOST_COUNTED), more: count > MOST_COUNTED };
}

const whereOf = (sql: readonly string[]): string => (sql.length === 0 ? '' : `WHERE ${sql.join(' AND ')}`);

async function conditions(long: LongReads, filter: CallFilter, before: string | undefined): Promise<Conditions> {
  const { from, to, behind } = filter;
  const sql: string[] = [];
  const values: Values = {};
  const add = (text: string, more: Values = {}): void => {
    sql.push(text);
    Object.assign(values, more);
  };
  if (before !== undefined) add('c."id" < $before', { $before: before });
  // Identities begin with the time; a day more on both sides, for clocks that were set and for calls that were long.
  if (from !== undefined) add('c."id" >= $first', { $first: idAt(from - DAY_MS) });
  if (to !== undefined) add('c."id" < $last', { $last: idAt(to + DAY_MS) });
  if (behind === undefined) {
    if (from !== undefined) add('c."startedAt" >= $from', { $from: from });
    if (to !== undefined) add('c."startedAt" < $to', { $to: to });
  } else behindFigure(behind, filter, add);
  if (filter.state !== undefined) add('c."state" = $state', { $state: filter.state });
  if (filter.queueId !== undefined) add('c."queueId" = $queueId', { $queueId: filter.queueId });
  if (filter.agentId !== undefined) add('c."agentId" = $agentId', { $agentId: filter.agentId });
  if (filter.trunk !== undefined) add('c."trunk" = $trunk', { $trunk: filter.trunk });
  if (filter.direction !== undefined) add('c."direction" = $direction', { $direction: filter.direction });
  if (filter.result !== undefined) add(`(${RESULT}) = $result`, { $result: filter.result });
  if (filter.minMs !== undefined) add('c."endedAt" - c."startedAt" >= $minMs', { $minMs: filter.minMs });
  if (filter.maxMs !== undefined) add('c."endedAt" - c."startedAt" <= $maxMs', { $maxMs: filter.maxMs });
  const recorded = 'EXISTS (SELECT 1 FROM "recordings" r WHERE r."callId" = c."id")';
  if (filter.recorded !== undefined) add(filter.recorded === 'yes' ? recorded : `NOT ${recorded}`);
  if (filter.disposition !== undefined)
    add('c."id" IN (SELECT "callId" FROM "callNotes" WHERE "disposition" = $disposition)', {
      $disposition: filter.disposition,
    });
  if (filter.number !== undefined) await numbered(long, filter.number, filter.match, add);
  return { sql, values };
}

type Add = (text: string, more?: Values) => void;

async function numbered(long: LongReads, number: string, match: CallFilter['match'], add: Add): Promise<void> {
  const bound: Values = match === 'contains' ? { $number: `%${number}%` } : { $number: number, $next: `${number}~` };
  const fits = (column: string): string => {
    if (match === 'is') return `"${column}" = $number`;
    return match === 'begins' ? `"${column}" >= $number AND "${column}" < $next` : `"${column}" LIKE $number`;
  };
  const values = match === 'is' ? { $number: number } : bound;
  const columns = ['callingNumber', 'calledNumber'] as const;
  const ids: string[] = [];
  for (const column of columns) {
    const found = await long.ask<{ id: string }>(
      `SELECT "id" FROM "calls" WHERE ${fits(column)} LIMIT ${FEW + 1}`,
      values,
      { limitMs: LIMIT_MS },
    );
    if (found.length > FEW)
      return add(`((${fits('callingNumber')}) OR (${fits('calledNumber')}))`.replaceAll('"call', 'c."call'), values);
    ids.push(...found.map(({ id }) => id));
  }
  add('c."id" IN (SELECT value FROM json_each($ids))', { $ids: JSON.stringify(ids) });
}

const QUEUED: Partial<Record<CallFigure, string>> = {
  offered: `NOT (s."data" ->> 'outcome' = 'abandoned' AND s."data" ->> 'waitMs' < $limit_short)`,
  answered: `s."data" ->> 'outcome' = 'answered'`,
  answeredInTime: `s."data" ->> 'outcome' = 'answered' AND s."data" ->> 'waitMs' <= $limit_level`,
  abandoned: `s."data" ->> 'outcome' = 'abandoned' AND s."data" ->> 'waitMs' >= $limit_short`,
  shortAbandoned: `s."data" ->> 'outcome' = 'abandoned' AND s."data" ->> 'waitMs' < $limit_short`,
  left: `COALESCE(s."data" ->> 'outcome', '') NOT IN ('answered', 'abandoned')`,
};
const OFFERS: Partial<Record<CallFigure, string>> = {
  agentOffered: '1 = 1',
  agentAnswered: `s."data" ->> 'outcome' = 'answered'`,
  missed: `s."data" ->> 'outcome' IN ('noAnswer', 'callerGone', 'stationFailed')`,
};
const limitOf = (column: string, otherwise: number): string =>
  `COALESCE((SELECT q."${column}" FROM "queues" q WHERE q."id" = s."data" ->> 'queueId'), ${otherwise})`;

/** As book-call.ts counts them. */
function behindFigure(figure: CallFigure, { from = 0, to = Number.MAX_SAFE_INTEGER, of }: CallFilter, add: Add): void {
  const range = { $from: from, $to: to };
  const among = (value: string): string => {
    if (of === undefined || of === '') return '1 = 1';
    return `${value} IN (SELECT value FROM json_each($of))`;
  };
  const bound: Values = of === undefined || of === '' ? range : { ...range, $of: JSON.stringify(of.split(',')) };
  const began = `s."callId" = c."id" AND s."startedAt" >= $from AND s."startedAt" < $to`;
  const queued = QUEUED[figure];
  const offers = OFFERS[figure];
  if (queued !== undefined) {
    const text = queued
      .replaceAll('$limit_short', limitOf('shortAbandonMs', 0))
      .replaceAll('$limit_level', limitOf('serviceLevelMs', 20_000));
    return add(
      `c."state" <> 'live' AND EXISTS (SELECT 1 FROM "segments" s WHERE ${began} AND +s."kind" = 'queued'
        AND s."data" ->> 'callbackId' IS NULL AND ${among(`s."data" ->> 'queueId'`)} AND ${text})`,
      bound,
    );
  }
  if (offers !== undefined)
    return add(
      `EXISTS (SELECT 1 FROM "segments" s WHERE ${began} AND +s."kind" = 'offer' AND ${among(`s."data" ->> 'agentId'`)} AND ${offers})`,
      bound,
    );
  if (figure === 'handled' || figure === 'agentHandled') {
    const key = figure === 'handled' ? 'queueId' : 'agentId';
    const over = `COALESCE((SELECT MAX(w."endedAt") FROM "agentSegments" w WHERE w."callId" = c."id"
      AND w."agentId" = s."data" ->> 'agentId'), s."endedAt")`;
    return add(
      `c."state" <> 'live' AND EXISTS (SELECT 1 FROM "segments" s WHERE s."callId" = c."id" AND +s."kind" = 'talk'
        AND s."data" ->> '${key}' IS NOT NULL AND ${among(`s."data" ->> '${key}'`)} AND ${over} >= $from AND ${over} < $to)`,
      bound,
    );
  }
  const cameIn = `(c."direction" = 'in' AND c."startedAt" >= $from AND c."startedAt" < $to AND c."trunk" IS NOT NULL AND ${among('c."trunk"')})`;
  const lost = `a.value ->> 'cause' IN (34, 42, 44)`;
  const wentOut = (which: string): string =>
    `EXISTS (SELECT 1 FROM "segments" s, json_each(s."data", '$.attempts') a WHERE ${began} AND +s."kind" = 'dial'
      AND a.value ->> 'trunk' IS NOT NULL AND ${among(`a.value ->> 'trunk'`)} AND ${which})`;
  const seizedOut = wentOut(`COALESCE(${lost}, 0) = 0`);
  if (figure === 'seizedIn') return add(cameIn, bound);
  if (figure === 'seizedOut') return add(seizedOut, bound);
  if (figure === 'lost') return add(wentOut(lost), bound);
  add(`(${cameIn} OR ${seizedOut})`, bound);
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The least identity that was made at a time. */
function idAt(atMs: number): string {
  let rest = Math.min(Math.max(0, atMs), 2 ** 48 - 1);
  let text = '';
  for (let i = 0; i < 10; i += 1) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text + '0'.repeat(16);
}
