import { z } from 'zod';
import {
  Call,
  CallAction,
  CallCreate,
  CallDetail,
  CallList,
  CallQuery,
  CallTake,
  SuperviseAction,
  Ulid,
  type Language,
  type Recording,
} from '../../contract/index.js';
import type { CallRow, RecordingRow, SegmentRow } from '../../db/index.js';
import { reasonText } from '../../acd/index.js';
import { AppError } from '../../platform/index.js';
import type { Identity } from '../auth/identity.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { ANYONE_SIGNED_IN, STAFF, route, type Route } from '../route.js';

const ById = z.strictObject({ id: Ulid });

export function callRoutes(http: HttpContext): Route[] {
  const { db, log, ports } = http;

  /** The row is the truth of what was; where a live call is, call control knows. */
  function withPhase(row: CallRow): Call {
    if (row.state === 'live') {
      const live = ports.calls.find(row.id);
      if (live !== undefined) return live;
    }
    return { ...row, phase: null, phaseSince: null, parkingSlot: null, parties: [] };
  }

  /** An agent sees the calls that were his, and that which rings for him or is on his telephone; staff sees all. */
  async function maySee({ user: { role, agentId } }: Identity, row: CallRow): Promise<boolean> {
    if (role !== 'agent') return true;
    if (agentId === null) return false;
    const agent = ports.agents.find(agentId);
    if (row.agentId === agentId || agent?.callId === row.id) return true;
    const { parties } = withPhase(row);
    if (parties.some(({ station }) => station !== null && station === agent?.station)) return true;
    const segments = await db.segments.listByCall(row.id);
    return segments.some(({ kind, data }) => (kind === 'talk' || kind === 'offer') && data['agentId'] === agentId);
  }

  /** Where one acts: an agent at the telephone where he is signed in, staff wherever they say. null: nowhere. */
  function stationOf({ user }: Identity, asked: number | undefined): number | null {
    const own = user.agentId === null ? null : (ports.agents.find(user.agentId)?.station ?? null);
    if (user.role === 'agent') return asked === undefined || asked === own ? own : null;
    return asked ?? own;
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
      async handle({ params: { id }, identity, language }) {
        const row = await db.calls.find(id);
        if (row === null || !(await maySee(identity, row))) throw new AppError('call_not_found', { id });
        const [stored, streams, rows, notes] = await Promise.all([
          db.segments.listByCall(id),
          db.streams.listByCall(id),
          db.recordings.listByCall(id),
          ports.desk.notesOf(id),
        ]);
        const segments = stored.map((segment) => inWords(segment, language));
        const [recording = null, ...furtherRecordings] = rows.map(toRecording);
        return { ...withPhase(row), segments, streams, recording, furtherRecordings, notes };
      },
    }),
    route({
      method: 'post',
      path: '/calls',
      summary: "Call a number: one's own telephone rings first, and calls when it is lifted",
      tag: 'Calls',
      roles: ANYONE_SIGNED_IN,
      body: CallCreate,
      reply: Call,
      status: 201,
      errors: ['agent_signed_out', 'dial_refused', 'number_leads_nowhere', 'line_refused', 'line_unknown'],
      async handle({ body, identity }) {
        const station = stationOf(identity, body.station);
        if (station === null) throw new AppError('agent_signed_out', { id: identity.user.agentId ?? '-' });
        const call = await ports.calls.originate(station, body.to, body.callingNumber);
        log.info({ callId: call.id, station, to: body.to, by: identity.user.username }, 'a call is made from a page');
        return call;
      },
    }),
    route({
      method: 'post',
      path: '/calls/:id/actions',
      summary: 'What one of those in talk does: hold, transfer, consult, …; an agent does it at his own telephone',
      tag: 'Calls',
      roles: ANYONE_SIGNED_IN,
      params: ById,
      body: CallAction,
      reply: Call,
      errors: [
        'call_not_found',
        'not_in_call',
        'call_wrong_state',
        'number_leads_nowhere',
        'flow_not_found',
        'parking_full',
        'queue_not_found',
      ],
      async handle({ params: { id }, body, identity }) {
        const station = stationOf(identity, body.station);
        if (station === null) throw new AppError('call_not_found', { id });
        if (body.action === 'transferToQueue' && (await db.queues.find(body.queueId)) === null) {
          throw invalidBody('queueId', new AppError('queue_not_found', { id: body.queueId }));
        }
        const call = await ports.calls.act(id, station, body);
        log.info({ callId: id, station, action: body.action, by: identity.user.username }, 'an action in a call');
        return call;
      },
    }),
    route({
      method: 'post',
      path: '/calls/:id/take',
      summary: "Take a parked call: one's own telephone rings, and has it when it is lifted",
      tag: 'Calls',
      roles: ANYONE_SIGNED_IN,
      params: ById,
      body: CallTake,
      reply: Call,
      errors: ['agent_signed_out', 'call_not_found', 'call_wrong_state', 'line_refused', 'line_unknown'],
      async handle({ params: { id }, body, identity }) {
        const station = stationOf(identity, body.station);
        if (station === null) throw new AppError('agent_signed_out', { id: identity.user.agentId ?? '-' });
        const call = await ports.calls.takeParkedAt(id, station);
        log.info({ callId: id, station, by: identity.user.username }, 'a parked call is taken from a page');
        return call;
      },
    }),
    route({
      method: 'post',
      path: '/calls/:id/supervise',
      summary: 'What a supervisor does in a call: listen, whisper, barge in, take over, end it',
      tag: 'Calls',
      roles: STAFF,
      params: ById,
      body: SuperviseAction,
      reply: Call,
      errors: ['call_not_found', 'not_in_call', 'call_wrong_state', 'station_not_found'],
      async handle({ params: { id }, body, identity }) {
        const call = await ports.calls.supervise(id, body, identity.user.username);
        log.info({ callId: id, ...body, by: identity.user.username }, 'a supervisor acts in a call');
        return call;
      },
    }),
  ];
}

function toRecording(row: RecordingRow): Recording {
  const { path: _path, ...recording } = row;
  return recording;
}

/** Why an agent was rung is stored as codes. */
function inWords(segment: SegmentRow, language: Language): SegmentRow {
  const text = segment.kind === 'offer' ? reasonText(segment.data['why'], language) : undefined;
  return text === undefined ? segment : { ...segment, data: { ...segment.data, whyText: text } };
}
