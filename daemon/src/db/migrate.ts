// Brings the database's form up to that of this version, step by step. Each step and the note that it was done are one
// transaction: a machine that dies in between finds the step done or not begun.
import { DataTypes, type Sequelize } from 'sequelize';
import { Umzug, type UmzugStorage } from 'umzug';
import { AppError, systemClock, type Clock, type Log } from '../platform/index.js';
import { migrations as ours, type Migration } from './migrations/index.js';
import { backup } from './sqlite.js';

const TABLE = 'migrations';

export interface MigrateOptions {
  sequelize: Sequelize;
  file: string;
  log: Log;
  clock?: Clock | undefined;
  /** for tests */
  migrations?: readonly Migration[] | undefined;
  /** told before the copy is made, before each step, and every few seconds while it lasts */
  progress?: ((progress: MigrationProgress) => void) | undefined;
  /** for tests */
  asItLiesBytes?: number | undefined;
  /** go down to (and keep) this step; left out: up to the newest */
  downTo?: string | undefined;
}

/** The form of a large database takes its time to be changed. */
export interface MigrationProgress {
  /** of how many steps, 1 the first; 0: the copy is being made */
  step: number;
  steps: number;
  /** since the first was begun */
  lastedMs: number;
}

const TOLD_EVERY_MS = 5000;

export interface MigrateResult {
  /** the steps taken, in order */
  steps: string[];
  /** copy of the database as it was before, if there was one */
  backup: string | undefined;
}

/** AppError database_newer when the file has a step that this version does not know. */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const { sequelize, file, log } = options;
  const migrations = options.migrations ?? ours;
  const queryInterface = sequelize.getQueryInterface();
  const tables = (await queryInterface.showAllTables()) as unknown as string[];
  if (!tables.includes(TABLE)) {
    await queryInterface.createTable(TABLE, { name: { type: DataTypes.STRING(100), primaryKey: true } });
  }
  const done = await executed(sequelize);
  const known = new Set(migrations.map((migration) => migration.name));
  const unknown = done.find((name) => !known.has(name));
  if (unknown !== undefined) throw new AppError('database_newer', { file, migration: unknown });

  const umzug = new Umzug({
    migrations: migrations.map((migration) => ({
      name: migration.name,
      up: () => step(sequelize, migration, 'up'),
      down: () => step(sequelize, migration, 'down'),
    })),
    storage: noteWithinStep(sequelize),
    logger: undefined,
  });

  const { downTo } = options;
  const last = migrations.findIndex((migration) => migration.name === downTo);
  const pending =
    downTo === undefined
      ? (await umzug.pending()).map((migration) => migration.name)
      : migrations.slice(last + 1).map((migration) => migration.name);
  const next = pending.find((name) => downTo === undefined || done.includes(name));
  if (next === undefined) return { steps: [], backup: undefined };

  const clock = options.clock ?? systemClock;
  const begunMs = clock.monotonicMs();
  let at = 0;
  const tell = (): void => {
    const lastedMs = Math.round(clock.monotonicMs() - begunMs);
    options.progress?.({ step: at, steps: pending.length, lastedMs });
    if (lastedMs >= TOLD_EVERY_MS)
      log.info({ step: at, steps: pending.length, lastedMs }, 'the form of the database is being changed');
  };
  const every = clock.every(TOLD_EVERY_MS, tell);
  umzug.on('migrating', tellNext);
  umzug.on('reverting', tellNext);
  function tellNext(): void {
    at += 1;
    tell();
  }
  try {
    let copy: string | undefined;
    if (done.length > 0) {
      tell();
      copy = await backup(sequelize, file, `before-${next}`, clock.wallMs(), options.asItLiesBytes);
      if (copy === undefined)
        log.warn({ file }, 'there is no room for a copy of the database before its form is changed');
      else log.info({ copy }, 'kept a copy of the database before changing its form');
    }
    const after = migrations[last + 1];
    const taken =
      downTo === undefined ? await umzug.up() : after === undefined ? [] : await umzug.down({ to: after.name });
    const steps = taken.map((migration) => migration.name);
    log.info({ steps, lastedMs: Math.round(clock.monotonicMs() - begunMs) }, 'the form of the database was changed');
    return { steps, backup: copy };
  } finally {
    every.cancel();
  }
}

async function executed(sequelize: Sequelize): Promise<string[]> {
  const rows = (await sequelize.getQueryInterface().select(null, TABLE, { order: ['name'] } as object)) as {
    name: string;
  }[];
  return rows.map((row) => row.name);
}

async function step(sequelize: Sequelize, migration: Migration, direction: 'up' | 'down'): Promise<void> {
  const queryInterface = sequelize.getQueryInterface();
  await sequelize.transaction(async (transaction) => {
    await migration[direction]({ queryInterface, transaction });
    if (direction === 'up') await queryInterface.bulkInsert(TABLE, [{ name: migration.name }], { transaction });
    else await queryInterface.bulkDelete(TABLE, { name: migration.name }, { transaction });
  });
}

/** Umzug would note a step after its transaction; step() has done so within it. */
function noteWithinStep(sequelize: Sequelize): UmzugStorage {
  return {
    executed: () => executed(sequelize),
    logMigration: () => Promise.resolve(),
    unlogMigration: () => Promise.resolve(),
  };
}
