import { z } from 'zod';
import type { Call } from '../../contract/index.js';
import { CallDetail, CallList, CallQuery, Ulid, type Recording } from '../../contract/index.js';
import type { CallRow, RecordingRow } from '../../db/index.js';
import { AppError } from '../../platform/index.js';
import type { Identity } from '../auth/identity.js';
import type { HttpContext } from '../context.js';
import { ANYONE_SIGNED_IN, route, type Route } from '../route.js';

const ById = z.strictObject({ id: Ulid });

export function callRoutes(http: HttpContext): Route[] {
  const { db, ports } = http;

  /** The row is the truth of what was; where a live call is, call control knows. */
  function withPhase(row: CallRow): Call {
    if (row.state === 'live') {
      const live = ports.calls.find(row.id);
      if (live !== undefined) return live;
    }
    return { ...row, phase: null, phaseSince: null };
  }

  /** An agent sees the calls that were his; staff sees all. */
  function maySee(identity: Identity, row: CallRow): boolean {
    if (identity.user.role !== 'agent') return true;
    return identity.user.agentId !== null && row.agentId === identity.user.agentId;
  }

  return [
    route({
      method: 'get',
      path: '/calls',
      summary: 'Calls, newest first; an agent gets his own',
      tag: 'Calls',
      roles: ANYONE_SIGNED_IN,
      query: CallQuery,
      reply: CallList,
      async handle({ query, identity }) {
        const ownOnly = identity.user.role === 'agent';
        if (ownOnly && identity.user.agentId === null) return { calls: [], before: null };
        const rows = await db.calls.list({
          ...query,
          // One more than asked for tells whether there is a next page.
          limit: query.limit + 1,
          agentId: ownOnly ? (identity.user.agentId ?? undefined) : undefined,
        });
        const page = rows.slice(0, query.limit);
        return {
          calls: page.map(withPhase),
          before: rows.length > query.limit ? (page.at(-1)?.id ?? null) : null,
        };
      },
    }),
    route({
      method: 'get',
      path: '/calls/:id',
      summary: 'One call with its segments and its recordings',
      tag: 'Calls',
      roles: ANYONE_SIGNED_IN,
      params: ById,
      reply: CallDetail,
      errors: ['call_not_found'],
      async handle({ params: { id }, identity }) {
        const row = await db.calls.find(id);
        if (row === null || !maySee(identity, row)) throw new AppError('call_not_found', { id });
        const [segments, streams, rows] = await Promise.all([
          db.segments.listByCall(id),
          db.streams.listByCall(id),
          db.recordings.listByCall(id),
        ]);
        const [recording = null, ...furtherRecordings] = rows.map(toRecording);
        return { ...withPhase(row), segments, streams, recording, furtherRecordings };
      },
    }),
  ];
}

function toRecording(row: RecordingRow): Recording {
  const { path: _path, ...recording } = row;
  return recording;
}
