// The tables of agents' desks, as Sequelize knows them; nothing is read through instances.
import { DataTypes, Model, type Sequelize } from 'sequelize';
import { flag, id, integer, integerOrNull, json, text, textOrNull, time } from './columns.js';
import type {
  AgentDeskRow,
  CallNoteRow,
  DialledNumberRow,
  DispositionRow,
  NotReadyReasonRow,
  SpeedDialRow,
  StationLockRow,
} from './desk-rows.js';
import { defineDeskWorkModels } from './desk-work-models.js';

export function defineDeskModels(sequelize: Sequelize) {
  const options = (tableName: string) => ({ sequelize, tableName, modelName: tableName, timestamps: false }) as const;

  const notReadyReasons = class extends Model<NotReadyReasonRow> {};
  notReadyReasons.init(
    {
      ...{ code: id(), nameZh: text(), nameEn: text(), paid: flag(), maxMinutes: integerOrNull() },
      ...{ position: integer(), enabled: flag() },
    },
    options('notReadyReasons'),
  );
  const dispositions = class extends Model<DispositionRow> {};
  dispositions.init(
    {
      ...{ id: id(), nameZh: text(), nameEn: text(), parentId: textOrNull(), queueId: textOrNull() },
      ...{ requiresNote: flag(), position: integer(), enabled: flag() },
    },
    options('dispositions'),
  );
  const callNotes = class extends Model<CallNoteRow> {};
  callNotes.init(
    {
      ...{ id: id(), callId: text(), agentId: text(), queueId: textOrNull(), disposition: textOrNull() },
      ...{ note: text(), followUp: flag(), at: time() },
    },
    options('callNotes'),
  );
  const speedDials = class extends Model<SpeedDialRow> {};
  speedDials.init({ id: id(), owner: text(), slot: text(), number: text(), name: text() }, options('speedDials'));
  const dialledNumbers = class extends Model<DialledNumberRow> {};
  dialledNumbers.init(
    { id: id(), station: integer(), agentId: textOrNull(), number: text(), at: time() },
    options('dialledNumbers'),
  );
  const agentDesks = class extends Model<AgentDeskRow> {};
  agentDesks.init(
    { agentId: id(), pinHash: textOrNull(), shownNumber: textOrNull(), pausedQueues: json() },
    options('agentDesks'),
  );
  const stationLocks = class extends Model<StationLockRow> {};
  stationLocks.init(
    { station: { type: DataTypes.INTEGER, primaryKey: true }, wrong: integer(), lockedUntil: time() },
    options('stationLocks'),
  );
  const work = defineDeskWorkModels(sequelize);
  return { notReadyReasons, dispositions, callNotes, speedDials, dialledNumbers, agentDesks, stationLocks, ...work };
}
