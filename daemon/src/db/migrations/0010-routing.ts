// Calendars, people on duty, lists of callers, rights to dial; routes in with conditions; who changed what.
import { DataTypes, type ModelAttributes } from 'sequelize';
import type { Migration, MigrationContext } from './migration.js';

// Functions, because Sequelize writes the column's name into the object it is given.
const slug = () => ({ type: DataTypes.STRING(40), primaryKey: true, allowNull: false });
const text = () => ({ type: DataTypes.TEXT, allowNull: false });
const textOrNull = () => ({ type: DataTypes.TEXT, allowNull: true });
const json = () => ({ type: DataTypes.JSON, allowNull: false });
const jsonOrNull = () => ({ type: DataTypes.JSON, allowNull: true });
const flag = () => ({ type: DataTypes.BOOLEAN, allowNull: false });
const integer = () => ({ type: DataTypes.INTEGER, allowNull: false });
const time = () => ({ type: DataTypes.BIGINT, allowNull: false });
const refers = (model: string, onDelete: 'RESTRICT' | 'CASCADE', allowNull = true) => ({
  type: DataTypes.STRING(40),
  allowNull,
  references: { model, key: 'id' },
  onDelete,
  onUpdate: 'RESTRICT',
});

const tables = (): [name: string, columns: ModelAttributes][] => [
  ['calendars', { id: slug(), name: text(), weekly: json(), specialDays: json(), override: jsonOrNull() }],
  ['dutyGroups', { id: slug(), name: text(), shifts: json() }],
  [
    'numberLists',
    {
      id: slug(),
      name: text(),
      kind: { type: `TEXT CHECK ("kind" IN ('black', 'white', 'vip'))`, allowNull: false },
      action: json(),
      level: { type: 'INTEGER CHECK ("level" BETWEEN 1 AND 5)', allowNull: false },
      priority: { type: 'INTEGER CHECK ("priority" BETWEEN 0 AND 9)', allowNull: false },
      enabled: flag(),
    },
  ],
  [
    'numberListEntries',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true, allowNull: false },
      listId: refers('numberLists', 'CASCADE', false),
      number: { type: DataTypes.STRING(130), allowNull: false },
      pattern: flag(),
      reason: text(),
      expiresAt: { type: DataTypes.BIGINT, allowNull: true },
      level: { type: DataTypes.INTEGER, allowNull: true },
      agentId: textOrNull(),
      addedBy: text(),
      addedAt: time(),
    },
  ],
  [
    'dialRights',
    {
      subject: { type: DataTypes.STRING(40), primaryKey: true, allowNull: false },
      callingNumbers: json(),
      calendar: jsonOrNull(),
    },
  ],
  [
    'auditEntries',
    {
      id: slug(),
      at: time(),
      actor: text(),
      action: text(),
      objectKind: text(),
      objectId: text(),
      before: jsonOrNull(),
      after: jsonOrNull(),
    },
  ],
];

const indexes: [table: string, columns: string[], unique?: boolean][] = [
  ['numberListEntries', ['listId', 'number'], true],
  ['auditEntries', ['objectKind', 'objectId', 'id']],
  ['auditEntries', ['actor', 'id']],
];

const LANGUAGE = `TEXT CHECK ("language" IN ('zh-CN', 'en'))`;

/** A UNIQUE cannot be taken away: the rows move to a table without it. No table refers to this one. */
async function rebuildRoutes(columns: ModelAttributes, values: string, context: MigrationContext, where = '') {
  const { queryInterface, transaction } = context;
  await queryInterface.createTable('routesMoved', columns, { transaction });
  const names = Object.keys(columns).map((name) => `"${name}"`);
  await queryInterface.sequelize.query(
    `INSERT INTO "routesMoved" (${names.join(', ')}) SELECT ${values} FROM "routes" ${where}`,
    { transaction },
  );
  await queryInterface.dropTable('routes', { transaction });
  await queryInterface.renameTable('routesMoved', 'routes', { transaction });
  await queryInterface.addIndex('routes', ['flowId'], { transaction, name: 'routes_flowId' });
}

export const routing: Migration = {
  name: '0010-routing',
  async up(context) {
    const { queryInterface, transaction } = context;
    for (const [table, columns] of tables()) await queryInterface.createTable(table, columns, { transaction });
    for (const [table, columns, unique] of indexes)
      await queryInterface.addIndex(table, columns, {
        ...{ transaction, name: `${table}_${columns.join('_')}` },
        unique: unique ?? false,
      });
    await rebuildRoutes(
      {
        id: slug(),
        calledNumber: text(),
        callingNumber: text(),
        callingList: refers('numberLists', 'RESTRICT'),
        trunk: textOrNull(),
        calendar: jsonOrNull(),
        priority: integer(),
        name: text(),
        language: { type: LANGUAGE, allowNull: false },
        enabled: flag(),
        flowId: refers('flows', 'RESTRICT'),
        target: json(),
      },
      `"id", "calledNumber", '', NULL, NULL, NULL, 100, '', "language", TRUE, "flowId",
       '{"kind":"flow","flowId":"' || "flowId" || '"}'`,
      context,
    );
    for (const [column, type] of [
      ['cost', { ...integer(), defaultValue: 0 }],
      ['calendar', jsonOrNull()],
      ['callingNumber', { ...text(), defaultValue: '' }],
    ] as const)
      await queryInterface.addColumn('outboundRoutes', column, type, { transaction });
    for (const column of ['origin', 'treatment'])
      await queryInterface.addColumn('calls', column, jsonOrNull(), { transaction });
  },
  async down(context) {
    const { queryInterface, transaction } = context;
    await rebuildRoutes(
      {
        id: slug(),
        calledNumber: { ...text(), unique: true },
        flowId: refers('flows', 'RESTRICT', false),
        language: { type: LANGUAGE, allowNull: false },
      },
      '"id", "calledNumber", "flowId", "language"',
      context,
      // Of several for one number, the one that was made first.
      `WHERE "flowId" IS NOT NULL AND "calledNumber" <> '' AND "id" IN
         (SELECT MIN("id") FROM "routes" WHERE "flowId" IS NOT NULL GROUP BY "calledNumber")`,
    );
    // Not removeColumn, which copies the table.
    const drop = (table: string, column: string) =>
      queryInterface.sequelize.query(`ALTER TABLE "${table}" DROP COLUMN "${column}"`, { transaction });
    for (const column of ['cost', 'calendar', 'callingNumber']) await drop('outboundRoutes', column);
    for (const column of ['origin', 'treatment']) await drop('calls', column);
    for (const [table] of tables().reverse()) await queryInterface.dropTable(table, { transaction });
  },
};
