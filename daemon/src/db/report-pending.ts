// What is still to be booked into reports, read in pieces beside everybody else.
import type { LongReads } from './long-reads.js';
import type { ReportAgentSegment, ReportCall } from './report-rows.js';

/** kinds of segments that are counted */
const COUNTED = "'seized','flow','menu','queued','callback','offer','dial','talk','held','transferred'";

// The plus signs keep SQLite from going by the kind, of which there are millions. One row a call: a row costs the daemon's own thread more than the text in it does.
const PENDING = `SELECT c."id", c."direction", c."startedAt", c."answeredAt", c."endedAt", c."span", c."flowId", c."reported",
  (SELECT json_group_array(json_array(s."kind", s."startedAt", COALESCE(s."endedAt", c."endedAt"), json(s."data")))
     FROM "segments" s WHERE s."callId" = c."id" AND +s."kind" IN (${COUNTED})) AS "segments",
  (SELECT json_group_array(json_array(w."agentId", w."startedAt", w."endedAt"))
     FROM "agentSegments" w WHERE w."callId" = c."id" AND w."state" = 'wrapUp' AND w."endedAt" IS NOT NULL) AS "wrapUps",
  EXISTS (SELECT 1 FROM "segments" t JOIN "agentSegments" o ON o."agentId" = t."data" ->> 'agentId' AND o."endedAt" IS NULL
     WHERE t."callId" = c."id" AND +t."kind" = 'talk'
       AND (o."state" = 'talking' AND o."startedAt" <= t."endedAt" OR o."state" = 'wrapUp' AND o."callId" = c."id")) AS "busy"
  FROM "calls" c WHERE c."reported" < 2 AND c."id" > $after AND c."state" <> 'live' AND c."endedAt" IS NOT NULL
  ORDER BY c."id" LIMIT $limit`;

/** Ended calls that are not wholly booked, the oldest after `after` first. */
export async function pendingCalls(long: LongReads, after: string, limit: number): Promise<ReportCall[]> {
  type Row = Omit<ReportCall, 'segments' | 'wrapUps' | 'busy'> & { segments: string; wrapUps: string; busy: number };
  const rows = await long.ask<Row>(PENDING, { $after: after, $limit: limit }, { background: true });
  return rows.map((row) => ({
    ...row,
    segments: (JSON.parse(row.segments) as [string, number, number, Record<string, unknown>][])
      .map(([kind, startedAt, endedAt, data]) => ({ kind, startedAt, endedAt, data }))
      .sort((a, b) => a.startedAt - b.startedAt),
    wrapUps: (JSON.parse(row.wrapUps) as [string, number, number][]).map(([agentId, startedAt, endedAt]) => ({
      ...{ agentId, startedAt, endedAt },
    })),
    busy: row.busy === 1,
  }));
}

/** What agents are doing now. */
export function openAgentSegments(long: LongReads): Promise<Omit<ReportAgentSegment, 'endedAt'>[]> {
  return long.ask(
    'SELECT "id", "agentId", "state", "reason", "startedAt" FROM "agentSegments" WHERE "endedAt" IS NULL',
  );
}

export function pendingAgentSegments(long: LongReads, limit: number): Promise<ReportAgentSegment[]> {
  return long.ask<ReportAgentSegment>(
    `SELECT "id", "agentId", "state", "reason", "startedAt", "endedAt" FROM "agentSegments"
      WHERE "reported" = 0 AND "endedAt" IS NOT NULL ORDER BY "id" LIMIT $limit`,
    { $limit: limit },
    { background: true },
  );
}
