// The tables of conference rooms, as Sequelize knows them.
import { Model, type Sequelize } from 'sequelize';
import { flag, id, integer, integerOrNull, json, jsonOrNull, text, textOrNull } from './columns.js';
import type { ConferenceRecordingRow, ConferenceRoomRow } from './conference-rows.js';

export function defineConferenceModels(sequelize: Sequelize) {
  const options = (tableName: string) => ({ sequelize, tableName, modelName: tableName, timestamps: false }) as const;

  const conferenceRooms = class extends Model<ConferenceRoomRow> {};
  conferenceRooms.init(
    {
      id: id(),
      number: textOrNull(),
      name: text(),
      language: text(),
      maxParties: integer(),
      waitForModerator: flag(),
      endWhenModeratorLeaves: flag(),
      lockable: flag(),
      announce: text(),
      muteOnEntry: flag(),
      record: text(),
      schedule: jsonOrNull(),
      moderators: json(),
      dialOutStation: integerOrNull(),
      pinHash: textOrNull(),
      moderatorPinHash: textOrNull(),
      adHoc: flag(),
    },
    options('conferenceRooms'),
  );
  const conferenceRecordings = class extends Model<ConferenceRecordingRow> {};
  conferenceRecordings.init({ id: id(), roomId: text(), roomName: text() }, options('conferenceRecordings'));
  return { conferenceRooms, conferenceRecordings };
}
