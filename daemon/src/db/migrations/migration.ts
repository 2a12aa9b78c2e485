import type { QueryInterface, Transaction } from 'sequelize';

/** What a migration works with; all of it is one transaction. */
export interface MigrationContext {
  queryInterface: QueryInterface;
  transaction: Transaction;
}

/**
 * One step of the database's form. Once released a step never changes: the next change is a new step. `down` undoes it, for
 * going back to the version before; what the older form cannot hold is lost.
 */
export interface Migration {
  /** number and purpose, in the order in which they run */
  name: string;
  up(context: MigrationContext): Promise<void>;
  down(context: MigrationContext): Promise<void>;
}
