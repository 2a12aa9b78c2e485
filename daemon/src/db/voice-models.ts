// The tables of voicemail by telephone, as Sequelize knows them.
import { DataTypes, Model, type Sequelize } from 'sequelize';
import { integer, text, textOrNull, time, timeOrNull } from './columns.js';
import type { AnnouncementNumberRow, FlowRecordingRow, VoicemailNoticeRow, VoicemailTryRow } from './voice-rows.js';

const key = () => ({ type: DataTypes.TEXT, primaryKey: true }) as const;

export function defineVoiceModels(sequelize: Sequelize) {
  const options = (tableName: string) => ({ sequelize, tableName, modelName: tableName, timestamps: false }) as const;

  const voicemailTries = class extends Model<VoicemailTryRow> {};
  voicemailTries.init(
    {
      ...{ id: key(), boxId: text(), caller: text() },
      ...{ failed: integer(), lockedUntil: time(), rightAt: timeOrNull(), at: time() },
    },
    options('voicemailTries'),
  );
  const voicemailNotices = class extends Model<VoicemailNoticeRow> {};
  voicemailNotices.init(
    { id: key(), boxId: text(), state: text(), tries: integer(), nextAt: time(), lastResult: textOrNull() },
    options('voicemailNotices'),
  );
  const flowRecordings = class extends Model<FlowRecordingRow> {};
  flowRecordings.init(
    {
      ...{ id: key(), callId: text(), flowId: text(), node: text(), callingNumber: text() },
      ...{ startedAt: time(), durationMs: integer(), state: text() },
    },
    options('flowRecordings'),
  );
  const announcementNumbers = class extends Model<AnnouncementNumberRow> {};
  announcementNumbers.init({ id: key(), number: text(), pinHash: textOrNull() }, options('announcementNumbers'));
  return { voicemailTries, voicemailNotices, flowRecordings, announcementNumbers };
}
