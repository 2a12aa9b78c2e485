// Voicemail by telephone: what a box does by itself, who may try its PIN, who is to be called for a message; answers recorded in
// flows; announcements that are switched by telephone.
import { DataTypes, type ModelAttributes } from 'sequelize';
import type { Migration } from './migration.js';

// Functions, because Sequelize writes the column's name into the object it is given.
const text = () => ({ type: DataTypes.TEXT, allowNull: false });
const textOrNull = () => ({ type: DataTypes.TEXT, allowNull: true });
const time = () => ({ type: DataTypes.BIGINT, allowNull: false });
const timeOrNull = () => ({ type: DataTypes.BIGINT, allowNull: true });
const integer = () => ({ type: DataTypes.INTEGER, allowNull: false });
const id = () => ({ type: DataTypes.TEXT, primaryKey: true, allowNull: false });
const oneOf = (column: string, values: readonly string[]) => ({
  type: `TEXT CHECK ("${column}" IN (${values.map((value) => `'${value}'`).join(', ')}))`,
  allowNull: false,
});
const of = (model: string) => ({
  type: DataTypes.STRING(40),
  allowNull: false,
  references: { model, key: 'id' },
  onDelete: 'CASCADE',
  onUpdate: 'CASCADE',
});

const BOXES = 'voicemailBoxes';
const boxColumns = (): ModelAttributes => ({
  chosenGreeting: { ...integer(), defaultValue: 0 },
  answersStations: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
  notifyNumber: textOrNull(),
  notifyCalendarId: textOrNull(),
  notifyTries: { ...integer(), defaultValue: 3 },
  notifyPauseMs: { ...integer(), defaultValue: 300_000 },
});

const tables = (): [name: string, columns: ModelAttributes][] => [
  [
    'voicemailTries',
    {
      id: id(),
      boxId: of(BOXES),
      caller: text(),
      failed: integer(),
      lockedUntil: time(),
      rightAt: timeOrNull(),
      at: time(),
    },
  ],
  [
    'voicemailNotices',
    {
      id: { ...of('voiceMessages'), primaryKey: true },
      boxId: text(),
      state: oneOf('state', ['waiting', 'reached', 'heard', 'givenUp']),
      tries: integer(),
      nextAt: time(),
      lastResult: textOrNull(),
    },
  ],
  [
    'flowRecordings',
    {
      id: id(),
      callId: text(),
      flowId: text(),
      node: text(),
      callingNumber: text(),
      startedAt: time(),
      durationMs: integer(),
      state: oneOf('state', ['recording', 'kept']),
    },
  ],
  [
    'announcementNumbers',
    { id: { ...of('announcements'), primaryKey: true }, number: { ...text(), unique: true }, pinHash: textOrNull() },
  ],
];

export const voice: Migration = {
  name: '0013-voice',
  async up({ queryInterface, transaction }) {
    for (const [column, attribute] of Object.entries(boxColumns()))
      await queryInterface.addColumn(BOXES, column, attribute as never, { transaction });
    for (const [table, columns] of tables()) await queryInterface.createTable(table, columns, { transaction });
    await queryInterface.addIndex('flowRecordings', ['startedAt'], { transaction, name: 'flowRecordings_startedAt' });
    await queryInterface.addIndex('voicemailNotices', ['state'], { transaction, name: 'voicemailNotices_state' });
  },
  async down({ queryInterface, transaction }) {
    for (const [table] of tables().reverse()) await queryInterface.dropTable(table, { transaction });
    for (const column of Object.keys(boxColumns()))
      await queryInterface.sequelize.query(`ALTER TABLE "${BOXES}" DROP COLUMN "${column}"`, { transaction });
  },
};
