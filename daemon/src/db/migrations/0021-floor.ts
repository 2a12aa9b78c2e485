// When a queue's figures ask for attention, and a way to find the states that agents had at an earlier time.
import { DataTypes } from 'sequelize';
import type { Migration } from './migration.js';

const integerOrNull = () => ({ type: DataTypes.INTEGER, allowNull: true });
const timeOrNull = () => ({ type: DataTypes.BIGINT, allowNull: true });
const shareOrNull = () => ({ type: DataTypes.DOUBLE, allowNull: true });

export const floor: Migration = {
  name: '0021-floor',
  async up({ queryInterface, transaction }) {
    await queryInterface.createTable(
      'queueThresholds',
      {
        queueId: {
          ...{ type: DataTypes.STRING(40), primaryKey: true, allowNull: false },
          ...{ references: { model: 'queues', key: 'id' }, onDelete: 'CASCADE', onUpdate: 'CASCADE' },
        },
        ...{ waitingAmber: integerOrNull(), waitingRed: integerOrNull() },
        ...{ longestAmberMs: timeOrNull(), longestRedMs: timeOrNull() },
        ...{ serviceLevelAmber: shareOrNull(), serviceLevelRed: shareOrNull() },
      },
      { transaction },
    );
    await queryInterface.addIndex('agentSegments', ['endedAt'], { transaction, name: 'agentSegments_endedAt' });
  },
  async down({ queryInterface, transaction }) {
    await queryInterface.removeIndex('agentSegments', 'agentSegments_endedAt', { transaction });
    await queryInterface.dropTable('queueThresholds', { transaction });
  },
};
