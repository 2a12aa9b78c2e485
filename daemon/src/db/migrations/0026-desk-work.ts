// Messages to agents, and calls that an agent missed and has dealt with, follow him to whatever machine he sits at.
import { DataTypes } from 'sequelize';
import type { Migration } from './migration.js';

const id = (length: number) => ({ type: DataTypes.STRING(length), primaryKey: true, allowNull: false });
const text = () => ({ type: DataTypes.TEXT, allowNull: false });
const time = (allowNull = false) => ({ type: DataTypes.BIGINT, allowNull });
const agent = () => ({
  ...{ type: DataTypes.STRING(40), allowNull: false, references: { model: 'agents', key: 'id' } },
  ...{ onDelete: 'CASCADE', onUpdate: 'CASCADE' },
});

export const deskWork: Migration = {
  name: '0026-desk-work',
  async up({ queryInterface, transaction }) {
    await queryInterface.createTable(
      'agentMessages',
      {
        ...{ id: id(40), agentId: agent(), fromUserId: text(), from: text(), text: text() },
        ...{ at: time(), readAt: time(true) },
      },
      { transaction },
    );
    await queryInterface.createTable(
      'missedDone',
      { id: id(80), callId: text(), agentId: agent(), at: time() },
      { transaction },
    );
    for (const table of ['agentMessages', 'missedDone'])
      await queryInterface.addIndex(table, ['agentId'], { transaction, name: `${table}_agentId` });
  },
  async down({ queryInterface, transaction }) {
    await queryInterface.dropTable('missedDone', { transaction });
    await queryInterface.dropTable('agentMessages', { transaction });
  },
};
