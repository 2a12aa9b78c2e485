// How queues choose: more strategies and rules, agents' places in queues, what agents can do, who had a caller last.
import { DataTypes, QueryTypes, type ModelAttributes } from 'sequelize';
import type { Migration, MigrationContext } from './migration.js';

const id = () => ({ type: DataTypes.STRING(40), primaryKey: true, allowNull: false });
const text = () => ({ type: DataTypes.TEXT, allowNull: false });
const json = () => ({ type: DataTypes.JSON, allowNull: false });

function atLeast(column: string, least: number) {
  return { type: `INTEGER CHECK ("${column}" >= ${least})`, allowNull: false };
}

function between(column: string, least: number, most: number) {
  return { type: `INTEGER CHECK ("${column}" BETWEEN ${least} AND ${most})`, allowNull: false };
}

function oneOf(column: string, values: readonly string[]) {
  const list = values.map((value) => `'${value}'`).join(', ');
  return { type: `TEXT CHECK ("${column}" IN (${list}))`, allowNull: false };
}

const agentOf = () => ({
  type: DataTypes.STRING(40),
  allowNull: false,
  primaryKey: true,
  references: { model: 'agents', key: 'id' },
  onDelete: 'CASCADE',
  onUpdate: 'RESTRICT',
});

const BEFORE = ['id', 'name', 'strategy', 'ringTimeoutMs', 'wrapUpMs', 'maxWaitMs', 'serviceLevelMs', 'musicFile'];

const queuesBefore = (strategy: ModelAttributes[string]): ModelAttributes => ({
  id: id(),
  name: text(),
  strategy,
  ringTimeoutMs: atLeast('ringTimeoutMs', 1),
  wrapUpMs: atLeast('wrapUpMs', 0),
  maxWaitMs: atLeast('maxWaitMs', 1),
  serviceLevelMs: atLeast('serviceLevelMs', 1),
  musicFile: { type: DataTypes.TEXT, allowNull: true },
});

/** What a queue does that was laid down before: as until now. */
const added: Record<string, { column: ModelAttributes[string]; value: string | number }> = {
  wrapUpMode: { column: oneOf('wrapUpMode', ['timed', 'manual']), value: 'timed' },
  maxLength: { column: atLeast('maxLength', 0), value: 0 },
  // Nothing that was counted until now ceases to be.
  shortAbandonMs: { column: atLeast('shortAbandonMs', 0), value: 0 },
  routing: {
    column: json(),
    value: JSON.stringify({
      ...{ priority: 5, ageingPerS: 0, weight: 1, vip: 'first', skills: [], relax: [], region: 'off' },
      ...{ customerLevel: 'off', lastAgentWaitMs: null, lastAgentDays: 30, ringAllMost: 20 },
    }),
  },
  overflow: { column: json(), value: JSON.stringify({ to: 'flow', node: null }) },
  noAnswer: { column: json(), value: JSON.stringify({ action: 'notReady', misses: 1, restMs: 5000 }) },
  announcements: {
    column: json(),
    value: JSON.stringify({ position: null, estimate: null, comfort: null, agentNumber: false, whisper: null }),
  },
  exits: { column: json(), value: '[]' },
};

/** Any strategy from now on: a CHECK cannot be changed, and every version brings new ones. */
const anyStrategy = () => ({ type: `TEXT CHECK ("strategy" <> '')`, allowNull: false });

/** The rows move to a table of another form; no table refers to this one. */
async function rebuildQueues(
  columns: ModelAttributes,
  filled: readonly [name: string, value: string | number][],
  { queryInterface, transaction }: MigrationContext,
): Promise<void> {
  const { sequelize } = queryInterface;
  await queryInterface.createTable('queuesMoved', columns, { transaction });
  const into = [...BEFORE, ...filled.map(([name]) => name)].map((name) => `"${name}"`).join(', ');
  const from = [...BEFORE.map((name) => `"${name}"`), ...filled.map(([, value]) => sequelize.escape(value))].join(', ');
  await sequelize.query(`INSERT INTO "queuesMoved" (${into}) SELECT ${from} FROM "queues"`, { transaction });
  await queryInterface.dropTable('queues', { transaction });
  await queryInterface.renameTable('queuesMoved', 'queues', { transaction });
}

interface Member {
  agentId: string;
  queueId: string;
  position: number;
  penalty: number;
  weight: number;
}

/** Agents' lists of queues become rows, in the order in which they stood. */
async function moveMembers({ queryInterface, transaction }: MigrationContext): Promise<void> {
  const { sequelize } = queryInterface;
  const agents = await sequelize.query<{ id: string; queues: string | string[] }>(
    'SELECT "id", "queues" FROM "agents" ORDER BY length("id"), "id"',
    { transaction, type: QueryTypes.SELECT },
  );
  const members = agents.flatMap(({ id: agentId, queues }, position): Member[] => {
    const list = typeof queues === 'string' ? (JSON.parse(queues) as string[]) : queues;
    return [...new Set(list)].map((queueId) => ({ agentId, queueId, position, penalty: 0, weight: 1 }));
  });
  if (members.length > 0) await queryInterface.bulkInsert('queueMembers', members, { transaction });
  // Not removeColumn, which copies the table and loses its CHECKs.
  await sequelize.query('ALTER TABLE "agents" DROP COLUMN "queues"', { transaction });
}

async function moveMembersBack({ queryInterface, transaction }: MigrationContext): Promise<void> {
  const { sequelize } = queryInterface;
  await queryInterface.addColumn(
    'agents',
    'queues',
    { type: 'JSON', allowNull: false, defaultValue: '[]' },
    { transaction },
  );
  const members = await sequelize.query<Member>('SELECT * FROM "queueMembers" ORDER BY "queueId"', {
    transaction,
    type: QueryTypes.SELECT,
  });
  for (const agentId of new Set(members.map((member) => member.agentId))) {
    const queues = members.filter((member) => member.agentId === agentId).map(({ queueId }) => queueId);
    await sequelize.query(`UPDATE "agents" SET "queues" = ? WHERE "id" = ?`, {
      transaction,
      replacements: [JSON.stringify(queues), agentId],
    });
  }
}

export const queueRouting: Migration = {
  name: '0008-queue-routing',
  async up(context) {
    const { queryInterface, transaction } = context;
    const columns = Object.fromEntries(
      Object.entries(added).map(([name, { column }]) => [name, { ...(column as object) }]),
    );
    const filled = Object.entries(added).map(([name, { value }]): [string, string | number] => [name, value]);
    await rebuildQueues({ ...queuesBefore(anyStrategy()), ...(columns as ModelAttributes) }, filled, context);
    await queryInterface.createTable(
      'queueMembers',
      {
        agentId: agentOf(),
        queueId: { ...text(), primaryKey: true },
        position: atLeast('position', 0),
        penalty: between('penalty', 0, 99),
        weight: between('weight', 1, 100),
      },
      { transaction },
    );
    await queryInterface.addIndex('queueMembers', ['queueId'], { transaction, name: 'queueMembers_queueId' });
    await moveMembers(context);
    await queryInterface.createTable(
      'agentSkills',
      { agentId: agentOf(), skill: { ...text(), primaryKey: true }, level: between('level', 1, 10) },
      { transaction },
    );
    await queryInterface.createTable(
      'agentScopes',
      {
        agentId: agentOf(),
        kind: { ...oneOf('kind', ['region', 'customerLevel']), primaryKey: true },
        value: { ...text(), primaryKey: true },
      },
      { transaction },
    );
    // Who had this caller last.
    await queryInterface.addIndex('calls', ['callingNumber', 'startedAt'], {
      transaction,
      name: 'calls_callingNumber_startedAt',
    });
  },
  async down(context) {
    const { queryInterface, transaction } = context;
    await queryInterface.removeIndex('calls', 'calls_callingNumber_startedAt', { transaction });
    await queryInterface.dropTable('agentScopes', { transaction });
    await queryInterface.dropTable('agentSkills', { transaction });
    await moveMembersBack(context);
    await queryInterface.dropTable('queueMembers', { transaction });
    const { sequelize } = queryInterface;
    // The only one that there was.
    await sequelize.query(`UPDATE "queues" SET "strategy" = 'longest_idle'`, { transaction });
    await rebuildQueues(queuesBefore(oneOf('strategy', ['longest_idle'])), [], context);
  },
};
