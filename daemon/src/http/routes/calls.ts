import { z } from 'zod';
import {
  Call,
  CallAction,
  CallCount,
  CallCreate,
  CallDetail,
  CallFileQuery,
  CallFilter,
  CallFilterChoices,
  CallList,
  CallQuery,
  CallPickUp,
  CallTake,
  SuperviseAction,
  Ulid,
  type Language,
  type Recording,
} from '../../contract/index.js';
import {
  countCalls,
  findCalls,
  trunksOfCalls,
  type CallRow,
  type RecordingRow,
  type SegmentRow,
} from '../../db/index.js';
import { reasonText } from '../../acd/index.js';
import { AppError, type Reach, type ReachFilter } from '../../platform/index.js';
import { mustMay, type Identity } from '../auth/identity.js';
import { filterOf, reachOf, stationOf } from '../auth/reach.js';
import type { HttpContext } from '../context.js';
import { MOST_IN_FILE } from '../../reports/index.js';
import { download } from '../download.js';
import { invalidBody } from '../invalid-body.js';
import { route, type Route } from '../route.js';

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

  const reach = (identity: Identity): Reach => reachOf(ports, identity, 'calls.view');
  const within = (identity: Identity): ReachFilter | undefined => filterOf(ports, reach(identity));

  /** Beyond one's reach: a call that rings for oneself, is on one's telephone, or was offered to one. */
  async function maySee(identity: Identity, row: CallRow): Promise<boolean> {
    if (reach(identity).call(row)) return true;
    const { agentId } = identity.user;
    if (agentId === null) return false;
    const agent = ports.agents.find(agentId);
    if (agent?.callId === row.id) return true;
    const { parties } = withPhase(row);
    if (parties.some(({ station }) => station !== null && station === agent?.station)) return true;
    const segments = await db.segments.listByCall(row.id);
    return segments.some(({ kind, data }) => (kind === 'talk' || kind === 'offer') && data['agentId'] === agentId);
  }

  return [
    route({
      method: 'get',
      path: '/calls',
      summary: 'Calls, newest first; an agent gets his own',
      tag: 'Calls',
      needs: ['calls.view', 'desk.use'],
      query: CallQuery,
      reply: CallList,
      errors: ['report_too_wide'],
      async handle({ query: { limit, before, ...filter }, identity }) {
        const found = await findCalls(db.long, filter, { limit, before, reach: within(identity) });
        const rows = new Map((await db.calls.byIds(found.calls.map(({ id }) => id))).map((row) => [row.id, row]));
        return {
          calls: found.calls.flatMap(({ id, waitMs, talkMs, recorded, trunk }) => {
            const row = rows.get(id);
            return row === undefined ? [] : [{ ...withPhase(row), waitMs, talkMs, recorded: recorded === 1, trunk }];
          }),
          before: found.before,
          searchedTo: found.searchedTo,
        };
      },
    }),
    route({
      method: 'get',
      path: '/calls/count',
      summary: 'How many calls there are of a kind, as far as 10,000',
      tag: 'Calls',
      needs: ['calls.view', 'desk.use'],
      query: CallFilter,
      reply: CallCount,
      errors: ['report_too_wide'],
      handle: ({ query, identity }) => countCalls(db.long, query, within(identity)),
    }),
    route({
      method: 'get',
      path: '/calls/choices',
      summary: 'Trunks and dispositions that calls can be looked for by',
      tag: 'Calls',
      needs: ['calls.view', 'desk.use'],
      reply: CallFilterChoices,
      async handle({ identity }) {
        const own = within(identity)?.queues.length === 0;
        const [dispositions, trunks, seen] = await Promise.all([
          db.desk.dispositions(),
          own ? [] : db.trunks.list(),
          own ? [] : trunksOfCalls(db.long),
        ]);
        const names = new Map(seen.map((id) => [id, id]));
        for (const { id, name } of trunks) names.set(id, name);
        return {
          trunks: [...names].map(([id, name]) => ({ id, name })),
          dispositions: dispositions.map(({ id, nameZh, nameEn }) => ({ id, nameZh, nameEn })),
        };
      },
    }),
    route({
      method: 'get',
      path: '/calls/file',
      summary: `The calls of a kind as a file, newest first, ${MOST_IN_FILE} at most`,
      tag: 'Calls',
      needs: 'reports.export',
      query: CallFileQuery,
      replyType: 'application/octet-stream',
      errors: ['report_too_wide', 'report_not_exportable'],
      async handle({ query: { format, ...filter }, language, identity }) {
        log.info({ ...filter, format, by: identity.user.username }, 'calls are exported');
        return download(await ports.reports.callFile(filter, format, language, within(identity)));
      },
    }),
    route({
      method: 'get',
      path: '/calls/:id',
      summary: 'One call with its segments and its recordings',
      tag: 'Calls',
      needs: ['calls.view', 'desk.use'],
      params: ById,
      reply: CallDetail,
      errors: ['call_not_found'],
      async handle({ params: { id }, identity, language }) {
        let row = await db.calls.find(id);
        if (row === null && ports.calls.find(id) !== undefined) {
          // Who hears of a call as it begins may ask before its first rows are written.
          await ports.calls.stored(id).catch(() => undefined);
          row = await db.calls.find(id);
        }
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
      needs: 'desk.dialOut',
      body: CallCreate,
      reply: Call,
      status: 201,
      errors: ['agent_signed_out', 'dial_refused', 'number_leads_nowhere', 'line_refused', 'line_unknown'],
      async handle({ body, identity }) {
        const station = stationOf(ports, identity, body.station);
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
      needs: ['desk.use', 'floor.force'],
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
        const station = stationOf(ports, identity, body.station);
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
      needs: ['desk.use', 'floor.force'],
      params: ById,
      body: CallTake,
      reply: Call,
      errors: ['agent_signed_out', 'call_not_found', 'call_wrong_state', 'line_refused', 'line_unknown'],
      async handle({ params: { id }, body, identity }) {
        const station = stationOf(ports, identity, body.station);
        if (station === null) throw new AppError('agent_signed_out', { id: identity.user.agentId ?? '-' });
        const call = await ports.calls.takeParkedAt(id, station);
        log.info({ callId: id, station, by: identity.user.username }, 'a parked call is taken from a page');
        return call;
      },
    }),
    route({
      method: 'post',
      path: '/calls/pick-up',
      summary: "Pick up what rings at another telephone: one's own rings, and has the call when it is lifted",
      tag: 'Calls',
      needs: ['desk.use', 'floor.force'],
      body: CallPickUp,
      reply: Call,
      errors: ['agent_signed_out', 'nothing_rings', 'line_refused', 'line_unknown'],
      async handle({ body, identity }) {
        const station = stationOf(ports, identity, body.station);
        if (station === null) throw new AppError('agent_signed_out', { id: identity.user.agentId ?? '-' });
        const call = await ports.calls.pickUpAt(station, [body.from]);
        log.info({ callId: call.id, ...body, station, by: identity.user.username }, 'a call is picked up from a page');
        return call;
      },
    }),
    route({
      method: 'post',
      path: '/calls/:id/supervise',
      summary: 'What a supervisor does in a call: listen, whisper, barge in, take over, end it',
      tag: 'Calls',
      needs: ['floor.listen', 'floor.bargeIn'],
      params: ById,
      body: SuperviseAction,
      reply: Call,
      errors: ['call_not_found', 'not_in_call', 'call_wrong_state', 'station_not_found'],
      async handle({ params: { id }, body, identity }) {
        const listens = body.action === 'stop' || ('mode' in body && body.mode !== 'barge');
        mustMay(identity, [listens ? 'floor.listen' : 'floor.bargeIn']);
        const now = ports.calls.find(id);
        if (now !== undefined && !reachOf(ports, identity, 'floor.listen', 'floor.bargeIn').call(now))
          throw new AppError('call_not_found', { id });
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
