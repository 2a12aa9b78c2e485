// Conference rooms, and which recordings are of a room.
import { DataTypes } from 'sequelize';
import type { Migration } from './migration.js';

const text = () => ({ type: DataTypes.TEXT, allowNull: false });
const textOrNull = () => ({ type: DataTypes.TEXT, allowNull: true });
const flag = () => ({ type: DataTypes.BOOLEAN, allowNull: false });
const id = () => ({ type: DataTypes.STRING(40), primaryKey: true, allowNull: false });
const oneOf = (column: string, values: readonly string[]) => ({
  type: `TEXT CHECK ("${column}" IN (${values.map((value) => `'${value}'`).join(', ')}))`,
  allowNull: false,
});

export const conferences: Migration = {
  name: '0014-conferences',
  async up({ queryInterface, transaction }) {
    await queryInterface.createTable(
      'conferenceRooms',
      {
        id: id(),
        number: { ...textOrNull(), unique: true },
        name: text(),
        language: text(),
        maxParties: { type: 'INTEGER CHECK ("maxParties" BETWEEN 2 AND 200)', allowNull: false },
        waitForModerator: flag(),
        endWhenModeratorLeaves: flag(),
        lockable: flag(),
        announce: oneOf('announce', ['none', 'tone', 'name']),
        muteOnEntry: flag(),
        record: oneOf('record', ['always', 'onDemand', 'never']),
        schedule: { type: DataTypes.JSON, allowNull: true },
        moderators: { type: DataTypes.JSON, allowNull: false },
        dialOutStation: { type: DataTypes.INTEGER, allowNull: true },
        pinHash: textOrNull(),
        moderatorPinHash: textOrNull(),
        adHoc: flag(),
      },
      { transaction },
    );
    // It goes with the recording, and outlives the room.
    await queryInterface.createTable(
      'conferenceRecordings',
      {
        id: {
          ...id(),
          references: { model: 'recordings', key: 'id' },
          onDelete: 'CASCADE',
          onUpdate: 'CASCADE',
        },
        roomId: text(),
        roomName: text(),
      },
      { transaction },
    );
    await queryInterface.addIndex('conferenceRecordings', ['roomId'], {
      transaction,
      name: 'conferenceRecordings_roomId',
    });
  },
  async down({ queryInterface, transaction }) {
    await queryInterface.dropTable('conferenceRecordings', { transaction });
    await queryInterface.dropTable('conferenceRooms', { transaction });
  },
};
