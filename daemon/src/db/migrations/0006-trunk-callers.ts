// Rules for the numbers of those who call in over a trunk.
import { DataTypes } from 'sequelize';
import type { Migration } from './migration.js';

export const trunkCallers: Migration = {
  name: '0006-trunk-callers',
  async up({ queryInterface, transaction }) {
    const column = { type: DataTypes.JSON, allowNull: false, defaultValue: [] };
    await queryInterface.addColumn('trunks', 'callerRulesIn', column, { transaction });
  },
  async down({ queryInterface, transaction }) {
    // Not removeColumn, which copies the table.
    await queryInterface.sequelize.query('ALTER TABLE "trunks" DROP COLUMN "callerRulesIn"', { transaction });
  },
};
