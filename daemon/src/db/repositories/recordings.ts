// Rules of recording and of keeping; recordings at rest, their chain, and who touched them.
import { Op, literal, type WhereOptions } from 'sequelize';
import type { Models } from '../models.js';
import type {
  ChainRow,
  FoundRecording,
  RecordingAccessRow,
  RecordingArchiveWrite,
  RecordingDeletionRow,
  RecordingHoldRow,
  RecordingMarkRow,
  RecordingPartRow,
  RecordingRuleRow,
  RecordingRulesWrite,
  RecordingSearch,
  RetentionRuleRow,
  RetentionRulesWrite,
  StoredRecordingRow,
} from '../recording-rows.js';
import type { CallRow, RecordingRow } from '../rows.js';
import { callReached, ofReachedCall } from './reached.js';
import { Table, type Scope } from './table.js';

const byPosition = ['position', 'id'];

export function recordingRulesRepository(models: Models, scope: Scope): RecordingRulesWrite {
  const table = new Table<RecordingRuleRow>(models.recordingRules, scope, { json: ['match'], flags: ['enabled'] });
  const changed = (done: boolean): boolean => {
    if (done) scope.publish('recordingRules.changed', {});
    return done;
  };
  return {
    find: (id) => table.find(id),
    list: () => table.all({ order: byPosition }),
    async insert(row) {
      await table.insert(row);
      changed(true);
    },
    update: async (id, patch) => changed(await table.update(id, patch)),
    remove: async (id) => changed(await table.remove(id)),
  };
}

export function retentionRulesRepository(models: Models, scope: Scope): RetentionRulesWrite {
  const table = new Table<RetentionRuleRow>(models.retentionRules, scope, { wide: ['maxBytes'] });
  return {
    find: (id) => table.find(id),
    list: () => table.all({ order: byPosition }),
    insert: (row) => table.insert(row),
    update: (id, patch) => table.update(id, patch),
    remove: (id) => table.remove(id),
  };
}

export function recordingArchiveRepository(models: Models, scope: Scope): RecordingArchiveWrite {
  const recordings = new Table<RecordingRow>(models.recordings, scope, {
    wide: ['startedAt', 'endedAt', 'durationMs', 'bytes', 'lostMs'],
  });
  const calls = new Table<CallRow>(models.calls, scope, { wide: ['startedAt', 'answeredAt', 'endedAt'] });
  const stored = new Table<StoredRecordingRow>(models.storedRecordings, scope, { wide: ['bytes', 'sealedAt'] });
  const parts = new Table<RecordingPartRow>(models.recordingParts, scope, {
    wide: ['offsetMs', 'durationMs', 'bytes'],
  });
  const marks = new Table<RecordingMarkRow>(models.recordingMarks, scope, { wide: ['fromMs', 'toMs'] });
  const holds = new Table<RecordingHoldRow>(models.recordingHolds, scope, { wide: ['at'] });
  const chain = new Table<ChainRow>(models.recordingChain, scope, { key: 'seq', wide: ['seq', 'at'] });
  const leftovers = new Table<{ path: string }>(models.recordingLeftovers, scope, { key: 'path' });
  const accesses = new Table<RecordingAccessRow>(models.recordingAccesses, scope, { wide: ['at'] });
  const deletions = new Table<RecordingDeletionRow>(models.recordingDeletions, scope, {
    wide: ['startedAt', 'durationMs', 'bytes', 'at'],
  });

  /** Those of `rows` by their ids. */
  async function byId<Row extends { id: string }>(
    table: Table<Row>,
    ids: readonly string[],
  ): Promise<Map<string, Row>> {
    const found = ids.length === 0 ? [] : await table.all({ where: { id: ids } });
    return new Map(found.map((row) => [row.id, row]));
  }

  return {
    async search(query) {
      const { sequelize } = models.recordings;
      if (sequelize === undefined) throw new Error('recordings belong to no database');
      const rows = await recordings.all({
        where: searchWhere(query, (text) => sequelize.escape(text)),
        order: [['id', query.order === 'oldest' ? 'ASC' : 'DESC']],
        limit: query.limit,
      });
      const ids = rows.map(({ id }) => id);
      const [callOf, storedOf, holdOf] = await Promise.all([
        byId(calls, [...new Set(rows.map(({ callId }) => callId))]),
        byId(stored, ids),
        byId(holds, ids),
      ]);
      return rows.flatMap((recording): FoundRecording[] => {
        const call = callOf.get(recording.callId);
        if (call === undefined) return [];
        return [
          { recording, call, stored: storedOf.get(recording.id) ?? null, hold: holdOf.get(recording.id) ?? null },
        ];
      });
    },
    stored: (id) => stored.find(id),
    parts: (recordingId) => parts.all({ where: { recordingId }, order: ['offsetMs', 'id'] }),
    partsRecording: () => parts.all({ where: { state: 'recording' } }),
    marks: (recordingId) => marks.all({ where: { recordingId }, order: ['fromMs', 'id'] }),
    hold: (id) => holds.find(id),
    chain: (afterSeq, limit) => chain.all({ where: { seq: { [Op.gt]: afterSeq } }, order: ['seq'], limit }),
    chainHead: async () => (await chain.all({ order: [['seq', 'DESC']], limit: 1 }))[0] ?? null,
    removedOf: async (ids) => {
      const links = await chain.all({ where: { kind: 'removed', recordingId: [...ids] } });
      return new Set(links.map(({ recordingId }) => recordingId));
    },
    unlinked: (limit) =>
      stored.all({
        where: { id: { [Op.notIn]: literal(`(SELECT "recordingId" FROM "recordingChain" WHERE "kind" = 'stored')`) } },
        order: ['id'],
        limit,
      }),
    leftovers: async () => (await leftovers.all()).map(({ path }) => path),
    accesses: (recordingId, limit) => accesses.all({ where: { recordingId }, order: [['id', 'DESC']], limit }),
    async deletions({ before, limit, recordingId, reach }) {
      const { sequelize } = models.recordingDeletions;
      if (sequelize === undefined) throw new Error('recordings belong to no database');
      const all: WhereOptions[] = [];
      if (before !== undefined) all.push({ id: { [Op.lt]: before } });
      if (recordingId !== undefined) all.push({ recordingId });
      if (reach !== undefined) all.push(ofReachedCall('recordingDeletions', reach, (text) => sequelize.escape(text)));
      return deletions.all({ where: { [Op.and]: all }, order: [['id', 'DESC']], limit });
    },
    async known(paths) {
      const where = { path: [...paths] };
      const found = await Promise.all([recordings.all({ where }), stored.all({ where }), parts.all({ where })]);
      return new Set(found.flat().map(({ path }) => path));
    },
    store: (row) => stored.insert(row),
    setPeaks: async (id, peaks) => void (await stored.update(id, { peaks })),
    addPart: (row) => parts.insert(row),
    updatePart: (id, patch) => parts.update(id, patch),
    removeParts: async (recordingId) => void (await parts.removeWhere({ recordingId })),
    addMark: (row) => marks.insert(row),
    updateMark: (id, patch) => marks.update(id, patch),
    async putHold(row) {
      if (!(await holds.update(row.id, row))) await holds.insert(row);
    },
    removeHold: (id) => holds.remove(id),
    link: (row) => chain.insert(row),
    async addLeftovers(paths) {
      for (const path of paths) if ((await leftovers.find(path)) === null) await leftovers.insert({ path });
    },
    removeLeftovers: async (paths) => void (await leftovers.removeWhere({ path: [...paths] })),
    addAccess: (row) => accesses.insert(row),
    addDeletion: (row) => deletions.insert(row),
    removeRecording: (id) => recordings.remove(id),
  };
}

function searchWhere(query: RecordingSearch, escape: (text: string) => string): WhereOptions {
  const all: WhereOptions[] = [];
  const add = (condition: WhereOptions | undefined | false): void => {
    if (condition !== undefined && condition !== false) all.push(condition);
  };
  add(query.ids && { id: [...query.ids] });
  add(query.before !== undefined && { id: { [Op.lt]: query.before } });
  add(query.after !== undefined && { id: { [Op.gt]: query.after } });
  add(query.fromMs !== undefined && { startedAt: { [Op.gte]: query.fromMs } });
  add(query.toMs !== undefined && { startedAt: { [Op.lt]: query.toMs } });
  add(query.minDurationMs !== undefined && { durationMs: { [Op.gte]: query.minDurationMs } });
  add(query.maxDurationMs !== undefined && { durationMs: { [Op.lte]: query.maxDurationMs } });
  // Of its call; SQL that both databases understand.
  const ofCall: string[] = [];
  const equals = (column: string, value: string | undefined): void => {
    if (value !== undefined) ofCall.push(`"other"."${column}" = ${escape(value)}`);
  };
  equals('callingNumber', query.callingNumber);
  equals('calledNumber', query.calledNumber);
  equals('agentId', query.agentId);
  equals('queueId', query.queueId);
  equals('direction', query.direction);
  if (query.reach !== undefined) {
    ofCall.push(callReached('other', query.reach, escape));
  }
  if (query.number !== undefined) {
    // Digits, + * # alone come here: none of them means anything to LIKE.
    const like = escape(`%${query.number.replace(/[^0-9+*#]/g, '')}%`);
    ofCall.push(`("other"."callingNumber" LIKE ${like} OR "other"."calledNumber" LIKE ${like})`);
  }
  if (query.finished === true) {
    ofCall.push(`"other"."state" <> 'live'`);
    // Nearly all have ended: the index of states would lead to every one of them, which then had to be put in order.
    add(literal(`("recordings"."state" || '') IN ('complete', 'broken')`));
  }
  // Row by row, by the key of the other table: a list of all its ids would be made anew for every page.
  const exists = (not: string, table: string, where: string): void =>
    add(literal(`${not}EXISTS (SELECT 1 FROM "${table}" AS "other" WHERE ${where})`));
  if (ofCall.length > 0) exists('', 'calls', [`"other"."id" = "recordings"."callId"`, ...ofCall].join(' AND '));
  if (query.sealed !== undefined)
    exists(query.sealed ? '' : 'NOT ', 'storedRecordings', `"other"."id" = "recordings"."id"`);
  return { [Op.and]: all };
}
