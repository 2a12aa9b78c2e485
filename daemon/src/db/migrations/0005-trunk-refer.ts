// Trunks whose carrier may be handed a call that is put through over them again.
import { DataTypes } from 'sequelize';
import type { Migration } from './migration.js';

export const trunkRefer: Migration = {
  name: '0005-trunk-refer',
  async up({ queryInterface, transaction }) {
    const column = { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false };
    await queryInterface.addColumn('trunks', 'refer', column, { transaction });
  },
  async down({ queryInterface, transaction }) {
    // Not removeColumn, which copies the table.
    await queryInterface.sequelize.query('ALTER TABLE "trunks" DROP COLUMN "refer"', { transaction });
  },
};
