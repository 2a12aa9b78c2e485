// What happened: calls and their segments, recordings, the agents' states.
import { Op, cast, col, literal, where, type Order, type WhereOptions } from 'sequelize';
import type { Models } from '../models.js';
import type {
  AgentSegmentsWrite,
  AgentStatesWrite,
  CallQuery,
  CallsWrite,
  RecordingsWrite,
  SegmentsWrite,
  StreamsWrite,
} from '../repositories.js';
import type { AgentSegmentRow, AgentStateRow, CallRow, RecordingRow, SegmentRow, StreamRow } from '../rows.js';
import { Table, type Scope } from './table.js';

const CALLS_PER_PAGE = 50;
const MOST_CALLS_PER_PAGE = 500;

const BY_BEGIN: Order = [
  ['startedAt', 'ASC'],
  ['id', 'ASC'],
];
/**
 * What ended after an instant is found by when it ended. For the sake of this order SQLite would read from the first row of all, years
 * before; the plus sign keeps it from that.
 */
const BY_BEGIN_OF_LATE: Order = [
  [literal('+"startedAt"'), 'ASC'],
  ['id', 'ASC'],
];

/** Each value in a list of its own makes one condition; all must hold. */
function allOf(conditions: (WhereOptions | undefined | false)[]): WhereOptions {
  return { [Op.and]: conditions.filter((condition) => condition !== undefined && condition !== false) };
}

function startedBetween(fromMs: number | undefined, toMs: number | undefined): WhereOptions {
  return allOf([
    fromMs !== undefined && { startedAt: { [Op.gte]: fromMs } },
    toMs !== undefined && { startedAt: { [Op.lt]: toMs } },
  ]);
}

function callsWhere(query: CallQuery): WhereOptions {
  return allOf([
    query.state !== undefined && { state: query.state },
    query.agentId !== undefined && { agentId: query.agentId },
    query.queueId !== undefined && { queueId: query.queueId },
    query.reach && { [Op.or]: [{ agentId: [...query.reach.agents] }, { queueId: [...query.reach.queues] }] },
    query.numbers !== undefined && {
      [Op.or]: [{ callingNumber: [...query.numbers] }, { direction: 'out', calledNumber: [...query.numbers] }],
    },
    query.before !== undefined && { id: { [Op.lt]: query.before } },
    startedBetween(query.fromMs, query.toMs),
  ]);
}

export function callsRepository(models: Models, scope: Scope): CallsWrite {
  const table = new Table<CallRow>(models.calls, scope, {
    json: ['origin', 'treatment'],
    wide: ['startedAt', 'answeredAt', 'endedAt'],
  });
  return {
    find: (id) => table.find(id),
    list: (query) =>
      table.all({
        where: callsWhere(query),
        order: [['id', 'DESC']],
        limit: Math.min(query.limit ?? CALLS_PER_PAGE, MOST_CALLS_PER_PAGE),
      }),
    count: (query) => table.count(callsWhere(query)),
    byIds: (ids) => table.all({ where: { id: [...ids] } }),
    async lastAgentOf(callingNumber, sinceMs) {
      const where = { callingNumber, startedAt: { [Op.gte]: sinceMs }, agentId: { [Op.not]: null } };
      const [call] = await table.all({ where, order: [['startedAt', 'DESC']], limit: 1 });
      return call?.agentId ?? null;
    },
    insert: (row) => table.insert(row),
    update: (id, patch) => table.update(id, patch),
  };
}

export function segmentsRepository(models: Models, scope: Scope): SegmentsWrite {
  const table = new Table<SegmentRow>(models.segments, scope, { json: ['data'], wide: ['startedAt', 'endedAt'] });
  const order: [string, string][] = [
    ['startedAt', 'ASC'],
    ['id', 'ASC'],
  ];
  return {
    listByCall: (callId) => table.all({ where: { callId }, order }),
    list: (query) =>
      table.all({
        where: allOf([query.kind !== undefined && { kind: query.kind }, startedBetween(query.fromMs, query.toMs)]),
        order,
        limit: query.limit ?? 10_000,
      }),
    async ofAgent(kind, agentId, fromMs, limit) {
      // The text narrows it down, whatever kind of column holds it; what it says is looked at.
      const names = where(cast(col('data'), 'text'), { [Op.like]: `%"agentId"%"${agentId}"%` });
      const found = await table.all({
        where: allOf([{ kind }, startedBetween(fromMs, undefined), names]),
        order,
        limit,
      });
      return found.filter(({ data }) => data['agentId'] === agentId);
    },
    insert: (row) => table.insert(row),
    update: (id, patch) => table.update(id, patch),
    closeOpen: (callId, endedAt) => closeOpen(table, { callId }, endedAt),
  };
}

export function recordingsRepository(models: Models, scope: Scope): RecordingsWrite {
  const table = new Table<RecordingRow>(models.recordings, scope, {
    wide: ['startedAt', 'endedAt', 'durationMs', 'bytes', 'lostMs'],
  });
  return {
    find: (id) => table.find(id),
    findByCall: async (callId) => (await table.all({ where: { callId }, order: ['id'], limit: 1 }))[0] ?? null,
    listByCall: (callId) => table.all({ where: { callId }, order: ['id'] }),
    listByState: (state, limit) =>
      table.all({ where: { state }, order: ['id'], ...(limit === undefined ? {} : { limit }) }),
    insert: (row) => table.insert(row),
    update: (id, patch) => table.update(id, patch),
  };
}

export function streamsRepository(models: Models, scope: Scope): StreamsWrite {
  const table = new Table<StreamRow>(models.streams, scope, {
    wide: [
      ...(['startedAt', 'endedAt', 'packetsSent', 'packetsReceived', 'lost', 'late', 'jitterMs', 'bufferMs'] as const),
      ...(['concealedMs', 'roundTripMs', 'remoteLost', 'remoteJitterMs'] as const),
    ],
    flags: ['encrypted'],
  });
  const order = ['startedAt', 'id'];
  return {
    listByCall: (callId) => table.all({ where: { callId }, order }),
    list: ({ fromMs, toMs, limit = 10_000 }) => table.all({ where: startedBetween(fromMs, toMs), order, limit }),
    insert: (row) => table.insert(row),
  };
}

export function agentStatesRepository(models: Models, scope: Scope): AgentStatesWrite {
  const table = new Table<AgentStateRow>(models.agentStates, scope, {
    key: 'agentId',
    wide: ['since'],
    json: ['detail'],
  });
  return {
    find: (agentId) => table.find(agentId),
    list: () => table.all({ order: ['agentId'] }),
    async put(row) {
      if (!(await table.update(row.agentId, row))) await table.insert(row);
    },
  };
}

export function agentSegmentsRepository(models: Models, scope: Scope): AgentSegmentsWrite {
  const table = new Table<AgentSegmentRow>(models.agentSegments, scope, {
    wide: ['startedAt', 'endedAt'],
    flags: ['forced'],
  });
  return {
    // Of which call paperwork was is for reports alone.
    list: async (query) => {
      const rows = await table.all({
        where: allOf([
          query.agentId !== undefined && { agentId: query.agentId },
          query.state !== undefined && { state: query.state },
          query.fromMs !== undefined && { [Op.or]: [{ endedAt: null }, { endedAt: { [Op.gt]: query.fromMs } }] },
          query.toMs !== undefined && { startedAt: { [Op.lt]: query.toMs } },
        ]),
        order: query.fromMs === undefined ? BY_BEGIN : BY_BEGIN_OF_LATE,
        limit: query.limit ?? 1000,
      });
      return rows.map(({ callId: _callId, ...row }) => row);
    },
    insert: (row) => table.insert(row),
    closeOpen: (agentId, endedAt) => closeOpen(table, { agentId }, endedAt),
  };
}

/** Ends the open rows; one that began later (the wall clock was set back) ends when it began. */
export async function closeOpen<Row extends { startedAt: number; endedAt: number | null }>(
  table: Table<Row>,
  where: WhereOptions,
  endedAt: number,
): Promise<number> {
  const open: WhereOptions = { ...where, endedAt: null };
  const inTime = await table.updateWhere({ ...open, startedAt: { [Op.lte]: endedAt } }, { endedAt } as Partial<Row>);
  // Not looked for before: every step of an agent comes here, and to read costs more than to change nothing.
  const late = await table.updateWhere(open, { endedAt: col('startedAt') } as object);
  return inTime + late;
}
