// What an agent did of late is found by when it ended, however many years of him there are.
import type { Migration } from './migration.js';

const INDEX = 'agentSegments_agentId_endedAt';

export const lateStates: Migration = {
  name: '0029-late-states',
  async up({ queryInterface, transaction }) {
    await queryInterface.addIndex('agentSegments', ['agentId', 'endedAt'], { transaction, name: INDEX });
  },
  async down({ queryInterface, transaction }) {
    await queryInterface.removeIndex('agentSegments', INDEX, { transaction });
  },
};
