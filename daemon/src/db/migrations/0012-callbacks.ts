// Customers who are called back, and the rules of queues for them.
import { DataTypes, type ModelAttributes } from 'sequelize';
import { OPEN_CALLBACK_STATES } from '../../contract/index.js';
import type { Migration } from './migration.js';

// Functions, because Sequelize writes the column's name into the object it is given.
const text = () => ({ type: DataTypes.TEXT, allowNull: false });
const textOrNull = () => ({ type: DataTypes.TEXT, allowNull: true });
const time = () => ({ type: DataTypes.BIGINT, allowNull: false });
const timeOrNull = () => ({ type: DataTypes.BIGINT, allowNull: true });
const integer = () => ({ type: DataTypes.INTEGER, allowNull: false });
const flag = () => ({ type: DataTypes.BOOLEAN, allowNull: false });
const json = () => ({ type: DataTypes.JSON, allowNull: false });
const id = () => ({ type: DataTypes.STRING(40), primaryKey: true, allowNull: false });
const refers = (model: string, onDelete: 'RESTRICT' | 'CASCADE') => ({
  ...{ references: { model, key: 'id' }, onDelete, onUpdate: 'CASCADE' },
});
const oneOf = (column: string, values: readonly string[]) => ({
  type: `TEXT CHECK ("${column}" IN (${values.map((value) => `'${value}'`).join(', ')}))`,
  allowNull: false,
});

const tables = (): [name: string, columns: ModelAttributes][] => [
  [
    'callbackRules',
    {
      queueId: { ...id(), ...refers('queues', 'CASCADE') },
      ...{ enabled: flag(), confirm: flag(), otherNumber: flag() },
      order: oneOf('order', ['agentFirst', 'customerFirst']),
      ...{ mostOpen: integer(), tries: integer(), ringMs: integer() },
      ...{ busyPauseMs: integer(), noAnswerPauseMs: integer(), failedPauseMs: integer(), expiresAfterMs: time() },
      calendarId: { type: DataTypes.STRING(40), allowNull: true, ...refers('calendars', 'RESTRICT') },
      ...{ allowedClasses: json(), callingNumber: text(), whisper: text() },
      abandonedAfterMs: { type: DataTypes.INTEGER, allowNull: true },
    },
  ],
  // These outlive their queue: what became of them is told in reports.
  [
    'callbacks',
    {
      id: id(),
      ...{ queueId: text(), number: text(), language: text(), source: text() },
      state: oneOf('state', [...OPEN_CALLBACK_STATES, 'done', 'failed', 'cancelled', 'expired']),
      ...{ entry: json(), takenAt: time(), enteredAt: time(), dueAt: time(), expiresAt: time(), nextAt: timeOrNull() },
      ...{ tries: integer(), lastResult: textOrNull(), agentId: textOrNull() },
      ...{ originalCallId: textOrNull(), callId: textOrNull(), createdBy: textOrNull(), note: text() },
    },
  ],
];

export const callbacks: Migration = {
  name: '0012-callbacks',
  async up({ queryInterface, transaction }) {
    for (const [table, columns] of tables()) await queryInterface.createTable(table, columns, { transaction });
    // Two who ask at once for the same number: one of them is told so.
    await queryInterface.addIndex('callbacks', ['queueId', 'number'], {
      ...{ transaction, unique: true, name: 'callbacks_open' },
      where: { state: [...OPEN_CALLBACK_STATES] },
    });
    for (const columns of [['state'], ['number', 'id']])
      await queryInterface.addIndex('callbacks', columns, { transaction, name: `callbacks_${columns.join('_')}` });
  },
  async down({ queryInterface, transaction }) {
    for (const [table] of tables().reverse()) await queryInterface.dropTable(table, { transaction });
  },
};
