// A call that was dialled may be ended by the one who was called.
import type { Migration, MigrationContext } from './migration.js';

const BEFORE = ['caller', 'agent', 'system', 'fault'] as const;
const SINCE = ['caller', 'agent', 'callee', 'system', 'fault'] as const;

/**
 * A CHECK cannot be changed: the values move to a column with another one. Not by a copy of the table, as removeColumn would
 * make it: segments and recordings refer to it, and would go with the old one.
 */
async function recheck(values: readonly string[], { queryInterface, transaction }: MigrationContext): Promise<void> {
  const { sequelize } = queryInterface;
  const list = values.map((value) => `'${value}'`).join(', ');
  for (const statement of [
    'ALTER TABLE "calls" RENAME COLUMN "releasedBy" TO "releasedByBefore"',
    `ALTER TABLE "calls" ADD COLUMN "releasedBy" TEXT CHECK ("releasedBy" IN (${list}))`,
    'UPDATE "calls" SET "releasedBy" = "releasedByBefore"',
    'ALTER TABLE "calls" DROP COLUMN "releasedByBefore"',
  ])
    await sequelize.query(statement, { transaction });
}

export const callee: Migration = {
  name: '0003-callee',
  up: (context) => recheck(SINCE, context),
  async down(context) {
    const { queryInterface, transaction } = context;
    await queryInterface.bulkUpdate('calls', { releasedBy: 'agent' }, { releasedBy: 'callee' }, { transaction });
    await recheck(BEFORE, context);
  },
};
