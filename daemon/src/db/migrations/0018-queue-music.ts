// What a queue plays is a playlist, or as before a prompt.
import type { Migration } from './migration.js';

export const queueMusic: Migration = {
  name: '0018-queue-music',
  async up({ queryInterface, transaction }) {
    await queryInterface.sequelize.query('ALTER TABLE "queues" RENAME COLUMN "musicFile" TO "music"', { transaction });
  },
  async down({ queryInterface, transaction }) {
    await queryInterface.sequelize.query('ALTER TABLE "queues" RENAME COLUMN "music" TO "musicFile"', { transaction });
  },
};
