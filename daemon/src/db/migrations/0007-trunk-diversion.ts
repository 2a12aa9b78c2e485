// How the carrier of a trunk is told who has sent a call on.
import type { Migration } from './migration.js';

export const trunkDiversion: Migration = {
  name: '0007-trunk-diversion',
  async up({ queryInterface, transaction }) {
    // What every trunk was sent so far.
    const type = `TEXT CHECK ("diversionHeader" IN ('none', 'diversion', 'history', 'both'))`;
    const column = { type, allowNull: false, defaultValue: 'diversion' };
    await queryInterface.addColumn('trunks', 'diversionHeader', column, { transaction });
  },
  async down({ queryInterface, transaction }) {
    // Not removeColumn, which copies the table.
    await queryInterface.sequelize.query('ALTER TABLE "trunks" DROP COLUMN "diversionHeader"', { transaction });
  },
};
