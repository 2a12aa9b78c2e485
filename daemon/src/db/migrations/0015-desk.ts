// Agents' desks: reasons with names, dispositions and notes, PINs, speed dials; what an agent's state needs to be as it was after
// the daemon was ended; wrap-up until a disposition is set.
import { DataTypes, type ModelAttributes } from 'sequelize';
import type { Migration, MigrationContext } from './migration.js';

const text = () => ({ type: DataTypes.TEXT, allowNull: false });
const textOrNull = () => ({ type: DataTypes.TEXT, allowNull: true });
const time = () => ({ type: DataTypes.BIGINT, allowNull: false });
const integer = () => ({ type: DataTypes.INTEGER, allowNull: false });
const flag = () => ({ type: DataTypes.BOOLEAN, allowNull: false });
const id = () => ({ type: DataTypes.STRING(40), primaryKey: true, allowNull: false });

const tables = (): [name: string, columns: ModelAttributes][] => [
  [
    'notReadyReasons',
    {
      ...{ code: id(), nameZh: text(), nameEn: text(), paid: flag() },
      ...{ maxMinutes: { type: DataTypes.INTEGER, allowNull: true }, position: integer(), enabled: flag() },
    },
  ],
  [
    'dispositions',
    {
      ...{ id: id(), nameZh: text(), nameEn: text(), parentId: textOrNull(), queueId: textOrNull() },
      ...{ requiresNote: flag(), position: integer(), enabled: flag() },
    },
  ],
  [
    'callNotes',
    {
      ...{ id: id(), callId: text(), agentId: text(), queueId: textOrNull(), disposition: textOrNull() },
      ...{ note: text(), followUp: flag(), at: time() },
    },
  ],
  ['speedDials', { id: id(), owner: text(), slot: text(), number: text(), name: text() }],
  ['dialledNumbers', { id: id(), station: integer(), agentId: textOrNull(), number: text(), at: time() }],
  [
    'agentDesks',
    {
      agentId: {
        ...{ ...id(), references: { model: 'agents', key: 'id' } },
        ...{ onDelete: 'CASCADE', onUpdate: 'RESTRICT' },
      },
      ...{ pinHash: textOrNull(), shownNumber: textOrNull() },
      pausedQueues: { type: DataTypes.JSON, allowNull: false },
    },
  ],
  [
    'stationLocks',
    { station: { type: DataTypes.INTEGER, primaryKey: true, allowNull: false }, wrong: integer(), lockedUntil: time() },
  ],
];

const indexes: [table: string, columns: string[]][] = [
  ['callNotes', ['callId']],
  ['callNotes', ['disposition', 'at']],
  ['callNotes', ['agentId', 'at']],
  ['callNotes', ['at']],
  ['speedDials', ['owner']],
  ['dialledNumbers', ['station', 'id']],
  ['dialledNumbers', ['agentId', 'id']],
];

/** A CHECK cannot be changed: another column takes the place. Not removeColumn, which copies the table and loses its CHECKs. */
async function setModes(modes: readonly string[], { queryInterface, transaction }: MigrationContext): Promise<void> {
  const list = modes.map((mode) => `'${mode}'`).join(', ');
  for (const sql of [
    `ALTER TABLE "queues" ADD COLUMN "wrapUpModeNext" TEXT NOT NULL DEFAULT 'timed' CHECK ("wrapUpModeNext" IN (${list}))`,
    `UPDATE "queues" SET "wrapUpModeNext" = CASE WHEN "wrapUpMode" IN (${list}) THEN "wrapUpMode" ELSE 'manual' END`,
    'ALTER TABLE "queues" DROP COLUMN "wrapUpMode"',
    'ALTER TABLE "queues" RENAME COLUMN "wrapUpModeNext" TO "wrapUpMode"',
  ])
    await queryInterface.sequelize.query(sql, { transaction });
}

const added: [table: string, column: string, sql: string][] = [
  ['queues', 'wrapUpLimitMs', 'INTEGER NOT NULL DEFAULT 0 CHECK ("wrapUpLimitMs" >= 0)'],
  ['agentStates', 'detail', 'JSON'],
  ['agentSegments', 'changedBy', 'TEXT'],
  ['agentSegments', 'forced', 'BOOLEAN NOT NULL DEFAULT FALSE'],
];

export const desk: Migration = {
  name: '0015-desk',
  async up(context) {
    const { queryInterface, transaction } = context;
    for (const [table, columns] of tables()) await queryInterface.createTable(table, columns, { transaction });
    for (const [table, columns] of indexes)
      await queryInterface.addIndex(table, columns, { transaction, name: `${table}_${columns.join('_')}` });
    await setModes(['timed', 'manual', 'untilDisposition'], context);
    for (const [table, column, sql] of added)
      await queryInterface.sequelize.query(`ALTER TABLE "${table}" ADD COLUMN "${column}" ${sql}`, { transaction });
  },
  async down(context) {
    const { queryInterface, transaction } = context;
    for (const [table, column] of added)
      await queryInterface.sequelize.query(`ALTER TABLE "${table}" DROP COLUMN "${column}"`, { transaction });
    await setModes(['timed', 'manual'], context);
    for (const [table] of tables().reverse()) await queryInterface.dropTable(table, { transaction });
  },
};
