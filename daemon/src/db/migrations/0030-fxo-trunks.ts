// Trunks of analog lines: a third kind, with ports, how they are hunted, and what is dialled before a number.
import { QueryTypes } from 'sequelize';
import type { Migration, MigrationContext } from './migration.js';

const KINDS = { before: "('e1', 'sip')", after: "('e1', 'sip', 'fxo')" };
const COLUMNS = ['lines', 'hunt', 'dialPrefix', 'lineNumber'] as const;

/** A CHECK cannot be changed: the rows move to a table with another one. No table refers to this one. */
async function rebuild({ queryInterface, transaction }: MigrationContext, from: string, to: string): Promise<void> {
  const { sequelize } = queryInterface;
  const query = (sql: string): Promise<unknown> => sequelize.query(sql, { transaction });
  const [table] = await sequelize.query<{ sql: string }>(
    `SELECT "sql" FROM "sqlite_master" WHERE "type" = 'table' AND "name" = 'trunks'`,
    { type: QueryTypes.SELECT, transaction },
  );
  if (table?.sql.includes(from) !== true) throw new Error('the table of trunks is not as it was made');
  await query(table.sql.replace(/^CREATE TABLE [`"']?trunks[`"']?/, 'CREATE TABLE "trunksMoved"').replace(from, to));
  await query('INSERT INTO "trunksMoved" SELECT * FROM "trunks"');
  await query('DROP TABLE "trunks"');
  await query('ALTER TABLE "trunksMoved" RENAME TO "trunks"');
}

export const fxoTrunks: Migration = {
  name: '0030-fxo-trunks',
  async up(context) {
    const { queryInterface, transaction } = context;
    await rebuild(context, KINDS.before, KINDS.after);
    const add = (column: string, type: string, defaultValue: string): Promise<void> =>
      queryInterface.addColumn('trunks', column, { type, allowNull: false, defaultValue }, { transaction });
    await add('lines', 'JSON', '[]');
    await add('hunt', `TEXT CHECK ("hunt" IN ('order', 'leastUsed'))`, 'order');
    await add('dialPrefix', 'TEXT', '');
    await add('lineNumber', 'TEXT', '');
  },
  async down(context) {
    const { sequelize } = context.queryInterface;
    const { transaction } = context;
    await sequelize.query(`DELETE FROM "trunks" WHERE "kind" = 'fxo'`, { transaction });
    // Not removeColumn, which copies the table.
    for (const column of COLUMNS)
      await sequelize.query(`ALTER TABLE "trunks" DROP COLUMN "${column}"`, { transaction });
    await rebuild(context, KINDS.after, KINDS.before);
  },
};
