// Announcements have a name for people beside the id that flows and telephones know.
import { DataTypes } from 'sequelize';
import type { Migration } from './migration.js';

export const announcementNames: Migration = {
  name: '0028-announcement-names',
  async up({ queryInterface, transaction }) {
    const column = { type: DataTypes.TEXT, allowNull: false, defaultValue: '' };
    await queryInterface.addColumn('announcements', 'name', column, { transaction });
  },
  async down({ queryInterface, transaction }) {
    await queryInterface.sequelize.query('ALTER TABLE "announcements" DROP COLUMN "name"', { transaction });
  },
};
