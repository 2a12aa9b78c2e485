import { Op } from 'sequelize';
import { AppError } from '../../platform/index.js';
import type { ConferenceRecordingRow, ConferenceRoomRow, ConferencesWrite } from '../conference-rows.js';
import type { Models } from '../models.js';
import { announced } from './announced.js';
import { otherUseOf } from './lines.js';
import { Table, type Scope } from './table.js';

export function conferencesRepository(models: Models, scope: Scope): ConferencesWrite {
  const rooms = new Table<ConferenceRoomRow>(models.conferenceRooms, scope, {
    json: ['schedule', 'moderators'],
    flags: ['waitForModerator', 'endWhenModeratorLeaves', 'lockable', 'muteOnEntry', 'adHoc'],
    duplicate: (row) => new AppError('conference_exists', { id: row.id ?? '' }),
  });
  const recordings = new Table<ConferenceRecordingRow>(models.conferenceRecordings, scope);
  const written = announced(
    rooms,
    (row) => row.id,
    (id, removed) => scope.publish('conferenceRoom.changed', { id, removed }),
  );

  async function numberMustBeFree(id: string, number: string | null | undefined): Promise<void> {
    if (number == null) return;
    const other = await rooms.first({ number, id: { [Op.ne]: id } });
    const user = other === null ? await otherUseOf(models, scope, number) : { en: 'a conference room', zh: '会议室' };
    if (user !== undefined) throw new AppError('number_in_use', { number, user });
  }

  return {
    room: (id) => rooms.find(id),
    rooms: () => rooms.all({ order: ['id'] }),
    recording: (id) => recordings.find(id),
    recordings: (roomId, limit) => recordings.all({ where: { roomId }, order: [['id', 'DESC']], limit }),
    async insertRoom(row) {
      if ((await rooms.find(row.id)) !== null) throw new AppError('conference_exists', { id: row.id });
      await numberMustBeFree(row.id, row.number);
      await written.insert(row);
    },
    async updateRoom(id, patch) {
      await numberMustBeFree(id, patch.number);
      return written.update(id, patch);
    },
    removeRoom: written.remove,
    addRecording: (row) => recordings.insert(row),
  };
}
