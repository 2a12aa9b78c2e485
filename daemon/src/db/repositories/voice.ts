import { Op, type WhereOptions } from 'sequelize';
import { AppError } from '../../platform/index.js';
import type { Models } from '../models.js';
import type {
  AnnouncementNumberRow,
  FlowRecordingRow,
  VoiceWrite,
  VoicemailNoticeRow,
  VoicemailTryRow,
} from '../voice-rows.js';
import { ofReachedCall } from './reached.js';
import { Table, type Scope } from './table.js';

export function voiceRepository(models: Models, scope: Scope): VoiceWrite {
  const tries = new Table<VoicemailTryRow>(models.voicemailTries, scope, { wide: ['lockedUntil', 'rightAt', 'at'] });
  const notices = new Table<VoicemailNoticeRow>(models.voicemailNotices, scope, { wide: ['nextAt'] });
  const recordings = new Table<FlowRecordingRow>(models.flowRecordings, scope, { wide: ['startedAt'] });
  const numbers = new Table<AnnouncementNumberRow>(models.announcementNumbers, scope, {
    duplicate: ({ number = '' }) =>
      new AppError('number_in_use', { number, user: { en: 'another announcement', zh: '另一条公告' } }),
  });
  const kept = { state: 'kept' };
  return {
    tries: (boxId, caller) => tries.find(`${boxId}|${caller}`),
    notice: (id) => notices.find(id),
    noticesOf: (boxId) => notices.all({ where: { boxId }, order: [['id', 'DESC']], limit: 500 }),
    waitingNotices: () => notices.all({ where: { state: 'waiting' }, order: ['id'] }),
    async flowRecordings({ limit, before, callId, flowId, reach }) {
      const { sequelize } = models.flowRecordings;
      if (sequelize === undefined) throw new Error('recordings belong to no database');
      const all: WhereOptions[] = [kept];
      if (before !== undefined) all.push({ id: { [Op.lt]: before } });
      if (callId !== undefined) all.push({ callId });
      if (flowId !== undefined) all.push({ flowId });
      if (reach !== undefined) all.push(ofReachedCall('flowRecordings', reach, (text) => sequelize.escape(text)));
      return recordings.all({ where: { [Op.and]: all }, order: [['id', 'DESC']], limit });
    },
    flowRecording: (id) => recordings.find(id),
    flowRecordingsBegun: () => recordings.all({ where: { state: 'recording' } }),
    flowRecordingsBefore: (startedAt) =>
      recordings.all({ where: { ...kept, startedAt: { [Op.lt]: startedAt } }, order: ['id'], limit: 1000 }),
    announcementNumbers: () => numbers.all({ order: ['number'] }),
    announcementNumber: (id) => numbers.find(id),
    async putTries(row) {
      if (!(await tries.update(row.id, row))) await tries.insert(row);
    },
    async forgetTriesBefore(at) {
      await tries.removeWhere({ at: { [Op.lt]: at }, rightAt: null });
    },
    async forgetTriesOf(boxId) {
      await tries.removeWhere({ boxId });
    },
    insertNotice: (row) => notices.insert(row),
    updateNotice: (id, patch) => notices.update(id, patch),
    insertFlowRecording: (row) => recordings.insert(row),
    updateFlowRecording: (id, patch) => recordings.update(id, patch),
    removeFlowRecording: (id) => recordings.remove(id),
    async putAnnouncementNumber(row) {
      if (!(await numbers.update(row.id, row))) await numbers.insert(row);
    },
    removeAnnouncementNumber: (id) => numbers.remove(id),
  };
}
