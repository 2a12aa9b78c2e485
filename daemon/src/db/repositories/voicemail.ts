import { Op } from 'sequelize';
import { AppError } from '../../platform/index.js';
import type { Models } from '../models.js';
import { announced } from './announced.js';
import type { VoiceMessageRow, VoicemailBoxRow, VoicemailWrite } from '../voicemail-rows.js';
import { Table, type Scope } from './table.js';

export function voicemailRepository(models: Models, scope: Scope): VoicemailWrite {
  const boxes = new Table<VoicemailBoxRow>(models.voicemailBoxes, scope, {
    json: ['agents', 'stations', 'greetings'],
    flags: ['emailAudio', 'answersStations'],
    wide: ['lockedUntil'],
    duplicate: (row) => new AppError('voicemail_box_exists', { id: row.id ?? '' }),
  });
  const messages = new Table<VoiceMessageRow>(models.voiceMessages, scope, { wide: ['receivedAt', 'durationMs'] });
  const count = (boxId: string, state: VoiceMessageRow['state']): Promise<number> => messages.count({ boxId, state });
  const written = announced(
    boxes,
    ({ id }) => id,
    (id, removed) => scope.publish('voicemailBox.changed', { id, removed }),
  );
  return {
    box: (id) => boxes.find(id),
    boxes: () => boxes.all({ order: ['id'] }),
    message: (id) => messages.find(id),
    messages: (boxId) => messages.all({ where: { boxId, state: { [Op.ne]: 'recording' } }, order: [['id', 'DESC']] }),
    recording: () => messages.all({ where: { state: 'recording' } }),
    async count(boxId) {
      const [fresh, all, recording] = await Promise.all([
        count(boxId, 'new'),
        messages.count({ boxId }),
        count(boxId, 'recording'),
      ]);
      return { fresh, all, old: all - fresh - recording };
    },
    before: (boxId, receivedAt) =>
      messages.all({ where: { boxId, receivedAt: { [Op.lt]: receivedAt }, state: { [Op.ne]: 'recording' } } }),
    insertBox: written.insert,
    updateBox: written.update,
    removeBox: written.remove,
    insertMessage: (row) => messages.insert(row),
    updateMessage: (id, patch) => messages.update(id, patch),
    removeMessage: (id) => messages.remove(id),
  };
}
