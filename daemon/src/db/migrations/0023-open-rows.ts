// What a start after a crash asks for is found without reading all calls: segments that are open, and the end of the last call.
import type { Migration } from './migration.js';

const indexes = {
  segments_open: '"segments" ("callId") WHERE "endedAt" IS NULL',
  calls_endedAt: '"calls" ("endedAt") WHERE "endedAt" IS NOT NULL',
};

export const openRows: Migration = {
  name: '0023-open-rows',
  async up({ queryInterface, transaction }) {
    for (const [name, on] of Object.entries(indexes))
      await queryInterface.sequelize.query(`CREATE INDEX "${name}" ON ${on}`, { transaction });
  },
  async down({ queryInterface, transaction }) {
    for (const name of Object.keys(indexes))
      await queryInterface.sequelize.query(`DROP INDEX "${name}"`, { transaction });
  },
};
