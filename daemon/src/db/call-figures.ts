// Which calls a figure of a report is made of.
import type { CallFigure, CallFilter } from '../contract/index.js';
import { DAY_MS, type Add, type Values } from './call-window.js';

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

/**
 * As book-call.ts counts them. `within`: when the calls began among which is looked; their segments are found by kind and time, which
 * reads those of the kind alone.
 */
export function behindFigure(
  figure: CallFigure,
  { from = 0, to = Number.MAX_SAFE_INTEGER, of }: CallFilter,
  within: { from: number; to: number },
  add: Add,
): void {
  const near = { $near: Math.max(0, within.from - DAY_MS), $far: within.to + DAY_MS };
  const range = { $from: Math.max(from, near.$near), $to: Math.min(to, near.$far) };
  const among = (value: string): string => {
    if (of === undefined || of === '') return '1 = 1';
    return `${value} IN (SELECT value FROM json_each($of))`;
  };
  const bound: Values = of === undefined || of === '' ? range : { ...range, $of: JSON.stringify(of.split(',')) };
  const having = (kind: string, which: string, also = ''): string =>
    `c."id" IN (SELECT s."callId" FROM "segments" s${also} WHERE s."kind" = '${kind}' AND ${which})`;
  const began = 's."startedAt" >= $from AND s."startedAt" < $to';
  const queued = QUEUED[figure];
  const offers = OFFERS[figure];
  if (queued !== undefined) {
    const text = queued
      .replaceAll('$limit_short', limitOf('shortAbandonMs', 0))
      .replaceAll('$limit_level', limitOf('serviceLevelMs', 20_000));
    return add(
      `c."state" <> 'live' AND ${having('queued', `${began} AND ${among(`s."data" ->> 'queueId'`)} AND s."data" ->> 'callbackId' IS NULL AND ${text}`)}`,
      bound,
    );
  }
  if (offers !== undefined)
    return add(having('offer', `${began} AND ${among(`s."data" ->> 'agentId'`)} AND ${offers}`), bound);
  if (figure === 'handled' || figure === 'agentHandled') {
    const key = figure === 'handled' ? 'queueId' : 'agentId';
    const over = `COALESCE((SELECT MAX(w."endedAt") FROM "agentSegments" w WHERE w."callId" = s."callId"
      AND +w."agentId" = s."data" ->> 'agentId'), s."endedAt")`;
    return add(
      `c."state" <> 'live' AND ${having(
        'talk',
        `s."startedAt" >= $talked AND s."startedAt" < $to AND s."data" ->> '${key}' IS NOT NULL
          AND ${among(`s."data" ->> '${key}'`)} AND ${over} >= $from AND ${over} < $to`,
      )}`,
      // What was handled is booked when the paperwork is over; nobody talks and writes for longer than a day.
      { ...bound, $from: from, $to: to, $talked: Math.max(range.$from - DAY_MS, near.$near) },
    );
  }
  const cameIn = `(c."direction" = 'in' AND c."startedAt" >= $from AND c."startedAt" < $to AND c."trunk" IS NOT NULL AND ${among('c."trunk"')})`;
  const lost = `a.value ->> 'cause' IN (34, 42, 44)`;
  const wentOut = (which: string): string =>
    having(
      'dial',
      `${began} AND a.value ->> 'trunk' IS NOT NULL AND ${among(`a.value ->> 'trunk'`)} AND ${which}`,
      `, json_each(s."data", '$.attempts') a`,
    );
  const seizedOut = wentOut(`COALESCE(${lost}, 0) = 0`);
  if (figure === 'seizedIn') return add(cameIn, bound);
  if (figure === 'seizedOut') return add(seizedOut, bound);
  if (figure === 'lost') return add(wentOut(lost), bound);
  add(`(${cameIn} OR ${seizedOut})`, bound);
}
