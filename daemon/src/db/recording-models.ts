// The tables of what becomes of recordings, as Sequelize knows them.
import { DataTypes, Model, type Sequelize } from 'sequelize';
import { flag, id, integer, json, text, textOrNull, time, timeOrNull } from './columns.js';
import type { VoiceMessageRow, VoicemailBoxRow } from './voicemail-rows.js';
import type { OutgoingMailRow } from './mail-rows.js';
import type {
  ChainRow,
  RecordingAccessRow,
  RecordingDeletionRow,
  RecordingHoldRow,
  RecordingMarkRow,
  RecordingPartRow,
  RecordingRuleRow,
  RetentionRuleRow,
  StoredRecordingRow,
} from './recording-rows.js';

const real = () => ({ type: DataTypes.DOUBLE, allowNull: false }) as const;

export function defineRecordingModels(sequelize: Sequelize) {
  const options = (tableName: string) => ({ sequelize, tableName, modelName: tableName, timestamps: false }) as const;

  const recordingRules = class extends Model<RecordingRuleRow> {};
  recordingRules.init(
    {
      id: id(),
      position: integer(),
      name: text(),
      enabled: flag(),
      match: json(),
      action: text(),
      percentage: real(),
    },
    options('recordingRules'),
  );
  const retentionRules = class extends Model<RetentionRuleRow> {};
  retentionRules.init(
    {
      id: id(),
      position: integer(),
      name: text(),
      queueId: textOrNull(),
      direction: textOrNull(),
      keepDays: { type: DataTypes.INTEGER, allowNull: true },
      maxBytes: timeOrNull(),
    },
    options('retentionRules'),
  );
  const storedRecordings = class extends Model<StoredRecordingRow> {};
  storedRecordings.init(
    { id: id(), path: text(), digest: text(), bytes: time(), sealedAt: time(), peaks: textOrNull() },
    options('storedRecordings'),
  );
  const recordingParts = class extends Model<RecordingPartRow> {};
  recordingParts.init(
    {
      id: id(),
      recordingId: text(),
      path: text(),
      offsetMs: time(),
      durationMs: time(),
      bytes: time(),
      state: text(),
    },
    options('recordingParts'),
  );
  const recordingMarks = class extends Model<RecordingMarkRow> {};
  recordingMarks.init(
    { id: id(), recordingId: text(), kind: text(), fromMs: time(), toMs: timeOrNull(), by: text() },
    options('recordingMarks'),
  );
  const recordingHolds = class extends Model<RecordingHoldRow> {};
  recordingHolds.init({ id: id(), reason: text(), by: text(), at: time() }, options('recordingHolds'));
  const recordingChain = class extends Model<ChainRow> {};
  recordingChain.init(
    {
      seq: { type: DataTypes.BIGINT, primaryKey: true },
      at: time(),
      kind: text(),
      recordingId: text(),
      path: text(),
      digest: text(),
      hash: text(),
    },
    options('recordingChain'),
  );
  const recordingLeftovers = class extends Model<{ path: string }> {};
  recordingLeftovers.init({ path: { type: DataTypes.TEXT, primaryKey: true } }, options('recordingLeftovers'));
  const recordingAccesses = class extends Model<RecordingAccessRow> {};
  recordingAccesses.init(
    { id: id(), recordingId: text(), at: time(), by: text(), from: text(), what: text(), detail: text() },
    options('recordingAccesses'),
  );
  const recordingDeletions = class extends Model<RecordingDeletionRow> {};
  recordingDeletions.init(
    {
      id: id(),
      recordingId: text(),
      callId: text(),
      startedAt: time(),
      durationMs: time(),
      bytes: time(),
      at: time(),
      by: text(),
      reason: text(),
    },
    options('recordingDeletions'),
  );
  const outgoingMail = class extends Model<OutgoingMailRow> {};
  outgoingMail.init(
    {
      id: id(),
      state: text(),
      to: text(),
      subject: text(),
      text: text(),
      attachments: json(),
      messageId: text(),
      createdAt: time(),
      attempts: integer(),
      nextAt: time(),
      sentAt: timeOrNull(),
      lastError: textOrNull(),
    },
    options('outgoingMail'),
  );
  const voicemailBoxes = class extends Model<VoicemailBoxRow> {};
  voicemailBoxes.init(
    {
      id: id(),
      name: text(),
      kind: text(),
      number: textOrNull(),
      agents: json(),
      queueId: textOrNull(),
      stations: json(),
      language: text(),
      greetings: json(),
      maxMessages: integer(),
      maxMessageMs: integer(),
      keepDays: { type: DataTypes.INTEGER, allowNull: true },
      email: textOrNull(),
      emailAudio: flag(),
      pinHash: textOrNull(),
      failedPins: integer(),
      lockedUntil: time(),
      chosenGreeting: integer(),
      answersStations: flag(),
      notifyNumber: textOrNull(),
      notifyCalendarId: textOrNull(),
      notifyTries: integer(),
      notifyPauseMs: integer(),
    },
    options('voicemailBoxes'),
  );
  const voiceMessages = class extends Model<VoiceMessageRow> {};
  voiceMessages.init(
    {
      id: id(),
      boxId: text(),
      callId: textOrNull(),
      callingNumber: text(),
      receivedAt: time(),
      durationMs: time(),
      state: text(),
      changedBy: textOrNull(),
    },
    options('voiceMessages'),
  );
  return {
    ...{ voicemailBoxes, voiceMessages },
    outgoingMail,
    ...{ recordingRules, retentionRules, storedRecordings, recordingParts, recordingMarks, recordingHolds },
    ...{ recordingChain, recordingLeftovers, recordingAccesses, recordingDeletions },
  };
}
