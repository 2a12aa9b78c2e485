// Flows have drafts and a history, callers leave a trace in them, and there are announcements that are switched on and off.
import { randomBytes } from 'node:crypto';
import { DataTypes, QueryTypes, type ModelAttributes } from 'sequelize';
import type { Migration } from './migration.js';

// Functions, because Sequelize writes the column's name into the object it is given.
const text = () => ({ type: DataTypes.TEXT, allowNull: false });
const time = () => ({ type: DataTypes.BIGINT, allowNull: false });
const json = () => ({ type: DataTypes.JSON, allowNull: false });
const id = () => ({ type: DataTypes.STRING(40), primaryKey: true, allowNull: false });
const count = (column: string, least: number) => ({
  type: `INTEGER CHECK ("${column}" >= ${least})`,
  allowNull: false,
});

const tables = (): [name: string, columns: ModelAttributes][] => [
  [
    'flowDrafts',
    { id: id(), name: text(), definition: json(), basedOn: count('basedOn', 0), updatedAt: time(), updatedBy: text() },
  ],
  [
    'flowVersions',
    {
      id: id(),
      flowId: {
        type: DataTypes.STRING(40),
        allowNull: false,
        references: { model: 'flows', key: 'id' },
        onDelete: 'CASCADE',
        onUpdate: 'CASCADE',
      },
      version: count('version', 1),
      name: text(),
      definition: json(),
      note: text(),
      createdAt: time(),
      createdBy: text(),
    },
  ],
  [
    'flowTraces',
    {
      id: id(),
      callId: {
        type: DataTypes.STRING(40),
        allowNull: false,
        references: { model: 'calls', key: 'id' },
        onDelete: 'CASCADE',
        onUpdate: 'CASCADE',
      },
      flowId: { type: DataTypes.STRING(40), allowNull: false },
      version: count('version', 0),
      startedAt: time(),
      endedAt: time(),
      steps: json(),
      dropped: count('dropped', 0),
    },
  ],
  [
    'announcements',
    {
      id: id(),
      active: { type: DataTypes.BOOLEAN, allowNull: false },
      prompts: json(),
      until: { type: DataTypes.BIGINT, allowNull: true },
      updatedAt: time(),
      updatedBy: text(),
    },
  ],
];

interface LiveFlow {
  id: string;
  name: string;
  definition: unknown;
  version: number;
  updatedAt: number | string;
}

export const flowVersions: Migration = {
  name: '0009-flow-versions',
  async up({ queryInterface, transaction }) {
    for (const [table, columns] of tables()) await queryInterface.createTable(table, columns, { transaction });
    const unique = { transaction, name: 'flowVersions_flowId_version', unique: true };
    await queryInterface.addIndex('flowVersions', ['flowId', 'version'], unique);
    await queryInterface.addIndex('flowTraces', ['callId'], { transaction, name: 'flowTraces_callId' });
    // What is live now is the first that one can go back to.
    const columns = '"id", "name", "definition", "version", "updatedAt"';
    const live = await queryInterface.sequelize.query<LiveFlow>(`SELECT ${columns} FROM "flows"`, {
      type: QueryTypes.SELECT,
      raw: true,
      transaction,
    });
    const rows = live.map(({ id: flowId, name, definition, version, updatedAt }) => ({
      ...{ id: randomBytes(13).toString('hex').toUpperCase(), flowId, name, version, note: '', createdBy: '' },
      definition: typeof definition === 'string' ? definition : JSON.stringify(definition),
      createdAt: Number(updatedAt),
    }));
    if (rows.length > 0) await queryInterface.bulkInsert('flowVersions', rows, { transaction });
  },
  async down({ queryInterface, transaction }) {
    for (const [table] of tables().reverse()) await queryInterface.dropTable(table, { transaction });
  },
};
