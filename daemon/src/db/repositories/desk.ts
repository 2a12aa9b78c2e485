// Agents' desks: reasons, dispositions, notes, speed dials, PINs.
import { Op, type WhereOptions } from 'sequelize';
import { AppError } from '../../platform/index.js';
import {
  noteId,
  type AgentDeskRow,
  type CallNoteRow,
  type DeskWrite,
  type DialledNumberRow,
  type DispositionRow,
  type NotReadyReasonRow,
  type SpeedDialRow,
  type StationLockRow,
} from '../desk-rows.js';
import type { Models } from '../models.js';
import { deskWorkRepository } from './desk-work.js';
import { Table, type Scope } from './table.js';

/** of a telephone; older ones are kept as long as figures of the day may count them */
const MOST_DIALLED = 50;
const DIALLED_KEPT_MS = 2 * 86_400_000;

export function deskRepository(models: Models, scope: Scope): DeskWrite {
  const reasons = new Table<NotReadyReasonRow>(models.notReadyReasons, scope, {
    ...{ key: 'code', flags: ['paid', 'enabled'] },
    duplicate: (row) => new AppError('reason_exists', { code: row.code ?? '' }),
  });
  const dispositions = new Table<DispositionRow>(models.dispositions, scope, {
    flags: ['requiresNote', 'enabled'],
    duplicate: (row) => new AppError('disposition_exists', { id: row.id ?? '' }),
  });
  const notes = new Table<CallNoteRow>(models.callNotes, scope, { flags: ['followUp'], wide: ['at'] });
  const speedDials = new Table<SpeedDialRow>(models.speedDials, scope);
  const dialled = new Table<DialledNumberRow>(models.dialledNumbers, scope, { wide: ['at'] });
  const desks = new Table<AgentDeskRow>(models.agentDesks, scope, { key: 'agentId', json: ['pausedQueues'] });
  const locks = new Table<StationLockRow>(models.stationLocks, scope, { key: 'station', wide: ['lockedUntil'] });
  const put = async <Row extends object>(table: Table<Row>, key: string | number, row: Row): Promise<void> => {
    if (!(await table.update(key, row))) await table.insert(row);
  };
  const told = (done: boolean): boolean => {
    if (done) scope.publish('reasons.changed', {});
    return done;
  };
  return {
    ...deskWorkRepository(models, scope),
    reasons: () => reasons.all({ order: ['position', 'code'] }),
    reason: (code) => reasons.find(code),
    async insertReason(row) {
      await reasons.insert(row);
      told(true);
    },
    updateReason: async (code, patch) => told(await reasons.update(code, patch)),
    removeReason: async (code) => told(await reasons.remove(code)),
    dispositions: () => dispositions.all({ order: ['position', 'id'] }),
    disposition: (id) => dispositions.find(id),
    insertDisposition: (row) => dispositions.insert(row),
    updateDisposition: (id, patch) => dispositions.update(id, patch),
    async removeDisposition(id) {
      const used = (await dispositions.count({ parentId: id })) + (await notes.count({ disposition: id }));
      if (used > 0) throw new AppError('disposition_in_use', { id });
      return dispositions.remove(id);
    },
    note: (callId, agentId) => notes.find(noteId(callId, agentId)),
    notesOf: (callId) => notes.all({ where: { callId }, order: ['at', 'id'] }),
    async notes({ disposition, agentId, queueId, followUp, text, from, to, limit }) {
      const conditions: (WhereOptions | false)[] = [
        disposition !== undefined && { disposition },
        agentId !== undefined && { agentId },
        queueId !== undefined && { queueId },
        followUp !== undefined && { followUp },
        // What stands for others in LIKE, which databases escape each in its way, is looked at below.
        text !== undefined && { note: { [Op.like]: `%${text.replace(/[\\%]/g, '_')}%` } },
        from !== undefined && { at: { [Op.gte]: from } },
        to !== undefined && { at: { [Op.lt]: to } },
      ];
      const found = await notes.all({
        where: { [Op.and]: conditions.filter((one) => one !== false) },
        order: [
          ['at', 'DESC'],
          ['id', 'DESC'],
        ],
        limit,
      });
      const asked = text?.toLowerCase();
      return asked === undefined ? found : found.filter(({ note }) => note.toLowerCase().includes(asked));
    },
    putNote: (row) => put(notes, row.id, row),
    speedDials: (owner) => speedDials.all({ where: { owner }, order: ['slot'] }),
    speedDial: (owner, slot) => speedDials.find(`${owner}/${slot}`),
    putSpeedDial: (row) => put(speedDials, row.id, row),
    removeSpeedDial: (owner, slot) => speedDials.remove(`${owner}/${slot}`),
    dialled: (of, limit) => dialled.all({ where: { ...of }, order: [['id', 'DESC']], limit }),
    countDialled: (agentId, fromMs) => dialled.count({ agentId, at: { [Op.gte]: fromMs } }),
    async addDialled(row) {
      await dialled.insert(row);
      const { station, at } = row;
      const [last] = await dialled.all({ where: { station }, order: [['id', 'DESC']], offset: MOST_DIALLED, limit: 1 });
      if (last === undefined) return;
      await dialled.removeWhere({ station, id: { [Op.lte]: last.id }, at: { [Op.lt]: at - DIALLED_KEPT_MS } });
    },
    of: async (agentId) =>
      (await desks.find(agentId)) ?? { agentId, pinHash: null, shownNumber: null, pausedQueues: [] },
    all: () => desks.all(),
    put: (row) => put(desks, row.agentId, row),
    lock: (station) => locks.find(station),
    putLock: (row) => put(locks, row.station, row),
  };
}
