// Those who call; and calls found by the number that was dialled.
import { DataTypes, type ModelAttributes } from 'sequelize';
import type { Migration } from './migration.js';

// Functions, because Sequelize writes the column's name into the object it is given.
const text = () => ({ type: DataTypes.TEXT, allowNull: false });
const time = () => ({ type: DataTypes.BIGINT, allowNull: false });
const integer = () => ({ type: DataTypes.INTEGER, allowNull: false });

const contactsTable = (): ModelAttributes => ({
  id: { type: DataTypes.STRING(40), primaryKey: true, allowNull: false },
  ...{ name: text(), company: text(), level: integer(), tags: { type: DataTypes.JSON, allowNull: false } },
  ...{ address: text(), note: text(), createdAt: time(), updatedAt: time(), updatedBy: text() },
});
const numbersTable = (): ModelAttributes => ({
  id: { type: DataTypes.STRING(80), primaryKey: true, allowNull: false },
  contactId: {
    ...{ type: DataTypes.STRING(40), allowNull: false, references: { model: 'contacts', key: 'id' } },
    ...{ onDelete: 'CASCADE', onUpdate: 'CASCADE' },
  },
  ...{ number: text(), position: integer() },
});

const indexes: [table: string, columns: string[]][] = [
  ['contactNumbers', ['number']],
  ['contactNumbers', ['contactId']],
  ['calls', ['calledNumber', 'startedAt']],
];

export const contacts: Migration = {
  name: '0020-contacts',
  async up({ queryInterface, transaction }) {
    await queryInterface.createTable('contacts', contactsTable(), { transaction });
    await queryInterface.createTable('contactNumbers', numbersTable(), { transaction });
    for (const [table, columns] of indexes)
      await queryInterface.addIndex(table, columns, { transaction, name: `${table}_${columns.join('_')}` });
  },
  async down({ queryInterface, transaction }) {
    await queryInterface.removeIndex('calls', 'calls_calledNumber_startedAt', { transaction });
    await queryInterface.dropTable('contactNumbers', { transaction });
    await queryInterface.dropTable('contacts', { transaction });
  },
};
